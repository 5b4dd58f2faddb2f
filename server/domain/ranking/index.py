"""The compact index of one contact's memories; position i in it is memory i beside it. Immutable."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from server.domain.decay import HALF_LIFE_DAYS
from server.domain.memory import Memory
from server.domain.ranking.postings import Postings, word_hash
from server.domain.text import tokens

NEVER: Final = np.inf
_SPEAKERS: Final = {None: 0, "contact": 1, "assistant": 2}
_HEAD: Final = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class RankingIndex:
    """Arrays over N memories, all of length N but those of `postings`. Times are epoch seconds.

    `previous` and `following` link the episodes of one session in the order of their turns; -1 where there is none.
    `speaker` is 0 for neither, 1 for the contact, 2 for the assistant. `half_life` is in seconds.
    """

    postings: Postings
    length: NDArray[np.float32]
    previous: NDArray[np.int32]
    following: NDArray[np.int32]
    session: NDArray[np.uint64]
    episode: NDArray[np.bool_]
    speaker: NDArray[np.int8]
    sequence: NDArray[np.int32]
    importance: NDArray[np.float32]
    strength: NDArray[np.float32]
    strength_at: NDArray[np.float64]
    half_life: NDArray[np.float32]
    accesses: NDArray[np.float32]
    occurred_at: NDArray[np.float64]
    valid_from: NDArray[np.float64]
    valid_to: NDArray[np.float64]
    current: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.length)

    @classmethod
    def build(cls, memories: Sequence[Memory]) -> "RankingIndex":
        """The index of memories in the order of their turns."""
        return _EMPTY.grown(memories)

    def grown(self, added: Sequence[Memory]) -> "RankingIndex":
        """With further memories at the end; the cost is that of the added ones, but for a merge now and then."""
        if not added:
            return self
        texts = [indexed_tokens(memory) for memory in added]
        size = len(self)
        columns = {name: np.concatenate([getattr(self, name), column]) for name, column in _columns(added).items()}
        columns["length"] = np.concatenate([self.length, np.array([len(t) for t in texts], np.float32)])
        unlinked = np.full(len(added), -1, np.int32)
        previous = np.concatenate([self.previous, unlinked])
        following = np.concatenate([self.following, unlinked])
        _link(added, size, columns["session"], columns["episode"], previous, following)
        # The first memories fill the bulk at once: a tail is for what comes turn by turn.
        postings = self.postings.grown(size, texts) if size else Postings.build(texts)
        return replace(self, postings=postings, previous=previous, following=following, **columns)

    def changed(self, changes: Mapping[int, Memory]) -> "RankingIndex":
        """With other values at some positions; the text of a changed memory is the same as before."""
        if not changes:
            return self
        at = np.fromiter(changes, np.int64, len(changes))
        columns = {}
        for name, values in _columns(list(changes.values())).items():
            columns[name] = getattr(self, name).copy()
            columns[name][at] = values
        return replace(self, **columns)

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        return sum(a.nbytes for a in _arrays(self).values())

    def to_bytes(self) -> bytes:
        """The index as bytes, for `from_bytes` of the same build."""
        arrays = _arrays(self)
        head = orjson.dumps([[name, array.dtype.str, len(array)] for name, array in arrays.items()])
        return b"".join([_HEAD.pack(len(head)), head, *(array.tobytes() for array in arrays.values())])

    @classmethod
    def from_bytes(cls, data: bytes) -> "RankingIndex":
        """The index in the bytes; its arrays share their memory. Raises ValueError where they are damaged."""
        (size,) = _HEAD.unpack_from(data)
        offset = _HEAD.size + size
        found: dict[str, NDArray[Any]] = {}
        for name, kind, length in orjson.loads(data[_HEAD.size : offset]):
            found[name] = np.frombuffer(data, np.dtype(kind), length, offset)
            offset += found[name].nbytes
        own = {name: found.pop(name) for name in _OWN}
        return cls(postings=Postings(**found), **own)


def indexed_tokens(memory: Memory) -> list[str]:
    """The words that a memory is found by: its text, and the date it tells of or was said on."""
    when = memory.event_start or memory.occurred_at
    return [*tokens(memory.content), *date_tokens(when)]


def date_tokens(when: datetime) -> list[str]:
    """A date as words that a question may hold: month, day, year."""
    return [*tokens(when.strftime("%B")), str(when.day), str(when.year)]


def _columns(memories: Sequence[Memory]) -> dict[str, NDArray[Any]]:
    """What changes with a memory besides its text."""
    return {
        "session": np.array([word_hash(m.session_id or "") for m in memories], np.uint64),
        "episode": np.array([m.type == "episode" for m in memories], np.bool_),
        "speaker": np.array([_SPEAKERS[m.speaker] for m in memories], np.int8),
        "sequence": np.array([m.sequence for m in memories], np.int32),
        "importance": np.array([m.importance for m in memories], np.float32),
        "strength": np.array([m.strength for m in memories], np.float32),
        "strength_at": np.array([(m.strength_at or m.occurred_at).timestamp() for m in memories], np.float64),
        "half_life": np.array([HALF_LIFE_DAYS[m.type] * 86_400 for m in memories], np.float32),
        "accesses": np.array([m.access_count for m in memories], np.float32),
        "occurred_at": np.array([m.occurred_at.timestamp() for m in memories], np.float64),
        "valid_from": np.array([m.valid_from.timestamp() for m in memories], np.float64),
        "valid_to": np.array([NEVER if m.valid_to is None else m.valid_to.timestamp() for m in memories], np.float64),
        "current": np.array([m.status == "current" for m in memories], np.bool_),
    }


def _link(
    added: Sequence[Memory],
    size: int,
    session: NDArray[np.uint64],
    episode: NDArray[np.bool_],
    previous: NDArray[np.int32],
    following: NDArray[np.int32],
) -> None:
    """Links each added episode behind the last one of its session."""
    last: dict[int, int] = {}
    for position, memory in enumerate(added, size):
        if memory.type != "episode":
            continue
        key = int(session[position])
        before = last.get(key)
        if before is None:
            earlier = np.flatnonzero((session[:size] == session[position]) & episode[:size])
            before = int(earlier[-1]) if len(earlier) else None
        if before is not None:
            previous[position] = before
            following[before] = position
        last[key] = position


_OWN: Final = tuple(field.name for field in fields(RankingIndex) if field.name != "postings")
_OF_POSTINGS: Final = tuple(field.name for field in fields(Postings))


def _arrays(index: RankingIndex) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {name: getattr(index, name) for name in _OWN}
    arrays.update((name, getattr(index.postings, name)) for name in _OF_POSTINGS)
    return arrays


_EMPTY: Final = RankingIndex(
    postings=Postings.build([]),
    length=np.empty(0, np.float32),
    previous=np.empty(0, np.int32),
    following=np.empty(0, np.int32),
    **_columns([]),
)
