"""Many touchpoints at once: each stands or falls by itself."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from server.composition import Composition
from server.domain.errors import InvalidInput
from server.domain.interaction import NewInteraction
from server.usecases.contacts import delete_contact
from server.usecases.interaction_bulk import AT_ONCE, Outcome, create_interactions
from store import interactions
from store.errors import StoreUnavailable
from tests.usecases.interaction_steps import contact, record, walk


async def bulk(parts: Composition, tenant: str, items: Sequence[NewInteraction | InvalidInput]) -> list[Outcome]:
    return await create_interactions(parts.services, tenant, items)


def ids(outcomes: list[Outcome]) -> list[str]:
    return [one.named.row.interaction_id for one in outcomes if one.named is not None]


async def test_all_are_recorded_and_listed_in_the_order_of_the_request(parts: Composition, tenant: str) -> None:
    contacts = [await contact(parts, tenant, f"Person {n}") for n in range(3)]
    told = [NewInteraction(contacts[n % 3], "note", f"note {n}") for n in range(10)]
    outcomes = await bulk(parts, tenant, told)
    assert [one.status for one in outcomes] == ["created"] * 10
    assert [one.named and one.named.row.content for one in outcomes] == [f"note {n}" for n in range(10)]
    assert [one.named and one.named.contact_name for one in outcomes] == [f"Person {n % 3}" for n in range(10)]
    assert await walk(parts, tenant, {"sort": "created_at:asc", "limit": 3}) == ids(outcomes)


async def test_a_wrong_one_keeps_no_other_from_being_recorded(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant)
    outcomes = await bulk(
        parts, tenant,
        [
            NewInteraction(contact_id, "note", "good"),
            NewInteraction("ct_nobody", "note"),
            InvalidInput.of("items[2].kind", "must be one of …"),
            NewInteraction(contact_id, "note", metadata={"a": "x" * 20_000}),
            NewInteraction(contact_id, "note", occurred_at=datetime.now(UTC) + timedelta(hours=1)),
            NewInteraction(contact_id, "call", "good too"),
        ],
    )  # fmt: skip
    assert [one.status for one in outcomes] == ["created", "failed", "failed", "failed", "failed", "created"]
    assert [one.error and one.error.reason for one in outcomes] == [
        None, "CONTACT_NOT_FOUND", "INVALID_INPUT", "INVALID_INPUT", "INVALID_INPUT", None,
    ]  # fmt: skip
    fields = [e.violations[0].field for one in outcomes if isinstance(e := one.error, InvalidInput)]
    assert fields == ["items[2].kind", "items[3].metadata", "items[4].occurred_at"]
    assert len(await walk(parts, tenant, {})) == 2


async def test_of_one_external_id_the_first_good_one_is_recorded_and_the_others_find_it(
    parts: Composition, tenant: str
) -> None:
    # The later contact's id sorts first or last: the order of the request decides, not that of the locks.
    one, two = await contact(parts, tenant), await contact(parts, tenant)
    known = await record(parts, tenant, one, external_id="known")
    outcomes = await bulk(
        parts, tenant,
        [
            NewInteraction("ct_nobody", "note", "a", external_id="x"),
            NewInteraction(two, "note", "b", external_id="x"),
            NewInteraction(one, "note", "c", external_id="x"),
            NewInteraction(one, "note", "d", external_id="known"),
            NewInteraction(two, "note", "e", metadata={"": 1}, external_id="y"),
            NewInteraction(one, "note", "f", external_id="y"),
        ],
    )  # fmt: skip
    assert [o.status for o in outcomes] == ["failed", "created", "existing", "existing", "failed", "created"]
    assert [o.named and o.named.row.content for o in outcomes] == [None, "b", "b", None, None, "f"]
    assert outcomes[3].named is not None
    assert outcomes[3].named.row == known
    assert len(await walk(parts, tenant, {})) == 3


async def test_the_same_bulk_again_records_nothing_more(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant)
    told = [NewInteraction(contact_id, "note", external_id=f"crm-{n}") for n in range(5)]
    first, again = await bulk(parts, tenant, told), await bulk(parts, tenant, told)
    assert [one.status for one in again] == ["existing"] * 5
    assert ids(first) == ids(again)


async def test_bulks_over_the_same_contacts_and_external_ids_at_once_neither_wait_for_ever_nor_store_twice(
    parts: Composition, tenant: str
) -> None:
    contacts = [await contact(parts, tenant) for _ in range(8)]
    told = [NewInteraction(contacts[n % 8], "note", external_id=f"crm-{n}") for n in range(40)]
    orders = [told, told[::-1], told[20:] + told[:20], sorted(told, key=lambda one: one.contact_id)]
    outcomes = await asyncio.gather(*(bulk(parts, tenant, order) for order in orders))
    assert sum(one.status == "created" for each in outcomes for one in each) == 40
    assert sum(one.status == "existing" for each in outcomes for one in each) == 120
    assert len(await walk(parts, tenant, {"limit": 100})) == 40


async def test_the_next_snapshot_of_every_contact_knows_of_it(parts: Composition, tenant: str) -> None:
    contacts = [await contact(parts, tenant) for _ in range(AT_ONCE + 3)]
    before = [(await parts.services.snapshots.get(tenant, i)).version for i in contacts]
    await bulk(parts, tenant, [NewInteraction(i, "note") for i in contacts])
    after = [(await parts.services.snapshots.get(tenant, i)).version for i in contacts]
    assert all(new > old for new, old in zip(after, before, strict=True))


async def test_five_hundred_of_one_contact_are_a_few_statements(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant)
    count = 0

    def counted(*_: Any) -> None:
        nonlocal count
        count += 1

    engine = parts.services.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", counted)
    try:
        outcomes = await bulk(parts, tenant, [NewInteraction(contact_id, "note", f"{n}") for n in range(500)])
    finally:
        event.remove(engine, "before_cursor_execute", counted)
    assert [one.status for one in outcomes] == ["created"] * 500
    assert count < 15


async def test_a_contact_that_is_erased_meanwhile_fails_alone(parts: Composition, tenant: str) -> None:
    contacts = [await contact(parts, tenant) for _ in range(6)]
    told = [NewInteraction(contacts[n % 6], "note") for n in range(60)]
    outcomes, _ = await asyncio.gather(bulk(parts, tenant, told), delete_contact(parts.services, tenant, contacts[3]))
    for new, one in zip(told, outcomes, strict=True):
        if new.contact_id != contacts[3]:
            assert one.status == "created"
        elif one.error is not None:
            assert one.error.reason == "CONTACT_NOT_FOUND"
    assert len(await walk(parts, tenant, {"limit": 100})) == 50


async def test_what_a_failing_store_lost_is_told_and_the_rest_stands(
    parts: Composition, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts = sorted([await contact(parts, tenant) for _ in range(AT_ONCE + 2)])
    told = [NewInteraction(i, "note") for i in contacts]
    stored, calls = interactions.add, 0

    async def failing(tx: Any, rows: Any) -> set[str]:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise StoreUnavailable("broken")
        return await stored(tx, rows)

    monkeypatch.setattr(interactions, "add", failing)
    fails_at = 1
    with pytest.raises(StoreUnavailable):
        await bulk(parts, tenant, told)
    assert await walk(parts, tenant, {}) == []
    calls, fails_at = 0, 2
    outcomes = await bulk(parts, tenant, told)
    assert [one.status for one in outcomes] == ["created"] * AT_ONCE + ["failed"] * 2
    assert {one.error.reason for one in outcomes if one.error is not None} == {"UNAVAILABLE"}
    assert len(await walk(parts, tenant, {})) == AT_ONCE


ITEMS = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from([None, "a", "b", "c"]), st.booleans()), min_size=1, max_size=15
)
"""Of an item: which contact, the fourth and fifth of which do not exist; its external id; whether it is well-formed."""


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(items=ITEMS)
async def test_a_bulk_ends_as_the_items_would_one_by_one(parts: Composition, items: Any) -> None:
    tenant = "tnt_bulk"
    contacts = [await contact(parts, tenant) for _ in range(3)] + ["ct_none", "ct_nobody"]
    run = contacts[0][-12:]
    told = [
        NewInteraction(contacts[whose], "note", f"{n}", {} if good else {"": 0}, external_id=key and f"{key}-{run}")
        for n, (whose, key, good) in enumerate(items)
    ]
    outcomes = await bulk(parts, tenant, told)
    recorded: dict[str, str] = {}
    for n, (new, one) in enumerate(zip(told, outcomes, strict=True)):
        if not items[n][2] or items[n][0] > 2:
            assert one.status == "failed"
            continue
        assert one.named is not None
        if new.external_id in recorded:
            assert (one.status, one.named.row.content) == ("existing", recorded[new.external_id])
            continue
        assert (one.status, one.named.row.content, one.named.row.contact_id) == ("created", f"{n}", new.contact_id)
        if new.external_id is not None:
            recorded[new.external_id] = f"{n}"
