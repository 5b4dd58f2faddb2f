"""Whatever a contact holds, its export makes the same contact again: export(import(export(c))) == export(c)."""

import itertools
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from buf.validate import validate_pb2
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kith.contact.v1 import export_pb2 as pb

from server.convert import export as convert
from server.domain.errors import Conflict
from server.rpc.validation import compile_message
from server.usecases.importing import import_contact
from server.usecases.portability import export_contact
from store import contacts
from store.contact_data import EXPORTED
from store.database import Database
from store.outreach import OPEN

NOW = datetime(2026, 5, 6, 7, 8, 9, 123456, UTC)
MOST = 2**31 - 1
SAFE = st.characters(exclude_characters="\0", exclude_categories=("Cs",))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(SAFE, max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(SAFE, max_size=5), inner, max_size=3),
    max_leaves=5,
)
INSTANTS = st.integers(0, int((NOW - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e6)).map(
    lambda us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
)
numbers = itertools.count()
OWN = (
    "id", "trigger_id", "occasion", "dedupe_key", "turn_id", "session_id", "channel", "identity_id", "value",
    "interaction_id", "external_id", "origin_id", "call_id", "call_sid", "tracked_id",
)  # fmt: skip
"""What tells rows apart, within a contact or a tenant."""


def value_of(field: FieldDescriptor, rules: Any) -> st.SearchStrategy[Any]:
    """Values that the constraints of a field allow."""
    if field.message_type is not None:
        if field.message_type.full_name == "google.protobuf.Timestamp":
            return INSTANTS
        if field.message_type.full_name == "google.protobuf.Struct":
            return st.dictionaries(st.text(SAFE, min_size=1, max_size=5), JSON, max_size=3)
        return message_of(field.message_type)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return st.booleans()
    if field.type == FieldDescriptor.TYPE_INT32:
        return st.integers(0, MOST)
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        most = rules.double.lte if rules.double.HasField("lte") else 1e9
        return st.floats(0, most)
    words = list(getattr(rules.string, "in"))
    if words:
        return st.sampled_from(words)
    if field.name in ("day", "streak_last_day"):
        return st.dates(date(1970, 1, 1), NOW.date()).map(lambda day: day.isoformat())
    if field.name == "time_zone":
        return st.sampled_from(["Asia/Kathmandu", "America/St_Johns", "UTC"])
    if rules.string.pattern:
        return st.from_regex(rules.string.pattern.replace("$", r"\Z"))
    return st.text(SAFE, min_size=1, max_size=min(20, (rules.string.max_bytes or 80) // 4))


@st.composite
def message_of(draw: Any, kind: Any, *, lists: int = 3) -> dict[str, Any]:
    """A message as keyword arguments, every optional field set or not."""
    built: dict[str, Any] = {}
    for field in kind.fields:
        rules = field.GetOptions().Extensions[validate_pb2.field]
        if field.name in ("state", "exported_at", "memory_count"):
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            built[field.name] = draw(st.dictionaries(st.text(SAFE, max_size=5), st.integers(0, MOST), max_size=3))
        elif field.is_repeated:
            least, most = rules.repeated.min_items, rules.repeated.max_items or lists
            items = value_of(field, rules.repeated.items)
            built[field.name] = draw(st.lists(items, min_size=least, max_size=most if least else min(most, lists)))
        elif rules.required or field.message_type is not None or not field.has_presence or draw(st.booleans()):
            built[field.name] = draw(value_of(field, rules))
    return built


def sound(built: dict[str, Any]) -> pb.ImportContactRequest:
    """The request, with ids that are nobody else's."""
    for name in EXPORTED:
        for record in built[name]:
            for own in OWN:
                if own in record:
                    record[own] = f"x{next(numbers)}"
            if name == "tracking":
                # A tenant's event is started once.
                record["event_id"] = f"x{next(numbers)}"
            if name == "triggers" and record["status"] == "claimed":
                record["claimed_until"] = NOW
        if name == "readings":
            logs = [log["id"] for log in built["interaction_logs"]]
            built[name] = [{**record, "interaction_id": log} for record, log in zip(built[name], logs, strict=False)]
        if name == "consolidation":
            built[name] = list({record["task"]: record for record in built[name]}.values())
        if name in ("days", "daily_activity"):
            built[name] = list({record["day"]: record for record in built[name]}.values())
    built["contact"] |= {"id": f"ct_{next(numbers)}", "external_id": f"e{next(numbers)}"}
    return pb.ImportContactRequest(**built)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(built=message_of(pb.ImportContactRequest.DESCRIPTOR))
async def test_an_export_of_an_import_of_an_export_is_the_export(database: Database, built: dict[str, Any]) -> None:
    services: Any = SimpleNamespace(database=database, clock=lambda: NOW)
    asked = sound(built)
    contact_id = asked.contact.id
    compile_message(pb.ImportContactRequest.DESCRIPTOR)(asked)
    assert (await import_contact(services, "tnt_one", convert.archive(asked), may_consent=True)).created
    first = convert.whole(await export_contact(services, "tnt_one", contact_id))
    carried = pb.ImportContactRequest.FromString(first.SerializeToString())
    compile_message(pb.ImportContactRequest.DESCRIPTOR)(carried)
    for name in ("contact", "stored_state"):
        assert getattr(carried, name) == getattr(asked, name)
    for trigger in asked.triggers:
        if trigger.status in OPEN:
            trigger.status, trigger.failure = "cancelled", "imported"
            trigger.ClearField("claimed_until")
    for name in EXPORTED:
        assert texts(carried, name) == texts(asked, name)
    assert (await import_contact(services, "tnt_two", convert.archive(carried), may_consent=True)).created
    assert convert.whole(await export_contact(services, "tnt_two", contact_id)) == first
    assert not (await import_contact(services, "tnt_one", convert.archive(carried), may_consent=True)).created
    assert convert.whole(await export_contact(services, "tnt_one", contact_id)) == first


def texts(message: Any, name: str) -> list[str]:
    records = list(getattr(message, name))
    for record in records:
        if name == "entities":
            record.memory_count = 0
    return sorted(map(str, records))


async def test_an_import_that_meets_another_contacts_trigger_changes_nothing(database: Database) -> None:
    services: Any = SimpleNamespace(database=database, clock=lambda: NOW)
    outbox = [{"trigger_id": "trg_same", "channel": "web", "message": "hello", "sent_at": NOW}]
    for number, expected in enumerate((True, False)):
        contact = {
            "id": f"ct_trigger_{number}", "channel": "web", "external_id": f"trigger_{number}", "language": "en",
            "created_at": NOW,
        }  # fmt: skip
        archive = convert.archive(pb.ImportContactRequest(contact=contact, outbox=outbox))
        if expected:
            assert (await import_contact(services, "tnt_one", archive, may_consent=True)).created
            continue
        with pytest.raises(Conflict):
            await import_contact(services, "tnt_one", archive, may_consent=True)
    async with database.transaction("tnt_one") as tx:
        assert await contacts.get(tx, "ct_trigger_1") is None
