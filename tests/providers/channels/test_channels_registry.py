"""A channel is either usable or its tenant is told which field to change; and no secret is told to anybody."""

import base64
import traceback
from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client import REGISTRY

from server.domain.errors import InvalidInput
from server.domain.outreach.retry import Accepted, Rejected, Throttled, Unavailable, Unknown
from server.observability.metrics import note_delivery
from server.providers.channels.http import HttpOptions
from server.providers.channels.measured import Measured
from server.providers.channels.ports import Adapter, Answer, Kind, Outgoing, word_of
from server.providers.channels.registry import KINDS, Channels, Setup, wrong_with
from tests.providers.channels.cases import BOT_TOKEN, TOKEN, WEBHOOK_SECRET, now, outgoing
from tests.providers.channels.fake_provider import FakeProvider, reply
from tests.providers.channels.fake_smtp import fake_smtp

Noted = list[tuple[str, str]]

GOOD = {
    "outbox": Setup("outbox"),
    "webhook": Setup("webhook", url="https://chat.example/hook", secret=WEBHOOK_SECRET),
    "whatsapp_cloud": Setup("whatsapp_cloud", sender="1055500011", secret=TOKEN),
    "telegram": Setup("telegram", secret=BOT_TOKEN),
    "email": Setup("email", url="smtp://mail.example:587", sender="Kith <hello@kith.example>", secret="a password"),
}


def whsec(length: int) -> str:
    return "whsec_" + base64.b64encode(bytes(length)).decode()


@pytest.fixture
def noted() -> Noted:
    return []


@pytest.fixture
async def channels(noted: Noted) -> AsyncIterator[Channels]:
    made = Channels(lambda kind, outcome, _: noted.append((kind, outcome)), HttpOptions(10, 20, allow_private=True))
    yield made
    await made.close()


def test_every_kind_has_an_adapter_of_its_own(channels: Channels) -> None:
    assert set(GOOD) == set(KINDS)
    assert [channels.adapter_for(setup).kind for setup in GOOD.values()] == list(GOOD)


def test_only_the_outbox_keeps_messages_here_and_only_some_can_be_asked(channels: Channels) -> None:
    adapters = [channels.adapter_for(setup) for setup in GOOD.values()]
    assert [one.kind for one in adapters if one.keeps_locally] == ["outbox"]
    assert [one.kind for one in adapters if one.looks_up] == ["webhook"]


