"""Words of time in what is kept: those that were only true when they were said go, the day itself comes in."""

import re
from datetime import datetime, timedelta, tzinfo
from typing import Final

from server.domain.extraction.times import CLOCK, Interval, first_expression

_RELATIVE: Final = re.compile(
    r"\b(?:yesterday|today|tomorrow|tonight|last|past|this|next|coming|ago|morning|afternoon|evening|now|earlier|back|in|within|"
    r"from|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b",
    re.IGNORECASE,
)
_JOINED: Final = re.compile(
    r"(?:\s|^)(?:on|at|in|by|for|until|since|from|around|this|the|later|early|late|coming)\s*$", re.IGNORECASE
)


def undated(text: str, at: datetime, zone: tzinfo) -> str:
    """The text without a time expression that only means something at the time it was said ("next Friday at 6")."""
    days = first_expression(text, at.astimezone(zone).date())
    if days is None:
        return text
    start, end, _ = days
    if not _RELATIVE.search(text[start:end]) or re.search(r"\b(?:19|20)\d\d\b", text[start:end]):
        return text
    text = _cut_out(text, start, end)
    clock = CLOCK.search(text)
    return (_cut_out(text, clock.start(), clock.end()) if clock else text).strip(" ,")


def _cut_out(text: str, start: int, end: int) -> str:
    before = text[:start]
    while (shorter := _JOINED.sub("", before)) != before:
        before = shorter
    return " ".join(f"{before.rstrip()} {text[end:].lstrip()}".split())


def told(interval: Interval, zone: tzinfo) -> str:
    """When an interval is, in words that stay true: "on 24 April 2026 at 15:00", "in May 2026"."""
    start, end = interval.start.astimezone(zone), interval.end.astimezone(zone)
    length = end - start
    month = start.strftime("%B %Y")
    if length <= timedelta(hours=1):
        return f"on {start.day} {month} at {start:%H:%M}"
    days = round(length / timedelta(days=1))
    if days <= 1:
        return f"on {start.day} {month}"
    if days == 2:
        return f"on the weekend of {start.day} {month}"
    if days <= 7:
        return f"in the week of {start.day} {month}"
    return f"in {month}" if days <= 31 else f"in {start.year}" if days >= 365 else f"from {month}"
