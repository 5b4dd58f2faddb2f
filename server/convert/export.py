"""A contact as a whole between rows and protobuf: the messages of an export have the columns' names, but for a few."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final, TypeVar

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from kith.contact.v1 import contact_pb2
from kith.contact.v1 import export_pb2 as pb
from kith.contact.v1 import export_touchpoints_pb2 as touchpoints
from kith.options.v1 import options_pb2

from server.convert import contact as convert
from server.convert import structs, times
from server.domain.contact import State
from server.domain.errors import InvalidInput
from server.usecases import records
from server.usecases.importing import End, Imported
from server.usecases.portability import Archive, Export, Piece
from store.contact_data import EXPORTED, Record

M = TypeVar("M", bound=Message)

KINDS: Final[Mapping[str, type[Message]]] = {
    "memories": pb.ExportedMemory,
    "entities": pb.ExportedEntity,
    "triggers": pb.ExportedTrigger,
    "interaction_logs": pb.InteractionLog,
    "consents": pb.ExportedConsent,
    "outbox": pb.ExportedOutboxMessage,
    "sessions": pb.ExportedSession,
    "days": pb.ExportedDay,
    "daily_activity": pb.ExportedActivity,
    "consolidation": pb.ExportedConsolidation,
    "readings": pb.ExportedReading,
    "identities": touchpoints.ExportedIdentity,
    "interactions": touchpoints.ExportedInteraction,
    "calls": touchpoints.ExportedCall,
    "tracking": touchpoints.ExportedTrackedInteraction,
}
"""The message of a row of each exported table, by the table's name."""

RENAMED: Final[Mapping[type[Message], Mapping[str, str]]] = {
    contact_pb2.Contact: {"id": "contact_id"},
    pb.ExportedState: {"conversation_style": "style", "relationship_stage": "stage", "trust_level": "trust"},
    pb.ExportedMemory: {"id": "memory_id"},
    pb.ExportedEntity: {"id": "entity_id"},
    pb.ExportedTrigger: {"id": "trigger_id", "type": "trigger_type"},
    pb.InteractionLog: {"id": "interaction_id"},
}
"""The column of a field that has another name."""

DERIVED: Final[Mapping[type[Message], frozenset[str]]] = {pb.ExportedEntity: frozenset({"memory_count"})}
"""Fields without a column."""

_PIECES: Final = {
    "contact": "contact",
    "memories": "memory",
    "entities": "entity",
    "triggers": "trigger",
    "interaction_logs": "interaction_log",
    "consents": "consent",
    "outbox": "outbox_message",
    "sessions": "session",
    "days": "day",
    "daily_activity": "activity",
    "consolidation": "consolidation_task",
    "readings": "reading",
    "identities": "identity",
    "interactions": "interaction",
    "calls": "call",
    "tracking": "tracked_interaction",
}
"""The field of a stream's record for each kind of piece."""

_NAMES: Final = {field: name for name, field in _PIECES.items() if name in KINDS}
_DATES: Final = frozenset({"day", "streak_last_day"})


def whole(export: Export) -> pb.ExportContactResponse:
    """Everything of a contact in one message."""
    row, tables = export.archive.contact, export.archive.tables
    answer = pb.ExportContactResponse(
        contact=_message(contact_pb2.Contact, row),
        state=convert.state(records.state_of(row), export.zone, export.now),
        stored_state=_message(pb.ExportedState, row),
        exported_at=times.to_proto(export.now),
    )
    for name, kind in KINDS.items():
        getattr(answer, name).extend(_message(kind, record) for record in tables[name])
    for entity in answer.entities:
        entity.memory_count = export.mentions.get(entity.id, 0)
    return answer


def pieces(piece: Piece) -> Iterable[pb.ExportContactStreamResponse]:
    """The records of a piece: a contact comes as who it is and how it stands with them."""
    if piece.name == "contact":
        yield pb.ExportContactStreamResponse(contact=_message(contact_pb2.Contact, piece.record))
        yield pb.ExportContactStreamResponse(stored_state=_message(pb.ExportedState, piece.record))
        return
    record: Any = _message(KINDS[piece.name], piece.record)
    if piece.name == "entities":
        record.memory_count = piece.mentions
    fields: Any = {_PIECES[piece.name]: record}
    yield pb.ExportContactStreamResponse(**fields)


