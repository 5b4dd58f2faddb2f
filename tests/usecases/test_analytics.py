"""Analytics add up: told by hand from a few contacts whose every turn is known."""

import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from server.composition import Composition
from server.config import Settings
from server.domain.turn import Turn
from server.domain.words import MOODS, Mood
from server.embedded.stores import EmbeddedStores
from server.usecases import churn
from server.usecases.analytics import get_moods, get_trends
from server.usecases.churn import ChurnQuery, get_churn_report
from server.usecases.contacts import NewContact, create_contact, delete_contact
from server.usecases.ingest import ingest_interaction
from server.usecases.services import Services
from server.usecases.tenants import NewTenant, create_tenant
from store import tenants

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
async def process(stores: EmbeddedStores, database_name: str) -> AsyncIterator[Composition]:
    settings = Settings(
        database_url=SecretStr(stores.app_url(database_name)),
        redis_url=SecretStr(stores.redis_url),
        master_key=SecretStr(stores.master_key),
    )
    async with Composition(settings) as composition:
        yield composition


async def tenant(process: Composition, name: str, zone: str = "UTC") -> Services:
    await create_tenant(process.administration, NewTenant(name, time_zone=zone))
    return replace(process.services, clock=lambda: NOW)


async def person(services: Services, tenant_id: str, name: str) -> str:
    return (await create_contact(services, tenant_id, NewContact(name, "webchat", display_name=name))).profile.id


async def say(
    services: Services, tenant_id: str, who: str, at: datetime, mood: Mood = "neutral", session: str | None = None
) -> None:
    turn = Turn(at, "I see.", session_id=session, detected_mood=mood)
    await ingest_interaction(services, tenant_id, who, turn)


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


async def test_a_tenant_without_a_turn_has_zeros_everywhere_and_one_entry_a_day(process: Composition) -> None:
    services = await tenant(process, "empty")
    trends = await get_trends(services, "empty", 3)
    assert [day.date.isoformat() for day in trends.daily] == ["2026-06-13", "2026-06-14", "2026-06-15"]
    assert {trends.active_users, trends.new_users, trends.churned_users, trends.total_messages} == {0}
    assert (trends.avg_session_duration_min, trends.retention_7day, trends.active_users_change) == (0.0, 0.0, 0.0)
    moods = await get_moods(services, "empty", 3)
    assert (moods.total_classifications, moods.trend) == (0, "stable")
    assert moods.distribution == dict.fromkeys(MOODS, 0.0)
    report = await get_churn_report(services, "empty", ChurnQuery(0.0, 10))
    assert (report.at_risk_count, report.contacts) == (0, [])


async def test_every_figure_of_a_week_is_what_was_ingested(process: Composition) -> None:
    services = await tenant(process, "week")
    old, new, gone = [await person(services, "week", name) for name in ("old", "new", "gone")]
    for days in (30, 10, 9):
        await say(services, "week", old, days_ago(days))
    await say(services, "week", gone, days_ago(9))
    for minutes in (0, 10, 20):
        await say(services, "week", old, days_ago(2) + timedelta(minutes=minutes), session="evening")
    await say(services, "week", new, days_ago(1), session="first")
    trends = await get_trends(services, "week", 7)
    assert (trends.active_users, trends.new_users, trends.total_messages) == (2, 1, 4)
    assert trends.active_users_change == 0.0
    assert trends.avg_session_duration_min == 10.0
    assert trends.avg_messages_per_session == 2.0
    assert sum(day.messages for day in trends.daily) == trends.total_messages
    assert sum(day.new for day in trends.daily) == trends.new_users
    assert {day.date.day: day.active for day in trends.daily if day.active} == {13: 1, 14: 1}


async def test_retention_counts_only_those_who_had_all_the_time_to_come_back(process: Composition) -> None:
    services = await tenant(process, "cohort")
    back, left, late = [await person(services, "cohort", name) for name in ("back", "left", "late")]
    for who in (back, left):
        await say(services, "cohort", who, days_ago(15))
    await say(services, "cohort", back, days_ago(8))
    # First active only ten days ago: whether they came back cannot be told yet.
    await say(services, "cohort", late, days_ago(10))
    assert (await get_trends(services, "cohort", 7)).retention_7day == 0.5


async def test_a_contact_counts_as_churned_on_the_day_it_falls_dormant(process: Composition) -> None:
    services = await tenant(process, "silence")
    quiet = await person(services, "silence", "quiet")
    for days in (35, 34, 33, 32):
        await say(services, "silence", quiet, days_ago(days))
    assert (await get_trends(services, "silence", 7)).churned_users == 1
    assert (await get_trends(services, "silence", 1)).churned_users == 0


