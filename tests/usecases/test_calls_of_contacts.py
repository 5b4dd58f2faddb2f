"""Whose call it is: found by number or told, moved, named, erased, never brought back."""

import asyncio
from datetime import timedelta

import pytest

from server.composition import Composition
from server.domain.errors import InvalidInput, NotFound
from server.usecases import call_history, calls
from server.usecases.call_settings import SettingsChange, update_settings
from server.usecases.contacts import NewContact, create_contact, delete_contact
from server.usecases.memories import delete_all_memories
from server.usecases.merges import merge_contacts
from store.call_pages import Filter
from tests.usecases.call_steps import AT, NUMBER, history, left, rows, tell_all, told


async def known(parts: Composition, tenant: str, external_id: str = "wa_1") -> str:
    made = await create_contact(parts.services, tenant, NewContact(external_id, "webchat", display_name="Noor"))
    return made.profile.id


async def test_two_calls_from_one_number_are_of_one_contact_however_it_is_written(
    parts: Composition, tenant: str
) -> None:
    await update_settings(parts.services, tenant, SettingsChange(default_region="GB"))
    first = await calls.tell(parts.services, tenant, told("CA1", caller_number="020 7946 0018"))
    second = await calls.tell(parts.services, tenant, told("CA2", caller_number="+44 20 7946 0018"))
    assert first.call.contact_id == second.call.contact_id is not None
    assert {first.call.caller_number, second.call.caller_number} == {NUMBER}


async def test_many_new_calls_from_one_number_at_once_make_one_contact(parts: Composition, tenant: str) -> None:
    tellings = [told(f"CA{n}", 0, status="completed", caller_number=NUMBER) for n in range(20)]
    results = await asyncio.gather(*(calls.tell(parts.services, tenant, one) for one in tellings))
    assert len({result.call.contact_id for result in results}) == 1
    assert len((await left(parts, tenant))["touchpoints"]) == 20


async def test_a_hidden_number_makes_no_contact_and_a_number_told_later_attaches_the_call(
    parts: Composition, tenant: str
) -> None:
    hidden = await calls.tell(parts.services, tenant, told("CA1", status="completed", caller_number="anonymous"))
    assert (hidden.call.contact_id, hidden.call.number_unreadable) == (None, True)
    found = await left(parts, tenant)
    assert (found["contacts"], found["touchpoints"]) == ([], [])
    shown = await calls.tell(parts.services, tenant, told("CA1", 5, caller_number=NUMBER, caller_name="Ida"))
    assert shown.call.contact_id is not None
    found = await left(parts, tenant)
    assert [one["display_name"] for one in found["contacts"]] == ["Ida"]
    assert len(found["touchpoints"]) == 1


async def test_a_contact_told_later_takes_the_call_along_with_its_touchpoint_and_memory(
    parts: Composition, tenant: str
) -> None:
    contact_id = await known(parts, tenant)
    await tell_all(parts.services, tenant, history("CA1"))
    (before,) = await rows(parts, tenant, "SELECT contact_id, call_id FROM calls")
    moved = await calls.tell(parts.services, tenant, told("CA1", contact_id=contact_id))
    assert moved.call.contact_id == contact_id != before["contact_id"]
    for table in ("calls", "call_events", "interactions", "memories"):
        assert {row["contact_id"] for row in await rows(parts, tenant, f"SELECT contact_id FROM {table}")} == {
            contact_id
        }
    snapshot = await parts.services.snapshots.get(tenant, contact_id)
    assert [memory.content for memory in snapshot.memories] == ["Asked when the roses are delivered."]
    assert (await parts.services.snapshots.get(tenant, before["contact_id"])).memories == ()


async def test_a_name_told_later_names_a_contact_that_a_call_made_and_no_other(parts: Composition, tenant: str) -> None:
    made = await calls.tell(parts.services, tenant, told("CA1", 0, caller_number=NUMBER))
    await calls.tell(parts.services, tenant, told("CA1", 1, caller_name="Ida"))
    await calls.tell(parts.services, tenant, told("CA1", 2, caller_name="Ida Berg"))
    assert made.call.contact_id is not None
    assert (await parts.services.snapshots.get(tenant, made.call.contact_id)).profile.display_name == "Ida Berg"
    contact_id = await known(parts, tenant)
    await calls.tell(parts.services, tenant, told("CA2", contact_id=contact_id, caller_name="Somebody"))
    assert (await parts.services.snapshots.get(tenant, contact_id)).profile.display_name == "Noor"


