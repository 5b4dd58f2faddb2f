"""A contact in a few sentences: the ready text block that a chat engine can put before its model.

Who it is, how it stands, what is known, and the moments that matter now, most relevant first. Memories are data that
somebody wrote: their line breaks and control characters are taken out, so that none can pose as a heading of ours.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from server.domain import briefing_order, relationship
from server.domain.contact import Profile, State
from server.domain.memory import Memory
from server.domain.open_threads import Call, Thread

_CHARS_PER_TOKEN: Final = 3.5
_TOKENS_PER_WORD: Final = 1.35
_BYTES_PER_TOKEN: Final = 2.0
_LAST_LATIN: Final = "\u024f"
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+")
_INVISIBLE: Final = re.compile(r"[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]+")
"""What shows nothing, turns the direction of writing, or hides words; not the joiners, which emoji and scripts need."""

_SENTENCE_END: Final = re.compile(
    r"(?<=[.!?…।])(?<!\bDr\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bMrs\.)(?<!\bSt\.)(?<!\bProf\.)[\"'”’)]*\s+(?=[^a-z])|(?<=[。！？])"
)
_LONGEST_MOMENT: Final = 400
"""Characters of a moment; of a longer one the first whole sentences are told, and the first in any case."""

_SHORTEST_OPENING: Final = 40
"""Characters; an opening like "Yes!" or "Back home." tells nothing by itself."""

_KNOWN: Final = "What you know about them:"
_MOMENTS: Final = "Moments that matter now:"

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

    Characters outside the Latin alphabets count half a token a byte of UTF-8 instead: 1 for a Cyrillic letter, 1.5 for
    a Chinese character, 2 for an emoji.
    """
    return _size(text).tokens


@dataclass(frozen=True, slots=True)
class _Size:
    """Of lines, whole numbers that add up, so that no text is measured again for each line that joins it.

    `chars` are all characters with the break after each line, `dense` those outside the Latin alphabets, in
    `dense_bytes` of UTF-8.
    """

    chars: int = 0
    dense: int = 0
    dense_bytes: int = 0
    words: int = 0

    def __add__(self, other: "_Size") -> "_Size":
        return _Size(
            self.chars + other.chars,
            self.dense + other.dense,
            self.dense_bytes + other.dense_bytes,
            self.words + other.words,
        )

    @property
    def tokens(self) -> int:
        """See `estimated_tokens`; no break counts behind the last line."""
        size = (self.chars - 1 - self.dense) / _CHARS_PER_TOKEN + self.dense_bytes / _BYTES_PER_TOKEN
        return math.ceil(max(size, self.words * _TOKENS_PER_WORD))


def _size(line: str) -> _Size:
    words = len(line.split())
    if line.isascii():
        return _Size(len(line) + 1, words=words)
    dense = "".join([c for c in line if c > _LAST_LATIN])
    return _Size(len(line) + 1, len(dense), len(dense.encode("utf-8", "surrogatepass")), words)


