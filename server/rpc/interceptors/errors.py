"""Turns whatever a call ended with into its status, see `server/rpc/status.py`."""

import logging
import traceback
from typing import Any, Final

from grpc.aio import AbortError

from server.rpc import status
from server.rpc.interceptors.chain import Call, Context, Next
from server.rpc.interceptors.telemetry import REQUEST_ID
from server.rpc.json_names import in_json
from server.rpc.policy import MethodPolicy

log: Final = logging.getLogger(__name__)


class Errors:
    """No text of an exception reaches the caller or the log: it could be somebody's words."""

    def around(self, policy: MethodPolicy, following: Next) -> Next:
        """Answers every failure."""
        method, contract = policy.full_name, policy.request_class

        async def errors(call: Call, request: Any, context: Context) -> Any:
            try:
                return await following(call, request, context)
            except AbortError:
                call.status = _name(context.code())
                raise
            except Exception as error:
                answer = status.answer(in_json(error, contract), call.request_id)
                call.status = answer.code.name
                if answer.unforeseen:
                    log.error("a call failed", extra={"method": method, "trace": trace(error)})
                elif answer.reason == "UNAVAILABLE":
                    log.warning("a call met a store that does not answer", extra={"method": method})
                trailing = (*(context.trailing_metadata() or ()), *answer.metadata, (REQUEST_ID, call.request_id))
                await context.abort(answer.code, answer.message, trailing)

        return errors


def _name(code: Any) -> str:
    return code.name if hasattr(code, "name") else "UNKNOWN"


def trace(error: BaseException) -> list[str]:
    """Where an exception and its causes came from: types, files, lines and functions, without messages or values."""
    lines: list[str] = []
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        lines.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        lines += [f"  {f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(cause.__traceback__)]
        cause = cause.__cause__ or cause.__context__
    return lines
