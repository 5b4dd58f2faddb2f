"""What an adapter of a channel is.

How a try ended is told in the words of `server.domain.outreach.retry`, whose rules say what comes next:

    Accepted      it was taken                        Rejected   it will never be taken
    Throttled     not taken, come back later          Unavailable   certainly not taken, a later try may work
    Unknown       it may have been taken: look it up, never send it again blindly

A process that dies while it delivers leaves the same doubt as Unknown.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Protocol

from server.domain.outreach.retry import Accepted, Outcome, Rejected, Throttled, Unavailable, Unknown

Kind = Literal["outbox", "webhook", "whatsapp_cloud", "telegram", "email"]

Why = Literal[
    "",
    "account_restricted",
    "address_refused",
    "bad_credential",
    "blocked",
    "no_answer",
    "no_such_recipient",
    "not_connected",
    "not_secure",
    "not_understood",
    "redirected",
    "refused",
    "server_failed",
    "too_many",
    "undeliverable",
    "window_closed",
]
"""A word for people: `window_closed` is WhatsApp's 24 hours, `not_secure` a mail server without good TLS."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way. `external_id` is the contact's own id on the channel: a number, a chat, an address.

    `at` is when it became due, aware; it stays the same in every try.
    """

    trigger_id: str
    contact_id: str
    channel: str
    trigger_type: str
    at: datetime
    external_id: str = field(repr=False)
    message: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a try, or a look-up, ended: the outcome is for the rules, `why` for people."""

    outcome: Outcome
    why: Why = ""


class Adapter(Protocol):
    """Delivers messages of one tenant's channel. Its repr and its errors hold no secret.

    `keeps_locally`: nothing leaves; the use case writes the outbox row in its own transaction after Accepted.
    `looks_up`: whether `look_up` can ever say more than Unknown; where not, an unknown outcome waits for a person.
    """

    @property
    def kind(self) -> Kind:
        """The kind of the channel."""

    @property
    def keeps_locally(self) -> bool:
        """Whether the message stays here."""

    @property
    def looks_up(self) -> bool:
        """Whether the provider can be asked for what it took."""

    async def deliver(self, message: Outgoing, now: datetime) -> Answer:
        """Tries once, in bounded time. Never raises for what a provider does."""

    async def look_up(self, message: Outgoing, now: datetime) -> Answer:
        """Accepted: it was taken. Unavailable: it was not, or sending it again is safe. Unknown: cannot tell now."""


_WORDS: Final[dict[type[Outcome], str]] = {
    Accepted: "accepted",
    Rejected: "rejected",
    Throttled: "throttled",
    Unavailable: "unavailable",
    Unknown: "unknown",
}


def word_of(outcome: Outcome) -> str:
    """The outcome as a word, for metrics and logs."""
    return _WORDS[type(outcome)]
