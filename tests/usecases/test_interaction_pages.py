"""Every page of a list holds what it should: each touchpoint once, in order, whatever comes meanwhile."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.composition import Composition
from server.domain.errors import InvalidInput
from server.usecases.interactions import InteractionQuery, list_interactions
from server.usecases.tenants import NewTenant, create_tenant
from store import interaction_pages, interactions
from store.tables.interaction import KINDS, InteractionRow
from tests.usecases.interaction_steps import START, contact, later, number, row, walk

FIELDS = ("created_at", "occurred_at", "updated_at")
SORTS = [f"{field}:{order}" for field in FIELDS for order in ("asc", "desc")]
MINUTES = st.integers(0, 12)

TOLD = st.tuples(st.integers(0, 2), st.sampled_from(KINDS), MINUTES, MINUTES, MINUTES)
"""Of a touchpoint: which contact, kind, and minutes of its three times, so that many are equal."""

CASES = {"max_examples": 60, "deadline": None, "suppress_health_check": list(HealthCheck)}


async def setting(parts: Composition) -> tuple[str, list[str]]:
    """A tenant with three contacts."""
    tenant = f"tnt_pages_{next(number)}"
    await create_tenant(parts.administration, NewTenant(tenant))
    return tenant, [await contact(parts, tenant) for _ in range(3)]


def rows_of(tenant: str, contacts: list[str], told: list[tuple[int, str, int, int, int]]) -> list[InteractionRow]:
    return [
        row(
            tenant, contacts[whose], f"int_{next(number)}", kind=kind, created_at=later(created),
            occurred_at=later(occurred), updated_at=later(updated),
        )
        for whose, kind, created, occurred, updated in told
    ]  # fmt: skip


async def store(parts: Composition, tenant: str, rows: list[InteractionRow]) -> None:
    async with parts.services.database.transaction(tenant) as tx:
        await interactions.add(tx, rows)


def expected(rows: list[InteractionRow], query: dict[str, Any]) -> list[str]:
    """What a list should hold, worked out the simple way."""
    field, _, order = query.get("sort", "created_at:desc").partition(":")
    wanted = [
        one
        for one in rows
        if query.get("contact_id") in (None, one.contact_id)
        and query.get("kind") in (None, one.kind)
        and (query.get("start") is None or one.occurred_at >= query["start"])
        and (query.get("end") is None or one.occurred_at < query["end"])
    ]
    wanted.sort(key=lambda one: (getattr(one, field), one.interaction_id), reverse=order == "desc")
    return [one.interaction_id for one in wanted]


QUERIES = st.fixed_dictionaries(
    {"sort": st.sampled_from(SORTS), "limit": st.integers(1, 7)},
    optional={
        "contact_id": st.integers(0, 2),
        "kind": st.sampled_from(KINDS),
        "start": MINUTES.map(later),
        "end": MINUTES.map(later),
    },
)


@pytest.mark.parametrize("sorted_at_most", [interaction_pages.SORTED, 1])
@settings(**CASES)
@given(told=st.lists(TOLD, max_size=25), query=QUERIES)
async def test_the_pages_hold_each_touchpoint_once_and_in_order(
    parts: Composition, sorted_at_most: int, told: Any, query: dict[str, Any]
) -> None:
    tenant, contacts = await setting(parts)
    rows = rows_of(tenant, contacts, told)
    await store(parts, tenant, rows)
    if "contact_id" in query:
        query["contact_id"] = contacts[query["contact_id"]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interaction_pages, "SORTED", sorted_at_most)
        interaction_pages._counts.cache_clear()
        assert await walk(parts, tenant, query) == expected(rows, query)
    interaction_pages._counts.cache_clear()


@settings(**CASES)
@given(
    told=st.lists(TOLD, min_size=4, max_size=20),
    meanwhile=st.lists(st.lists(TOLD, max_size=3), max_size=6),
    sort=st.sampled_from(SORTS),
    limit=st.integers(1, 5),
)
async def test_what_comes_between_two_pages_neither_hides_nor_repeats_what_was_there(
    parts: Composition, told: Any, meanwhile: Any, sort: str, limit: int
) -> None:
    tenant, contacts = await setting(parts)
    rows = rows_of(tenant, contacts, told)
    await store(parts, tenant, rows)
    found: list[str] = []
    cursor, arriving = None, iter(meanwhile)
    while True:
        page = await list_interactions(parts.services, tenant, InteractionQuery(sort=sort, limit=limit, cursor=cursor))
        found += [named.row.interaction_id for named in page.interactions]
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
        await store(parts, tenant, rows_of(tenant, contacts, next(arriving, [])))
    assert len(found) == len(set(found))
    there = {one.interaction_id for one in rows}
    assert [i for i in found if i in there] == expected(rows, {"sort": sort})


async def test_a_full_last_page_has_no_cursor(parts: Composition) -> None:
    tenant, contacts = await setting(parts)
    await store(parts, tenant, rows_of(tenant, contacts, [(0, "note", n, n, n) for n in range(6)]))
    first = await list_interactions(parts.services, tenant, InteractionQuery(limit=3))
    last = await list_interactions(parts.services, tenant, InteractionQuery(limit=3, cursor=first.next_cursor))
    assert (len(first.interactions), len(last.interactions)) == (3, 3)
    assert first.next_cursor is not None
    assert last.next_cursor is None


@pytest.mark.parametrize("sort", SORTS)
async def test_a_bare_time_is_a_cursor_too(parts: Composition, sort: str) -> None:
    tenant, contacts = await setting(parts)
    rows = rows_of(tenant, contacts, [(n % 3, KINDS[n % 6], n, n, n) for n in range(9)])
    await store(parts, tenant, rows)
    behind = slice(5, None) if sort.endswith("asc") else slice(0, 4)
    wanted = expected(rows[behind], {"sort": sort})
    utc = later(4).isoformat()
    for cursor in (utc, utc.replace("+00:00", "Z"), utc.replace("+", " "), abroad(later(4)), utc[:-6]):
        page = await list_interactions(parts.services, tenant, InteractionQuery(sort=sort, cursor=cursor))
        assert [named.row.interaction_id for named in page.interactions] == wanted


def abroad(at: datetime) -> str:
    """The same instant as it is written in Kathmandu."""
    return (at + timedelta(hours=5, minutes=45)).replace(tzinfo=None).isoformat() + "+05:45"


async def test_a_cursor_of_another_query_is_refused(parts: Composition) -> None:
    tenant, contacts = await setting(parts)
    await store(parts, tenant, rows_of(tenant, contacts, [(0, "note", n, n, n) for n in range(6)]))
    first = await list_interactions(parts.services, tenant, InteractionQuery(limit=2))
    others: list[dict[str, Any]] = [
        {"sort": "created_at:asc"}, {"sort": "occurred_at:desc"}, {"contact_id": contacts[0]}, {"kind": "note"},
        {"start": START}, {"end": START},
    ]  # fmt: skip
    for other in others:
        with pytest.raises(InvalidInput, match="cursor"):
            query = InteractionQuery(limit=2, cursor=first.next_cursor, **other)
            await list_interactions(parts.services, tenant, query)
    for nonsense in ("nonsense", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+10:00", "{}", "WzEsMl0"):
        with pytest.raises(InvalidInput, match="cursor"):
            await list_interactions(parts.services, tenant, InteractionQuery(cursor=nonsense))
    another_limit = InteractionQuery(limit=50, cursor=first.next_cursor)
    assert len((await list_interactions(parts.services, tenant, another_limit)).interactions) == 4


async def test_a_limit_above_a_hundred_is_taken_as_a_hundred(parts: Composition) -> None:
    tenant, contacts = await setting(parts)
    await store(parts, tenant, rows_of(tenant, contacts, [(0, "note", n, n, n) for n in range(101)]))
    page = await list_interactions(parts.services, tenant, InteractionQuery(limit=1_000))
    assert (page.limit, len(page.interactions)) == (100, 100)
