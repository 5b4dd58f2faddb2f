"""Ids: a type prefix and a ULID, so that they sort by time and name what they are of."""

import secrets
from datetime import datetime
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new(prefix: str, now: datetime) -> str:
    """A fresh id such as `ct_01J9…`: 48 bits of milliseconds, 80 random bits, in Crockford's base 32."""
    number = (int(now.timestamp() * 1000) << 80) | secrets.randbits(80)
    return f"{prefix}_" + "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -5, -5))
