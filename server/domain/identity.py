"""Identities: by what a contact is reached and recognised, each in one form, so that the same one is found again."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from server.domain import phone
from server.domain.errors import InvalidInput

Kind = Literal["phone", "email", "whatsapp", "external"]

EXTERNAL: Final = "external"
"""The system of an external id that names none."""

_NUMBERS: Final = frozenset(("phone", "whatsapp"))
_OF_CHANNEL: Final[dict[str, Kind]] = {
    **dict.fromkeys(("phone", "sms", "voice", "call", "signal", "rcs", "imessage"), "phone"),
    "whatsapp": "whatsapp",
    "email": "email",
}
"""What the external id of a channel is; on every other channel it is an external id of that system."""

_ADDRESS: Final = re.compile(r"[^\s@<>\",;:\\()\[\]]{1,64}@[^\s@<>\",;:\\()\[\]]{1,189}")


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity. Two are the same where `kind`, `system` and `value` are.

    `value` is a number in E.164, an address in lower case, or an external id as given; `raw` is what was given.
    `unreadable` tells of a number that is kept as it was written. `system` is empty but for external ids.
    """

    kind: Kind
    system: str
    value: str
    raw: str
    unreadable: bool = False

    @property
    def channel(self) -> str:
        """The channel that a contact who is known by it alone came by."""
        return self.system if self.kind == "external" else self.kind


def read(
    kind: Kind, raw: str, *, system: str | None = None, region: str | None = None, field: str = "value"
) -> Identity:
    """An identity in its one form. Raises InvalidInput, naming `field`, for an address that is none.

    A number that cannot be read is kept as it was written, and flagged.
    """
    if not raw.strip():
        raise InvalidInput.of(field, "must not be empty")
    if kind in _NUMBERS:
        number = phone.read(_with_plus(kind, raw), region)
        if number.unreadable:
            number = phone.read(raw, region)
        return Identity(kind, "", number.value, raw, number.unreadable)
    if kind == "email":
        address = raw.strip().lower()
        if _ADDRESS.fullmatch(address) is None:
            raise InvalidInput.of(field, "must be an e-mail address, e.g. jo@example.com")
        return Identity(kind, "", address, raw)
    return Identity(kind, system or EXTERNAL, raw.strip(), raw)


def of_channel(channel: str, external_id: str, region: str | None = None) -> Identity:
    """The identity that a contact's id on its channel is; what does not look like one is an external id.

    `region` is the ISO 3166 country of numbers without a country code.
    """
    kind = _OF_CHANNEL.get(channel, "external")
    if kind in _NUMBERS:
        # Chat engines write WhatsApp's ids with a prefix or a suffix, e.g. `whatsapp:+4930901820`, `4930901820@c.us`.
        bare = re.sub(r"^[a-z]+:|@[a-z.]+$", "", external_id)
        found = read(kind, bare, region=region, field="external_id") if bare.strip() else None
        if found is not None and not found.unreadable:
            return Identity(kind, "", found.value, external_id)
    elif kind == "email":
        try:
            return read("email", external_id)
        except InvalidInput:
            pass
    return Identity("external", channel, external_id, external_id)


def _with_plus(kind: Kind, raw: str) -> str:
    """WhatsApp writes numbers with their country code and without the plus."""
    digits = raw.strip()
    return f"+{digits}" if kind == "whatsapp" and digits.isascii() and digits.isdigit() else raw
