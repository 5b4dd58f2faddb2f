"""Webhooks are signed so that the receiver can tell who sent them, and carry the id by which it drops doubles."""

import asyncio
from datetime import timedelta

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from server.domain.outreach.retry import Accepted, Outcome, Rejected, Throttled, Unavailable, Unknown
from server.providers.channels.http import HttpSender
from server.providers.channels.ports import Answer, Why
from server.providers.channels.webhook import Webhook
from tests.providers.channels.cases import TEXT, WEBHOOK_SECRET, now, outgoing
from tests.providers.channels.fake_provider import FakeProvider, Reply, reply


@pytest.fixture
def webhook(http: HttpSender, provider: FakeProvider) -> Webhook:
    return Webhook(http, f"{provider.url}/hook", WEBHOOK_SECRET)


async def test_the_message_arrives_signed_under_the_triggers_id(webhook: Webhook, provider: FakeProvider) -> None:
    assert await webhook.deliver(outgoing(), now()) == Answer(Accepted())
    (asked,) = provider.asked
    assert (asked.method, asked.path, asked.headers["webhook-id"]) == ("POST", "/hook", "trg_01")
    assert Verifier(WEBHOOK_SECRET).verify(asked.raw, asked.headers) == {
        "type": "outreach.message",
        "timestamp": "2026-05-04T08:30:00Z",
        "data": {
            "trigger_id": "trg_01",
            "contact_id": "ct_mira",
            "external_id": "mira-7",
            "channel": "chat",
            "message": TEXT,
            "trigger_type": "inactivity",
        },
    }


async def test_a_receiver_notices_what_was_forged_altered_moved_or_kept(
    webhook: Webhook, provider: FakeProvider
) -> None:
    await webhook.deliver(outgoing(), now())
    await webhook.deliver(outgoing(), now() - timedelta(minutes=6))
    fresh, stale = provider.asked
    other = Verifier("whsec_" + "QUJDRA" * 8)
    mine = Verifier(WEBHOOK_SECRET)
    with pytest.raises(WebhookVerificationError):
        other.verify(fresh.raw, fresh.headers)
    with pytest.raises(WebhookVerificationError):
        mine.verify(fresh.raw.replace(b"Mira", b"Mara"), fresh.headers)
    with pytest.raises(WebhookVerificationError):
        mine.verify(fresh.raw, {**fresh.headers, "webhook-id": "trg_02"})
    with pytest.raises(WebhookVerificationError):
        mine.verify(stale.raw, stale.headers)


async def test_another_try_has_the_same_id_and_the_same_bytes(webhook: Webhook, provider: FakeProvider) -> None:
    await webhook.deliver(outgoing(), now() - timedelta(minutes=1))
    await webhook.deliver(outgoing(), now())
    first, second = provider.asked
    assert (first.headers["webhook-id"], first.raw) == (second.headers["webhook-id"], second.raw)
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]


@pytest.mark.parametrize(
    ("answer", "outcome", "why"),
    [
        (reply(200), Accepted(), ""),
        (reply(202, {"any": "thing"}), Accepted(), ""),
        (reply(204), Accepted(), ""),
        (reply(410), Rejected(), "refused"),
        (reply(400), Rejected(), "refused"),
        (reply(404), Rejected(), "refused"),
        (reply(401), Rejected(), "bad_credential"),
        (reply(301, None, location="/x"), Rejected(), "redirected"),
        (reply(308, None, location="/x"), Rejected(), "redirected"),
        (reply(429), Throttled(None), "too_many"),
        (reply(429, None, retry_after="30"), Throttled(timedelta(seconds=30)), "too_many"),
        (reply(408), Unavailable(), "server_failed"),
        (reply(425), Unavailable(), "server_failed"),
        (reply(503), Unavailable(), "server_failed"),
        # Somebody behind the one who answered may have taken it.
        (reply(500), Unknown(), "server_failed"),
        (reply(502), Unknown(), "server_failed"),
        (reply(504), Unknown(), "server_failed"),
        (Reply(hangs_up=True), Unknown(), "no_answer"),
        (Reply(200, b"not json"), Accepted(), ""),
        (Reply(200, b"x" * 200_000), Accepted(), ""),
        (Reply(200, b"x", drips=True), Accepted(), ""),
    ],
)
async def test_the_status_says_what_became_of_it(
    webhook: Webhook, provider: FakeProvider, answer: Reply, outcome: Outcome, why: Why
) -> None:
    provider.always = answer
    async with asyncio.timeout(10):  # less than the sender's own: no body is waited for
        assert await webhook.deliver(outgoing(), now()) == Answer(outcome, why)
    assert len(provider.asked) == 1


async def test_a_receiver_that_took_it_and_said_nothing_in_time_is_unknown(
    hasty: HttpSender, provider: FakeProvider
) -> None:
    provider.always = Reply(hangs=True)
    webhook = Webhook(hasty, provider.url, WEBHOOK_SECRET)
    assert await webhook.deliver(outgoing(), now()) == Answer(Unknown(), "no_answer")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (reply(200, {"received": True}), Accepted()),
        (reply(200, {"received": False}), Unavailable()),
        (reply(200, {"received": "true"}), Unavailable()),
        (reply(200, {}), Unavailable()),
        (Reply(200, b"<html>"), Unavailable()),
        (reply(404), Unavailable()),
        (reply(405), Unavailable()),
        (reply(302, None, location="/x"), Unavailable()),
        (reply(503), Unknown()),
        (reply(429), Unknown()),
        (Reply(hangs_up=True), Unknown()),
    ],
)
async def test_a_look_up_tells_whether_to_send_it_again(
    webhook: Webhook, provider: FakeProvider, answer: Reply, outcome: Outcome
) -> None:
    provider.always = answer
    assert (await webhook.look_up(outgoing(), now())).outcome == outcome


async def test_a_look_up_is_signed_and_names_the_trigger(webhook: Webhook, provider: FakeProvider) -> None:
    await webhook.look_up(outgoing(trigger_id="a:b.c_d-e"), now())
    (asked,) = provider.asked
    assert (asked.method, asked.path, asked.raw) == ("GET", "/hook?trigger_id=a%3Ab.c_d-e", b"")
    assert asked.headers["webhook-id"] == "a:b.c_d-e"
    Verifier(WEBHOOK_SECRET).verify(asked.raw, asked.headers, json_parse=False)


async def test_a_look_up_without_a_connection_says_nothing_about_the_try_before(http: HttpSender) -> None:
    webhook = Webhook(http, "http://nowhere.invalid/hook", WEBHOOK_SECRET)
    assert (await webhook.look_up(outgoing(), now())).outcome == Unknown()