@pytest.mark.parametrize(
    ("setup", "fields"),
    [
        (Setup("pigeon"), ["kind"]),
        (Setup("outbox", url="https://chat.example"), ["url"]),
        (Setup("webhook"), ["url", "secret"]),
        (Setup("webhook", url="http://chat.example/hook", secret=WEBHOOK_SECRET), ["url"]),
        (Setup("webhook", url="ftp://chat.example/hook", secret=WEBHOOK_SECRET), ["url"]),
        (Setup("webhook", url="https://127.0.0.1/hook", secret=WEBHOOK_SECRET), ["url"]),
        (Setup("webhook", url="https://[::1]/hook", secret=WEBHOOK_SECRET), ["url"]),
        (Setup("webhook", url="https://u:p@chat.example/hook", secret=WEBHOOK_SECRET), ["url"]),
        (Setup("webhook", url="https://chat.example/hook?k=v", secret=WEBHOOK_SECRET), ["url"]),
        (Setup("webhook", url="https://chat.example/höök", secret=WEBHOOK_SECRET), ["url"]),
        (Setup("webhook", url="https://chat.example/a hook", secret=WEBHOOK_SECRET), ["url"]),
        (Setup("webhook", url="https://[chat", secret=WEBHOOK_SECRET), ["url"]),
        (Setup("webhook", url="https://chat.example/hook", secret=whsec(23)), ["secret"]),
        (Setup("webhook", url="https://chat.example/hook", secret=whsec(65)), ["secret"]),
        (Setup("webhook", url="https://chat.example/hook", secret="whsec_not base64!" + "A" * 40), ["secret"]),
        (Setup("webhook", url="https://chat.example/hook", secret=WEBHOOK_SECRET.removeprefix("whsec_")), ["secret"]),
        (Setup("whatsapp_cloud"), ["sender", "secret"]),
        (Setup("whatsapp_cloud", sender="+351 911", secret=TOKEN), ["sender"]),
        (Setup("whatsapp_cloud", sender="../../me", secret=TOKEN), ["sender"]),
        (Setup("whatsapp_cloud", sender="1055500011", secret="two\r\nlines: and more"), ["secret"]),
        (Setup("whatsapp_cloud", url="http://graph.example", sender="1055500011", secret=TOKEN), ["url"]),
        (Setup("telegram"), ["secret"]),
        (Setup("telegram", secret="123456:../../other/" + "x" * 30), ["secret"]),
        (Setup("telegram", url="https://10.0.0.1", secret=BOT_TOKEN), ["url"]),
        (Setup("email"), ["url", "sender"]),
        (Setup("email", url="https://mail.example", sender="a@kith.example"), ["url"]),
        (Setup("email", url="smtp://127.0.0.1", sender="a@kith.example"), ["url"]),
        (Setup("email", url="smtp://[::1]:25", sender="a@kith.example"), ["url"]),
        (Setup("email", url="smtp://mail.example", sender="nobody"), ["sender"]),
        (Setup("email", url="smtp://mail.example", sender="A\r\nBcc: x <a@kith.example>"), ["sender"]),
        (Setup("email", url="smtp://mail.example", sender="A <a@kith.example> b"), ["sender"]),
        (Setup("email", url="smtp://mail.example", sender="a@kith.example", secret="x\r\nQUIT"), ["secret"]),
        (Setup("email", url="smtp://mail.example", sender="a@kith.example", unsubscribe_url="http://x"),
         ["unsubscribe_url"]),
        (Setup("email", url="smtp://mail.example", sender="a@kith.example", unsubscribe_url="https://x.example/>,<a"),
         ["unsubscribe_url"]),
        (Setup("telegram", secret=BOT_TOKEN, unsubscribe_url="https://x.example"), ["unsubscribe_url"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_field(setup: Setup, fields: list[str]) -> None:
    assert [violation.field for violation in wrong_with(setup, allow_private=False)] == fields


@pytest.mark.parametrize("setup", GOOD.values(), ids=list(GOOD))
def test_nothing_is_wrong_with_a_good_one(setup: Setup) -> None:
    assert wrong_with(setup, allow_private=False) == []


def test_an_operator_may_allow_its_own_network() -> None:
    for setup in (
        Setup("webhook", url="http://127.0.0.1:9000/hook", secret=WEBHOOK_SECRET),
        Setup("email", url="smtp://127.0.0.1:1025", sender="a@kith.example"),
    ):
        assert wrong_with(setup, allow_private=False)
        assert wrong_with(setup, allow_private=True) == []


@pytest.mark.parametrize("length", [24, 25, 26, 64])
def test_signing_secrets_of_the_specifications_lengths_are_taken(length: int) -> None:
    for secret in (whsec(length), whsec(length).rstrip("=")):
        setup = Setup("webhook", url="https://chat.example/hook", secret=secret)
        assert wrong_with(setup, allow_private=False) == []


def test_an_unusable_channel_is_invalid_input_that_keeps_the_secret(channels: Channels) -> None:
    secret = "sk-live-secret that is none"
    setup = Setup("whatsapp_cloud", sender="x", secret=secret)
    with pytest.raises(InvalidInput) as caught:
        channels.adapter_for(setup)
    assert [violation.field for violation in caught.value.violations] == ["sender", "secret"]
    assert secret not in "".join(traceback.format_exception(caught.value)) + repr(setup)


@pytest.mark.parametrize("setup", GOOD.values(), ids=list(GOOD))
def test_no_adapter_shows_its_secret(channels: Channels, setup: Setup) -> None:
    shown = repr(setup) + repr(channels.adapter_for(setup))
    assert setup.secret is None or setup.secret not in shown


async def test_adapters_deliver_to_where_the_channel_says(
    channels: Channels, provider: FakeProvider, noted: Noted
) -> None:
    webhook = channels.adapter_for(Setup("webhook", url=f"{provider.url}/hook", secret=WEBHOOK_SECRET))
    telegram = channels.adapter_for(Setup("telegram", url=f"{provider.url}/proxy", secret=BOT_TOKEN))
    whatsapp = channels.adapter_for(Setup("whatsapp_cloud", url=provider.url, sender="1055500011", secret=TOKEN))
    message = outgoing(external_id="351911111111")
    provider.replies = [reply(200), reply(500), reply(429), reply(404)]
    assert (await webhook.deliver(message, now())).outcome == Accepted()
    assert (await telegram.deliver(message, now())).outcome == Unknown()
    assert (await whatsapp.deliver(message, now())).outcome == Throttled()
    assert (await webhook.look_up(message, now())).outcome == Unavailable()
    assert [asked.path for asked in provider.asked] == [
        "/hook", f"/proxy/bot{BOT_TOKEN}/sendMessage", "/1055500011/messages", "/hook?trigger_id=trg_01",
    ]  # fmt: skip
    assert noted == [
        ("webhook", "accepted"), ("telegram", "unknown"), ("whatsapp_cloud", "throttled"),
        ("webhook", "looked_up_unavailable"),
    ]  # fmt: skip


async def test_mail_leaves_by_the_server_that_the_channel_names(channels: Channels) -> None:
    async with fake_smtp() as smtp:
        setup = Setup("email", url=f"smtp://127.0.0.1:{smtp.port}", sender='"Kith" <hello@kith.example>')
        answer = await channels.adapter_for(setup).deliver(outgoing(external_id="mira@example.org"), now())
    assert answer == Answer(Accepted("<trg_01@kith.example>"))
    assert b"From: Kith <hello@kith.example>\r\n" in smtp.mails[0]


async def test_the_outbox_takes_everything_under_the_triggers_id(channels: Channels, noted: Noted) -> None:
    outbox = channels.adapter_for(GOOD["outbox"])
    assert await outbox.deliver(outgoing(), now()) == Answer(Accepted("trg_01"))
    assert await outbox.look_up(outgoing(), now()) == Answer(Unknown())
    assert noted == [("outbox", "accepted"), ("outbox", "looked_up_unknown")]


async def test_a_try_that_breaks_off_is_counted_as_failed(noted: Noted) -> None:
    class Broken:
        kind: Kind = "webhook"
        keeps_locally = False
        looks_up = True

        async def deliver(self, message: Outgoing, now: Any) -> Answer:
            raise RuntimeError

        async def look_up(self, message: Outgoing, now: Any) -> Answer:
            raise RuntimeError

    broken: Adapter = Measured(Broken(), lambda kind, outcome, _: noted.append((kind, outcome)))
    with pytest.raises(RuntimeError):
        await broken.deliver(outgoing(), now())
    with pytest.raises(RuntimeError):
        await broken.look_up(outgoing(), now())
    assert noted == [("webhook", "failed"), ("webhook", "looked_up_failed")]


def test_tries_are_counted_by_kind_and_outcome_and_nothing_else() -> None:
    before = REGISTRY.get_sample_value("kith_outreach_deliveries_total", {"kind": "email", "outcome": "accepted"}) or 0
    note_delivery("email", "accepted", 0.2)
    labels = {"kind": "email", "outcome": "accepted"}
    assert REGISTRY.get_sample_value("kith_outreach_deliveries_total", labels) == before + 1
    assert REGISTRY.get_sample_value("kith_outreach_delivery_seconds_count", {"kind": "email"})


def test_each_outcome_has_a_word() -> None:
    outcomes = (Accepted(), Rejected(), Throttled(), Unavailable(), Unknown())
    assert [word_of(one) for one in outcomes] == ["accepted", "rejected", "throttled", "unavailable", "unknown"]
