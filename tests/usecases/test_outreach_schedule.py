"""Scheduling by hand: refused with a word that says what to change, or stored whole."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.composition import Composition
from server.domain.errors import Conflict, InvalidInput, NotFound
from server.providers.channels.registry import Setup
from server.usecases.contacts import update_contact
from server.usecases.outreach.channels import set_channel
from server.usecases.outreach.consent import set_consent
from server.usecases.outreach.manage import (
    approve_trigger,
    cancel_by_key,
    cancel_trigger,
    reject_trigger,
    replay_trigger,
)
from tests.usecases.outreach_setting import NOON, SECRET, Place, place

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
async def here(parts: Composition) -> Place:
    return await place(parts, "schedule")


@pytest.mark.parametrize(
    ("new", "field"),
    [
        ({"scheduled_at": NOON - timedelta(minutes=2)}, "scheduled_at"),
        ({"scheduled_at": NOON + 400 * DAY}, "scheduled_at"),
        ({"message": "a", "template": "b"}, "template"),
        ({"message": "a", "generate": True}, "generate_with_llm"),
        ({"message": None}, "message"),
        ({"message": "  "}, "message"),
        ({"channel": "fax"}, "channel"),
        ({"template": "Hi {{ nam }}"}, "template"),
        ({"template": "Hi {% if %}"}, "template"),
        ({"template": "Hi {{ x }}", "template_variables": {"name": "y", "x": 1}}, "template_variables"),
        ({"template": "Hi {{ x }}", "template_variables": {"x": "y" * 17_000}}, "template_variables"),
        ({"template_variables": {"x": 1}}, "template_variables"),
        ({"about": "The exam."}, "llm_context"),
        ({"in_": HOUR, "expires_at": NOON + timedelta(minutes=30)}, "expires_at"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_stored(here: Place, new: dict[str, Any], field: str) -> None:
    who = await here.contact()
    with pytest.raises(InvalidInput) as refused:
        await here.schedule(who, **new)
    assert field in {violation.field for violation in refused.value.violations}
    assert await here.triggers(contact_id=who) == []


async def test_every_wrong_field_is_named_at_once(here: Place) -> None:
    with pytest.raises(InvalidInput) as refused:
        await here.schedule("nobody", scheduled_at=NOON - DAY, template="{{ nam }}", about="x")
    assert {v.field for v in refused.value.violations} == {"scheduled_at", "template", "llm_context"}


async def test_an_unknown_contact_is_not_found(here: Place) -> None:
    with pytest.raises(NotFound):
        await here.schedule("nobody")


async def test_a_time_less_than_a_minute_ago_is_now(here: Place) -> None:
    scheduled = await here.schedule(await here.contact("recent"), scheduled_at=NOON - timedelta(seconds=50))
    assert (scheduled.trigger.status, scheduled.created) == ("pending", True)


async def test_a_channel_that_is_set_up_may_be_named_unless_it_needs_an_address(here: Place) -> None:
    who = await here.contact("channels")
    await set_channel(here.services, "schedule", "app", Setup("webhook", "https://example.org/", None, SECRET))
    assert (await here.schedule(who, channel="app")).trigger.channel == "app"
    await set_channel(here.services, "schedule", "chat", Setup("telegram", None, None, "123456:" + "a" * 35))
    with pytest.raises(InvalidInput, match="address"):
        await here.schedule(who, channel="chat")


async def test_quiet_hours_refuse_and_say_when_they_end_or_put_off(here: Place) -> None:
    who = await here.contact("tokyo", zone="Asia/Tokyo")
    with pytest.raises(Conflict) as refused:
        await here.schedule(who, in_=3 * HOUR)
    assert refused.value.reason == "QUIET_HOURS"
    assert refused.value.details == {"quiet_hours_end": "2026-06-15T22:00:00Z", "time_zone": "Asia/Tokyo"}
    put_off = await here.schedule(who, in_=3 * HOUR, defer=True)
    assert (put_off.trigger.scheduled_at, put_off.deferred) == (datetime(2026, 6, 15, 22, tzinfo=UTC), True)
    assert put_off.trigger.expires_at == put_off.trigger.scheduled_at + DAY
    with pytest.raises(InvalidInput, match="expires_at"):
        await here.schedule(who, in_=3 * HOUR, defer=True, expires_at=NOON + 4 * HOUR)


async def test_the_first_and_the_last_instant_of_quiet_hours(here: Place) -> None:
    who = await here.contact("edges")
    with pytest.raises(Conflict):
        await here.schedule(who, scheduled_at=datetime(2026, 6, 15, 23, tzinfo=UTC))
    with pytest.raises(Conflict):
        await here.schedule(who, scheduled_at=datetime(2026, 6, 16, 6, 59, 59, tzinfo=UTC))
    await here.schedule(who, scheduled_at=datetime(2026, 6, 16, 7, tzinfo=UTC))


async def test_who_opted_out_or_does_not_agree_gets_nothing(here: Place) -> None:
    who = await here.contact("unwilling")
    await set_consent(here.services, "schedule", who, "webchat", "opted_out")
    with pytest.raises(Conflict) as refused:
        await here.schedule(who)
    assert (refused.value.reason, refused.value.details["withheld_because"]) == ("OUTREACH_DISABLED", "opted_out")
    await set_consent(here.services, "schedule", who, "webchat", "unknown")
    await here.schedule(who)
    await update_contact(here.services, "schedule", who, {"outreach_consent": False}, None)
    with pytest.raises(Conflict) as refused:
        await here.schedule(who)
    assert refused.value.details["withheld_because"] == "no_consent"


async def test_a_silence_takes_only_so_many_messages_and_a_reply_counts_anew(parts: Composition) -> None:
    here = await place(parts, "attempts")
    who = await here.contact()
    await here.writes(who, at=NOON - 5 * DAY)
    for _ in range(2):
        await here.schedule(who, in_=HOUR, trigger_type="inactivity")
    with pytest.raises(Conflict) as refused:
        await here.schedule(who, in_=HOUR, trigger_type="inactivity")
    assert refused.value.reason == "MAX_ATTEMPTS_REACHED"
    await here.schedule(who, in_=HOUR)
    here.clock.forward(hours=2)
    await here.fire()
    with pytest.raises(Conflict):
        await here.schedule(who, in_=HOUR, trigger_type="inactivity")
    here.clock.forward(hours=1)
    await here.writes(who)
    await here.schedule(who, in_=HOUR, trigger_type="inactivity")


async def test_a_dedupe_key_holds_one_open_trigger_also_of_two_at_once(parts: Composition) -> None:
    here = await place(parts, "dedupe")
    who = await here.contact()
    first, second = await asyncio.gather(
        here.schedule(who, in_=HOUR, dedupe_key="exam"),
        here.schedule(who, in_=2 * HOUR, dedupe_key="exam", message="Another text."),
    )
    assert first.trigger == second.trigger
    assert {first.created, second.created} == {True, False}
    assert len(await here.triggers()) == 1
    cancelled = await cancel_by_key(here.services, "dedupe", who, "exam")
    assert (await cancel_by_key(here.services, "dedupe", who, "exam")).trigger_id == cancelled.trigger_id
    assert (await here.schedule(who, in_=HOUR, dedupe_key="exam")).created
    for contact_id, key in ((who, "other"), ("nobody", "exam")):
        with pytest.raises(NotFound):
            await cancel_by_key(here.services, "dedupe", contact_id, key)


async def test_what_was_sent_cannot_be_cancelled_and_the_message_says_so(parts: Composition) -> None:
    here = await place(parts, "sent")
    planned = (await here.schedule(await here.contact(), dedupe_key="k")).trigger
    await here.fire()
    with pytest.raises(Conflict, match="was sent"):
        await cancel_trigger(here.services, "sent", planned.trigger_id)
    with pytest.raises(Conflict, match="was sent"):
        await cancel_by_key(here.services, "sent", planned.contact_id, "k")
    with pytest.raises(Conflict, match="did not fail"):
        await replay_trigger(here.services, "sent", planned.trigger_id)
    with pytest.raises(NotFound):
        await cancel_trigger(here.services, "sent", "trg_unknown")


async def test_a_held_message_goes_out_after_approval_alone_with_the_text_that_was_approved(
    parts: Composition,
) -> None:
    here = await place(parts, "approval")
    await here.configure(requires_approval=True)
    who = await here.contact()
    given = (await here.schedule(who)).trigger
    assert given.status == "pending", "its text was written by hand"
    written, other = [(await here.schedule(who, generate=True)).trigger for _ in range(2)]
    assert written.status == "held"
    with pytest.raises(Conflict, match="no text yet"):
        await approve_trigger(here.services, "approval", written.trigger_id, None)
    assert (await here.fire()).sent == 1
    shown = await here.trigger(written.trigger_id)
    assert (shown.status, shown.message) == ("held", "Hi Noor, I was thinking of you. How are you?")
    approved = await approve_trigger(here.services, "approval", written.trigger_id, "Hi Noor, how was it?")
    assert (approved.status, approved.message) == ("pending", "Hi Noor, how was it?")
    dropped = await reject_trigger(here.services, "approval", other.trigger_id)
    assert (dropped.status, dropped.failure) == ("cancelled", "rejected")
    with pytest.raises(Conflict, match="does not wait"):
        await approve_trigger(here.services, "approval", other.trigger_id, None)
    assert (await here.fire()).sent == 1
    assert (await here.trigger(written.trigger_id)).message == "Hi Noor, how was it?"


async def test_a_message_that_nobody_approves_in_time_expires(parts: Composition) -> None:
    here = await place(parts, "unapproved")
    planned = (await here.schedule(await here.contact(), requires_approval=True)).trigger.trigger_id
    here.clock.forward(days=1)
    with pytest.raises(Conflict, match="expired"):
        await approve_trigger(here.services, "unapproved", planned, None)
    assert (await here.fire()).expired == 1
    assert (await here.trigger(planned)).failure == "too_late"


async def test_a_template_is_filled_from_the_contact_when_it_is_due(parts: Composition) -> None:
    here = await place(parts, "template")
    who = await here.contact()
    await here.writes(who, "I have a golden retriever named Bruno", at=NOON - 3 * DAY)
    template = (
        "Hi {{ name }}, {{ days_silent }} days! {{ facts[0] }}. {{ count + 1 }} {{ mood }} {{ stage }} {{ streak }}"
    )
    planned = (await here.schedule(who, template=template, template_variables={"count": 3})).trigger.trigger_id
    await here.fire()
    sent = await here.trigger(planned)
    assert sent.message is not None
    assert sent.message.startswith("Hi Noor, 3 days! Has a golden retriever named Bruno. 4 ")
    broken = (await here.schedule(who, template="{{ facts[99] }}")).trigger.trigger_id
    assert (await here.fire()).failed == 1
    assert (await here.trigger(broken)).failure == "no_text"


async def test_a_replay_gives_way_to_an_open_trigger_under_the_same_key(parts: Composition) -> None:
    here = await place(parts, "replaykey")
    who = await here.contact()
    failed = (await here.schedule(who, template="{{ facts[99] }}", dedupe_key="k")).trigger.trigger_id
    await here.fire()
    await here.schedule(who, in_=HOUR, dedupe_key="k")
    with pytest.raises(Conflict, match="dedupe_key"):
        await replay_trigger(here.services, "replaykey", failed)
