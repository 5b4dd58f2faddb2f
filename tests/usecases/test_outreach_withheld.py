"""What stops a message, or puts it off, before it goes out."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.composition import Composition
from server.domain.errors import Conflict
from server.domain.outreach.retry import Accepted, Unavailable, Unknown
from server.providers.channels.ports import Answer
from server.usecases.contacts import delete_contact, get_contact_profile, update_contact
from server.usecases.memories import delete_all_memories
from server.usecases.outreach.consent import get_consent, set_consent
from server.usecases.outreach.manage import approve_trigger, cancel_trigger
from tests.usecases.outreach_setting import place

HOUR = timedelta(hours=1)


async def test_a_contact_that_writes_first_gets_no_message_that_only_made_sense_before(
    parts: Composition,
) -> None:
    here = await place(parts, "first")
    who = await here.contact()
    dropped = (await here.schedule(who, in_=HOUR, expire_on_reply=True)).trigger.trigger_id
    stays = (await here.schedule(who, in_=HOUR)).trigger.trigger_id
    here.clock.forward(minutes=30)
    await here.writes(who, at=here.clock.now - HOUR)
    assert (await here.trigger(dropped)).status == "pending", "what was said before the plan is no answer to it"
    await here.writes(who)
    ended = await here.trigger(dropped)
    assert (ended.status, ended.failure) == ("expired", "contact_wrote")
    here.clock.forward(hours=1)
    await here.fire()
    assert (await here.trigger(stays)).status == "sent"


async def test_a_turn_of_the_other_side_alone_is_no_reply(parts: Composition) -> None:
    here = await place(parts, "monologue")
    who = await here.contact()
    planned = (await here.schedule(who, in_=HOUR, expire_on_reply=True)).trigger.trigger_id
    here.clock.forward(minutes=5)
    await here.writes(who, "", ai_response="Are you there?")
    assert (await here.trigger(planned)).status == "pending"


async def test_quiet_hours_are_the_contacts_own_and_put_a_message_off_until_their_end(
    parts: Composition,
) -> None:
    here = await place(parts, "quiet")
    who = await here.contact(zone="Asia/Tokyo")
    planned = (await here.schedule(who)).trigger.trigger_id
    # 13:30 in UTC is half past ten in the evening in Tokyo, and two hours later it is night there.
    await here.configure(quiet_hours_start="21:00")
    assert (await here.fire()).postponed == 1
    row = await here.trigger(planned)
    assert (row.status, row.due_at) == ("pending", datetime(2026, 6, 15, 22, 0, tzinfo=UTC))
    here.clock.now = row.due_at
    assert (await here.fire()).sent == 1


@pytest.mark.parametrize("through", ["webhook", "outbox"])
async def test_a_message_whose_text_took_until_the_quiet_hours_waits_for_their_end(
    parts: Composition, through: str
) -> None:
    here = await place(parts, f"dusk{through}")
    if through == "webhook":
        await here.through_adapter()
    who = await here.contact()
    here.clock.now = datetime(2026, 6, 15, 22, 59, 50, tzinfo=UTC)
    planned = (await here.schedule(who, generate=True)).trigger.trigger_id

    class Slow:
        async def write(self, tenant_id: str, brief: object) -> str:
            here.clock.forward(seconds=20)
            return "Good evening."

    here.services = replace(here.services, outreach=replace(here.services.outreach, writer=Slow()))
    fired = await here.fire()
    assert (fired.sent, fired.postponed, +here.adapter.taken) == (0, 1, {})
    row = await here.trigger(planned)
    assert (row.status, row.attempts, row.due_at) == ("pending", 0, datetime(2026, 6, 16, 7, tzinfo=UTC))
    here.clock.now = row.due_at
    assert (await here.fire()).sent == 1


async def test_what_is_no_longer_worth_sending_expires(parts: Composition) -> None:
    here = await place(parts, "late")
    who = await here.contact()
    planned = (await here.schedule(who, in_=HOUR, expires_at=here.clock.now + 2 * HOUR)).trigger.trigger_id
    here.clock.forward(hours=3)
    assert (await here.fire()).expired == 1
    ended = await here.trigger(planned)
    assert (ended.status, ended.failure) == ("expired", "too_late")


async def test_an_opt_out_cancels_what_is_open_on_the_channel(parts: Composition) -> None:
    here = await place(parts, "optout")
    who = await here.contact()
    planned = (await here.schedule(who, in_=HOUR)).trigger.trigger_id
    await set_consent(here.services, "optout", who, "email", "opted_out")
    assert (await here.trigger(planned)).status == "pending"
    await set_consent(here.services, "optout", who, "webchat", "opted_out")
    ended = await here.trigger(planned)
    assert (ended.status, ended.failure) == ("cancelled", "opted_out")


async def test_stop_holds_on_every_channel_also_on_one_that_is_set_up_later(parts: Composition) -> None:
    here = await place(parts, "everywhere")
    await here.through_adapter("chat")
    who = await here.contact(channel="whatsapp")
    await set_consent(here.services, "everywhere", who, "chat", "opted_in")
    planned = [(await here.schedule(who, in_=HOUR, channel=one)).trigger.trigger_id for one in ("chat", "whatsapp")]
    here.clock.forward(minutes=1)
    await here.writes(who, "STOP")
    ended = [await here.trigger(one) for one in planned]
    assert [(row.status, row.failure) for row in ended] == [("cancelled", "opted_out")] * 2
    said = await get_consent(here.services, "everywhere", who)
    assert said.outreach_consent is False
    assert [(row.channel, row.status) for row in said.channels] == [("chat", "opted_out"), ("whatsapp", "opted_out")]
    assert (await get_contact_profile(here.services, "everywhere", who)).snapshot.profile.outreach_consent is False
    await here.through_adapter("later")
    for channel in ("chat", "whatsapp", "later"):
        with pytest.raises(Conflict, match="its consent must change first"):
            await here.schedule(who, in_=HOUR, channel=channel)
    here.clock.forward(hours=2)
    assert (await here.fire()).sent == 0


async def test_a_late_stop_leaves_a_channel_that_was_agreed_to_since(parts: Composition) -> None:
    here = await place(parts, "since")
    await here.through_adapter("chat")
    who = await here.contact(channel="whatsapp")
    here.clock.forward(hours=1)
    await set_consent(here.services, "since", who, "chat", "opted_in")
    stays = (await here.schedule(who, in_=HOUR, channel="chat")).trigger.trigger_id
    gone = (await here.schedule(who, in_=HOUR, channel="whatsapp")).trigger.trigger_id
    await here.writes(who, "STOP", at=here.clock.now - HOUR / 2)
    assert (await here.trigger(stays)).status == "pending"
    assert (await here.trigger(gone)).status == "cancelled"


async def test_a_general_refusal_cancels_what_is_open_but_on_channels_that_were_opted_in_to(
    parts: Composition,
) -> None:
    here = await place(parts, "general")
    one, other = await here.contact("one"), await here.contact("other")
    await set_consent(here.services, "general", other, "webchat", "opted_in")
    gone = (await here.schedule(one, in_=HOUR)).trigger.trigger_id
    stays = (await here.schedule(other, in_=HOUR)).trigger.trigger_id
    for who in (one, other):
        await update_contact(here.services, "general", who, {"outreach_consent": False}, None)
    assert (await here.trigger(gone)).failure == "no_consent"
    assert (await here.trigger(stays)).status == "pending"


async def test_a_message_cancelled_while_its_text_is_written_is_not_sent(parts: Composition) -> None:
    here = await place(parts, "between")
    adapter = await here.through_adapter()
    who = await here.contact()
    planned = (await here.schedule(who, generate=True)).trigger.trigger_id

    class Slow:
        async def write(self, tenant_id: str, brief: object) -> str:
            await set_consent(here.services, tenant_id, who, "webchat", "opted_out")
            return "Too late."

    here.services = replace(here.services, outreach=replace(here.services.outreach, writer=Slow()))
    fired = await here.fire()
    assert (fired.sent, adapter.taken[planned]) == (0, 0)
    assert (await here.trigger(planned)).status == "cancelled"


async def test_a_contact_erased_meanwhile_takes_its_messages_along(parts: Composition) -> None:
    here = await place(parts, "erased")
    adapter = await here.through_adapter()
    who = await here.contact()
    await here.schedule(who)
    await delete_contact(here.services, "erased", who)
    assert (await here.fire()).sent == 0
    assert not adapter.taken


async def test_a_cancelled_message_is_not_sent(parts: Composition) -> None:
    here = await place(parts, "cancelled")
    planned = (await here.schedule(await here.contact())).trigger.trigger_id
    await cancel_trigger(here.services, "cancelled", planned)
    assert (await here.fire()).sent == 0


async def test_forget_me_takes_the_prompt_of_an_approved_message_along_and_leaves_its_text(parts: Composition) -> None:
    here = await place(parts, "prompt")
    who = await here.contact()
    new = {"generate": True, "about": "Ask about her divorce.", "requires_approval": True}
    planned = (await here.schedule(who, in_=HOUR, **new)).trigger.trigger_id
    await approve_trigger(here.services, "prompt", planned, "Shall we talk?")
    await delete_all_memories(here.services, "prompt", who)
    row = await here.trigger(planned)
    assert (row.status, row.message, row.llm_context) == ("pending", "Shall we talk?", None)


@pytest.mark.parametrize(("arrived", "ends_as"), [(True, ("sent", None)), (False, ("failed", "no_text"))])
async def test_forget_me_leaves_a_message_in_doubt_to_be_looked_up_without_its_words_and_not_sent_again(
    parts: Composition, arrived: bool, ends_as: tuple[str, str | None]
) -> None:
    name = f"doubt{arrived}".lower()
    here = await place(parts, name)
    adapter = await here.through_adapter()
    who = await here.contact()
    adapter.answer = lambda _: Answer(Unknown())
    planned = (await here.schedule(who, generate=True, about="Her new job.")).trigger.trigger_id
    assert (await here.fire()).retrying == 1
    await delete_all_memories(here.services, name, who)
    row = await here.trigger(planned)
    assert (row.status, row.outcome_unknown, row.message, row.llm_context) == ("claimed", True, None, None)
    adapter.answer = type(adapter)().answer
    adapter.found = lambda _: Answer(Accepted() if arrived else Unavailable())
    for _ in range(3):
        here.clock.forward(minutes=5)
        await here.fire()
    row = await here.trigger(planned)
    assert ((row.status, row.failure), row.message, +adapter.taken) == (ends_as, None, {})


async def test_forget_me_while_the_provider_is_asked_does_not_bring_the_text_back(parts: Composition) -> None:
    here = await place(parts, "meanwhile")
    adapter = await here.through_adapter()
    who = await here.contact()
    adapter.seconds = 0.5
    planned = (await here.schedule(who, generate=True)).trigger.trigger_id
    run = asyncio.create_task(here.fire())
    await adapter.took_one.wait()
    await delete_all_memories(here.services, "meanwhile", who)
    assert (await run).sent == 1
    row = await here.trigger(planned)
    assert (row.status, row.message) == ("sent", None)
