"""Messages made without a hand: due once, for a reason that can be told."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from server.composition import Composition
from server.domain.errors import InvalidInput
from server.embedded.stores import EmbeddedStores
from server.usecases.consolidation import consolidate_memories
from server.usecases.contacts import get_contact_profile, update_contact
from server.usecases.outreach.config import get_config
from server.usecases.outreach.consent import get_consent, set_consent
from server.usecases.outreach.fire import fire_all, fire_tenant
from server.usecases.outreach.preview import PreviewQuery, preview_outreach
from server.usecases.portability import export_contact
from tests.usecases.conftest import settings_for
from tests.usecases.outreach_setting import NOON, Place, place

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def test_a_silence_gets_its_messages_days_apart_and_no_more(parts: Composition) -> None:
    here = await place(parts, "silence")
    await here.configure(inactivity_enabled=True, inactivity_days=3)
    who = await here.contact()
    await here.writes(who, "I work at Infosys")
    made: list[int] = []
    for _ in range(12):
        here.clock.forward(days=1)
        made.append((await here.fire()).created)
    assert made == [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    first, second = reversed(await here.triggers())
    assert (first.reason, second.reason) == ("silent_days:3", "silent_days:6")
    assert first.message == "Hi Noor, we have not talked for 3 days. How are things at Infosys?"
    assert {first.status, second.status} == {"sent"}
    await here.writes(who)
    here.clock.forward(days=3)
    assert (await here.fire()).sent == 1


async def test_nobody_who_never_wrote_or_wants_nothing_is_written_to(parts: Composition) -> None:
    here = await place(parts, "unwanted")
    await here.configure(inactivity_enabled=True, inactivity_days=1)
    await here.contact("never")
    stopped, refusing = await here.contact("stopped"), await here.contact("refusing")
    for who in (stopped, refusing):
        await here.writes(who)
    await here.writes(stopped, "STOP")
    await update_contact(here.services, "unwanted", refusing, {"outreach_consent": False}, None)
    here.clock.forward(days=2)
    assert (await here.fire()).created == 0


async def test_two_runners_at_once_make_every_occasion_once(
    parts: Composition, stores: EmbeddedStores, database_name: str
) -> None:
    here = await place(parts, "once")
    await here.configure(inactivity_enabled=True, recurring_enabled=True, recurring_cron="30 12 * * *", max_per_day=5)
    people = [await here.contact(f"p{n}") for n in range(20)]
    for who in people:
        await here.writes(who, at=NOON - 3 * DAY)
        await set_consent(here.services, "once", who, "webchat", "opted_in")
    here.clock.forward(hours=1)
    async with Composition(settings_for(stores, database_name)) as other:
        beside = here.beside(other)
        runs = await asyncio.gather(*(one.fire() for one in (here, beside, here, beside)))
    assert sum(run.created for run in runs) == 40
    assert sum(run.sent for run in runs) == 40
    assert len(await here.triggers()) == 40


async def test_recurring_messages_go_to_who_agreed_once_a_slot_and_not_for_the_time_before(
    parts: Composition,
) -> None:
    here = await place(parts, "recurring", "Europe/Berlin")
    agreeing, silent, out = [await here.contact(name) for name in ("agreeing", "silent", "out")]
    await update_contact(here.services, "recurring", agreeing, {"outreach_consent": True}, None)
    await update_contact(here.services, "recurring", out, {"outreach_consent": True}, None)
    await set_consent(here.services, "recurring", out, "webchat", "opted_out")
    await here.configure(
        recurring_enabled=True, recurring_cron="0 8 * * *", recurring_template="Good morning, {{ name }}!"
    )
    assert (await here.fire()).created == 0
    here.clock.now = datetime(2026, 6, 16, 6, 0, tzinfo=UTC)
    assert (await here.fire()).sent == 1
    assert (await here.fire()).created == 0
    (sent,) = await here.triggers()
    assert (sent.contact_id, sent.message, sent.reason) == (
        agreeing,
        "Good morning, agreeing!",
        "slot:2026-06-16T08:00",
    )
    here.clock.forward(days=1)
    assert (await here.fire()).sent == 1
    assert silent not in {row.contact_id for row in await here.triggers()}


async def test_a_streak_a_birthday_and_a_date_are_found_and_told(parts: Composition) -> None:
    here = await place(parts, "milestones")
    await here.configure(milestone_enabled=True)
    streak, born, exam = [await here.contact(name) for name in ("streak", "born", "exam")]
    for days in range(6, -1, -1):
        await here.writes(streak, at=NOON - days * DAY)
    await here.writes(born, "My birthday is on June 16th", at=NOON - 20 * DAY)
    await here.writes(exam, "My exam is on Tuesday", at=NOON)
    here.clock.forward(days=1)
    done = await here.fire()
    assert done.created == 3
    told = {row.contact_id: (row.reason, row.message) for row in await here.triggers()}
    assert told[streak] == ("streak:7", "Hi streak, we have talked on 7 days in a row now. Thank you for that!")
    assert told[born] == ("birthday:self", "Happy birthday, born! I hope you have a lovely day.")
    assert told[exam] == ("date", "Hi exam, you told me about today: “My exam is on Tuesday”. I am thinking of you.")
    assert (await here.fire()).created == 0


async def test_the_consolidation_of_a_contact_makes_its_milestones(parts: Composition) -> None:
    here = await place(parts, "checked")
    who = await here.contact()
    for days in range(6, -1, -1):
        await here.writes(who, at=NOON - days * DAY)
    (off,) = await consolidate_memories(here.services, "checked", who, ["check_triggers"])
    await here.configure(milestone_enabled=True)
    (on,) = await consolidate_memories(here.services, "checked", who, ["check_triggers"])
    (again,) = await consolidate_memories(here.services, "checked", who, ["check_triggers"])
    assert [run.counts.get("created", 0) for run in (off, on, again)] == [0, 1, 0]


async def test_stop_opts_out_at_once_cancels_and_refuses_and_an_old_one_changes_nothing(
    parts: Composition,
) -> None:
    here = await place(parts, "stop")
    who = await here.contact()
    planned = (await here.schedule(who, in_=HOUR)).trigger.trigger_id
    await here.writes(who, "STOP please")
    said = await get_consent(here.services, "stop", who)
    assert [(row.channel, row.status, row.source) for row in said.channels] == [("webchat", "opted_out", "stop_word")]
    ended = await here.trigger(planned)
    assert (ended.status, ended.failure) == ("cancelled", "opted_out")
    here.clock.forward(hours=1)
    await set_consent(here.services, "stop", who, "webchat", "opted_in")
    await here.writes(who, "STOP", at=NOON - DAY)
    assert (await get_consent(here.services, "stop", who)).channels[0].status == "opted_in"
    await here.schedule(who)


@pytest.mark.parametrize("name", ["preview"])
async def test_the_preview_says_what_fires_and_why_the_others_do_not_and_the_run_agrees(
    parts: Composition, name: str
) -> None:
    here = await place(parts, name)
    await here.configure(inactivity_enabled=True, max_per_day=1)
    quiet, held, out = [await here.contact(one) for one in ("quiet", "held", "out")]
    await here.writes(quiet, at=NOON - DAY)
    by_hand = (await here.schedule(held, in_=HOUR)).trigger.trigger_id
    over_cap = (await here.schedule(held, in_=2 * HOUR, expires_at=NOON + 3 * HOUR)).trigger.trigger_id
    waits = (await here.schedule(held, in_=HOUR, requires_approval=True)).trigger.trigger_id
    await here.writes(out, at=NOON - 2 * DAY)
    await update_contact(here.services, name, out, {"outreach_consent": False}, None)
    seen = await preview_outreach(here.services, name, PreviewQuery())
    assert [(one.contact_id, one.trigger_id, one.reason) for one in seen.would_fire] == [
        (held, by_hand, None), (quiet, None, "silent_days:3"), (quiet, None, "silent_days:6"),
    ]  # fmt: skip
    assert {(one.trigger_id, one.why) for one in seen.would_not_fire} == {
        (waits, "awaits_approval"), (over_cap, "daily_cap"),
    }  # fmt: skip
    assert len(await here.triggers()) == 3, "a preview makes nothing"
    (refused, *_) = (await preview_outreach(here.services, name, PreviewQuery(contact_id=out))).would_not_fire
    assert (refused.kind, refused.why) == ("inactivity", "no_consent")
    await _until(here, [one.at for one in seen.would_fire], here.fire)
    sent = [(row.contact_id, row.sent_at) for row in reversed(await here.triggers(status="sent"))]
    assert sent == [(one.contact_id, one.at) for one in seen.would_fire]


async def _until(here: Place, instants: list[datetime], run: Callable[[], Awaitable[object]]) -> None:
    for instant in instants:
        here.clock.now = instant
        await run()


async def test_a_preview_of_many_messages_a_day_for_many_looks_ahead_without_holding_up_the_process(
    parts: Composition,
) -> None:
    here = await place(parts, "hourly")
    await here.configure(recurring_enabled=True, recurring_cron="0 * * * *")
    people = [await here.contact(f"p{n:03}") for n in range(150)]
    for who in people:
        await update_contact(here.services, "hourly", who, {"outreach_consent": True}, None)
    longest, last = 0.0, time.monotonic()

    async def beat() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0.001)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()

    watch = asyncio.create_task(beat())
    seen = await preview_outreach(here.services, "hourly", PreviewQuery(days=7, limit=100))
    await asyncio.sleep(0.01)
    watch.cancel()
    assert len(seen.would_fire) == len({one.contact_id for one in seen.would_fire}) == 100
    assert {one.at for one in seen.would_fire} == {NOON + HOUR}, "the next first"
    assert longest < 1


async def test_a_preview_of_one_contact_shows_what_is_turned_off(parts: Composition) -> None:
    here = await place(parts, "disabled")
    who = await here.contact()
    await here.writes(who)
    seen = await preview_outreach(here.services, "disabled", PreviewQuery(contact_id=who))
    assert {(one.kind, one.why) for one in seen.would_not_fire} == {("inactivity", "disabled")}
    assert (await preview_outreach(here.services, "disabled", PreviewQuery())).would_not_fire == []


async def test_the_configuration_is_checked_whole_and_moves_the_tenants_days(parts: Composition) -> None:
    here = await place(parts, "config")
    who = await here.contact()
    for change in (
        {"recurring_enabled": True},
        {"recurring_cron": "99 * * * *"},
        {"recurring_cron": "* * * * *"},
        {"time_zone": "Mars/Olympus"},
        {"max_per_day": 9, "max_per_week": 3},
        {"inactivity_template": "{{ nam }}"},
        {"cleared": frozenset({"inactivity_days"})},
        {"cleared": frozenset({"colour"})},
    ):
        with pytest.raises(InvalidInput):
            await here.configure(**change)
    assert (await get_config(here.services, "config")).time_zone == "UTC"
    assert (await get_contact_profile(here.services, "config", who)).snapshot.zone == "UTC"
    await here.configure(time_zone="Asia/Tokyo", quiet_hours_start="21:00", recurring_cron="0 8 * * 1")
    kept = await get_config(here.services, "config")
    assert (kept.time_zone, kept.recurring_cron) == ("Asia/Tokyo", "0 8 * * 1")
    for _ in range(100):
        if (await get_contact_profile(here.services, "config", who)).snapshot.zone == "Asia/Tokyo":
            break
        await asyncio.sleep(0.02)
    assert (await get_contact_profile(here.services, "config", who)).snapshot.zone == "Asia/Tokyo"
    await here.configure(cleared=frozenset({"recurring_cron"}))
    assert (await get_config(here.services, "config")).recurring_cron is None


async def test_profile_and_export_show_what_was_sent(parts: Composition) -> None:
    here = await place(parts, "shown")
    who = await here.contact()
    await here.schedule(who)
    await here.schedule(who, in_=HOUR)
    await here.fire()
    shown = await get_contact_profile(here.services, "shown", who)
    exported = await export_contact(here.services, "shown", who)
    assert [row.status for row in shown.outreach] == ["pending", "sent"]
    assert {row["trigger_id"] for row in exported.archive.tables["triggers"]} == {
        row.trigger_id for row in shown.outreach
    }


async def test_the_sending_job_makes_recurring_messages_and_leaves_the_search_for_silences(
    parts: Composition,
) -> None:
    here = await place(parts, "minutely")
    await here.configure(inactivity_enabled=True)
    who = await here.contact()
    await here.writes(who, at=NOON - 4 * DAY)
    assert (await fire_tenant(here.services, "minutely", making=False)).created == 0
    assert (await fire_all(here.services, making=True)).created >= 1
    assert len(await here.triggers()) == 1
