"""Telegram's answers, told apart as its Bot API documents them."""

import logging
from datetime import timedelta

import pytest

from server.domain.outreach.retry import Accepted, Outcome, Rejected, Throttled, Unavailable, Unknown
from server.providers.channels.http import HttpSender
from server.providers.channels.ports import Answer, Why
from server.providers.channels.telegram import Telegram
from tests.providers.channels.cases import BOT_TOKEN, TEXT, now, outgoing
from tests.providers.channels.fake_provider import FakeProvider, Reply, reply

MESSAGE = outgoing(external_id="-100200300", channel="telegram")


@pytest.fixture
def telegram(http: HttpSender, provider: FakeProvider) -> Telegram:
    return Telegram(http, BOT_TOKEN, provider.url)


def error(status: int, description: str = "words", **parameters: object) -> Reply:
    return reply(status, {"ok": False, "error_code": status, "description": description, "parameters": parameters})


async def test_a_plain_text_is_sent_to_the_chat(telegram: Telegram, provider: FakeProvider) -> None:
    provider.always = reply(200, {"ok": True, "result": {"message_id": 365}})
    assert await telegram.deliver(MESSAGE, now()) == Answer(Accepted("365"))
    (asked,) = provider.asked
    assert asked.path == f"/bot{BOT_TOKEN}/sendMessage"
    assert asked.body == {"chat_id": "-100200300", "text": TEXT}


@pytest.mark.parametrize(
    ("answer", "outcome", "why"),
    [
        (error(403, "Forbidden: bot was blocked by the user"), Rejected(), "blocked"),
        (error(400, "Bad Request: chat not found"), Rejected(), "no_such_recipient"),
        (error(400, "Bad Request: message is too long"), Rejected(), "refused"),
        (error(401, "Unauthorized"), Rejected(), "bad_credential"),
        (error(404, "Not Found"), Rejected(), "bad_credential"),
        (error(429, "Too Many Requests", retry_after=12), Throttled(timedelta(seconds=12)), "too_many"),
        (error(429, "Too Many Requests", retry_after="12"), Throttled(None), "too_many"),
        (reply(429, {"parameters": 3}, retry_after="4"), Throttled(timedelta(seconds=4)), "too_many"),
        (error(500), Unavailable(), "server_failed"),
        (Reply(503, b""), Unavailable(), "server_failed"),
        (Reply(502, b"<html>"), Unknown(), "server_failed"),
        (reply(301, None, location="/x"), Rejected(), "redirected"),
        (reply(200, {"ok": False}), Unknown(), "not_understood"),
        (reply(200, {"ok": True, "result": []}), Unknown(), "not_understood"),
        (Reply(200, b"[malformed"), Unknown(), "not_understood"),
        (Reply(200, b'"' + b"x" * 100_000 + b'"'), Unknown(), "not_understood"),
        (Reply(400, b"malformed"), Rejected(), "refused"),
        (Reply(hangs_up=True), Unknown(), "no_answer"),
    ],
)
async def test_an_answer_says_what_became_of_it(
    telegram: Telegram, provider: FakeProvider, answer: Reply, outcome: Outcome, why: Why
) -> None:
    provider.always = answer
    assert await telegram.deliver(MESSAGE, now()) == Answer(outcome, why)
    assert len(provider.asked) == 1


@pytest.mark.parametrize("answer", [Reply(hangs=True), Reply(200, b'{"ok":', drips=True)])
async def test_a_time_out_after_it_was_taken_is_unknown(
    hasty: HttpSender, provider: FakeProvider, answer: Reply
) -> None:
    provider.always = answer
    assert (await Telegram(hasty, BOT_TOKEN, provider.url).deliver(MESSAGE, now())).outcome == Unknown()


@pytest.mark.parametrize("chat", ["", "mira", "@x", "12/../34", "1.5", "9" * 20])
async def test_what_is_no_chat_is_not_sent(telegram: Telegram, provider: FakeProvider, chat: str) -> None:
    assert await telegram.deliver(outgoing(external_id=chat), now()) == Answer(Rejected(), "no_such_recipient")
    assert provider.asked == []


async def test_the_token_shows_in_no_log(
    telegram: Telegram, provider: FakeProvider, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for answer in (reply(200, {"ok": True, "result": {"message_id": 1}}), error(401), Reply(hangs_up=True)):
            provider.always = answer
            await telegram.deliver(MESSAGE, now())
    assert BOT_TOKEN not in caplog.text
    assert BOT_TOKEN not in repr(telegram)


async def test_telegram_cannot_be_asked_for_a_message(telegram: Telegram) -> None:
    assert not telegram.looks_up
    assert (await telegram.look_up(MESSAGE, now())).outcome == Unknown()
