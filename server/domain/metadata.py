"""Free-form JSON that callers attach to what they tell: how large it may be, and how a change is merged into it."""

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from server.domain.errors import InvalidInput

DEEPEST: Final = 8
"""Levels of objects and lists within each other, the outermost included."""

MOST_BYTES: Final = 16 * 1024
"""Of the whole as JSON without spaces, in UTF-8."""

MOST_KEYS: Final = 100
"""Of one object."""

LONGEST_KEY: Final = 64
"""Characters of a key; the shortest has one."""

_LARGEST: Final = 1.7976931348623157e308


def check(field: str, value: Mapping[str, Any]) -> None:
    """Holds an object to the limits above, and to what JSON and Postgres can hold.

    `field` is its path in the request (`metadata`). Raises InvalidInput that names the field and repeats nothing of it.
    """
    wrong = _wrong(value, 1)
    if wrong is None and len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) > MOST_BYTES:
        wrong = f"must have at most {MOST_BYTES} bytes as JSON"
    if wrong is not None:
        raise InvalidInput.of(field, wrong)


def merged(stored: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """`stored` with the keys of `change` put in its outermost object; a key that is null there is taken out."""
    whole = {**stored, **change}
    return {key: value for key, value in whole.items() if key not in change or value is not None}


def _wrong(value: Any, depth: int) -> str | None:
    """What is wrong with a value that stands at a depth, in a sentence; None where nothing is."""
    if isinstance(value, Mapping):
        if depth > DEEPEST:
            return _TOO_DEEP
        if len(value) > MOST_KEYS:
            return f"must have at most {MOST_KEYS} keys in an object"
        for key in value:
            if not isinstance(key, str) or not 1 <= len(key) <= LONGEST_KEY:
                return f"must have keys of 1 to {LONGEST_KEY} characters"
            if not _is_text(key):
                return _NO_TEXT
        return _first_wrong(value.values(), depth)
    if isinstance(value, list | tuple):
        return _TOO_DEEP if depth > DEEPEST else _first_wrong(value, depth)
    if isinstance(value, str):
        return None if _is_text(value) else _NO_TEXT
    if isinstance(value, int | float):
        return None if -_LARGEST <= value <= _LARGEST and not math.isnan(value) else _NO_NUMBER
    return None


_TOO_DEEP: Final = f"must be at most {DEEPEST} levels deep"
_NO_TEXT: Final = "must not hold a NUL character or half of a surrogate pair"
_NO_NUMBER: Final = "must hold finite numbers"


def _first_wrong(values: Any, depth: int) -> str | None:
    return next((wrong for value in values if (wrong := _wrong(value, depth + 1)) is not None), None)


def _is_text(value: str) -> bool:
    return "\0" not in value and not any("\ud800" <= char <= "\udfff" for char in value)
