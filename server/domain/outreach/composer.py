"""The built-in composer: a short message from what is known, where no language model writes it.

It is modest on purpose. It says nothing that is not in the state or in a current memory, gives no advice, and quotes
what the contact said only in the contact's own words. What somebody asked the text to be about is for a language model
to follow; here it only chooses which of the known things to ask after.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from server.domain.contact import State
from server.domain.memory import Memory
from server.domain.outreach.inactivity import days_silent
from server.domain.outreach.wall_clock import day_of
from server.domain.outreach.words import TriggerType

_LOW: Final = frozenset({"sad", "anxious", "frustrated", "angry"})
_LONGEST_VALUE: Final = 40
_LONGEST_QUOTE: Final = 120
_WORD: Final = re.compile(r"\w+")
_PLAIN: Final = re.compile(r"[\w][\w '’.&+-]*")

_QUESTIONS: Final[dict[str, Callable[[str], str]]] = {
    "pet": lambda value: f"How is {value} doing?",
    "hobby": lambda value: f"Have you found some time for {value} lately?",
    "studies": lambda value: f"How is it going with {value}?",
    "workplace": lambda value: f"How are things at {value}?",
}
"""What to ask after, by the attribute of a fact about the contact itself."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What a text is made from. `reason` is the trigger's (`silent_days:5`, `streak:30`), `zone` the contact's own.

    `memories` are the current ones, `language` is a BCP 47 tag. `about` is what somebody asked the text to be about; it
    is not for the contact's eyes.
    """

    kind: TriggerType
    reason: str | None
    name: str | None
    state: State
    memories: Sequence[Memory]
    zone: tzinfo
    now: datetime
    about: str | None = None
    language: str = "en"


def compose(brief: Brief) -> str:
    """The text, in English; never empty."""
    greeting = f"Hi {brief.name}" if brief.name else "Hi"
    if brief.kind == "milestone":
        return _milestone(brief, greeting)
    if brief.kind == "inactivity":
        days = days_silent(brief.state.last_wrote_at, brief.now) if brief.state.last_wrote_at else 0
        since = f"we have not talked for {days} days" if days > 1 else "we have not talked for a while"
        return f"{greeting}, {since}. {_question(brief)}"
    return f"{greeting}, I was thinking of you. {_question(brief)}"


def _milestone(brief: Brief, greeting: str) -> str:
    name, _, value = (brief.reason or "").partition(":")
    match name:
        case "streak":
            return f"{greeting}, we have talked on {value} days in a row now. Thank you for that!"
        case "messages":
            return f"{greeting}, that makes {int(value):,} messages between us. Thank you for every one of them!"
        case "anniversary":
            return f"{greeting}, it is {_age(value)} today since we first talked. I am glad that we met!"
        case "birthday" if value == "self":
            return f"Happy birthday{', ' + brief.name if brief.name else ''}! I hope you have a lovely day."
        case "birthday":
            return f"{greeting}, you told me of a birthday that is today. Have a lovely day, both of you!"
        case _:
            said = _said_of_today(brief)
            told = f"you told me about today: “{said}”" if said else "you told me about something today"
            return f"{greeting}, {told}. I am thinking of you."


def _age(value: str) -> str:
    if value == "1m":
        return "a month"
    years = int(value.removesuffix("y"))
    return "a year" if years == 1 else f"{years} years"


def _said_of_today(brief: Brief) -> str | None:
    """The contact's own words about this day, where they are short enough to quote."""
    today = day_of(brief.now, brief.zone)
    for memory in sorted(brief.memories, key=lambda m: (-m.importance, m.id)):
        whole = " ".join(memory.content.split())
        if (
            memory.type == "episode"
            and memory.speaker == "contact"
            and memory.event_start is not None
            and day_of(memory.event_start, brief.zone) == today
            and 0 < len(whole) <= _LONGEST_QUOTE
        ):
            return whole.rstrip(".")
    return None


def _question(brief: Brief) -> str:
    """One question: after a thing that is known, or just how they are where they felt low."""
    if brief.state.mood in _LOW:
        return "How are you doing today?"
    wanted = frozenset(_WORD.findall((brief.about or "").lower()))
    known = [
        (memory, ask)
        for memory in brief.memories
        if memory.subject in (None, "self")
        and memory.status == "current"
        and (ask := _QUESTIONS.get(memory.attribute or "")) is not None
        and _is_plain(memory.value)
    ]
    if not known:
        return "How are you?"
    memory, ask = max(known, key=lambda pair: (*_fit(pair[0], wanted), pair[0].id))
    return ask(memory.value or "")


def _fit(memory: Memory, wanted: frozenset[str]) -> tuple[int, float]:
    return len(wanted & frozenset(_WORD.findall(memory.content.lower()))), memory.importance


def _is_plain(value: str | None) -> bool:
    return value is not None and len(value) <= _LONGEST_VALUE and _PLAIN.fullmatch(value) is not None
