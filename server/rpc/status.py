"""The only table from errors to gRPC statuses.

A refusal becomes its canonical status with `google.rpc.ErrorInfo` (reason, domain `kith`, the request id), and where it
applies `BadRequest` or `RetryInfo`, in `grpc-status-details-bin`. What nobody foresaw becomes INTERNAL with the request
id and nothing else. No message holds what a person said.
"""

import math
from dataclasses import dataclass
from typing import Final

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2
from kith.errors.v1 import errors_pb2

from server.domain.errors import InvalidInput, KithError, RateLimited
from store import deadline
from store.errors import RetryableConflict, StatementTimeout, StoreError, StoreUnavailable

DOMAIN: Final = "kith"
DETAILS_KEY: Final = "grpc-status-details-bin"

# A status travels in metadata, which gRPC holds to 8 KiB.
_MOST_VIOLATIONS: Final = 20
_LONGEST: Final = 1_000

_Code = grpc.StatusCode

CODES: Final[dict[str, grpc.StatusCode]] = {
    "INVALID_INPUT": _Code.INVALID_ARGUMENT,
    "UNAUTHENTICATED": _Code.UNAUTHENTICATED,
    "PERMISSION_DENIED": _Code.PERMISSION_DENIED,
    "CONTACT_NOT_FOUND": _Code.NOT_FOUND,
    "MEMORY_NOT_FOUND": _Code.NOT_FOUND,
    "TENANT_NOT_FOUND": _Code.NOT_FOUND,
    "TENANT_SUSPENDED": _Code.PERMISSION_DENIED,
    "TENANT_EXISTS": _Code.ALREADY_EXISTS,
    "KEY_NOT_FOUND": _Code.NOT_FOUND,
    "CONTACT_ID_TAKEN": _Code.ALREADY_EXISTS,
    "RATE_LIMITED": _Code.RESOURCE_EXHAUSTED,
    "IDEMPOTENCY_KEY_REUSED": _Code.INVALID_ARGUMENT,
    "IDEMPOTENCY_IN_PROGRESS": _Code.ABORTED,
    # As gRPC itself answers a message over the server's general cap.
    "PAYLOAD_TOO_LARGE": _Code.RESOURCE_EXHAUSTED,
    "NOT_FOUND": _Code.NOT_FOUND,
    "DEADLINE_EXCEEDED": _Code.DEADLINE_EXCEEDED,
    "UNAVAILABLE": _Code.UNAVAILABLE,
    "INTERNAL": _Code.INTERNAL,
    "CONFLICT": _Code.ABORTED,
    "TRIGGER_NOT_FOUND": _Code.NOT_FOUND,
    "OUTREACH_DISABLED": _Code.FAILED_PRECONDITION,
    "QUIET_HOURS": _Code.FAILED_PRECONDITION,
    "MAX_ATTEMPTS_REACHED": _Code.FAILED_PRECONDITION,
    "INTERACTION_NOT_FOUND": _Code.NOT_FOUND,
    "CALL_NOT_FOUND": _Code.NOT_FOUND,
    "IDENTITY_NOT_FOUND": _Code.NOT_FOUND,
    "IDENTITY_TAKEN": _Code.ALREADY_EXISTS,
    "MERGE_NOT_FOUND": _Code.NOT_FOUND,
}
"""The status of each reason; every value of kith.errors.v1.ErrorReason but the unspecified one is here."""

_DECLARED: Final = {value.name.removeprefix("ERROR_REASON_") for value in errors_pb2.ErrorReason.DESCRIPTOR.values}

if set(CODES) != _DECLARED - {"UNSPECIFIED"}:
    raise RuntimeError(f"reasons without a status, or the reverse: {sorted(set(CODES) ^ _DECLARED)}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a failed call is answered with. `metadata` goes into the trailing metadata."""

    code: grpc.StatusCode
    reason: str
    message: str
    metadata: tuple[tuple[str, str | bytes], ...]
    unforeseen: bool = False


def answer(error: Exception, request_id: str) -> Answer:
    """How to answer a call that ended with `error`."""
    if isinstance(error, KithError):
        return _refusal(error, request_id)
    if isinstance(error, StoreError):
        known = _of_store(error)
        if known is not None:
            return _plain(*known, request_id)
    message = f"Something went wrong on our side. Request id: {request_id}"
    return _plain("INTERNAL", message, request_id, unforeseen=True)


def _refusal(error: KithError, request_id: str) -> Answer:
    message = error.message if len(error.message) <= _LONGEST else error.message[: _LONGEST - 1] + "…"
    status, code = _status(error.reason, message, request_id, error.details)
    metadata: list[tuple[str, str | bytes]] = []
    if isinstance(error, InvalidInput):
        violations = [
            error_details_pb2.BadRequest.FieldViolation(field=v.field, description=v.description)
            for v in error.violations[:_MOST_VIOLATIONS]
        ]
        _add(status, error_details_pb2.BadRequest(field_violations=violations))
    if isinstance(error, RateLimited):
        wait = duration_pb2.Duration()
        wait.FromNanoseconds(max(0, math.ceil(error.retry_after * 1e9)))
        _add(status, error_details_pb2.RetryInfo(retry_delay=wait))
        metadata.append(("retry-after", str(max(1, math.ceil(error.retry_after)))))
    metadata.append((DETAILS_KEY, status.SerializeToString()))
    return Answer(code, error.reason, message, tuple(metadata), unforeseen=error.reason == "INTERNAL")


def _of_store(error: StoreError) -> tuple[str, str] | None:
    if isinstance(error, StatementTimeout) and deadline.remaining_ms(2) <= 1:
        return "DEADLINE_EXCEEDED", "The caller's deadline ran out before the work was done."
    if isinstance(error, StatementTimeout | StoreUnavailable):
        return "UNAVAILABLE", "A store does not answer; try again."
    if isinstance(error, RetryableConflict):
        return "CONFLICT", "Other requests changed the same thing at once. Nothing was changed; try again."
    return None


def _plain(reason: str, message: str, request_id: str, *, unforeseen: bool = False) -> Answer:
    status, code = _status(reason, message, request_id, {})
    return Answer(code, reason, message, ((DETAILS_KEY, status.SerializeToString()),), unforeseen)


def _status(
    reason: str, message: str, request_id: str, details: dict[str, str]
) -> tuple[status_pb2.Status, grpc.StatusCode]:
    code = CODES[reason]
    status = status_pb2.Status(code=code.value[0], message=message)
    info = {**details, "request_id": request_id}
    _add(status, error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=info))
    return status, code


def _add(
    status: status_pb2.Status,
    detail: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest | error_details_pb2.RetryInfo,
) -> None:
    packed = any_pb2.Any()
    packed.Pack(detail)
    status.details.append(packed)
