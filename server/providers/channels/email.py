"""E-mail by SMTP submission: plain text, one recipient, under TLS.

The Message-ID is made of the trigger's id, so that mail systems which drop doubles see one message. SMTP cannot be
asked for a message: one that was in transfer when the connection broke is never sent again without a person.
"""

import asyncio
import socket
import ssl
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.charset import QP, Charset
from email.header import Header
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from functools import cache
from typing import Final
from urllib.parse import quote

import aiosmtplib

from server.domain.outreach.retry import Accepted, Rejected, Unavailable, Unknown
from server.providers.addresses import Resolve, is_public, resolve
from server.providers.channels.mail_addresses import Mailbox, MailServer, mailbox
from server.providers.channels.ports import Answer, Kind, Outgoing, Why
from server.providers.errors import ProviderError

_LONGEST_SUBJECT: Final = 70
_FAREWELL_SECONDS: Final = 1.0
_UTF_8: Final = Charset("utf-8")
_UTF_8.body_encoding = QP
_BAD_CREDENTIAL: Final = frozenset({530, 534, 535, 538})
_NO_SUCH_RECIPIENT: Final = frozenset({550, 551, 553})


@dataclass(frozen=True, slots=True)
class MailOptions:
    """`name` is shown beside the sender's address. `unsubscribe_url` may hold `{contact_id}` and `{channel}`.

    Seconds: `connect_seconds` for the connection alone, `total_seconds` until the mail is taken. `allow_private` lets
    the server be at a private address, where alone it may be without TLS. `tls` replaces the system's authorities.
    """

    server: MailServer
    sender: Mailbox
    name: str = ""
    password: str | None = field(default=None, repr=False)
    unsubscribe_url: str | None = None
    connect_seconds: float = 3.0
    total_seconds: float = 10.0
    allow_private: bool = False
    tls: ssl.SSLContext | None = None


class _Refused(Exception):
    """Not sent, and the same again would not help."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@cache
def _system_authorities() -> ssl.SSLContext:
    return ssl.create_default_context()


class Email:
    """Sends as one address through one server."""

    kind: Final[Kind] = "email"
    keeps_locally: Final = False
    looks_up: Final = False

    def __init__(self, options: MailOptions, *, resolve: Resolve = resolve) -> None:
        self._options = options
        self._resolve = resolve

    async def deliver(self, message: Outgoing, now: datetime) -> Answer:
        """Sends one mail. The contact's external id is the address; the first line becomes the subject."""
        recipient = mailbox(message.external_id)
        if recipient is None:
            return Answer(Rejected(), "no_such_recipient")
        mail = _compose(message, recipient, self._options, now)
        attempt = _Attempt(self._options, self._resolve)
        try:
            async with asyncio.timeout(self._options.total_seconds):
                await attempt.run(str(recipient), mail.as_bytes())
        except _Refused as refused:
            return Answer(Rejected(), refused.why)
        except (aiosmtplib.SMTPException, ProviderError, ssl.SSLError, OSError, ValueError, RuntimeError) as error:
            # Not logged and not chained: messages of the library name hosts, users and addresses.
            return attempt.judge(error)
        finally:
            await attempt.close()
        return Answer(Accepted(mail["Message-ID"]))

    async def look_up(self, message: Outgoing, now: datetime) -> Answer:
        """Cannot tell."""
        return Answer(Unknown())


