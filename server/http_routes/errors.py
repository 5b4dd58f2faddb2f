"""Refusals over plain HTTP: the same reasons and statuses as over gRPC, as google.rpc.Status in JSON.

That is what the gateway's transcoder makes of a gRPC status, so the gateway gives both the surface's shape alike.
"""

from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from google.rpc import status_pb2
from kith.errors.v1 import errors_pb2

from server.rpc import status

_HTTP_STATUSES: Final = {
    value.name.removeprefix("ERROR_REASON_"): value.GetOptions().Extensions[errors_pb2.http_status]
    for value in errors_pb2.ErrorReason.DESCRIPTOR.values
}


@dataclass(frozen=True, slots=True)
class HttpError:
    """How a request that failed is answered. `code` is the name of the gRPC status; `unforeseen`: the fault is ours."""

    http_status: int
    code: str
    body: dict[str, Any]
    headers: dict[str, str]
    unforeseen: bool


def answer(error: Exception, request_id: str) -> HttpError:
    """How to answer a request that ended with `error`; no text of an unforeseen one is shown."""
    found = status.answer(error, request_id)
    trailing = dict(found.metadata)
    details = trailing[status.DETAILS_KEY]
    packed = details if isinstance(details, bytes) else details.encode()
    headers = {name: value for name, value in trailing.items() if isinstance(value, str)}
    return HttpError(
        http_status=_HTTP_STATUSES.get(found.reason) or 500,
        code=found.code.name,
        body=MessageToDict(status_pb2.Status.FromString(packed)),
        headers=headers,
        unforeseen=found.unforeseen,
    )
