"""WhatsApp's answers, told apart by the codes that Meta documents."""

from datetime import timedelta

import pytest

from server.domain.outreach.retry import Accepted, Outcome, Rejected, Throttled, Unavailable, Unknown
from server.providers.channels.http import HttpSender
from server.providers.channels.ports import Answer, Why
from server.providers.channels.whatsapp import WhatsAppCloud
from tests.providers.channels.cases import TEXT, TOKEN, now, outgoing
from tests.providers.channels.fake_provider import FakeProvider, Reply, reply

TAKEN = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "351911111111", "wa_id": "351911111111"}],
    "messages": [{"id": "wamid.HBgM"}],
}
MESSAGE = outgoing(external_id="+351911111111", channel="whatsapp")


@pytest.fixture
def whatsapp(http: HttpSender, provider: FakeProvider) -> WhatsAppCloud:
    return WhatsAppCloud(http, "1055500011", TOKEN, f"{provider.url}/v23.0/")


def error(status: int, code: object, **headers: str) -> Reply:
    return reply(status, {"error": {"message": "(#1) in words", "type": "OAuthException", "code": code}}, **headers)


async def test_a_text_is_sent_by_the_phone_number_with_its_token(
    whatsapp: WhatsAppCloud, provider: FakeProvider
) -> None:
    provider.always = reply(200, TAKEN)
    assert await whatsapp.deliver(MESSAGE, now()) == Answer(Accepted("wamid.HBgM"))
    (asked,) = provider.asked
    assert (asked.path, asked.headers["authorization"]) == ("/v23.0/1055500011/messages", f"Bearer {TOKEN}")
    assert asked.body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "351911111111",
        "type": "text",
        "text": {"preview_url": False, "body": TEXT},
        "biz_opaque_callback_data": "trg_01",
    }


@pytest.mark.parametrize(
    ("answer", "outcome", "why"),
    [
        (error(400, 131047), Rejected(), "window_closed"),
        (error(400, 131026), Rejected(), "undeliverable"),
        (error(400, 131050), Rejected(), "blocked"),
        (error(400, 131030), Rejected(), "no_such_recipient"),
        (error(401, 190), Rejected(), "bad_credential"),
        (error(403, 10), Rejected(), "bad_credential"),
        (error(403, 200), Rejected(), "bad_credential"),
        (error(403, 131031), Rejected(), "account_restricted"),
        (error(400, 100), Rejected(), "refused"),
        (error(400, 130429), Throttled(None), "too_many"),
        (error(400, 80007, retry_after="60"), Throttled(timedelta(seconds=60)), "too_many"),
        (error(400, 131056), Throttled(None), "too_many"),
        (error(400, 4), Throttled(None), "too_many"),
        (reply(429), Throttled(None), "too_many"),
        (error(500, 131000), Unavailable(), "server_failed"),
        (error(500, 2), Unavailable(), "server_failed"),
        (error(400, 131016), Unavailable(), "server_failed"),
        (error(500, 999_999), Unavailable(), "server_failed"),
        (Reply(503, b"busy"), Unavailable(), "server_failed"),
        (Reply(502, b"<html>"), Unknown(), "server_failed"),
        (Reply(504, b""), Unknown(), "server_failed"),
        (Reply(401, b"no"), Rejected(), "bad_credential"),
        (Reply(400, b"\xff"), Rejected(), "refused"),
        (error(400, "131047"), Rejected(), "refused"),
        (error(400, True), Rejected(), "refused"),
        (reply(400, {"error": "words"}), Rejected(), "refused"),
        (reply(302, None, location="/x"), Rejected(), "redirected"),
        (reply(200, {}), Unknown(), "not_understood"),
        (reply(200, {"messages": []}), Unknown(), "not_understood"),
        (reply(200, {"messages": [{"id": 7}]}), Unknown(), "not_understood"),
        (reply(200, {"messages": {"id": "x"}}), Unknown(), "not_understood"),
        (Reply(200, b"{malformed"), Unknown(), "not_understood"),
        (Reply(200, b"{" + b" " * 100_000 + b"}"), Unknown(), "not_understood"),
        (Reply(hangs_up=True), Unknown(), "no_answer"),
    ],
)
async def test_an_answer_says_what_became_of_it(
    whatsapp: WhatsAppCloud, provider: FakeProvider, answer: Reply, outcome: Outcome, why: Why
) -> None:
    provider.always = answer
    assert await whatsapp.deliver(MESSAGE, now()) == Answer(outcome, why)
    assert len(provider.asked) == 1


@pytest.mark.parametrize("answer", [Reply(hangs=True), Reply(200, b'{"messages":', drips=True)])
async def test_a_time_out_after_it_was_taken_is_unknown(
    hasty: HttpSender, provider: FakeProvider, answer: Reply
) -> None:
    provider.always = answer
    whatsapp = WhatsAppCloud(hasty, "1055500011", TOKEN, provider.url)
    assert (await whatsapp.deliver(MESSAGE, now())).outcome == Unknown()


@pytest.mark.parametrize("number", ["", "mira", "+", "+35191x", "1" * 16, "35191 111", "٣٥١"])
async def test_what_is_no_number_is_not_sent(whatsapp: WhatsAppCloud, provider: FakeProvider, number: str) -> None:
    answer = await whatsapp.deliver(outgoing(external_id=number), now())
    assert answer == Answer(Rejected(), "no_such_recipient")
    assert provider.asked == []


async def test_whatsapp_cannot_be_asked_for_a_message(whatsapp: WhatsAppCloud, provider: FakeProvider) -> None:
    assert not whatsapp.looks_up
    assert (await whatsapp.look_up(MESSAGE, now())).outcome == Unknown()
    assert provider.asked == []
