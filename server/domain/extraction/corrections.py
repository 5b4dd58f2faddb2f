"""Corrections: "no, it's Thursday", "I meant Oslo", "not Berlin, Oslo" give a known fact its new value."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from server.domain.extraction.dates import told
from server.domain.extraction.english import bare, opened, phrase
from server.domain.extraction.times import Interval, resolve
from server.domain.memory import Memory

_OPENING: Final = re.compile(
    r"^(?:(?P<no>no|nope|nah|sorry|oops|wait|actually|correction|my mistake|my bad|i "
    r"mean|scratch that|i was wrong)[,.!:;\s-]+(?:sorry[,\s]+|actually[,\s]+|wait[,\s]+)?)+"
    r"(?:(?:it|that|he|she|they|this|the \w+|my \w+)(?: is|'s| was| are) |I meant |I "
    r"am |I mean |make (?:it|that) |it should be )?(?:actually |on |in |at |called |"
    r"really |now )*(?P<new>.+)$",
    re.IGNORECASE,
)
_MEANT: Final = re.compile(r"^(?:sorry[,\s]+)?I (?:meant|mean) (?:to say )?(?:on |in |at )?(?P<new>.+)$", re.IGNORECASE)
_NOT_BUT: Final = re.compile(
    r"\bnot (?:on |in |at |a |an )?(?P<old>[\w' -]+?),? (?:but|it is|it's|,) ?(?:on "
    r"|in |at |a |an )?(?P<new>[\w' -]+)",
    re.IGNORECASE,
)
_NOT_COMMA: Final = re.compile(
    r"\b(?:it is |it's |that is )?(?P<new>[\w']+),? not (?:on |in |at )?(?P<old>[\w']+)$", re.IGNORECASE
)
_NOT_FIRST: Final = re.compile(
    r"^(?:no[, ]+)?not (?:on |in |at )?(?P<old>[\w']+)[,;.] ?(?:it is |it's )?(?:on "
    r"|in |at )?(?P<new>[\w' ]+)$",
    re.IGNORECASE,
)

_DAY: Final = re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b", re.IGNORECASE)
_DATE: Final = re.compile(
    r"\b\d{1,2}(?:st|nd|rd|th)?(?: of)? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|"
    r"dec)\w*|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w* \d{1,2}\b",
    re.IGNORECASE,
)
_CLOCK: Final = re.compile(r"\b\d{1,2}(?::\d\d)?\s*[ap]m\b|\b\d{1,2}:\d\d\b|\bnoon\b|\bmidnight\b", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\b\d+\b")
_PROPER: Final = re.compile(r"\b[A-Z][\w'-]+\b")
_COLOR: Final = re.compile(
    r"\b(?:red|blue|green|yellow|black|white|purple|pink|orange|brown|gr[ae]y|gold|silver|teal|turquoise)\b",
    re.IGNORECASE,
)
_KINDS: Final = (_DATE, _DAY, _CLOCK, _COLOR, _NUMBER, _PROPER)


_LONGEST: Final = 240
"""Characters at the start of a message in which a correction is looked for: it comes first, and is short."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """A known memory with its wording and value put right, and when it happens where that is what was wrong."""

    memory: Memory
    content: str
    value: str
    when: Interval | None = None


def correction(message: str, facts: Sequence[Memory], at: datetime, zone: tzinfo) -> Corrected | None:
    """The newest known fact that the message corrects, with its new wording; None where it corrects nothing."""
    first = re.split(r"(?<=[.!?])\s", opened(message[:_LONGEST]), maxsplit=1)[0].strip(" .!?")
    for pattern in (_NOT_FIRST, _NOT_BUT, _NOT_COMMA):
        match = pattern.search(first)
        if match:
            found = _replaced(match["old"].strip(), match["new"].strip(), facts)
            if found:
                return found
    match = _MEANT.match(first) or _OPENING.match(first)
    if match is None:
        return None
    return _moved(match["new"], facts, at, zone) or _same_kind(bare(phrase(match["new"], 5)), facts)


def _moved(new: str, facts: Sequence[Memory], at: datetime, zone: tzinfo) -> Corrected | None:
    """The newest plan, with the other day that it is on."""
    when = resolve(new, at, zone)
    if when is None:
        return None
    for memory in _newest(facts):
        if memory.event_start is None or memory.event_end is None or memory.attribute not in ("plan", "note"):
            continue
        said = told(Interval(memory.event_start, memory.event_end), zone)
        if memory.content.endswith(said):
            when = _at_the_same_hour(when, memory.event_start, memory.event_end)
            return Corrected(memory, f"{memory.content.removesuffix(said)}{told(when, zone)}", memory.value or "", when)
    return None


def _at_the_same_hour(when: Interval, start: datetime, end: datetime) -> Interval:
    """A moved appointment keeps its hour where none is said."""
    if end - start > timedelta(hours=1) or when.end - when.start <= timedelta(hours=1):
        return when
    moved = when.start + ((start - when.start) % timedelta(days=1))
    return Interval(moved, moved + (end - start))


def _newest(facts: Sequence[Memory]) -> list[Memory]:
    return sorted(facts, key=lambda m: (m.sequence, m.occurred_at), reverse=True)


def _replaced(old: str, new: str, facts: Sequence[Memory]) -> Corrected | None:
    pattern = re.compile(rf"\b{re.escape(old)}\b", re.IGNORECASE)
    for memory in _newest(facts):
        if memory.value and pattern.search(memory.value) and pattern.search(memory.content):
            return Corrected(
                memory, pattern.sub(lambda _: new, memory.content), pattern.sub(lambda _: new, memory.value)
            )
    return None


def _same_kind(new: str, facts: Sequence[Memory]) -> Corrected | None:
    """The newest fact whose value is a thing of the same kind (a weekday, a date, a name, …)."""
    for kind in _KINDS:
        said = kind.search(new)
        if said is None:
            continue
        if kind is _PROPER and len(new.split()) > 3:
            return None
        for memory in _newest(facts):
            if not memory.value:
                continue
            inside = kind.search(memory.value)
            if inside and inside[0].lower() != said[0].lower() and inside[0] in memory.content:
                return Corrected(
                    memory, memory.content.replace(inside[0], said[0], 1), memory.value.replace(inside[0], said[0], 1)
                )
        return None
    return None
