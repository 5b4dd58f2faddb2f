"""Cursors are not signed: whatever somebody makes up is a cursor of ours or refused as none."""

from datetime import UTC, datetime
from typing import Any

import pytest

from store import pagination

QUERY = {"list": "churn", "threshold": 0.5}
INSTANT = datetime(2026, 4, 15, 10, tzinfo=UTC)


def test_a_position_comes_back_as_it_was() -> None:
    cursor = pagination.encode(QUERY, (0.75, "con_1", INSTANT))
    assert pagination.decode(QUERY, cursor, (float, str, datetime)) == (0.75, "con_1", INSTANT)


def test_a_cursor_of_another_query_is_refused() -> None:
    cursor = pagination.encode(QUERY, ("con_1",))
    with pytest.raises(pagination.BadCursor):
        pagination.decode({**QUERY, "threshold": 0.6}, cursor, (str,))


@pytest.mark.parametrize(
    ("value", "kind"),
    [("2026-04-15T10:00:00", datetime), ("soon", datetime), (7, datetime), (True, int), (2**31, int), ("a\0", str)],
)
def test_a_position_that_nothing_could_be_compared_with_is_refused(value: Any, kind: type) -> None:
    with pytest.raises(pagination.BadCursor):
        pagination.decode(QUERY, pagination.encode(QUERY, (value,)), (kind,))
