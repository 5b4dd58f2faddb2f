"""Memories that say the same become one; what they came from is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from server.domain.conflict import DATED
from server.domain.history import repointed
from server.domain.joining import joined
from server.domain.memory import Memory
from server.domain.negation import denies
from server.domain.text import stem, words

_ARTICLES: Final = frozenset(("a", "an", "the"))
_TURNING: Final = frozenset(
    """
    hardly barely former formerly ex used once longer anymore was were had will would might may could if unless maybe
    """.split()
)
"""Words that turn what the others say, besides those that deny: with one more a sentence says something else."""


def turned(text: str) -> frozenset[str]:
    """The words of a text that turn what its others say; texts that differ in them do not say the same."""
    return frozenset(word for word in words(text) if _turns(word))


_Key = tuple[str, str, str | None, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Merge:
    """One memory and what it takes over; done whole or not at all.

    `kept` has the sources, entities and accesses of all. `absorbed` are the ids of those that said the same or less,
    and are gone; `ended` said less before it did, and stay as superseded by it; `repointed` had one that is gone as
    their successor. Earlier wordings of what is absorbed are among `repointed`.
    """

    kept: Memory
    absorbed: tuple[str, ...] = ()
    ended: tuple[Memory, ...] = ()
    repointed: tuple[Memory, ...] = ()

    def __len__(self) -> int:
        return 1 + len(self.absorbed) + len(self.ended) + len(self.repointed)


@dataclass(slots=True)
class _Group:
    kept: Memory
    words: frozenset[str]
    keys: list[_Key]
    absorbed: list[str] = field(default_factory=list)
    ended: list[Memory] = field(default_factory=list)


def merges(memories: Sequence[Memory]) -> tuple[Merge, ...]:
    """How the current facts and preferences among `memories`, which are all of a contact's, become fewer.

    Two are the same where type, subject and attribute are, and their words but for articles: the one that was said
    first stays. Two of the same value besides, of which one says all that the other says and more, are the same too
    ("Has a dog named Bruno", "Has a golden retriever dog named Bruno"): the one that says more stays, and where it came
    later the earlier one is kept as superseded, so that a read `as_of` then still finds it. Episodes are what was said,
    and stay, and so do plans for different days. Merging what was merged gives nothing.
    """
    groups: dict[str, _Group] = {}
    same: dict[_Key, list[_Group]] = {}
    near: dict[_Key, list[_Group]] = {}
    told = [m for m in memories if m.status == "current" and m.type in ("fact", "preference")]
    for memory in sorted(told, key=lambda m: (m.occurred_at, m.sequence, m.id)):
        key = _key(memory, _said(memory.content))
        group = next((g for g in same.get(key, ()) if _of_one_day(g.kept, memory)), None)
        if group is not None:
            _absorb(group, memory)
            continue
        alike = near.setdefault(_key(memory, _said(memory.value or "")), []) if _comparable(memory) else []
        said = frozenset(words(memory.content)) - _ARTICLES
        group = next((g for g in alike if _says_more(g.words, said) and _of_one_day(g.kept, memory)), None)
        if group is not None:
            _absorb(group, memory)
            continue
        group = _Group(memory, said, [key])
        for less in [g for g in alike if _says_more(said, g.words)]:
            if not _of_one_day(less.kept, group.kept):
                continue
            alike.remove(less)
            del groups[less.kept.id]
            for less_key in less.keys:
                same[less_key].remove(less)
            _end(group, less)
        alike.append(group)
        groups[memory.id] = group
        # What the earlier ones said is said by this one from here on.
        for said_key in dict.fromkeys(group.keys):
            same.setdefault(said_key, []).append(group)
    return tuple(_merge(group, memories) for group in groups.values() if group.absorbed or group.ended)


def _key(memory: Memory, said: tuple[str, ...]) -> _Key:
    return memory.type, memory.subject or "self", memory.attribute, said


def _said(text: str) -> tuple[str, ...]:
    # Not `tokens`, which leaves out "not".
    return tuple(stem(word) for word in words(text) if word not in _ARTICLES)


def _comparable(memory: Memory) -> bool:
    """The value of a note is only what it is about."""
    return memory.value is not None and memory.attribute not in (None, "note")


def _says_more(most: frozenset[str], least: frozenset[str]) -> bool:
    return least < most and not any(map(_turns, most - least))


def _turns(word: str) -> bool:
    return word in _TURNING or denies(word)


def _of_one_day(one: Memory, other: Memory) -> bool:
    """Whether two that say the same may be about the same event: a plan on another day is another plan."""
    if one.attribute not in DATED or one.event_start is None or other.event_start is None:
        return True
    return one.event_start == other.event_start


def _absorb(group: _Group, memory: Memory) -> None:
    group.absorbed.append(memory.id)
    group.kept = joined(group.kept, memory)


def _end(group: _Group, less: _Group) -> None:
    """`group` says more, and later, than `less` did."""
    group.keys += less.keys
    group.absorbed += less.absorbed
    group.ended += [*less.ended, less.kept]
    group.kept = joined(group.kept, less.kept)


def _ended_at(memory: Memory, at: datetime) -> datetime:
    # What was over by itself before, such as a plan, ended then.
    until = max(memory.valid_from, at)
    return until if memory.valid_to is None else min(until, memory.valid_to)


def _merge(group: _Group, memories: Sequence[Memory]) -> Merge:
    kept = group.kept
    ended = tuple(
        replace(m, status="superseded", valid_to=_ended_at(m, kept.valid_from), superseded_by=kept.id)
        for m in group.ended
    )
    # What an ended memory said before it was corrected points at the ended one, which is still there.
    pointing = repointed(memories, dict.fromkeys(group.absorbed, kept.id))
    return Merge(kept, tuple(group.absorbed), ended, tuple(pointing.values()))
