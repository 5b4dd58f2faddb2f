"""Who is calling, for servicers."""

from server.callers import Caller, current, request_id, tenant_id

__all__ = ["Caller", "current", "request_id", "tenant_id"]