def compose(
    profile: Profile,
    state: State,
    memories: Sequence[Memory],
    now: datetime,
    *,
    max_tokens: int,
    zone: str,
    known: Sequence[Memory] = (),
    last_call: Call | None = None,
    threads: Sequence[Thread] = (),
) -> str:
    """The briefing as of `now`, of at most `max_tokens` estimated tokens.

    `memories` are those that matter to the message, best first. `known` are facts and preferences that matter to
    whatever is said, best first; those of the message come before them. Sentences are whole: what no longer fits is
    left out or told in its first sentences, least relevant first; those facts that are told stand in the order of
    `briefing_order`. Facts get a third of the room that there is for
    memories, and what the moments leave of it. Before them come the last call and what is still open, which get a
    third of the room as well.
    """
    local = ZoneInfo(zone)
    head = _fitting([], [[_who(profile)], [_standing(state, now, local)]], [], max_tokens)
    used = estimated_tokens("\n".join(head))
    calls = [_last_call(last_call, now, local)] if last_call else []
    around = [*calls, *([_still_open(thread, now, local)] for thread in threads)]
    head += _fitting(head, around, [], used + (max_tokens - used) // 3)
    told_of = {m.id: m for m in (*memories, *known) if m.type != "episode" and briefing_order.worth_telling(m)}
    facts = [[f"- {_clean(m.content)}"] for m in told_of.values()]
    order = {line: briefing_order.place(m) for m, (line,) in zip(told_of.values(), facts, strict=True)}
    name = _clean(profile.display_name or "they")
    moments = [_moment(m, name, local) for m in memories if m.type == "episode"]
    used = estimated_tokens("\n".join(head))
    first = _section(_KNOWN, head, facts, [], used + (max_tokens - used) // 3)
    told = _section(_MOMENTS, [*head, *first], moments, [], max_tokens)
    heading, *lines = _section(_KNOWN, head, facts, told, max_tokens) or [""]
    in_order = [heading, *sorted(lines, key=lambda line: order[line])] if lines else []
    return "\n".join([*head, *in_order, *told])


def _section(
    heading: str, before: list[str], candidates: Sequence[Sequence[str]], after: list[str], max_tokens: int
) -> list[str]:
    """The heading with the lines that fit below it, or nothing."""
    lines = _fitting([*before, heading], candidates, after, max_tokens)
    return [heading, *lines] if lines else []


def _fitting(before: list[str], candidates: Sequence[Sequence[str]], after: list[str], max_tokens: int) -> list[str]:
    """As many of the candidates as fit between what stands before and after, tried in order.

    Each is a line in one or more variants, of which the first that fits is taken.
    """
    kept: list[str] = []
    used = sum(map(_size, (*before, *after)), _Size())
    for variants in candidates:
        for line in variants:
            longer = used + _size(line)
            if longer.tokens <= max_tokens:
                kept.append(line)
                used = longer
                break
    return kept


def _who(profile: Profile) -> str:
    name = _clean(profile.display_name) if profile.display_name else "someone whose name you do not know yet"
    language = (
        "" if profile.language.split("-")[0] == "en" else f" They write in the language '{_clean(profile.language)}'."
    )
    return f"You are talking with {name} on {_clean(profile.channel)}.{language}"


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


def _last_call(call: Call, now: datetime, zone: ZoneInfo) -> list[str]:
    """The last call, with what it was about as far as there is room."""
    who = "They called you" if call.direction == "inbound" else "You called them"
    answered = "" if call.status == "completed" else f" ({_clean(call.status)})"
    told = f"Last call: {who} {_ago(call.started_at, now, zone)}{answered}."
    return [*(f"{told} {opening}" for opening in _openings(_clean(call.summary or "")) if opening), told]


def _still_open(thread: Thread, now: datetime, zone: ZoneInfo) -> str:
    since = _ago(thread.since, now, zone)
    about = _clean(thread.about or "").replace("_", " ")
    if thread.kind == "missed_call":
        return f"Still open: you missed their call {since}{f': {about}' if about else ''}."
    return f"Still open, noted {since}: {about or 'a follow-up was agreed'}."


def _moment(memory: Memory, name: str, zone: ZoneInfo) -> list[str]:
    """A moment as said, and in ever fewer of its sentences."""
    said = memory.occurred_at.astimezone(zone).date()
    speaker = "you" if memory.speaker == "assistant" else name
    return [f"- {_day(said)}, {speaker}: {told}" for told in _openings(_clean(memory.content))]


def _openings(text: str) -> list[str]:
    """A text cut to its first whole sentences, longest first; all of it where it is short or one sentence."""
    cuts = {text[: match.end()].rstrip() for match in _SENTENCE_END.finditer(text)}
    cuts = {cut for cut in cuts if len(cut) >= _SHORTEST_OPENING}
    if not cuts or len(text) <= _LONGEST_MOMENT:
        cuts.add(text)
    shortest = min(cuts, key=len)
    return sorted((c for c in cuts if len(c) <= _LONGEST_MOMENT or c is shortest), key=len, reverse=True)


def _clean(text: str) -> str:
    """A text of somebody else on one line, without anything that does not show."""
    return _BREAKS.sub(" ", _INVISIBLE.sub("", text)).strip()


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
