"""What a call leaves with its contact: a touchpoint, and a memory of what it was about."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from server.domain.calls import Direction, Sentiment, Status

_LONGEST: Final = 4_096
"""Bytes of a memory."""


@dataclass(frozen=True, slots=True)
class Touchpoint:
    """The touchpoint that a completed call is; `metadata` is in the words of touchpoints that callers record."""

    content: str | None
    metadata: dict[str, Any]
    occurred_at: datetime


def touchpoint(
    status: Status,
    direction: Direction,
    duration: float | None,
    sentiment: Sentiment | None,
    summary: str | None,
    started_at: datetime,
) -> Touchpoint | None:
    """The touchpoint of a call. Only a completed call touches: nobody was reached by one that was missed or failed."""
    if status != "completed":
        return None
    told: dict[str, Any] = {"direction": direction, "answered": True}
    if duration is not None:
        told["duration_minutes"] = round(duration / 60, 2)
    if sentiment is not None:
        told["sentiment"] = sentiment
    return Touchpoint(summary or None, told, started_at)


def memory_text(status: Status, summary: str | None) -> str | None:
    """What is remembered of a call: its summary, once it is completed, as far as a memory holds it."""
    text = (summary or "").strip()
    if status != "completed" or not text:
        return None
    return text.encode()[:_LONGEST].decode(errors="ignore").strip()
