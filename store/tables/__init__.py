"""Every table, gathered in one metadata; a new noun adds its module here."""

from store.tables import consolidation, contact, interaction_log, memory, operations, provider, tenant
from store.tables.base import metadata

WITHOUT_TENANT_POLICY = frozenset({"tenants", "alembic_version"})
"""Tables exempt from row-level security, besides those of the job queue (prefix `procrastinate_`)."""

__all__ = [
    "WITHOUT_TENANT_POLICY",
    "consolidation",
    "contact",
    "interaction_log",
    "memory",
    "metadata",
    "operations",
    "provider",
    "tenant",
]
