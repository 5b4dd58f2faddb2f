"""What happens with simulated people besides their turns, sent in through the public API. Again changes nothing."""

from collections.abc import Iterator, Sequence
from typing import Final

import grpc
from google.protobuf import struct_pb2
from kith.call.v1 import call_pb2
from kith.crm.v1 import crm_pb2
from kith.interaction.v1 import interaction_pb2
from kith.tracking.v1 import tracking_pb2

from server.demoing.api import Api, Connection, call
from server.demoing.dealings import Dealings, PhoneCall, Tracked
from server.measuring.connection import timestamp
from server.measuring.errors import MeasuringError

_BATCH: Final = 500
_PROVIDER: Final = "demo"
_USER: Final = "demo-assistant"
_COST_A_SECOND: Final = 0.0002


async def deal(api: Api, connection: Connection, contact_id: str, with_them: Dealings) -> None:
    """Everything about one contact but its touchpoints."""
    profile = crm_pb2.UpdateCrmContactRequest(
        contact_id=contact_id, title=with_them.title, tags=crm_pb2.TagList(set=with_them.tags)
    )
    await call(connection.crm.UpdateCrmContact, profile, api.token)
    await _know(api, connection, contact_id, "email", with_them.email)
    if with_them.phone is not None:
        await _know(api, connection, contact_id, "phone", with_them.phone)
    for one in with_them.calls:
        await call(connection.calls.CallCompleted, _call(contact_id, with_them.phone, one), api.key)
    for shown in with_them.tracked:
        answer = await call(connection.tracking.RecordInteraction, _tracked(contact_id, shown), api.key)
        if answer.status != "ok":
            raise MeasuringError(f"An event was not taken in: {answer.message}. Run it again.")


async def note(api: Api, dealings: Sequence[tuple[str, Dealings]]) -> int:
    """The touchpoints of everybody, many at once; how many are new. `dealings` go with the contacts' ids."""
    made = 0
    touchpoints = list(_touchpoints(dealings))
    for first in range(0, len(touchpoints), _BATCH):
        request = interaction_pb2.BulkCreateInteractionsRequest(items=touchpoints[first : first + _BATCH])
        done = await call(api.any.interactions.BulkCreateInteractions, request, api.token)
        if done.failed:
            failed = next(result.error for result in done.results if result.status == "failed")
            raise MeasuringError(f"{done.failed} touchpoints were refused, the first: {failed.message}")
        made += done.created
    return made


async def _know(api: Api, connection: Connection, contact_id: str, kind: str, value: str) -> None:
    """Adds an identity. That of another demo's person in the same tenant stays theirs."""
    request = crm_pb2.AddIdentityRequest(contact_id=contact_id, kind=kind, value=value)
    try:
        await call(connection.crm.AddIdentity, request, api.token)
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.ALREADY_EXISTS:
            raise


def _touchpoints(dealings: Sequence[tuple[str, Dealings]]) -> Iterator[interaction_pb2.NewInteraction]:
    for contact_id, with_them in dealings:
        for one in with_them.touchpoints:
            metadata = struct_pb2.Struct()
            metadata.update(one.metadata)
            yield interaction_pb2.NewInteraction(
                contact_id=contact_id,
                kind=one.kind,
                content=one.content,
                metadata=metadata,
                occurred_at=timestamp(one.occurred_at),
                external_id=one.external_id,
            )


def _call(contact_id: str, phone: str | None, one: PhoneCall) -> call_pb2.CallCompletedRequest:
    request = call_pb2.CallCompletedRequest(
        provider=_PROVIDER,
        call_sid=one.call_sid,
        direction=one.direction,
        contact_id=contact_id,
        caller_number=phone,
        started_at=timestamp(one.started_at),
        status="missed" if one.seconds is None else "completed",
    )
    if one.seconds is not None:
        request.duration = one.seconds
        request.cost = round(one.seconds * _COST_A_SECOND, 4)
        request.summary, request.sentiment = one.summary or "", one.sentiment or "neutral"
        request.topics.append(one.topic or "")
    return request


def _tracked(contact_id: str, one: Tracked) -> tracking_pb2.RecordInteractionRequest:
    return tracking_pb2.RecordInteractionRequest(
        interaction_id=one.interaction_id,
        event_id=one.event_id,
        kind=one.kind,
        artifact_id=one.artifact_id,
        occurred_at=timestamp(one.at),
        contact_id=contact_id,
        user_id=_USER,
    )
