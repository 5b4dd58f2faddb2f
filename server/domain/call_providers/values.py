"""Values of webhooks, read with care: whoever sends them cannot mend them, so what does not fit is left out.

Texts over the contract's limits are cut, for the beginning of a transcript is better than none.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from server.domain import metadata
from server.domain.calls import Direction, Sentiment, withheld
from server.domain.errors import InvalidInput

LONGEST_ID: Final = 256
LONGEST_NUMBER: Final = 64
LONGEST_NAME: Final = 256
LONGEST_URL: Final = 2_048
LONGEST_TRANSCRIPT: Final = 1_048_576
LONGEST_SUMMARY: Final = 10_000
MOST_SECONDS: Final = 604_800.0
MOST_COST: Final = 1_000_000.0

_EARLIEST: Final = datetime(1971, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def inner(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object of that name; an empty one where there is none."""
    value = payload.get(name)
    return value if isinstance(value, Mapping) else {}


def text(value: Any, most_bytes: int) -> str | None:
    """The text, cut to so many bytes of UTF-8; None where it is none, or empty."""
    if not isinstance(value, str):
        return None
    # NUL and halves of a surrogate pair are no text that can be stored.
    encoded = value.replace("\x00", "").encode(errors="ignore")
    return encoded[:most_bytes].decode(errors="ignore").strip() or None


def required_id(value: Any, field: str) -> str:
    """The phone system's id of the call. Raises InvalidInput, which names the field: without it nothing can be kept."""
    if not isinstance(value, str) or not value:
        raise InvalidInput.of(field, "must name the call")
    if len(value.encode(errors="replace")) > LONGEST_ID or not value.isprintable():
        raise InvalidInput.of(field, f"must be at most {LONGEST_ID} bytes of text")
    return value


def url(value: Any) -> str | None:
    """An address of http or https of at most 2,048 bytes."""
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        return None
    return value if len(value.encode(errors="replace")) <= LONGEST_URL and value.isprintable() else None


def number(value: Any, most: float) -> float | None:
    """A number from 0 to `most`, also one that is written in a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if math.isfinite(read) and 0 <= read <= most else None


def whole(value: Any) -> int | None:
    """A count from 0, also one that is written in a text."""
    read = number(value, 2**31)
    return int(read) if read is not None and read.is_integer() else None


def instant(value: Any) -> datetime | None:
    """A time as RFC 3339 or RFC 2822 writes it; without an offset it is in UTC."""
    if not isinstance(value, str) or not value:
        return None
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            read = parse(value)
            read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
        return read if _EARLIEST <= read < _LATEST else None
    return None


def milliseconds(value: Any) -> datetime | None:
    """A time in milliseconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    if not 0 < value < 8e13:
        return None
    read = _EPOCH + timedelta(milliseconds=value)
    return read if _EARLIEST <= read < _LATEST else None


def moment(value: Any) -> datetime | None:
    """A time as text, or in milliseconds since 1970."""
    return instant(value) or milliseconds(value)


def sentiment(value: Any) -> Sentiment | None:
    """How the caller felt, in any case."""
    match value.lower() if isinstance(value, str) else None:
        case "positive":
            return "positive"
        case "negative":
            return "negative"
        case "neutral":
            return "neutral"
        case _:
            return None


def phone(value: Any) -> str | None:
    """A number as it was given; None for one that is withheld, which would make one person of all who hide theirs."""
    read = text(value, LONGEST_NUMBER)
    return None if read is None or withheld(read) else read


def other_side(direction: Direction | None, caller: Any, called: Any) -> str | None:
    """The number of the one who is not us: who called us, or whom we called. Unknown while the direction is."""
    if direction is None:
        return None
    return phone(caller if direction == "inbound" else called)


def collected(value: Any) -> dict[str, Any]:
    """What the caller told, if it is an object within the limits of metadata; empty otherwise."""
    if not isinstance(value, Mapping):
        return {}
    read = dict(value)
    try:
        metadata.check("collectedData", read)
    except InvalidInput:
        return {}
    return read


def summary(value: Any) -> str | None:
    """A summary, cut to 10,000 characters."""
    read = text(value, 4 * LONGEST_SUMMARY)
    return None if read is None else read[:LONGEST_SUMMARY]