class _Attempt:
    """One connection, and how far it came."""

    def __init__(self, options: MailOptions, resolve: Resolve) -> None:
        self._options = options
        self._resolve = resolve
        self._client: aiosmtplib.SMTP | None = None
        self._in_transfer = False
        self._taken = False

    async def run(self, recipient: str, content: bytes) -> None:
        """Returns when the server has taken the mail. Raises _Refused, and what the library raises."""
        options, server = self._options, self._options.server
        async with asyncio.timeout(options.connect_seconds):
            address = await self._address()
            connected = await _connected(address, server.port)
        self._client = client = aiosmtplib.SMTP(
            sock=connected,
            hostname=server.host,
            # The library's own choice would name this machine.
            local_hostname=options.sender.domain,
            use_tls=server.tls_first,
            start_tls=False,
            tls_context=options.tls or _system_authorities(),
            timeout=options.total_seconds,
        )
        await client.connect()
        await client.ehlo()
        if not server.tls_first:
            await self._start_tls(client, needed=is_public(address))
        if options.password is not None:
            if not client.supported_auth_methods:
                raise _Refused("bad_credential")
            await client.login(server.user or str(options.sender), options.password)
        await client.mail(str(options.sender))
        await client.rcpt(recipient)
        self._in_transfer = True
        await client.data(content)
        self._taken = True

    async def _address(self) -> str:
        server = self._options.server
        addresses = await self._resolve(server.host, server.port)
        if not addresses or not (self._options.allow_private or all(is_public(one) for one in addresses)):
            raise _Refused("address_refused")
        return addresses[0]

    async def _start_tls(self, client: aiosmtplib.SMTP, *, needed: bool) -> None:
        """TLS where it is offered, which is enough on the deployment's own network alone."""
        if client.supports_extension("starttls"):
            await client.starttls()
            await client.ehlo()
        elif needed:
            raise _Refused("not_secure")

    def judge(self, error: Exception) -> Answer:
        """What a failure means for the message."""
        if isinstance(error, aiosmtplib.SMTPResponseException) and 400 <= error.code < 600:
            return _judge_code(error)
        if self._in_transfer:
            return Answer(Unknown(), "no_answer")
        if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
            return Answer(Rejected(), "not_secure")
        return Answer(Unavailable(), "not_connected")

    async def close(self) -> None:
        """Hangs up, with a farewell where all went well; what the server says to it changes nothing."""
        if self._client is None:
            return
        if self._taken:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._client.quit(timeout=_FAREWELL_SECONDS)
        self._client.close()


async def _connected(address: str, port: int) -> socket.socket:
    """A connection to the very address that was looked at."""
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made


def _judge_code(error: aiosmtplib.SMTPResponseException) -> Answer:
    """4xx may pass, 5xx will not (RFC 5321, 4.2.1)."""
    if error.code < 500:
        return Answer(Unavailable(), "server_failed")
    why: Why = "refused"
    if isinstance(error, aiosmtplib.SMTPRecipientRefused) and error.code in _NO_SUCH_RECIPIENT:
        why = "no_such_recipient"
    elif isinstance(error, aiosmtplib.SMTPAuthenticationError) or error.code in _BAD_CREDENTIAL:
        why = "bad_credential"
    return Answer(Rejected(), why)


def _compose(message: Outgoing, recipient: Mailbox, options: MailOptions, now: datetime) -> MIMEText:
    # The older of Python's two interfaces: the newer one loses blanks between the words that it encodes in a header.
    mail = MIMEText("\n".join(message.message.splitlines()), "plain", _UTF_8)  # type: ignore[arg-type]
    mail["From"] = formataddr((options.name, str(options.sender)))
    mail["To"] = str(recipient)
    mail["Subject"] = Header(_subject(message.message), "utf-8", header_name="Subject").encode()
    mail["Date"] = format_datetime(now.astimezone(UTC))
    mail["Message-ID"] = message_id(message.trigger_id, options.sender.domain)
    if options.unsubscribe_url:
        mail["List-Unsubscribe"] = f"<{_filled(options.unsubscribe_url, message)}>"
    return mail


def message_id(trigger_id: str, domain: str) -> str:
    """The Message-ID of a trigger, which is the same in every try."""
    return f"<{quote(trigger_id, safe='').replace('.', '%2E')}@{domain}>"


def _subject(text: str) -> str:
    """The first line, cut at a word."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    words = " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in line).split())
    if len(words) <= _LONGEST_SUBJECT:
        return words
    cut = words[:_LONGEST_SUBJECT]
    return f"{cut.rpartition(' ')[0] or cut}…"


def _filled(url: str, message: Outgoing) -> str:
    return url.replace("{contact_id}", quote(message.contact_id, safe="")).replace("{channel}", message.channel)
