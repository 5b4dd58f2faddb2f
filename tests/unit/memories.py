"""A memory for a test, with what the test cares about."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from server.domain.memory import Memory

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_NUMBERS = count(1)


def a_memory(content: str, day: int = 0, **given: Any) -> Memory:
    """A fact said `day` days after START; its id is `m` and a number unless given."""
    number = next(_NUMBERS)
    at = START + timedelta(days=day)
    values: dict[str, Any] = {
        "id": f"m{number:06}", "type": "fact", "content": content, "importance": 0.5, "confidence": 0.8,
        "occurred_at": at, "valid_from": at, "created_at": at, "subject": "self", "sequence": 2 * number,
        **given,
    }  # fmt: skip
    return Memory(**values)
