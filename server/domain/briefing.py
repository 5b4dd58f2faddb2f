"""A contact in a few sentences: the ready text block that a chat engine can put before its model.

Who it is, how it stands, what is known, and the moments that matter now, most relevant first. Memories are data that
somebody wrote: their line breaks and control characters are taken out, so that none can pose as a heading of ours.
"""

import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from server.domain import relationship
from server.domain.contact import Profile, State
from server.domain.memory import Memory

_CHARS_PER_TOKEN: Final = 3.5
_TOKENS_PER_WORD: Final = 1.35
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+")

_STAGES: Final = {
    "new": "You have only just met.",
    "building": "You are getting to know each other.",
    "established": "You know each other well.",
    "deep": "You are close.",
    "fading": "They have been writing less than they used to.",
    "dormant": "They have not written for a long time.",
}


def estimated_tokens(text: str) -> int:
    """About how many tokens a model counts, on the high side: max(characters / 3.5, words · 1.35), rounded up.

    Text outside the Latin alphabets is counted as one token a character, which is what tokenizers come to at worst.
    """
    dense = sum(1 for c in text if ord(c) > 0x24F)
    return math.ceil(max((len(text) - dense) / _CHARS_PER_TOKEN + dense, len(text.split()) * _TOKENS_PER_WORD))


def compose(
    profile: Profile, state: State, memories: Sequence[Memory], now: datetime, *, max_tokens: int, zone: str
) -> str:
    """The briefing as of `now`, of at most `max_tokens` estimated tokens; `memories` come best first.

    Sentences are whole: what no longer fits is left out, least relevant first.
    """
    local = ZoneInfo(zone)
    lines = [_who(profile), _standing(state, now, local)]
    text = _fitting([], lines, max_tokens)
    known = [m for m in memories if m.type != "episode"]
    moments = [m for m in memories if m.type == "episode"]
    for heading, items in (
        ("What you know about them:", [f"- {_clean(m.content)}" for m in known]),
        ("Moments that matter now:", [_moment(m, profile, local) for m in moments]),
    ):
        added = _fitting([*text, heading], items, max_tokens)
        if len(added) > len(text) + 1:
            text = added
    return "\n".join(text)


def _fitting(before: list[str], candidates: Sequence[str], max_tokens: int) -> list[str]:
    """The lines with as many of the candidates as fit, tried in order."""
    kept = list(before)
    for line in candidates:
        if estimated_tokens("\n".join([*kept, line])) <= max_tokens:
            kept.append(line)
    return kept


def _who(profile: Profile) -> str:
    name = _clean(profile.display_name) if profile.display_name else "someone whose name you do not know yet"
    language = "" if profile.language.split("-")[0] == "en" else f" They write in the language '{profile.language}'."
    return f"You are talking with {name} on {profile.channel}.{language}"


def _standing(state: State, now: datetime, zone: ZoneInfo) -> str:
    if state.last_active_at is None:
        return "This is the first time they write."
    streak = relationship.active_streak(state, now.astimezone(zone).date())
    days = f" They have written {streak} days in a row." if streak > 1 else ""
    return (
        f"{_STAGES[relationship.stage_now(state, now)]} {_count(state.total_messages, 'message')} in"
        f" {_count(state.total_sessions, 'conversation')}, the last {_ago(state.last_active_at, now, zone)}.{days}"
        f" Their mood was {state.mood} with {state.energy} energy, their tone {state.style}."
    )


def _moment(memory: Memory, profile: Profile, zone: ZoneInfo) -> str:
    said = memory.occurred_at.astimezone(zone).date()
    speaker = "you" if memory.speaker == "assistant" else _clean(profile.display_name or "they")
    return f"- {_day(said)}, {speaker}: {_clean(memory.content)}"


def _clean(text: str) -> str:
    return _BREAKS.sub(" ", text).strip()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _day(day: date) -> str:
    return f"{day.day} {day.strftime('%B %Y')}"


def _ago(then: datetime, now: datetime, zone: ZoneInfo) -> str:
    days = (now.astimezone(zone).date() - then.astimezone(zone).date()).days
    if days <= 0:
        return "today"
    if days == 1:
        return "yesterday"
    if days < 14:
        return f"{days} days ago"
    if days < 60:
        return f"{days // 7} weeks ago"
    return f"on {_day(then.astimezone(zone).date())}"
