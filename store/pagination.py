"""Opaque cursors: where a page ended, bound to the filter and order that it was asked with."""

import base64
import binascii
import hashlib
from datetime import UTC, datetime
from typing import Any

import orjson


class BadCursor(ValueError):
    """Not a cursor of ours, or one of another query."""


def encode(query: dict[str, Any], position: tuple[Any, ...]) -> str:
    """A cursor that only `decode` with an equal `query` takes."""
    payload = [_fingerprint(query), [_pack(value) for value in position]]
    return base64.urlsafe_b64encode(orjson.dumps(payload)).decode().rstrip("=")


def decode(query: dict[str, Any], cursor: str, kinds: tuple[type, ...]) -> tuple[Any, ...]:
    """The position in a cursor, its values of `kinds`. Raises BadCursor."""
    try:
        payload = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        fingerprint, packed = payload
        if fingerprint != _fingerprint(query) or len(packed) != len(kinds):
            raise BadCursor
        return tuple(_unpack(value, kind) for value, kind in zip(packed, kinds, strict=True))
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadCursor from error


def instant(cursor: str) -> datetime | None:
    """The instant that a bare ISO 8601 time names, in UTC where it has no zone; None where it is no such time.

    A `+` that became a space on its way in a URL is read as what it was.
    """
    for written in (cursor, cursor.replace(" ", "+")):
        try:
            at = datetime.fromisoformat(written)
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _fingerprint(query: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(query, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _pack(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _unpack(value: Any, kind: type) -> Any:
    if kind is datetime:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            raise BadCursor
        return instant
    if kind is float and isinstance(value, int):
        return float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise BadCursor
    # Cursors are not signed: what the database could not even compare is not one of ours.
    if (isinstance(value, int) and abs(value) >= 2**31) or (isinstance(value, str) and "\0" in value):
        raise BadCursor
    return value
