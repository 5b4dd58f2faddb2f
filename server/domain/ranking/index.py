"""The compact index of one contact's memories; position i in it is memory i beside it. Immutable."""

import math
import re
import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from server.domain.decay import HALF_LIFE_DAYS
from server.domain.memory import Memory
from server.domain.ranking.postings import Postings, id_hash
from server.domain.ranking.vectors import DIMENSIONS, embed
from server.domain.text import tokens
from server.domain.words import MEMORY_TYPES

NEVER: Final = np.inf
EPISODE: Final = MEMORY_TYPES.index("episode")
"""The number in `type` that stands for an episode."""

HALF_LIVES: Final = np.array([HALF_LIFE_DAYS[type_] * 86_400 for type_ in MEMORY_TYPES])
"""Seconds in which the strength of a memory halves, by the number of its type."""

_SPEAKERS: Final = {None: 0, "contact": 1, "assistant": 2}
_HEAD: Final = struct.Struct("<I")
_FORMAT: Final = 4
"""Of the bytes, of how words are made from texts, and of the word vectors: counts up when one of them changes."""
_QUESTION_MARKS: Final = ("?", "？", "؟")
_END: Final = np.array([-1], np.int32)

_TIME_WORD: Final = re.compile(
    r"\b(?:yesterday|today|tonight|tomorrow|ago|last|next|week|weekend|month|year|day|morning|night|recently|soon"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september|october"
    r"|november|december|spring|summer|fall|autumn|winter|\d{4})\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class RankingIndex:
    """Arrays over N memories, all of length N but for `postings` and the two links. Times are epoch seconds.

    `encoded` (N, D) are vectors of a sentence encoder, zeros where a memory has none yet; None for a tenant without
    one.

    `previous` and `following` (N+1) link the episodes of one session in the order of their turns; -1 where there is
    none. Their last element is -1, so that a walk along the links stays at -1. `ident` is a hash of the memory's id.
    `length` counts words, `chars` characters. `vectors` (N, DIMENSIONS) are what the texts mean, as `vectors.embed`
    gives them. `dated` is whether the text speaks of a time (in English). `speaker` is 0 for neither, 1 for the
    contact, 2 for the assistant; `type` a place in `MEMORY_TYPES`; `asks` whether it ends with a question; `valid_to`
    infinite while open.
    """

    postings: Postings
    length: NDArray[np.uint16]
    chars: NDArray[np.uint16]
    dated: NDArray[np.bool_]
    vectors: NDArray[np.int8]
    previous: NDArray[np.int32]
    following: NDArray[np.int32]
    ident: NDArray[np.uint64]
    session: NDArray[np.uint64]
    type: NDArray[np.uint8]
    speaker: NDArray[np.int8]
    asks: NDArray[np.bool_]
    sequence: NDArray[np.int32]
    importance: NDArray[np.float64]
    strength: NDArray[np.float32]
    strength_at: NDArray[np.float64]
    accesses: NDArray[np.int32]
    occurred_at: NDArray[np.float64]
    valid_from: NDArray[np.float64]
    valid_to: NDArray[np.float64]
    current: NDArray[np.bool_]
    encoded: NDArray[np.int8] | None = None

    def __len__(self) -> int:
        return len(self.length)

    @classmethod
    def build(cls, memories: Sequence[Memory]) -> "RankingIndex":
        """The index of memories in the order of their turns."""
        texts = [indexed_tokens(memory) for memory in memories]
        columns = {**_columns(memories), **_of_texts(memories, texts)}
        previous, following = _links(columns["session"], columns["type"])
        return cls(postings=Postings.build(texts), previous=previous, following=following, **columns)

    def grown(self, added: Sequence[Memory]) -> "RankingIndex":
        """With further memories at the end; the cost is that of the added ones, but for a merge now and then."""
        if not len(self) or not added:
            # The first memories fill the bulk at once: a tail is for what comes turn by turn.
            if not added:
                return self
            built = self.build(added)
            return built if self.encoded is None else built.with_encoded(self.encoded.shape[1], {})
        texts = [indexed_tokens(memory) for memory in added]
        size = len(self)
        new = {**_columns(added), **_of_texts(added, texts)}
        columns = {name: np.concatenate([getattr(self, name), column]) for name, column in new.items()}
        if self.encoded is not None:
            # Their vectors come with the deferred pass.
            columns["encoded"] = np.concatenate([self.encoded, np.zeros((len(added), self.encoded.shape[1]), np.int8)])
        unlinked = np.full(len(added), -1, np.int32)
        previous = np.concatenate([self.previous[:-1], unlinked, _END])
        following = np.concatenate([self.following[:-1], unlinked, _END])
        _link(size, columns["session"], columns["type"], previous, following)
        return replace(
            self,
            postings=self.postings.grown(size, texts),
            previous=previous,
            following=following,
            **columns,
        )

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

    def without(self, positions: Collection[int]) -> "RankingIndex":
        """Without the memories at some positions; those behind move up. No text is read again."""
        if not positions:
            return self
        kept = np.ones(len(self), np.bool_)
        kept[np.fromiter(positions, np.int64, len(positions))] = False
        numbers = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
        columns = {name: getattr(self, name)[kept] for name in _COLUMNS}
        if self.encoded is not None:
            columns["encoded"] = self.encoded[kept]
        previous, following = _links(columns["session"], columns["type"])
        return RankingIndex(
            postings=self.postings.renumbered(numbers), previous=previous, following=following, **columns
        )

    def updated(self, added: Sequence[Memory], removed: Collection[str]) -> "RankingIndex":
        """Without the memories of some ids, then with others at the end. An id that is not there is passed over."""
        if not removed:
            return self.grown(added)
        gone = np.isin(self.ident, np.fromiter(map(id_hash, removed), np.uint64, len(removed)))
        return self.without(np.flatnonzero(gone).tolist()).grown(added)

    def with_encoded(self, dimensions: int, vectors: Mapping[int, NDArray[np.int8]]) -> "RankingIndex":
        """With an encoder's vectors at some positions, and none at the others."""
        encoded = np.zeros((len(self), dimensions), np.int8)
        for position, vector in vectors.items():
            encoded[position] = vector
        return replace(self, encoded=encoded)

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        return sum(a.nbytes for a in _arrays(self).values())

    def to_bytes(self) -> bytes:
        """The index as bytes, for `from_bytes` of the same build."""
        arrays = _arrays(self)
        head = orjson.dumps([_FORMAT, [[name, array.dtype.str, array.shape] for name, array in arrays.items()]])
        return b"".join([_HEAD.pack(len(head)), head, *(array.tobytes() for array in arrays.values())])

    @classmethod
    def from_bytes(cls, data: bytes) -> "RankingIndex":
        """The index in the bytes; its arrays share their memory. Raises ValueError for another format or damage."""
        try:
            (size,) = _HEAD.unpack_from(data)
            offset = _HEAD.size + size
            format_, listed = orjson.loads(data[_HEAD.size : offset])
            if format_ != _FORMAT:
                raise ValueError("An index of another format.")
            found: dict[str, NDArray[Any]] = {}
            for name, kind, shape in listed:
                found[name] = np.frombuffer(data, np.dtype(kind), math.prod(shape), offset).reshape(shape)
                offset += found[name].nbytes
            if offset != len(data):
                raise ValueError("An index that is cut or has something behind it.")
            own = {name: found.pop(name) for name in _OWN if name in found}
            return cls(postings=Postings(**found), **own)
        except (struct.error, TypeError, KeyError) as error:
            raise ValueError("A damaged index.") from error


def indexed_tokens(memory: Memory) -> list[str]:
    """The words that a memory is found by: its text, and the date it tells of or was said on."""
    return [*tokens(memory.content), *date_tokens(memory.event_start or memory.occurred_at)]


_DATE_TOKENS: Final = 3
_MONTHS: Final = tuple(tokens("January February March April May June July August September October November December"))


def date_tokens(when: datetime) -> list[str]:
    """A date as words that a question may hold: month, day, year."""
    return [_MONTHS[when.month - 1], str(when.day), str(when.year)]


def _of_texts(memories: Sequence[Memory], texts: Sequence[Sequence[str]]) -> dict[str, NDArray[Any]]:
    """What changes only with a memory's text; `texts` are their indexed words."""
    vectors = np.zeros((len(texts), DIMENSIONS), np.int8)
    for row, text in enumerate(texts):
        vectors[row] = embed(text[:-_DATE_TOKENS])
    return {
        "length": np.array([min(len(text), 65_535) for text in texts], np.uint16),
        "chars": np.array([min(len(m.content), 65_535) for m in memories], np.uint16),
        "dated": np.array([_TIME_WORD.search(m.content) is not None for m in memories], np.bool_),
        "vectors": vectors,
    }


def _columns(memories: Sequence[Memory]) -> dict[str, NDArray[Any]]:
    """What changes with a memory besides its text."""
    return {
        "ident": np.array([id_hash(m.id) for m in memories], np.uint64),
        "session": np.array([id_hash(m.session_id or m.id) for m in memories], np.uint64),
        "type": np.array([MEMORY_TYPES.index(m.type) for m in memories], np.uint8),
        "speaker": np.array([_SPEAKERS[m.speaker] for m in memories], np.int8),
        "asks": np.array([m.content.rstrip().endswith(_QUESTION_MARKS) for m in memories], np.bool_),
        "sequence": np.array([m.sequence for m in memories], np.int32),
        "importance": np.array([m.importance for m in memories], np.float64),
        "strength": np.array([m.strength for m in memories], np.float32),
        "strength_at": np.array([(m.strength_at or m.occurred_at).timestamp() for m in memories], np.float64),
        "accesses": np.array([m.access_count for m in memories], np.int32),
        "occurred_at": np.array([m.occurred_at.timestamp() for m in memories], np.float64),
        "valid_from": np.array([m.valid_from.timestamp() for m in memories], np.float64),
        "valid_to": np.array([NEVER if m.valid_to is None else m.valid_to.timestamp() for m in memories], np.float64),
        "current": np.array([m.status == "current" for m in memories], np.bool_),
    }


def _links(session: NDArray[np.uint64], type_: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """`previous` and `following` of all memories: each episode behind the one before it in its session."""
    previous = np.full(len(session) + 1, -1, np.int32)
    following = previous.copy()
    episodes = np.flatnonzero(type_ == EPISODE).astype(np.int32)
    ordered = episodes[np.argsort(session[episodes], kind="stable")]
    together = session[ordered[1:]] == session[ordered[:-1]]
    earlier, later = ordered[:-1][together], ordered[1:][together]
    previous[later] = earlier
    following[earlier] = later
    return previous, following


def _link(
    size: int,
    session: NDArray[np.uint64],
    type_: NDArray[np.uint8],
    previous: NDArray[np.int32],
    following: NDArray[np.int32],
) -> None:
    """Links the episodes from position `size` on behind the last one of their session."""
    last: dict[int, int] = {}
    for position in range(size, len(session)):
        if type_[position] != EPISODE:
            continue
        key = int(session[position])
        before = last.get(key)
        if before is None:
            earlier = np.flatnonzero((session[:size] == session[position]) & (type_[:size] == EPISODE))
            before = int(earlier[-1]) if len(earlier) else None
        if before is not None:
            previous[position] = before
            following[before] = position
        last[key] = position


_OWN: Final = tuple(field.name for field in fields(RankingIndex) if field.name != "postings")
_COLUMNS: Final = tuple(name for name in _OWN if name not in ("previous", "following", "encoded"))
_OF_POSTINGS: Final = tuple(field.name for field in fields(Postings))


def _arrays(index: RankingIndex) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {name: array for name in _OWN if (array := getattr(index, name)) is not None}
    arrays.update((name, getattr(index.postings, name)) for name in _OF_POSTINGS)
    return arrays
