"""E-mail goes out once, readable, under TLS, and what may have been taken is never called lost."""

import logging
import ssl
from collections.abc import AsyncIterator, Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from server.domain.outreach.retry import Accepted, Outcome, Rejected, Unavailable, Unknown
from server.providers.channels.email import Email, MailOptions, message_id
from server.providers.channels.mail_addresses import Mailbox, MailServer, mail_server, mailbox
from server.providers.channels.ports import Answer, Why
from tests.providers.channels.cases import TEXT, now, outgoing
from tests.providers.channels.fake_smtp import HANG, HANG_UP, FakeSmtp, contexts_of, fake_smtp

PASSWORD = "correct-horse-battery"
HOST = "mail.example"
MESSAGE = outgoing(external_id="mira@example.org", channel="email")

Make = Callable[..., Email]


@pytest.fixture
async def smtp() -> AsyncIterator[FakeSmtp]:
    async with fake_smtp() as running:
        yield running


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return contexts_of(HOST, Path(tmp_path_factory.mktemp("tls")))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's address counts as public, and every name leads to it."""
    monkeypatch.setattr("server.providers.channels.email.is_public", lambda address: address == "127.0.0.1")


async def leads_here(_: str, __: int) -> list[str]:
    return ["127.0.0.1"]


def email_to(fake: FakeSmtp, **changes: Any) -> Email:
    values: dict[str, Any] = {
        "server": MailServer(HOST, fake.port, fake.tls_first),
        "sender": Mailbox("hello", "kith.example"),
        "connect_seconds": 10,
        "total_seconds": 20,
        "allow_private": True,
    }
    return Email(MailOptions(**{**values, **changes}), resolve=leads_here)


def read(fake: FakeSmtp) -> EmailMessage:
    (raw,) = fake.mails
    found = message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    return found


async def test_a_mail_is_plain_text_with_an_id_made_of_the_triggers(smtp: FakeSmtp) -> None:
    email = email_to(smtp, name="Kith", unsubscribe_url="https://kith.example/u/{contact_id}?c={channel}")
    assert await email.deliver(MESSAGE, now()) == Answer(Accepted("<trg_01@kith.example>"))
    mail = read(smtp)
    assert mail["Message-ID"] == "<trg_01@kith.example>"
    assert (mail["From"], mail["To"]) == ("Kith <hello@kith.example>", "mira@example.org")
    assert mail["List-Unsubscribe"] == "<https://kith.example/u/ct_mira?c=email>"
    assert mail["Subject"] == TEXT
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().strip() == TEXT
    assert smtp.mails[0].isascii()
    assert smtp.commands == [
        "EHLO kith.example", "MAIL FROM:<hello@kith.example>", "RCPT TO:<mira@example.org>", "DATA", "QUIT",
    ]  # fmt: skip


async def test_without_a_url_no_unsubscribe_header_is_made(smtp: FakeSmtp) -> None:
    await email_to(smtp).deliver(MESSAGE, now())
    assert read(smtp)["List-Unsubscribe"] is None


@pytest.mark.parametrize("text", ["one\n.\ntwo", ".", "a\r\nb\rc", "ж" * 3_000, "word " * 800, "\n\nlate", "x" * 4_000])
async def test_any_text_arrives_whole(smtp: FakeSmtp, text: str) -> None:
    answer = await email_to(smtp).deliver(outgoing(external_id="mira@example.org", message=text), now())
    assert isinstance(answer.outcome, Accepted)
    assert read(smtp).get_content().splitlines() == text.splitlines()


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("\n  Hello\tthere \nmore", "Hello there"),
        ("Bcc: eve@example.org\r\nX: y", "Bcc: eve@example.org"),
        ("word " * 40, ("word " * 13).strip() + " word…"),
        ("x" * 100, "x" * 70 + "…"),
        ("ж 🌱 seedlings, a ж longerword 🌱 a жанна hé", "ж 🌱 seedlings, a ж longerword 🌱 a жанна hé"),
        ("", ""),
        ("a\x00b\x1bc", "a b c"),
        ("👩‍👩‍👧 today", "👩‍👩‍👧 today"),
    ],
)
async def test_the_subject_is_the_first_line_and_no_header_can_be_smuggled_in(
    smtp: FakeSmtp, text: str, subject: str
) -> None:
    await email_to(smtp).deliver(outgoing(external_id="mira@example.org", message=text), now())
    mail = read(smtp)
    assert mail["Subject"] == subject
    assert "Bcc" not in mail
    assert "X" not in mail


@pytest.mark.parametrize(
    "address",
    ["", "mira", "@example.org", "mira@", "a b@example.org", "mira@example.org\r\nRCPT TO:<eve@example.org>", "<m@x.y>",
     "mira@-x.org", "a..b@example.org", "жанна@example.org", "m@" + "x" * 64 + ".org", "a" * 65 + "@example.org"],
)  # fmt: skip
async def test_what_is_no_address_is_not_sent(smtp: FakeSmtp, address: str) -> None:
    answer = await email_to(smtp).deliver(outgoing(external_id=address), now())
    assert answer == Answer(Rejected(), "no_such_recipient")
    assert smtp.commands == []


