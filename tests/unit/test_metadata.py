"""Metadata keeps its limits, and changes merge key by key."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import metadata
from server.domain.errors import InvalidInput
from server.domain.metadata import DEEPEST, MOST_BYTES, MOST_KEYS, check, merged

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=8)
KEYS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=5)


def refused(value: Any) -> str:
    with pytest.raises(InvalidInput) as error:
        check("items[3].metadata", value)
    (violation,) = error.value.violations
    assert violation.field == "items[3].metadata"
    return violation.description


def nested(levels: int, *, lists: bool = False) -> dict[str, Any]:
    value: Any = 1
    for _ in range(levels - 1):
        value = [value] if lists else {"a": value}
    return {"a": value}


@pytest.mark.parametrize("lists", [False, True])
def test_eight_levels_are_taken_and_nine_are_not(lists: bool) -> None:
    check("metadata", nested(DEEPEST, lists=lists))
    assert refused(nested(DEEPEST + 1, lists=lists)) == "must be at most 8 levels deep"


def test_what_is_nested_beyond_the_stack_is_refused_like_any_other() -> None:
    assert refused(nested(5_000)) == "must be at most 8 levels deep"


def test_sixteen_kibibytes_are_taken_and_one_byte_more_is_not() -> None:
    around = len('{"a":""}')
    check("metadata", {"a": "x" * (MOST_BYTES - around)})
    assert refused({"a": "x" * (MOST_BYTES - around + 1)}) == "must have at most 16384 bytes as JSON"
    assert refused({"a": "é" * (MOST_BYTES // 2)}) == "must have at most 16384 bytes as JSON"


def test_a_hundred_keys_in_each_object_are_taken_and_one_more_is_not() -> None:
    full = {str(n): n for n in range(MOST_KEYS)}
    check("metadata", {"a": full, "b": full})
    assert refused({"a": [{**full, "more": 1}]}) == "must have at most 100 keys in an object"


@pytest.mark.parametrize("key", ["", "k" * 65])
def test_keys_have_one_to_sixty_four_characters(key: str) -> None:
    check("metadata", {"k" * 64: {"k": 1}})
    assert refused({"a": {key: 1}}) == "must have keys of 1 to 64 characters"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400])
def test_numbers_are_finite(value: float) -> None:
    assert refused({"a": [value]}) == "must hold finite numbers"


@pytest.mark.parametrize("text", ["a\0b", "half \ud83d"])
def test_texts_are_what_postgres_can_hold(text: str) -> None:
    assert refused({"a": text}).startswith("must not hold a NUL")
    assert refused({text: 1}).startswith("must not hold a NUL")


@given(OBJECTS)
def test_what_is_within_the_limits_is_taken_and_fits_into_json(value: dict[str, Any]) -> None:
    try:
        check("metadata", value)
    except InvalidInput:
        assert depth(value) > DEEPEST or len(json.dumps(value, ensure_ascii=False).encode()) > MOST_BYTES
    else:
        assert depth(value) <= DEEPEST


def depth(value: Any) -> int:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


@given(OBJECTS, OBJECTS)
def test_a_merge_has_what_was_given_and_keeps_what_was_not_spoken_of(
    stored: dict[str, Any], change: dict[str, Any]
) -> None:
    whole = merged(stored, change)
    for key, value in change.items():
        assert (key not in whole) if value is None else (whole[key] == value)
    assert {key: value for key, value in whole.items() if key not in change} == {
        key: value for key, value in stored.items() if key not in change
    }


@given(OBJECTS, OBJECTS)
def test_the_same_change_again_changes_nothing(stored: dict[str, Any], change: dict[str, Any]) -> None:
    assert merged(merged(stored, change), change) == merged(stored, change)


@given(OBJECTS, OBJECTS, OBJECTS)
def test_two_changes_one_after_the_other_are_the_later_over_the_earlier(
    stored: dict[str, Any], first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert merged(merged(stored, first), second) == merged(stored, {**first, **second})


@given(OBJECTS)
def test_nothing_given_changes_nothing_and_nulls_take_all_away(stored: dict[str, Any]) -> None:
    assert merged(stored, {}) == stored
    assert merged(stored, dict.fromkeys(stored)) == {}


def test_what_is_merged_into_is_left_as_it_was() -> None:
    stored = {"a": 1}
    assert metadata.merged(stored, {"a": None, "b": 2}) == {"b": 2}
    assert stored == {"a": 1}
