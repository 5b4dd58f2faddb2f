"""Phone numbers as people write them, read into one form: E.164, by the rules of libphonenumber for every country."""

from dataclasses import dataclass

import phonenumbers


@dataclass(frozen=True, slots=True)
class Number:
    """A phone number. `value` is E.164, e.g. `+4930901820`; of one that could not be read, what was written."""

    value: str
    unreadable: bool


def read(raw: str, region: str | None = None) -> Number:
    """Reads a number; never fails, as a number that cannot be read is kept as it was written.

    `region` is the ISO 3166 country of numbers without a country code; without one such a number cannot be read. What
    is read already reads as itself.
    """
    written = " ".join(raw.split())
    try:
        parsed = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return Number(written or raw, unreadable=True)
    if not phonenumbers.is_possible_number(parsed):
        return Number(written or raw, unreadable=True)
    return Number(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), unreadable=False)


def is_region(name: str) -> bool:
    """Whether it is the ISO 3166 name of a country that has phone numbers, e.g. `DE`."""
    return name in phonenumbers.SUPPORTED_REGIONS
