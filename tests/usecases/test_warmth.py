"""Warmth on the real stores: what turns add one by one is what the tables say, and what is stored is what is read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from server.composition import Composition
from server.domain.contact import State
from server.domain.errors import InvalidInput, NotFound
from server.domain.outreach.config import ConfigChange as OutreachChange
from server.domain.turn import Turn
from server.embedded.stores import EmbeddedStores
from server.usecases import records, warmth_upkeep
from server.usecases.context import ContactContext, ContextQuestion, get_contact_context
from server.usecases.ingest import ingest_interaction
from server.usecases.interactions import delete_interaction
from server.usecases.maintenance import run_maintenance
from server.usecases.memories import delete_all_memories
from server.usecases.outreach.config import update_config as update_outreach
from server.usecases.services import Services
from server.usecases.warmth_reports import LosingTouchQuery, get_history, get_warmth, list_losing_touch
from server.usecases.warmth_upkeep import ConfigChange, get_config, recompute, recompute_all, renew_due, update_config
from store import contacts, interactions, turns
from store.tables.contact import ContactRow
from tests.usecases.conftest import settings_for
from tests.usecases.interaction_steps import contact, record, row

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


def at(services: Services, now: datetime) -> Services:
    return replace(services, clock=lambda: now)


async def stored(parts: Composition, tenant: str, contact_id: str) -> ContactRow:
    async with parts.services.database.transaction(tenant) as tx:
        found = await contacts.get(tx, contact_id)
    assert found is not None
    return found


async def says(parts: Composition, tenant: str, contact_id: str, when: datetime, now: datetime | None = None) -> None:
    services = at(parts.services, now or max(when, NOW))
    await ingest_interaction(services, tenant, contact_id, Turn(when, "I see.", "So do I."))


async def context(parts: Composition, tenant: str, contact_id: str, **asked: Any) -> ContactContext:
    return await get_contact_context(parts.services, tenant, ContextQuestion(contact_id, **asked))


async def seventy_five(parts: Composition, tenant: str) -> str:
    who = await contact(parts, tenant)
    for days in range(1, 6):
        await record(parts, tenant, who, "meeting", occurred_at=NOW - days * DAY)
        await record(parts, tenant, who, "note", occurred_at=NOW - days * DAY)
    await record(parts, tenant, who, "note", occurred_at=NOW - 6 * DAY)
    return who


async def test_a_call_on_a_contact_at_75_gives_82(parts: Composition, tenant: str) -> None:
    who = await seventy_five(parts, tenant)
    assert (await stored(parts, tenant, who)).warmth == 75.0
    assert (await context(parts, tenant, who)).warmth == (75.0, "hot")
    call = await record(parts, tenant, who, "call")
    assert (await stored(parts, tenant, who)).warmth == 82.0
    assert (await context(parts, tenant, who)).warmth == (82.0, "hot")
    report = await get_warmth(parts.services, tenant, who, None)
    assert (report.standing.score, report.standing.band) == (82.0, "hot")
    assert report.contributions[0].worth == 9.0
    assert sum(c.worth for c in report.contributions) + report.others == pytest.approx(82.0)
    await delete_interaction(parts.services, tenant, call.interaction_id)
    assert (await stored(parts, tenant, who)).warmth == 75.0


EVENTS = st.lists(
    st.tuples(
        st.floats(0, 30).map(lambda d: round(d, 2)), st.sampled_from(("turn", "turn", "turn", "message", "call"))
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS, st.booleans())
async def test_what_turns_add_is_what_the_tables_say(
    parts: Composition, tenant: str, events: list[tuple[float, str]], in_order: bool
) -> None:
    who = await contact(parts, tenant)
    for days_ago, kind in sorted(events, reverse=True) if in_order else events:
        when = NOW - days_ago * DAY
        if kind == "turn":
            await says(parts, tenant, who, when)
        else:
            await record(parts, tenant, who, kind, occurred_at=when)
    before = await stored(parts, tenant, who)
    report = await get_warmth(at(parts.services, NOW + DAY), tenant, who, NOW)
    assert before.warmth == pytest.approx(report.standing.score, abs=0.1)
    result = await recompute(at(parts.services, NOW), tenant, who)
    after = await stored(parts, tenant, who)
    assert after.warmth == before.warmth
    assert (result.recomputed, result.changed) == (1, 0)
    assert after.last_touch_at == before.last_touch_at


async def test_turns_of_a_day_count_up_to_the_cap(parts: Composition, tenant: str) -> None:
    who, scores = await contact(parts, tenant), []
    for minute in range(5):
        await says(parts, tenant, who, NOW - timedelta(minutes=5 - minute))
        scores.append((await stored(parts, tenant, who)).warmth)
    # Of a day that ends while they are told two days count.
    assert scores[:2] == [6.0, 11.9]
    assert scores[4] in (17.9, 23.8, 29.8)


async def test_a_turn_that_is_told_twice_counts_once(parts: Composition, tenant: str) -> None:
    who = await contact(parts, tenant)
    for _ in range(2):
        await ingest_interaction(parts.services, tenant, who, Turn(NOW, "Hello!", "Hi!", turn_id="t1"))
    assert (await stored(parts, tenant, who)).warmth == 6.0


async def test_a_turn_that_is_simply_newer_takes_no_further_round_trip(
    parts: Composition, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object, **__: object) -> dict[str, Any]:
        raise AssertionError("the tables were read")

    who = await contact(parts, tenant)
    monkeypatch.setattr("server.usecases.warmth.columns_anew", never)
    for days in (20, 9, 9, 8, 2, 0, 0, 0, 0):
        await says(parts, tenant, who, NOW - days * DAY)
    with pytest.raises(AssertionError, match="the tables were read"):
        await says(parts, tenant, who, NOW - 30 * DAY)


async def test_every_process_shows_the_warmth_of_now(
    parts: Composition, tenant: str, stores: EmbeddedStores, database_name: str
) -> None:
    async with Composition(settings_for(stores, database_name)) as other:
        who = await contact(parts, tenant)
        assert (await context(other, tenant, who)).warmth == (0.0, "cold")
        await record(parts, tenant, who, "meeting")
        assert (await context(other, tenant, who)).warmth == (9.0, "cold")
        await says(parts, tenant, who, NOW)
        assert (await context(other, tenant, who)).warmth == (15.0, "cool")
        later = await get_contact_context(at(other.services, NOW + 37 * DAY), tenant, ContextQuestion(who))
        assert later.warmth == (7.5, "cold")


async def test_the_warmth_of_then_is_told_of_then(parts: Composition, tenant: str) -> None:
    who = await contact(parts, tenant)
    for days in (10, 3):
        await record(parts, tenant, who, "meeting", occurred_at=NOW - days * DAY)
    assert (await context(parts, tenant, who, as_of=NOW - 9 * DAY)).warmth == (9.0, "cold")
    report = await get_warmth(parts.services, tenant, who, NOW - 5 * DAY)
    assert (report.standing.score, report.standing.change_7d) == (9.0, 9.0)
    days = await get_history(parts.services, tenant, who, 12)
    assert [day.score for day in days[:4]] == [0.0, 9.0, 9.0, 9.0]
    assert days[-1].score == (await get_warmth(parts.services, tenant, who, None)).standing.score
    assert [day.day for day in days] == [NOW.date() - ago * DAY for ago in range(11, -1, -1)]


async def test_forget_me_resets_the_warmth(parts: Composition, tenant: str) -> None:
    who = await seventy_five(parts, tenant)
    await delete_all_memories(parts.services, tenant, who)
    after = await stored(parts, tenant, who)
    assert (after.warmth, after.warmth_band, after.touches, after.last_touch_at) == (0.0, "cold", [], None)
    assert (await context(parts, tenant, who)).warmth == (0.0, "cold")
    await says(parts, tenant, who, NOW)
    assert (await stored(parts, tenant, who)).warmth == 6.0


async def test_who_cools_down_comes_by_urgency_and_page_by_page(parts: Composition, tenant: str) -> None:
    falls_first, falls_later, fell_long_ago, fell, stays = [await contact(parts, tenant) for _ in range(5)]
    for who, days, meetings in (
        (falls_first, 8, 4), (falls_later, 5, 4), (fell_long_ago, 39, 4), (fell, 20, 4), (stays, 0, 6),
    ):  # fmt: skip
        for n in range(meetings):
            await record(parts, tenant, who, "meeting", occurred_at=NOW - (days + n) * DAY)
    query = LosingTouchQuery(within_days=14, fallen_days=60, limit=2)
    first = await list_losing_touch(parts.services, tenant, query)
    second = await list_losing_touch(parts.services, tenant, replace(query, cursor=first.next_cursor))
    assert [one.contact_id for one in (*first.contacts, *second.contacts)][:2] == [falls_first, falls_later]
    assert {one.contact_id for one in second.contacts} == {fell, fell_long_ago}
    assert [one.fallen for one in second.contacts] == [True, True]
    assert all(one.fallen_at and one.fallen_at <= NOW for one in second.contacts)
    assert second.next_cursor is None
    assert first.contacts[0].standing.falls is not None
    assert NOW <= first.contacts[0].standing.falls[1] <= NOW + 14 * DAY
    with pytest.raises(InvalidInput):
        await list_losing_touch(parts.services, tenant, replace(query, within_days=3, cursor=first.next_cursor))


async def test_stored_values_follow_when_they_are_due(parts: Composition, tenant: str) -> None:
    who = await seventy_five(parts, tenant)
    before = await stored(parts, tenant, who)
    assert await renew_due(at(parts.services, NOW + timedelta(hours=1)), tenant) == 0
    later = at(parts.services, NOW + 40 * DAY)
    assert await renew_due(later, tenant) == 1
    after = await stored(parts, tenant, who)
    assert after.version == before.version
    report = await get_warmth(later, tenant, who, None)
    assert (after.warmth, after.warmth_band) == (report.standing.score, report.standing.band)
    assert (after.warmth_band, after.warmth_fell_at) == ("warm", before.warmth_band_until)
    assert await renew_due(later, tenant) == 0
    assert await warmth_upkeep.renew_everywhere(at(parts.services, NOW + 80 * DAY)) >= 1
    assert (await stored(parts, tenant, who)).warmth < after.warmth
    await run_maintenance(at(parts.services, NOW + 120 * DAY), tenant)
    assert (await stored(parts, tenant, who)).warmth_band == "cold"


async def test_a_contact_from_before_there_was_warmth_gets_its_own(parts: Composition, tenant: str) -> None:
    who = await contact(parts, tenant)
    await says(parts, tenant, who, NOW)
    async with parts.services.database.transaction(tenant) as tx:
        await tx.execute(
            text(
                "UPDATE contacts SET touches = '[]', warmth = 0, last_touch_at = NULL,"
                " warmth_changes_at = last_active_at, version = version + 1"
                " WHERE tenant_id = :tenant AND contact_id = :contact"
            ),
            {"tenant": tenant, "contact": who},
        )
    assert await renew_due(at(parts.services, NOW + timedelta(minutes=1)), tenant) == 1
    after = await stored(parts, tenant, who)
    assert (after.warmth, after.last_touch_at) == (6.0, NOW)


async def test_other_constants_reach_every_contact(parts: Composition, tenant: str) -> None:
    who, idle = await seventy_five(parts, tenant), await contact(parts, tenant)
    config = await update_config(
        parts.services, tenant, ConfigChange(daily_cap=1, hot_from=90.0, points={"note": (1, 1)})
    )
    assert (config.daily_cap, config.hot_from, config.warm_from) == (1, 90.0, 30.0)
    assert await get_config(parts.services, tenant) == config
    assert (await recompute_all(parts.services, tenant)).recomputed == 2
    assert (await context(parts, tenant, who)).warmth == (51.0, "warm")
    assert (await stored(parts, tenant, idle)).warmth == 0.0
    await says(parts, tenant, who, NOW)
    await says(parts, tenant, who, NOW)
    assert (await stored(parts, tenant, who)).warmth == 57.0
    async with parts.services.database.transaction(tenant) as tx:
        waiting = await tx.execute(
            text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = :job AND args ->> 'tenant_id' = :tenant"),
            {"job": warmth_upkeep.JOB, "tenant": tenant},
        )
        assert waiting.scalar_one() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (ConfigChange(warm_from=70.0), "hot_from"),
        (ConfigChange(cool_from=30.0), "warm_from"),
        (ConfigChange(points={"fax": (1, 2)}), "points.fax"),  # type: ignore[dict-item]
        (ConfigChange(points={"call": (8, 7)}), "points.call"),
    ],
)
async def test_constants_that_do_not_fit_change_nothing(
    parts: Composition, tenant: str, change: ConfigChange, field: str
) -> None:
    before = await get_config(parts.services, tenant)
    with pytest.raises(InvalidInput) as refused:
        await update_config(parts.services, tenant, change)
    assert [v.field for v in refused.value.violations] == [field]
    assert await get_config(parts.services, tenant) == before


async def test_another_zone_of_the_tenant_puts_touches_on_other_days(parts: Composition, tenant: str) -> None:
    who = await contact(parts, tenant)
    noon = NOW.replace(hour=12, minute=0, second=0) - 2 * DAY
    for hours in (0, 1, 2, -3):
        await record(parts, tenant, who, "call", occurred_at=noon + timedelta(hours=hours))
    assert (await stored(parts, tenant, who)).warmth == 21.0
    # Where the day ends at 11 UTC.
    await update_outreach(parts.services, tenant, OutreachChange(time_zone="Etc/GMT-13"))
    await recompute_all(parts.services, tenant)
    assert (await stored(parts, tenant, who)).warmth == 28.0


async def test_what_nobody_has_is_not_found(parts: Composition, tenant: str) -> None:
    for asking in (
        get_warmth(parts.services, tenant, "nobody", None),
        get_history(parts.services, tenant, "nobody", 10),
        recompute(parts.services, tenant, "nobody"),
    ):
        with pytest.raises(NotFound):
            await asking
    who = await contact(parts, tenant)
    with pytest.raises(InvalidInput):
        await get_warmth(parts.services, tenant, who, NOW + DAY)


CALL = text(
    "INSERT INTO calls (tenant_id, contact_id, call_id, provider, call_sid, direction, number_unreadable, status,"
    " topics, summary, collected_data, started_at, created_at, updated_at) VALUES (:tenant, :contact, :id,"
    " 'generic', :id,"
    " :direction, false, :status, '{}', :summary, '{}', :at, :at, :at)"
)


async def called(
    parts: Composition, tenant: str, who: str, name: str, status: str, when: datetime, summary: str | None = None
) -> None:
    async with parts.services.database.transaction(tenant) as tx:
        given = {"tenant": tenant, "contact": who, "id": f"{who}_{name}", "direction": "inbound", "status": status}
        await tx.execute(CALL, {**given, "summary": summary, "at": when})
        await contacts.change(tx, who, {})


async def test_the_context_tells_the_last_call_and_what_is_open(parts: Composition, tenant: str) -> None:
    who = await contact(parts, tenant)
    await record(
        parts, tenant, who, "meeting", occurred_at=NOW - 3 * DAY,
        metadata={"next_steps": ["Technical review", "Security audit", 7], "next_action": "send_proposal"},
    )  # fmt: skip
    await called(parts, tenant, who, "missed", "missed", NOW - DAY)
    await parts.services.snapshots.read(tenant, who)
    found = await context(parts, tenant, who, prompt_tokens=300)
    assert found.last_call is not None and found.last_call.status == "missed"
    assert [(t.kind, t.about) for t in found.threads] == [
        ("missed_call", None), ("next_step", "send_proposal"), ("next_step", "Technical review"),
        ("next_step", "Security audit"),
    ]  # fmt: skip
    assert found.prompt is not None
    assert "Last call: They called you yesterday (missed)." in found.prompt
    assert "Still open: you missed their call yesterday." in found.prompt
    assert "Still open, noted 3 days ago: send proposal." in found.prompt
    # A turn keeps what this process holds.
    await says(parts, tenant, who, NOW)
    assert len((await context(parts, tenant, who)).threads) == 4
    later = await get_contact_context(at(parts.services, NOW + 28 * DAY), tenant, ContextQuestion(who))
    assert [t.kind for t in later.threads] == ["missed_call"]
    await record(parts, tenant, who, "email", metadata={"direction": "outbound", "outcome": "follow_up_scheduled"})
    assert [(t.kind, t.about) for t in (await context(parts, tenant, who)).threads] == [("next_step", None)]


async def test_a_contact_with_very_many_touches_is_not_read_whole(parts: Composition, tenant: str) -> None:
    who = await contact(parts, tenant)
    async with parts.services.database.transaction(tenant) as tx:
        await interactions.add(
            tx, [row(tenant, who, f"{who}_{n}", kind="call", at=NOW - timedelta(minutes=n)) for n in range(3_000)]
        )
    await recompute(parts.services, tenant, who)
    # At most three of a day count, of the two or three days that they are spread over.
    assert (await stored(parts, tenant, who)).warmth in (42.0, 63.0)
    assert len((await stored(parts, tenant, who)).touches) < 60


def test_a_turn_writes_the_columns_of_warmth() -> None:
    assert set(turns.STATE) > {"touches", "warmth", "warmth_band", "warmth_changes_at", "last_touch_at"}
    assert records.state_columns(State())["touches"] == []
