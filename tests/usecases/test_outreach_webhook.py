"""A message on its way over a real connection: signed, taken once, and asked for where nobody heard the answer."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from server.composition import Composition
from server.providers.channels.http import HttpOptions
from server.providers.channels.registry import Channels, Setup
from server.usecases.outreach.channels import set_channel
from tests.providers.channels.fake_provider import Reply, fake_provider, reply
from tests.usecases.outreach_setting import SECRET, Place, place

TOKEN = "EAAG" + "x" * 40
TAKEN = reply(200, {"messages": [{"id": "wamid.1"}]})


@pytest.fixture
async def channels() -> AsyncIterator[Channels]:
    made = Channels(lambda *_: None, HttpOptions(total_seconds=1.0, allow_private=True))
    yield made
    await made.close()


async def hooked(parts: Composition, channels: Channels, name: str, setup: Setup, channel: str) -> Place:
    """A tenant at the present time, so that signatures are fresh, whose channel leads to this machine."""
    here = await place(parts, name)
    here.clock.now = datetime.now(UTC)
    await here.configure(quiet_hours_start="07:00")
    outreach = replace(here.services.outreach, adapters=channels, allow_private=True)
    here.services = replace(here.services, outreach=outreach)
    await set_channel(here.services, name, channel, setup)
    return here


def webhook(url: str) -> Setup:
    return Setup("webhook", f"{url}/hook", None, SECRET)


async def test_the_receiver_gets_a_signed_message_and_an_edit_of_it_is_noticed(
    parts: Composition, channels: Channels
) -> None:
    with fake_provider() as provider:
        here = await hooked(parts, channels, "signed", webhook(provider.url), "webchat")
        who = await here.contact()
        planned = (await here.schedule(who, message="How was your first day?")).trigger
        assert (await here.fire()).sent == 1
    (asked,) = provider.asked
    assert asked.headers["webhook-id"] == planned.trigger_id
    told = Webhook(SECRET).verify(asked.raw, asked.headers)
    assert told["data"] == {
        "trigger_id": planned.trigger_id, "contact_id": who, "external_id": "Noor", "channel": "webchat",
        "message": "How was your first day?", "trigger_type": "scheduled",
    }  # fmt: skip
    with pytest.raises(Exception, match="signature"):
        Webhook(SECRET).verify(asked.raw.replace(b"first", b"worst"), asked.headers)


@pytest.mark.parametrize("lost", [Reply(hangs=True), Reply(hangs_up=True)], ids=["time-out", "closed"])
async def test_a_receiver_that_took_a_message_without_saying_so_is_asked_and_not_sent_it_again(
    parts: Composition, channels: Channels, lost: Reply
) -> None:
    with fake_provider() as provider:
        name = f"lost-{lost.hangs}"
        here = await hooked(parts, channels, name, webhook(provider.url), "webchat")
        planned = (await here.schedule(await here.contact())).trigger.trigger_id
        provider.replies = [lost, reply(200, {"received": True})]
        assert (await here.fire()).retrying == 1
        assert (await here.trigger(planned)).status == "claimed"
        here.clock.forward(minutes=1)
        assert (await here.fire()).sent == 1
        here.clock.forward(days=2)
        await here.fire()
    assert [(asked.method, asked.path) for asked in provider.asked] == [
        ("POST", "/hook"), ("GET", f"/hook?trigger_id={planned}"),
    ]  # fmt: skip


async def test_a_receiver_that_does_not_have_it_gets_the_same_message_under_the_same_id(
    parts: Composition, channels: Channels
) -> None:
    with fake_provider() as provider:
        here = await hooked(parts, channels, "again", webhook(provider.url), "webchat")
        who = await here.contact()
        await here.schedule(who, generate=True)
        provider.replies = [Reply(hangs_up=True), reply(200, {"received": False}), Reply(200)]
        for _ in range(3):
            await here.fire()
            # What is known of the contact changes meanwhile; what may have been sent does not.
            await here.writes(who, "I have a golden retriever named Bruno", at=here.clock.now - timedelta(days=1))
            here.clock.forward(minutes=2)
    posts = [asked for asked in provider.asked if asked.method == "POST"]
    assert len(posts) == 2
    assert posts[0].raw == posts[1].raw
    assert posts[0].headers["webhook-id"] == posts[1].headers["webhook-id"]
    assert [row.status for row in await here.triggers()] == ["sent"]


async def test_whatsapp_cannot_be_asked_so_a_lost_answer_waits_for_a_person(
    parts: Composition, channels: Channels
) -> None:
    with fake_provider() as provider:
        setup = Setup("whatsapp_cloud", provider.url, "123456789", TOKEN)
        here = await hooked(parts, channels, "whatsapp", setup, "whatsapp")
        who = await here.contact("4915112345678", channel="whatsapp")
        planned = (await here.schedule(who)).trigger.trigger_id
        provider.replies = [Reply(hangs_up=True)]
        provider.always = TAKEN
        assert (await here.fire()).failed == 1
        here.clock.forward(hours=1)
        assert (await here.fire()).sent == 0
        row = await here.trigger(planned)
        assert (row.status, row.failure) == ("failed", "outcome_unknown")
    assert len(provider.asked) == 1


async def test_a_receiver_that_is_away_is_tried_until_it_is_back(parts: Composition, channels: Channels) -> None:
    with fake_provider() as provider:
        here = await hooked(parts, channels, "away", webhook(provider.url), "webchat")
        planned = (await here.schedule(await here.contact())).trigger.trigger_id
        provider.replies = [reply(503), reply(429, retry_after="120"), Reply(200)]
        assert (await here.fire()).retrying == 1
        here.clock.forward(seconds=20)
        assert (await here.fire()).retrying == 1
        here.clock.forward(seconds=100)
        assert (await here.fire()).sent == 0, "it asked for two minutes"
        here.clock.forward(seconds=60)
        assert (await here.fire()).sent == 1
    assert (await here.trigger(planned)).attempts == 3


async def test_a_channel_that_cannot_be_used_any_more_fails_and_can_be_replayed_when_it_is_set_up_again(
    parts: Composition, channels: Channels
) -> None:
    here = await hooked(parts, channels, "unusable", webhook("http://127.0.0.1:9"), "webchat")
    planned = (await here.schedule(await here.contact())).trigger.trigger_id
    here.services = replace(here.services, outreach=replace(here.services.outreach, envelope=None))
    assert (await here.fire()).failed == 1
    assert (await here.trigger(planned)).failure == "channel_unusable"


async def test_a_doubt_from_before_the_outbox_was_chosen_waits_for_a_person(
    parts: Composition, channels: Channels
) -> None:
    with fake_provider() as provider:
        here = await hooked(parts, channels, "switched", webhook(provider.url), "webchat")
        planned = (await here.schedule(await here.contact())).trigger.trigger_id
        provider.always = Reply(hangs_up=True)
        assert (await here.fire()).retrying == 1
        await set_channel(here.services, "switched", "webchat", Setup("outbox"))
        here.clock.forward(minutes=5)
        assert (await here.fire()).sent == 0
    row = await here.trigger(planned)
    assert (row.status, row.failure) == ("failed", "outcome_unknown")