async def test_days_are_those_of_the_tenants_own_zone(process: Composition) -> None:
    services = await tenant(process, "auckland", "Pacific/Auckland")
    who = await person(services, "auckland", "kiri")
    # 11:30 in UTC is 23:30 of the same day there, and an hour later the next one.
    await say(services, "auckland", who, datetime(2026, 6, 13, 11, 30, tzinfo=UTC))
    await say(services, "auckland", who, datetime(2026, 6, 13, 12, 30, tzinfo=UTC))
    daily = (await get_trends(services, "auckland", 3)).daily
    assert [(day.date.isoformat(), day.messages) for day in daily] == [
        ("2026-06-14", 1), ("2026-06-15", 0), ("2026-06-16", 0),
    ]  # fmt: skip


async def test_a_change_of_the_zone_moves_days_of_before_by_one_at_most_and_no_sum(process: Composition) -> None:
    services = await tenant(process, "moved")
    who = await person(services, "moved", "kiri")
    # The evening of the 13th in UTC, the morning of the 14th in Auckland.
    await say(services, "moved", who, datetime(2026, 6, 13, 20, 0, tzinfo=UTC))
    async with services.database.transaction("moved") as tx:
        await tenants.set_time_zone(tx, "Pacific/Auckland")
    await say(services, "moved", who, datetime(2026, 6, 14, 20, 0, tzinfo=UTC))
    trends = await get_trends(services, "moved", 7)
    assert (trends.active_users, trends.new_users, trends.total_messages) == (1, 1, 2)
    assert {day.date.day: (day.new, day.messages) for day in trends.daily if day.new or day.messages} == {
        13: (0, 1), 14: (1, 0), 15: (0, 1),
    }  # fmt: skip


async def test_ranking_a_tenants_contacts_leaves_the_event_loop_to_others(
    process: Composition, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = await tenant(process, "threads")
    who = await person(services, "threads", "p")
    await say(services, "threads", who, days_ago(3))
    ran_in, history_of = set[int](), churn.history_of

    def watched(*arguments: Any) -> Any:
        ran_in.add(threading.get_ident())
        return history_of(*arguments)

    monkeypatch.setattr(churn, "history_of", watched)
    assert (await get_churn_report(services, "threads", ChurnQuery(0.0, 10))).at_risk_count == 1
    assert ran_in and threading.get_ident() not in ran_in


async def test_moods_are_shares_of_one_and_turn_for_the_better(process: Composition) -> None:
    services = await tenant(process, "moods")
    who = await person(services, "moods", "mo")
    for days, mood in ((6, "sad"), (5, "angry"), (1, "happy"), (0, "excited")):
        await say(services, "moods", who, days_ago(days), mood)
    moods = await get_moods(services, "moods", 7)
    assert moods.total_classifications == 4
    assert sum(moods.distribution.values()) == pytest.approx(1.0)
    assert moods.distribution["sad"] == 0.25
    assert moods.trend == "positive"


async def test_the_longer_a_contact_is_silent_the_higher_it_stands_in_the_report(process: Composition) -> None:
    services = await tenant(process, "leaving")
    people = [await person(services, "leaving", f"p{n}") for n in range(4)]
    for silent, who in enumerate(people):
        for days in range(20, 10, -1):
            await say(services, "leaving", who, days_ago(days + 8 * silent))
    whole = await get_churn_report(services, "leaving", ChurnQuery(0.0, 10))
    assert [c.contact_id for c in whole.contacts] == people[::-1]
    assert all(0.0 <= c.churn_risk <= 1.0 for c in whole.contacts)
    assert [c.days_inactive for c in whole.contacts] == [35, 27, 19, 11]
    first = await get_churn_report(services, "leaving", ChurnQuery(0.0, 3))
    second = await get_churn_report(services, "leaving", ChurnQuery(0.0, 3, first.next_cursor))
    assert [c.contact_id for c in (*first.contacts, *second.contacts)] == people[::-1]
    assert (first.at_risk_count, second.next_cursor) == (4, None)
    riskier = await get_churn_report(services, "leaving", ChurnQuery(whole.contacts[1].churn_risk, 10))
    assert [c.contact_id for c in riskier.contacts] == people[:1:-1]


async def test_an_erased_contact_is_in_no_figure(process: Composition) -> None:
    services = await tenant(process, "erased")
    who = await person(services, "erased", "gone")
    await say(services, "erased", who, days_ago(1), "happy")
    await delete_contact(services, "erased", who)
    trends, moods = await get_trends(services, "erased", 7), await get_moods(services, "erased", 7)
    assert (trends.active_users, trends.total_messages, moods.total_classifications) == (0, 0, 0)
