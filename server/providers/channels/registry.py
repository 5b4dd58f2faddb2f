"""From a stored channel to its adapter, and what is wrong with one that is not usable."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Final, get_args
from urllib.parse import urlsplit

from server.domain.errors import FieldViolation, InvalidInput
from server.providers.addresses import is_public, wrong_with_url
from server.providers.channels import telegram, whatsapp
from server.providers.channels.email import Email, MailOptions
from server.providers.channels.http import HttpOptions, HttpSender
from server.providers.channels.mail_addresses import Mailbox, MailServer, mail_server, mailbox
from server.providers.channels.measured import Measured, Note
from server.providers.channels.outbox import Outbox
from server.providers.channels.ports import Adapter, Kind
from server.providers.channels.telegram import Telegram
from server.providers.channels.webhook import Webhook
from server.providers.channels.whatsapp import WhatsAppCloud

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

_PHONE_NUMBER_ID: Final = re.compile(r"[0-9]{5,32}")
_BOT_TOKEN: Final = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,100}")
_BEARER: Final = re.compile(r"[\x21-\x7e]{8,2048}")
_LONGEST_NAME: Final = 128


@dataclass(frozen=True, slots=True)
class Setup:
    """A channel as a tenant set it up; `secret` in the clear. `unsubscribe_url` is for e-mail."""

    kind: str
    url: str | None = None
    sender: str | None = None
    secret: str | None = field(default=None, repr=False)
    unsubscribe_url: str | None = None


class Channels:
    """Makes adapters that share one HTTP client; one per process. Close it with `close`."""

    def __init__(self, note: Note, options: HttpOptions | None = None) -> None:
        self._note = note
        self._options = options or HttpOptions()
        self._http = HttpSender(self._options)

    def adapter_for(self, setup: Setup) -> Adapter:
        """The adapter of a channel, measured. Raises InvalidInput, naming every field that is wrong."""
        violations = wrong_with(setup, allow_private=self._options.allow_private)
        if violations:
            raise InvalidInput(violations)
        return Measured(self._made(setup), self._note)

    def _made(self, setup: Setup) -> Adapter:
        url, sender, secret = setup.url or "", setup.sender or "", setup.secret or ""
        match setup.kind:
            case "webhook":
                return Webhook(self._http, url, secret)
            case "whatsapp_cloud":
                return WhatsAppCloud(self._http, sender, secret, url or whatsapp.USUAL_URL)
            case "telegram":
                return Telegram(self._http, secret, url or telegram.USUAL_URL)
            case "email":
                return Email(self._mail_options(setup))
            case _:
                return Outbox()

    def _mail_options(self, setup: Setup) -> MailOptions:
        server, sender = mail_server(setup.url or ""), _sender(setup.sender or "")
        if server is None or sender is None:  # checked before; said again for the types
            raise InvalidInput.of("url", "must be smtp://host:port")
        return MailOptions(
            server=server,
            sender=sender[1],
            name=sender[0],
            password=setup.secret,
            unsubscribe_url=setup.unsubscribe_url,
            connect_seconds=self._options.connect_seconds,
            total_seconds=self._options.total_seconds,
            allow_private=self._options.allow_private,
        )

    async def close(self) -> None:
        """Closes every connection."""
        await self._http.close()


def wrong_with(setup: Setup, *, allow_private: bool) -> list[FieldViolation]:
    """What must change before the channel can be used, by field; empty if nothing must. Never holds the secret."""
    if setup.kind not in KINDS:
        return [FieldViolation("kind", f"must be one of {', '.join(KINDS)}")]
    found = {
        "url": _wrong_url(setup, allow_private=allow_private),
        "sender": _wrong_sender(setup),
        "secret": _wrong_secret(setup),
        "unsubscribe_url": _wrong_unsubscribe_url(setup),
    }
    return [FieldViolation(name, wrong) for name, wrong in found.items() if wrong is not None]


def _wrong_url(setup: Setup, *, allow_private: bool) -> str | None:
    if setup.kind == "outbox":
        return None if setup.url is None else "must not be given for outbox: its messages go nowhere"
    if setup.url is None:
        needed = {"webhook": "the URL to post to", "email": "smtp://host:port of the mail server"}
        return f"is needed for {setup.kind}: {needed[setup.kind]}" if setup.kind in needed else None
    if setup.kind == "email":
        return _wrong_mail_url(setup.url, allow_private=allow_private)
    try:
        parts = urlsplit(setup.url)
    except ValueError:
        return "must be a URL"
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        return "must have no user, password, query or fragment; what is secret goes into secret"
    if not setup.url.isascii() or " " in setup.url:
        return "must be of ASCII characters without spaces; write others in percent or punycode form"
    return wrong_with_url(setup.url, allow_private=allow_private)


def _wrong_mail_url(url: str, *, allow_private: bool) -> str | None:
    server = mail_server(url)
    if server is None:
        return "must be smtp://host:port or smtps://host:port, with user@ before the host if another than the sender"
    if not allow_private and _is_private_literal(server):
        return "must not lead to a private, loopback or link-local address"
    return None


def _is_private_literal(server: MailServer) -> bool:
    try:
        return not is_public(server.host)
    except ValueError:
        return False  # a name, which is looked at when it is called


def _wrong_sender(setup: Setup) -> str | None:
    match setup.kind:
        case "whatsapp_cloud" if not _PHONE_NUMBER_ID.fullmatch(setup.sender or ""):
            return "is needed for whatsapp_cloud: the phone number id, digits only (not the phone number)"
        case "email" if _sender(setup.sender or "") is None:
            return "is needed for email: an address, or a name and an address as in Ana <ana@example.org>"
        case _:
            return None


def _wrong_secret(setup: Setup) -> str | None:
    secret = setup.secret or ""
    match setup.kind:
        case "webhook" if not _is_webhook_secret(secret):
            return "is needed for webhook: whsec_ and 24 to 64 bytes in base64"
        case "whatsapp_cloud" if not _BEARER.fullmatch(secret):
            return "is needed for whatsapp_cloud: the access token"
        case "telegram" if not _BOT_TOKEN.fullmatch(secret):
            return "is needed for telegram: the bot's token, as in 123456:ABC-DEF…"
        case "email" if secret and not secret.isprintable():
            return "must be a password of printable characters"
        case _:
            return None


def _is_webhook_secret(secret: str) -> bool:
    if not secret.startswith("whsec_"):
        return False
    text = secret.removeprefix("whsec_").rstrip("=")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return 24 <= len(key) <= 64


def _wrong_unsubscribe_url(setup: Setup) -> str | None:
    url = setup.unsubscribe_url
    if url is None:
        return None
    if setup.kind != "email":
        return "is for email only"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "must be a URL"
    plain = url.isascii() and url.isprintable() and not set(url) & set('<> "')
    return None if parts.scheme == "https" and parts.hostname and plain and len(url) <= 512 else "must be an https URL"


def _sender(text: str) -> tuple[str, Mailbox] | None:
    """The name, which may be empty, and the address."""
    name, bracket, rest = text.rpartition("<")
    if bracket and not rest.endswith(">"):
        return None
    address = mailbox(rest.removesuffix(">"))
    name = name.strip().strip('"')
    if address is None or not name.isprintable() or len(name) > _LONGEST_NAME or set(name) & set('<>"\\'):
        return None
    return name, address