async def test_the_memory_of_a_call_follows_its_summary(parts: Composition, tenant: str) -> None:
    made = await calls.tell(
        parts.services, tenant, told("CA1", 0, status="completed", caller_number=NUMBER, summary="Wants a red bicycle.")
    )
    contact_id = made.call.contact_id or ""
    (memory,) = (await parts.services.snapshots.get(tenant, contact_id)).memories
    assert (memory.type, memory.content, memory.occurred_at, memory.sources) == (
        "episode", "Wants a red bicycle.", AT, (made.call.call_id,),
    )  # fmt: skip
    await calls.tell(parts.services, tenant, told("CA1", 9, summary="Wants a blue bicycle."))
    (memory,) = (await parts.services.snapshots.get(tenant, contact_id)).memories
    assert memory.content == "Wants a blue bicycle."
    await call_history.delete_call(parts.services, tenant, made.call.call_id)
    assert (await parts.services.snapshots.get(tenant, contact_id)).memories == ()
    found = await left(parts, tenant)
    assert [len(found[name]) for name in ("calls", "events", "touchpoints", "memories")] == [0, 0, 0, 0]


async def test_a_tenant_may_have_summaries_not_remembered(parts: Composition, tenant: str) -> None:
    await update_settings(parts.services, tenant, SettingsChange(remember_summaries=False))
    await tell_all(parts.services, tenant, history("CA1"))
    found = await left(parts, tenant)
    assert (len(found["touchpoints"]), len(found["memories"])) == (1, 0)


@pytest.mark.parametrize("status", ["missed", "failed", "in-progress", "queued"])
async def test_a_call_that_was_not_completed_is_no_touchpoint(parts: Composition, tenant: str, status: str) -> None:
    await calls.tell(parts.services, tenant, told("CA1", status=status, caller_number=NUMBER, summary="Rang twice."))
    found = await left(parts, tenant)
    assert [len(found[name]) for name in ("contacts", "touchpoints", "memories")] == [1, 0, 0]


async def test_a_completed_call_warms_its_contact_until_it_is_deleted(parts: Composition, tenant: str) -> None:
    now = parts.services.clock()
    over = told("CA1", status="completed", caller_number=NUMBER, started_at=now - timedelta(hours=1), duration=600.0)
    made = await calls.tell(parts.services, tenant, over)
    (warm,) = await rows(parts, tenant, "SELECT warmth FROM contacts")
    assert 7.0 <= warm["warmth"] <= 7.9
    await call_history.delete_call(parts.services, tenant, made.call.call_id)
    assert await rows(parts, tenant, "SELECT warmth FROM contacts") == [{"warmth": 0.0}]


async def test_late_events_of_an_erased_contacts_call_store_nothing(parts: Composition, tenant: str) -> None:
    await tell_all(parts.services, tenant, history("CA1")[:4])
    (call,) = await rows(parts, tenant, "SELECT call_id, contact_id FROM calls")
    await delete_contact(parts.services, tenant, call["contact_id"])
    for late in history("CA1"):
        result = await calls.tell(parts.services, tenant, late, anew=True)
        assert (result.created, result.call.call_sid, result.call.contact_id) == (False, "CA1", None)
        assert result.call.call_id not in ("", call["call_id"])
        shown = (result.call.caller_number, result.call.caller_name, result.call.transcript, result.call.summary)
        assert shown == (None, None, None, None)
    found = await left(parts, tenant)
    assert [len(some) for some in found.values()] == [0, 0, 0, 0, 0]
    with pytest.raises(NotFound):
        await calls.tell_more(parts.services, tenant, call["call_id"], told("", transcript="Hello?"))


async def test_the_erased_callers_number_in_a_new_call_makes_a_new_contact(parts: Composition, tenant: str) -> None:
    first = await calls.tell(parts.services, tenant, told("CA1", caller_number=NUMBER))
    await delete_contact(parts.services, tenant, first.call.contact_id or "")
    second = await calls.tell(parts.services, tenant, told("CA2", caller_number=NUMBER))
    assert second.created
    assert second.call.contact_id not in (None, first.call.contact_id)


async def test_forgetting_a_contact_forgets_its_calls_and_late_events_do_not_bring_them_back(
    parts: Composition, tenant: str
) -> None:
    await tell_all(parts.services, tenant, history("CA1"))
    (call,) = await rows(parts, tenant, "SELECT contact_id FROM calls")
    await delete_all_memories(parts.services, tenant, call["contact_id"])
    await tell_all(parts.services, tenant, history("CA1"))
    found = await left(parts, tenant)
    assert [len(found[name]) for name in ("calls", "events", "contacts", "touchpoints", "memories")] == [0, 0, 1, 0, 0]


