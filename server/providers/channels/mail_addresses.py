"""E-mail addresses and mail servers as they are written."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

_LONGEST: Final = 254
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN: Final = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_DEFAULT_PORTS: Final = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address in ASCII, its domain in the form of DNS."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def mailbox(text: str) -> Mailbox | None:
    """A bare address, e.g. `ana@example.org`; None if it is none, or one that needs SMTPUTF8."""
    local, at, domain = text.strip().rpartition("@")
    if not at or len(local) > 64 or not _LOCAL.fullmatch(local):
        return None
    try:
        domain = domain.encode("idna").decode("ascii") if not domain.isascii() else domain
    except UnicodeError:
        return None
    if not _DOMAIN.fullmatch(domain) or len(local) + 1 + len(domain) > _LONGEST:
        return None
    return Mailbox(local, domain)


@dataclass(frozen=True, slots=True)
class MailServer:
    """`tls_first` for `smtps`; otherwise TLS begins by STARTTLS. `user` None: the sender's address logs in."""

    host: str
    port: int
    tls_first: bool
    user: str | None = None


def mail_server(url: str) -> MailServer | None:
    """From `smtp://[user@]host[:port]` or `smtps://…`; None if it is neither. A password does not belong there."""
    try:
        parts: SplitResult = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or port == 0 or not url.isprintable() or " " in url:
        return None
    if parts.password is not None or parts.path not in ("", "/") or parts.query or parts.fragment:
        return None
    user = unquote(parts.username) if parts.username else None
    if user is not None and not user.isprintable():
        return None
    return MailServer(parts.hostname, port or _DEFAULT_PORTS[parts.scheme], parts.scheme == "smtps", user)
