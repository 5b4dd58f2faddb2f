"""Two contacts that are one person are made one, and two again, on the real stores."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text

from server.composition import Composition
from server.domain.errors import Conflict, InvalidInput, NotFound
from server.domain.merging import COMBINE
from server.domain.snapshot import ContactSnapshot
from server.domain.turn import Turn
from server.usecases.contacts import NewContact, create_contact, delete_contact, update_contact
from server.usecases.ingest import ingest_interaction
from server.usecases.leads import stayed
from server.usecases.memories import delete_all_memories
from server.usecases.merges import list_merges, merge_contacts
from server.usecases.outreach.consent import get_consent, set_consent
from server.usecases.portability import export_contact
from server.usecases.unmerging import undo_merge
from store import contact_data, merges, moving, triggers
from store.tables.outreach import TriggerRow

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
number = count()


async def contact(parts: Composition, tenant: str, channel: str = "whatsapp", **changes: Any) -> str:
    new = NewContact(f"ext_{next(number)}", channel, **changes)
    return (await create_contact(parts.services, tenant, new)).profile.id


async def tell(
    parts: Composition, tenant: str, contact_id: str, said: str, hours: float, *, session: str = "s", turn: str = ""
) -> str:
    at = START + timedelta(hours=hours)
    told = Turn(at, said, "I see.", user_message_ref=f"r{hours}", session_id=session, turn_id=turn or None)
    return (await ingest_interaction(parts.services, tenant, contact_id, told)).interaction_id


async def known(parts: Composition, tenant: str, contact_id: str) -> ContactSnapshot:
    return await parts.services.snapshots.get(tenant, contact_id)


async def whole(parts: Composition, tenant: str, contact_id: str) -> tuple[Any, Any]:
    """Everything of a contact; what a merge and its undoing may change without a meaning is left out."""
    found = (await export_contact(parts.services, tenant, contact_id)).archive
    return found.contact, found.tables


async def two(parts: Composition, tenant: str) -> tuple[str, str]:
    """Two contacts that talked of the same and of different things, on the same days and on others."""
    kept = await contact(parts, tenant, display_name="Noor")
    other = await contact(parts, tenant, "sms", display_name="Noor K.", time_zone="Europe/Berlin")
    for n, said in enumerate(["I live in Berlin", "My dog is called Bruno", "I really love climbing"]):
        await tell(parts, tenant, kept, said, n * 30, session=f"k{n}", turn=f"t{n}")
    for n, said in enumerate(["I live in Oslo now", "My dog is called Bruno, he is a beagle", "I work as a nurse"]):
        await tell(parts, tenant, other, said, 1 + n * 40, session="shared" if n else "k0", turn=f"t{n + 2}")
    return kept, other


def test_every_table_of_a_contact_says_how_a_merge_takes_it_along() -> None:
    assert set(moving.MOVING) == {entry.name for entry in contact_data.TABLES}, "say in store/moving.py how it moves"
    assert set(moving.COMBINED) == set(COMBINE)
    for entry in contact_data.TABLES:
        how, keys = moving.MOVING[entry.name], moving.key_columns(entry)
        alone = not keys or "contact_id" in entry.table.primary_key.columns
        assert (how.manner in ("copied", "combined", "left")) == alone, entry.name
        assert how.follows is None or moving.MOVING[how.follows].manner == "copied"


async def test_everything_of_the_other_is_the_contacts_afterwards(parts: Composition, tenant: str) -> None:
    kept, other = await two(parts, tenant)
    merged = await merge_contacts(parts.services, tenant, kept, other)
    assert (merged.merge.contact_id, merged.merge.merged_contact_id) == (kept, other)
    now = await known(parts, tenant, kept)
    assert now.state.total_messages == 6
    assert now.state.total_sessions == 4
    assert now.state.first_active_at == START
    assert now.state.last_active_at == START + timedelta(hours=81)
    assert now.profile.display_name == "Noor"
    assert now.profile.time_zone == "Europe/Berlin"
    lives = {m.value: m.status for m in now.memories if m.attribute == "residence"}
    assert lives == {"Berlin": "superseded", "Oslo": "current"}
    assert len({m.sequence for m in now.memories if m.type == "episode"}) == sum(
        m.type == "episode" for m in now.memories
    )
    _, tables = await whole(parts, tenant, kept)
    assert len(tables["interaction_logs"]) == 6
    assert {row["turns"] for row in tables["sessions"] if row["session_id"] == "k0"} == {2}
    assert sum(row["turns"] for row in tables["days"]) == sum(row["turns"] for row in tables["daily_activity"]) == 6
    with pytest.raises(NotFound):
        await known(parts, tenant, other)
    assert await stayed(parts.database, tenant, other) == kept


async def test_a_merge_undone_gives_back_table_by_table_what_was(parts: Composition, tenant: str) -> None:
    kept, other = await two(parts, tenant)
    before = [await whole(parts, tenant, one) for one in (kept, other)]
    merged = await merge_contacts(parts.services, tenant, kept, other)
    await undo_merge(parts.services, tenant, merged.merge.merge_id)
    after = [await whole(parts, tenant, one) for one in (kept, other)]
    for (contact_was, tables_were), (contact_is, tables_are) in zip(before, after, strict=True):
        assert contact_is == contact_was
        for name, rows in tables_were.items():
            assert sorted(map(str, tables_are[name])) == sorted(map(str, rows)), name
    assert (await known(parts, tenant, other)).state.total_messages == 3
    with pytest.raises(Conflict):
        await undo_merge(parts.services, tenant, merged.merge.merge_id)


async def test_what_came_after_a_merge_stays_with_the_contact_that_stayed(parts: Composition, tenant: str) -> None:
    kept, other = await two(parts, tenant)
    before = await known(parts, tenant, kept)
    theirs = await known(parts, tenant, other)
    merged = await merge_contacts(parts.services, tenant, kept, other)
    await tell(parts, tenant, kept, "I moved to Rome last week", 100, session="new")
    await tell(parts, tenant, kept, "My cat is called Miso", 81.5, session="shared")
    await undo_merge(parts.services, tenant, merged.merge.merge_id)
    now, again = await known(parts, tenant, kept), await known(parts, tenant, other)
    assert now.state.total_messages == before.state.total_messages + 2
    assert now.state.total_sessions == before.state.total_sessions + 2
    assert now.state.last_active_at == START + timedelta(hours=100)
    assert {m.value for m in now.memories if m.attribute == "residence" and m.status == "current"} == {"Rome"}
    assert {m.value for m in again.memories if m.attribute == "residence" and m.status == "current"} == {"Oslo"}
    assert again.state.total_messages == 3
    assert {e.id for e in again.entities} == {e.id for e in theirs.entities}
    assert "pet:miso" in {e.id for e in now.entities}
    _, tables = await whole(parts, tenant, kept)
    assert sum(row["turns"] for row in tables["days"]) == 5
    assert {row["turns"] for row in tables["sessions"] if row["session_id"] == "shared"} == {1}


async def test_an_opt_out_of_either_holds(parts: Composition, tenant: str) -> None:
    kept, other = await contact(parts, tenant), await contact(parts, tenant)
    await set_consent(parts.services, tenant, kept, "email", "opted_in")
    await set_consent(parts.services, tenant, other, "email", "opted_out")
    await update_contact(parts.services, tenant, kept, {"outreach_consent": True}, None)
    await update_contact(parts.services, tenant, other, {"outreach_consent": False}, None)
    merged = await merge_contacts(parts.services, tenant, kept, other)
    said = await get_consent(parts.services, tenant, kept)
    assert said.outreach_consent is False
    assert [row.status for row in said.channels] == ["opted_out"]
    await undo_merge(parts.services, tenant, merged.merge.merge_id)
    assert [row.status for row in (await get_consent(parts.services, tenant, kept)).channels] == ["opted_in"]


async def test_who_said_no_while_they_were_one_said_it_for_both(parts: Composition, tenant: str) -> None:
    kept, other = await contact(parts, tenant), await contact(parts, tenant)
    await set_consent(parts.services, tenant, other, "email", "opted_in")
    merged = await merge_contacts(parts.services, tenant, kept, other)
    await ingest_interaction(parts.services, tenant, kept, Turn(parts.services.clock(), "STOP"))
    await undo_merge(parts.services, tenant, merged.merge.merge_id)
    for one in (kept, other):
        said = await get_consent(parts.services, tenant, one)
        assert said.outreach_consent is False
        assert "opted_out" in {row.status for row in said.channels if row.channel == "email"}


async def test_merges_are_undone_in_the_order_in_which_they_lie_on_each_other(parts: Composition, tenant: str) -> None:
    a, b, c = [await contact(parts, tenant) for _ in range(3)]
    for n, one in enumerate((a, b, c)):
        await tell(parts, tenant, one, "I live in Oslo", n)
    before = [await whole(parts, tenant, one) for one in (a, b, c)]
    first = await merge_contacts(parts.services, tenant, b, a)
    second = await merge_contacts(parts.services, tenant, c, b)
    assert await stayed(parts.database, tenant, a) == await stayed(parts.database, tenant, b) == c
    assert (await known(parts, tenant, c)).state.total_messages == 3
    with pytest.raises(Conflict) as refused:
        await undo_merge(parts.services, tenant, first.merge.merge_id)
    assert refused.value.details == {"merge_id": second.merge.merge_id}
    await undo_merge(parts.services, tenant, second.merge.merge_id)
    assert await stayed(parts.database, tenant, a) == b
    await undo_merge(parts.services, tenant, first.merge.merge_id)
    assert [await whole(parts, tenant, one) for one in (a, b, c)] == before


async def test_a_contact_is_not_merged_with_itself_nor_with_one_that_nobody_knows(
    parts: Composition, tenant: str
) -> None:
    kept, other = await contact(parts, tenant), await contact(parts, tenant)
    with pytest.raises(InvalidInput) as refused:
        await merge_contacts(parts.services, tenant, kept, kept)
    assert refused.value.violations[0].field == "other_id"
    for pair in ((kept, "nobody"), ("nobody", kept)):
        with pytest.raises(NotFound):
            await merge_contacts(parts.services, tenant, *pair)
    await merge_contacts(parts.services, tenant, kept, other)
    with pytest.raises(InvalidInput):
        await merge_contacts(parts.services, tenant, kept, other)
    with pytest.raises(NotFound):
        await undo_merge(parts.services, tenant, "mrg_nothing")


async def test_making_the_merged_contact_known_again_finds_the_one_that_stayed(parts: Composition, tenant: str) -> None:
    kept = await contact(parts, tenant)
    new = NewContact("+49 170", "sms", contact_id="ct_other")
    await create_contact(parts.services, tenant, new)
    await merge_contacts(parts.services, tenant, kept, "ct_other")
    again = await create_contact(parts.services, tenant, new)
    assert (again.profile.id, again.created) == (kept, False)
    with pytest.raises(Conflict):
        await create_contact(parts.services, tenant, NewContact("else", "sms", contact_id="ct_other"))


async def test_erasing_the_contact_that_stayed_erases_the_merge_and_lets_nothing_late_back(
    parts: Composition, tenant: str
) -> None:
    kept, other = await two(parts, tenant)
    await merge_contacts(parts.services, tenant, kept, other)
    await delete_contact(parts.services, tenant, kept)
    assert await stayed(parts.database, tenant, other) is None
    for one in (kept, other):
        with pytest.raises(Conflict):
            await create_contact(parts.services, tenant, NewContact("new", "sms", contact_id=one))


async def test_who_is_forgotten_is_led_to_and_not_taken_apart(parts: Composition, tenant: str) -> None:
    kept, other = await two(parts, tenant)
    merged = await merge_contacts(parts.services, tenant, kept, other)
    await delete_all_memories(parts.services, tenant, kept)
    assert await stayed(parts.database, tenant, other) == kept
    with pytest.raises(Conflict):
        await undo_merge(parts.services, tenant, merged.merge.merge_id)


async def test_after_thirty_days_a_merge_stays_and_only_the_id_is_kept(parts: Composition, tenant: str) -> None:
    kept, other = await two(parts, tenant)
    merged = await merge_contacts(parts.services, tenant, kept, other)
    async with parts.database.transaction(tenant) as tx:
        await tx.execute(text("UPDATE contact_merges SET undo_until = now() - interval '1 minute'"))
    with pytest.raises(Conflict):
        await undo_merge(parts.services, tenant, merged.merge.merge_id)
    async with parts.database.transaction(tenant) as tx:
        assert await merges.spend(tx, parts.services.clock()) == 1
        assert await merges.spend(tx, parts.services.clock()) == 0
    assert await stayed(parts.database, tenant, other) == kept
    assert [row.merge_id for row in await list_merges(parts.services, tenant, kept)] == [merged.merge.merge_id]


async def test_turns_that_come_in_during_merges_all_end_on_the_contact_that_stays(
    parts: Composition, tenant: str
) -> None:
    people = [await contact(parts, tenant) for _ in range(4)]
    told = 0

    async def talk(one: str, first: int) -> None:
        nonlocal told
        target = one
        for n in range(12):
            for _ in range(5):
                try:
                    await tell(parts, tenant, target, f"Bought {first + n} lamps", first + n, session=f"s{first}")
                    told += 1
                    break
                except NotFound:
                    target = await stayed(parts.database, tenant, target) or target

    async def become_one() -> None:
        await asyncio.sleep(0.02)
        await merge_contacts(parts.services, tenant, people[1], people[0])
        await asyncio.gather(
            merge_contacts(parts.services, tenant, people[3], people[1]),
            merge_contacts(parts.services, tenant, people[3], people[2]),
        )

    async with asyncio.timeout(60):
        await asyncio.gather(become_one(), *(talk(one, 100 * i) for i, one in enumerate(people)))
    now = await known(parts, tenant, people[3])
    assert told == 48
    assert now.state.total_messages == 48
    assert sum("lamps" in m.content for m in now.memories if m.type == "episode") == 48
    _, tables = await whole(parts, tenant, people[3])
    assert len(tables["interaction_logs"]) == sum(row["turns"] for row in tables["sessions"]) == 48


async def test_two_that_are_merged_into_each_other_at_once_become_one(parts: Composition, tenant: str) -> None:
    one, other = await contact(parts, tenant), await contact(parts, tenant)
    async with asyncio.timeout(30):
        ended = await asyncio.gather(
            merge_contacts(parts.services, tenant, one, other),
            merge_contacts(parts.services, tenant, other, one),
            return_exceptions=True,
        )
    assert sum(isinstance(end, NotFound | InvalidInput) for end in ended) == 1


def planned(tenant: str, contact_id: str, trigger_id: str, **changes: Any) -> TriggerRow:
    later = datetime.now(UTC) + timedelta(days=1)
    usual = TriggerRow(
        tenant, trigger_id, contact_id, "scheduled", "sms", "pending", "given", "Hello", None, None, None, later,
        later + timedelta(days=1), expire_on_reply=False, reason=None, occasion=None, dedupe_key=None, due_at=later,
        claimed_until=None, attempts=0, outcome_unknown=False, provider_message_id=None, failure=None, sent_at=None,
        created_at=later,
    )  # fmt: skip
    return replace(usual, **changes)


async def test_of_two_messages_under_one_key_one_goes_out_and_undone_both_are_planned(
    parts: Composition, tenant: str
) -> None:
    kept, other = await contact(parts, tenant), await contact(parts, tenant, "sms")
    rows = [
        planned(tenant, kept, f"{tenant}_a", dedupe_key="k"),
        planned(tenant, other, f"{tenant}_b", dedupe_key="k"),
        planned(tenant, kept, f"{tenant}_c", occasion="birthday"),
        planned(tenant, other, f"{tenant}_d", occasion="birthday", status="sent"),
    ]
    async with parts.database.transaction(tenant) as tx:
        assert len(await triggers.add(tx, rows)) == 4

    async def stand() -> dict[str, tuple[str, str, str | None]]:
        async with parts.database.transaction(tenant) as tx:
            found = {row.trigger_id[-1]: row for one in (kept, other) for row in await triggers.of_contact(tx, one)}
        return {i: (row.contact_id, row.status, row.occasion) for i, row in sorted(found.items())}

    before = await stand()
    merged = await merge_contacts(parts.services, tenant, kept, other)
    assert await stand() == {
        "a": (kept, "pending", None),
        "b": (kept, "cancelled", None),
        "c": (kept, "cancelled", "birthday"),
        "d": (kept, "sent", None),
    }
    async with parts.database.transaction(tenant) as tx:
        reached = await merges.addresses(tx, [kept])
    assert reached == {(kept, "sms"): merged.merge.merged_external_id}
    await undo_merge(parts.services, tenant, merged.merge.merge_id)
    assert await stand() == before