async def test_erasing_while_webhooks_come_in_leaves_nothing(parts: Composition, tenant: str) -> None:
    for n in range(5):
        number = f"+44207946001{n}"
        made = await calls.tell(parts.services, tenant, told(f"CA{n}", caller_number=number))
        await asyncio.gather(
            *(calls.tell(parts.services, tenant, one) for one in history(f"CA{n}", number)),
            delete_contact(parts.services, tenant, made.call.contact_id or ""),
        )
    found = await left(parts, tenant)
    assert [len(found[name]) for name in ("calls", "events", "contacts", "touchpoints", "memories")] == [0, 0, 0, 0, 0]


async def test_a_deleted_call_is_not_brought_back_by_a_webhook_but_may_be_created_anew(
    parts: Composition, tenant: str
) -> None:
    made = await calls.tell(parts.services, tenant, told("CA1", 0, caller_number=NUMBER))
    await call_history.delete_call(parts.services, tenant, made.call.call_id)
    late = await calls.tell(parts.services, tenant, told("CA1", 9, status="completed", transcript="Hello?"))
    assert (late.created, late.call.transcript) == (False, None)
    assert await rows(parts, tenant, "SELECT 1 FROM calls") == []
    anew = await calls.tell(parts.services, tenant, told("CA1", 9, status="completed"), anew=True)
    assert anew.created
    assert anew.call.call_id != made.call.call_id
    assert not (await calls.tell(parts.services, tenant, told("CA1", 12, cost=0.1))).created
    assert (await call_history.get_call(parts.services, tenant, anew.call.call_id)).cost == 0.1


async def test_an_unknown_contact_is_refused_and_nothing_is_stored(parts: Composition, tenant: str) -> None:
    with pytest.raises(NotFound, match="ct_nobody"):
        await calls.tell(parts.services, tenant, told("CA1", contact_id="ct_nobody", caller_number=NUMBER))
    assert await rows(parts, tenant, "SELECT 1 FROM calls") == []


async def test_what_is_told_of_the_future_is_refused(parts: Composition, tenant: str) -> None:
    ahead = parts.services.clock() + timedelta(minutes=6)
    with pytest.raises(InvalidInput, match="started_at"):
        await calls.tell(parts.services, tenant, told("CA1", started_at=ahead))


async def test_a_patch_holds_over_what_came_before_it_and_yields_to_what_comes_after(
    parts: Composition, tenant: str
) -> None:
    made = await calls.tell(parts.services, tenant, told("CA1", 0, status="completed", summary="A first guess, long."))
    await calls.tell_more(parts.services, tenant, made.call.call_id, told("", status="completed", summary="By hand."))
    late = await calls.tell(parts.services, tenant, told("CA1", 5, summary="A second guess of the machine."))
    assert late.call.summary == "By hand."
    moment = (parts.services.clock() + timedelta(seconds=60) - AT).total_seconds()
    newer = await calls.tell(parts.services, tenant, told("CA1", moment, summary="The last word."))
    assert newer.call.summary == "The last word."


async def test_a_call_without_events_as_imports_leave_it_keeps_what_it_knows(parts: Composition, tenant: str) -> None:
    await tell_all(parts.services, tenant, history("CA1"))
    before = (await left(parts, tenant))["calls"]
    await rows(parts, tenant, "DELETE FROM call_events RETURNING 1")
    await calls.tell(parts.services, tenant, told("CA1", 300, org_id="org-1"))
    await calls.tell(parts.services, tenant, told("CA1", 301, user_id="user-1"))
    assert (await left(parts, tenant))["calls"] == before
    (call,) = await rows(parts, tenant, "SELECT org_id, user_id FROM calls")
    assert call == {"org_id": "org-1", "user_id": "user-1"}


async def test_the_calls_of_a_merged_contact_are_led_to_and_those_of_nobody_are_not_found(
    parts: Composition, tenant: str
) -> None:
    kept, other = await known(parts, tenant), await known(parts, tenant, "wa_2")
    await calls.tell(parts.services, tenant, told("CA1", contact_id=other))
    assert len((await call_history.list_calls(parts.services, tenant, Filter(contact_id=other))).calls) == 1
    await merge_contacts(parts.services, tenant, kept, other)
    # `Leading` puts the request again with the id of the contact that stayed.
    for gone in (other, "ct_unknown"):
        with pytest.raises(NotFound) as refused:
            await call_history.list_calls(parts.services, tenant, Filter(contact_id=gone))
        assert refused.value.reason == "CONTACT_NOT_FOUND"
    assert len((await call_history.list_calls(parts.services, tenant, Filter(contact_id=kept))).calls) == 1