def test_the_domain_of_an_address_is_written_as_dns_has_it() -> None:
    assert str(mailbox(" mira@bücher.example ")) == "mira@xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("answers", "outcome", "why"),
    [
        ({"greeting": b"421 too busy\r\n"}, Unavailable(), "server_failed"),
        ({"greeting": b"554 go away\r\n"}, Rejected(), "refused"),
        ({"greeting": HANG_UP}, Unavailable(), "not_connected"),
        ({"greeting": b"HTTP/1.1 400 Bad Request\r\n"}, Unavailable(), "not_connected"),
        ({"greeting": b"2" * 100_000}, Unavailable(), "not_connected"),
        ({"EHLO": HANG_UP}, Unavailable(), "not_connected"),
        ({"MAIL": b"451 later\r\n"}, Unavailable(), "server_failed"),
        ({"MAIL": b"530 5.7.0 login first\r\n"}, Rejected(), "bad_credential"),
        ({"MAIL": b"553 not yours\r\n"}, Rejected(), "refused"),
        ({"RCPT": b"450 greylisted\r\n"}, Unavailable(), "server_failed"),
        ({"RCPT": b"550 5.1.1 no such user\r\n"}, Rejected(), "no_such_recipient"),
        ({"RCPT": b"554 5.7.1 relay denied\r\n"}, Rejected(), "refused"),
        ({"RCPT": HANG_UP}, Unavailable(), "not_connected"),
        ({"DATA": b"451 later\r\n"}, Unavailable(), "server_failed"),
        ({"DATA": b"554 no\r\n"}, Rejected(), "refused"),
        ({"content": b"452 full\r\n"}, Unavailable(), "server_failed"),
        ({"content": b"552 too large\r\n"}, Rejected(), "refused"),
        ({"content": HANG_UP}, Unknown(), "no_answer"),
        ({"content": b"what?\r\n"}, Unknown(), "no_answer"),
        ({"content": b"2" * 100_000}, Unknown(), "no_answer"),
        ({"content": b"250-and\r\n" * 10_000}, Unknown(), "no_answer"),
        ({"QUIT": HANG_UP}, Accepted("<trg_01@kith.example>"), ""),
        ({"QUIT": b"500 no\r\n"}, Accepted("<trg_01@kith.example>"), ""),
    ],
)
async def test_an_answer_says_what_became_of_it(
    smtp: FakeSmtp, answers: dict[str, bytes], outcome: Outcome, why: Why
) -> None:
    smtp.answers = answers
    assert await email_to(smtp).deliver(MESSAGE, now()) == Answer(outcome, why)


@pytest.mark.parametrize(
    ("step", "outcome"),
    [("greeting", Unavailable()), ("EHLO", Unavailable()), ("RCPT", Unavailable()), ("content", Unknown())],
)
async def test_a_time_out_is_unknown_only_once_the_mail_was_in_transfer(
    smtp: FakeSmtp, step: str, outcome: Outcome
) -> None:
    smtp.answers = {step: HANG}
    answer = await email_to(smtp, connect_seconds=1, total_seconds=1).deliver(MESSAGE, now())
    assert answer.outcome == outcome


async def test_a_server_that_is_not_there_is_unavailable(smtp: FakeSmtp) -> None:
    async with fake_smtp() as gone:
        email = email_to(gone)
    assert await email.deliver(MESSAGE, now()) == Answer(Unavailable(), "not_connected")


async def test_a_private_address_is_refused_by_default(smtp: FakeSmtp) -> None:
    assert await email_to(smtp, allow_private=False).deliver(MESSAGE, now()) == Answer(Rejected(), "address_refused")
    assert smtp.commands == []


@pytest.mark.parametrize("addresses", [["8.8.8.8", "127.0.0.1"], ["8.8.8.8", "::1"], ["169.254.169.254"], []])
async def test_a_name_is_refused_if_any_of_its_addresses_is_private(addresses: list[str]) -> None:
    async def resolve(_: str, __: int) -> list[str]:
        return addresses

    email = Email(MailOptions(MailServer(HOST, 9, False), Mailbox("a", "b.example")), resolve=resolve)
    assert await email.deliver(MESSAGE, now()) == Answer(Rejected(), "address_refused")


async def test_a_name_that_does_not_resolve_is_unavailable() -> None:
    email = Email(MailOptions(MailServer("nowhere.invalid", 9, False), Mailbox("a", "b.example")))
    assert await email.deliver(MESSAGE, now()) == Answer(Unavailable(), "not_connected")


@pytest.mark.parametrize("tls_first", [False, True])
async def test_a_public_server_gets_login_and_mail_under_tls(
    here: None, contexts: tuple[ssl.SSLContext, ssl.SSLContext], tls_first: bool
) -> None:
    async with fake_smtp(contexts[0], tls_first=tls_first) as smtp:
        smtp.login = ("hello@kith.example", PASSWORD)
        email = email_to(smtp, allow_private=False, tls=contexts[1], password=PASSWORD)
        assert (await email.deliver(MESSAGE, now())).outcome == Accepted("<trg_01@kith.example>")
        assert smtp.secured
        assert [c.split(" ")[0] for c in smtp.commands if c[:4] in ("STAR", "AUTH")] == (
            ["AUTH"] if tls_first else ["STARTTLS", "AUTH"]
        )