def end(counts: Mapping[str, int], exported_at: datetime) -> pb.ExportContactStreamResponse:
    """The last record of a whole export."""
    return pb.ExportContactStreamResponse(end=pb.ExportEnd(counts=counts, exported_at=times.to_proto(exported_at)))


def failure(code: str, description: str) -> pb.ExportContactStreamResponse:
    """The last record of an export that broke off."""
    return pb.ExportContactStreamResponse(error=pb.ExportFailure(code=code, description=description))


def archive(request: pb.ImportContactRequest) -> Archive:
    """The rows of an export. Without a stored state the contact is as one that never wrote. Raises InvalidInput."""
    row = _record(request.contact, "contact")
    if request.HasField("stored_state"):
        row |= _record(request.stored_state, "stored_state")
    else:
        row |= records.state_columns(State())
    tables = {
        name: [_record(message, f"{name}[{i}]") for i, message in enumerate(getattr(request, name))]
        for name in EXPORTED
    }
    return Archive(row, tables)


def first(request: pb.ImportContactStreamRequest, row: Record) -> None:
    """Adds to the contact's row what one of a stream's first two records says. Raises InvalidInput for another one."""
    wanted = "stored_state" if row else "contact"
    if request.WhichOneof("record") != wanted:
        raise InvalidInput.of(wanted, "must be the second record" if row else "must be the first record")
    row |= _record(getattr(request, wanted), wanted)


def following(request: pb.ImportContactStreamRequest) -> tuple[str, Record] | End:
    """What one of the other records says. Raises InvalidInput for one that has no place there."""
    kind = request.WhichOneof("record") or ""
    if kind == "end":
        return End(request.end.counts)
    name = _NAMES.get(kind)
    if name is None:
        raise InvalidInput.of(kind or "record", "has no place behind the first two records")
    return name, _record(getattr(request, kind), kind)


def streamed(result: Imported) -> pb.ImportContactStreamResponse:
    """What became of a streamed import."""
    return pb.ImportContactStreamResponse(
        status="imported" if result.created else "unchanged", contact_id=result.contact_id, counts=result.counts
    )


def imported(result: Imported) -> pb.ImportContactResponse:
    """What became of an import."""
    return pb.ImportContactResponse(
        status="imported" if result.created else "unchanged", contact_id=result.contact_id, counts=result.counts
    )


def _message(kind: type[M], row: Record) -> M:
    message = kind()
    renamed, derived = RENAMED.get(kind, {}), DERIVED.get(kind, frozenset())
    for field in kind.DESCRIPTOR.fields:
        if field.name not in derived:
            _put(message, field.name, row[renamed.get(field.name, field.name)])
    return message


def _put(message: Any, name: str, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, datetime):
        getattr(message, name).FromDatetime(value)
    elif isinstance(value, date):
        setattr(message, name, value.isoformat())
    elif isinstance(value, list):
        getattr(message, name).extend(value)
    elif isinstance(value, dict):
        inner = getattr(message, name)
        if not isinstance(inner, Message):
            inner.update(value)
            return
        inner.SetInParent()
        if isinstance(inner, Struct):
            inner.update(value)
        else:
            for field in inner.DESCRIPTOR.fields:
                _put(inner, field.name, value.get(field.name))
    else:
        setattr(message, name, value)


def _record(message: Message, path: str) -> Record:
    """The row of a message. Raises InvalidInput for a day that is none."""
    renamed, derived = RENAMED.get(type(message), {}), DERIVED.get(type(message), frozenset())
    return {
        renamed.get(field.name, field.name): _value(message, field, path)
        for field in message.DESCRIPTOR.fields
        if field.name not in derived
    }


def _value(message: Any, field: Any, path: str) -> Any:
    value = getattr(message, field.name)
    if field.is_repeated:
        return dict(value) if field.message_type is not None else list(value)
    if field.message_type is not None:
        return _inner(message, field, value)
    if field.has_presence and not message.HasField(field.name):
        return None
    if field.name in _DATES:
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise InvalidInput.of(f"{path}.{field.name}", "must be a day, e.g. 2026-01-31") from error
    return value


def _inner(message: Any, field: Any, value: Any) -> Any:
    if isinstance(value, pb.IngestCounts):
        return _record(value, field.name)
    if not message.HasField(field.name):
        # Of an object that is always there, what is left out is empty.
        always = isinstance(value, Struct) and not field.GetOptions().Extensions[options_pb2.nullable]
        return {} if always else None
    if isinstance(value, Struct):
        return structs.from_proto(value)
    return times.from_proto(value)
