"""Where a page of a list goes on: the cursor of the one before, as the caller hands it back."""

from typing import Any

from server.domain.errors import InvalidInput
from store import pagination


def position(bound: dict[str, Any], cursor: str | None, kinds: tuple[type, ...]) -> tuple[Any, ...] | None:
    """The values of `kinds` that the page before ended at; None for the first page.

    Raises InvalidInput for what is no cursor of the query that `bound` tells.
    """
    if cursor is None:
        return None
    try:
        return pagination.decode(bound, cursor, kinds)
    except pagination.BadCursor as error:
        raise InvalidInput.of("cursor", "is not a cursor of this query") from error