async def test_a_public_server_without_tls_gets_nothing(here: None, smtp: FakeSmtp) -> None:
    smtp.login = ("hello@kith.example", PASSWORD)
    email = email_to(smtp, allow_private=False, password=PASSWORD)
    assert await email.deliver(MESSAGE, now()) == Answer(Rejected(), "not_secure")
    assert smtp.commands == ["EHLO kith.example"]


@pytest.mark.parametrize("tls_first", [False, True])
async def test_a_certificate_that_nobody_vouches_for_gets_nothing(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], tls_first: bool
) -> None:
    async with fake_smtp(contexts[0], tls_first=tls_first) as smtp:
        smtp.login = ("hello@kith.example", PASSWORD)
        email = email_to(smtp, password=PASSWORD)
        assert await email.deliver(MESSAGE, now()) == Answer(Rejected(), "not_secure")
        assert not smtp.mails
        assert not any(command.startswith("AUTH") for command in smtp.commands)


async def test_a_certificate_of_another_host_gets_nothing(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    async with fake_smtp(contexts[0]) as smtp:
        email = email_to(smtp, server=MailServer("other.example", smtp.port, False), tls=contexts[1])
        assert await email.deliver(MESSAGE, now()) == Answer(Rejected(), "not_secure")


@pytest.mark.parametrize(
    ("answers", "password", "outcome", "why"),
    [
        ({}, "wrong", Rejected(), "bad_credential"),
        ({"AUTH": b"454 4.7.0 later\r\n"}, PASSWORD, Unavailable(), "server_failed"),
        ({"AUTH": HANG_UP}, PASSWORD, Unavailable(), "not_connected"),
    ],
)
async def test_a_login_that_fails_says_whether_to_try_again(
    smtp: FakeSmtp, answers: dict[str, bytes], password: str, outcome: Outcome, why: Why
) -> None:
    smtp.login, smtp.answers = ("relay user", PASSWORD), answers
    server = MailServer(HOST, smtp.port, False, "relay user")
    assert await email_to(smtp, server=server, password=password).deliver(MESSAGE, now()) == Answer(outcome, why)
    assert smtp.mails == []


@pytest.mark.parametrize("offered", ["250 HELP", "250 AUTH", "250 AUTH GSSAPI"])
async def test_a_server_that_takes_no_logins_of_ours_is_not_given_the_mail(smtp: FakeSmtp, offered: str) -> None:
    smtp.answers = {"EHLO": f"250-mail.example\r\n{offered}\r\n".encode()}
    assert (await email_to(smtp, password=PASSWORD).deliver(MESSAGE, now())).why == "bad_credential"
    assert smtp.mails == []


async def test_the_password_shows_in_no_log_and_no_repr(smtp: FakeSmtp, caplog: pytest.LogCaptureFixture) -> None:
    smtp.login = ("hello@kith.example", PASSWORD)
    options = MailOptions(MailServer(HOST, smtp.port, False), Mailbox("a", "b.example"), password=PASSWORD)
    with caplog.at_level(logging.DEBUG):
        await email_to(smtp, password=PASSWORD).deliver(MESSAGE, now())
        await email_to(smtp, password="wrong" + PASSWORD).deliver(MESSAGE, now())
    assert PASSWORD not in caplog.text + repr(options) + repr(Email(options))


async def test_mail_cannot_be_asked_for(smtp: FakeSmtp) -> None:
    email = email_to(smtp)
    assert not email.looks_up
    assert (await email.look_up(MESSAGE, now())).outcome == Unknown()
    assert smtp.commands == []


def test_the_id_of_a_mail_is_one_whatever_the_triggers_is() -> None:
    assert message_id("a:b.c.", "kith.example") == "<a%3Ab%2Ec%2E@kith.example>"


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", MailServer("mail.example", 587, False)),
        ("smtps://mail.example/", MailServer("mail.example", 465, True)),
        ("smtp://apikey@mail.example:2525", MailServer("mail.example", 2525, False, "apikey")),
        ("smtp://me%40kith.example@mail.example", MailServer("mail.example", 587, False, "me@kith.example")),
        ("smtp://[2001:db8::1]:25", MailServer("2001:db8::1", 25, False)),
    ],
)
def test_a_mail_server_is_written_as_a_url(url: str, server: MailServer) -> None:
    assert mail_server(url) == server


@pytest.mark.parametrize(
    "url",
    ["", "mail.example", "http://mail.example", "smtp://", "smtp://u:p@mail.example", "smtp://mail.example:0",
     "smtp://mail.example:99999", "smtp://mail.example/x", "smtp://mail.example?x=1", "smtp://a b", "smtp://[x", "smtp://x%0a@m"],
)  # fmt: skip
def test_what_is_no_mail_server_is_none(url: str) -> None:
    found = mail_server(url)
    assert found is None
