"""Placeholder of w5-crm's module, until it is merged."""

from dataclasses import dataclass

import phonenumbers


@dataclass(frozen=True, slots=True)
class Number:
    value: str
    unreadable: bool


def read(raw: str, region: str | None = None) -> Number:
    try:
        parsed = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return Number(raw, True)
    if not phonenumbers.is_possible_number(parsed):
        return Number(raw, True)
    return Number(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), False)
