"""Which memory holds which word: a compact inverted index that grows at its end.

Words are 64-bit hashes. The bulk stands sorted by word (compressed rows); what came since stands in a short tail
that is searched whole and merged into the bulk when it has grown. Arrays are never written to after they were made.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_TAIL_AT_LEAST: Final = 512


def id_hash(text: str) -> int:
    """The 64-bit hash of an id, the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


word_hash = lru_cache(maxsize=50_000)(id_hash)
"""The same of a word, remembered, because words come again."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where words were found: three parallel arrays. `rows` says which of the words, `counts` how often."""

    rows: NDArray[np.intp]
    docs: NDArray[np.int32]
    counts: NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Postings:
    """`words` (W) sorted; `starts` (W+1) into `docs` and `counts` (P); the tail's three arrays are parallel (T)."""

    words: NDArray[np.uint64]
    starts: NDArray[np.int32]
    docs: NDArray[np.int32]
    counts: NDArray[np.uint8]
    tail_words: NDArray[np.uint64]
    tail_docs: NDArray[np.int32]
    tail_counts: NDArray[np.uint8]

    @classmethod
    def build(cls, texts: Sequence[Sequence[str]]) -> "Postings":
        """The index of documents given as tokens; document i is number i."""
        return cls._bulk(*_entries(0, texts))

    def grown(self, first: int, texts: Sequence[Sequence[str]]) -> "Postings":
        """With further documents, numbered from `first`."""
        words, docs, counts = _entries(first, texts)
        longer = Postings(
            self.words, self.starts, self.docs, self.counts,
            np.concatenate([self.tail_words, words]),
            np.concatenate([self.tail_docs, docs]),
            np.concatenate([self.tail_counts, counts]),
        )  # fmt: skip
        return longer.merged() if len(longer.tail_docs) > max(_TAIL_AT_LEAST, len(self.docs) // 8) else longer

    def merged(self) -> "Postings":
        """The same with an empty tail."""
        return self._bulk(*self._all())

    def renumbered(self, numbers: NDArray[np.int32]) -> "Postings":
        """With document i as number `numbers[i]`, or gone where that is -1; the order of those kept stays."""
        words, docs, counts = self._all()
        docs = numbers[docs]
        kept = docs >= 0
        return self._bulk(words[kept], docs[kept], counts[kept])

    def find(self, words: NDArray[np.uint64]) -> Found:
        """Every document that holds one of the words; `words` holds each once."""
        rows: list[NDArray[np.intp]] = []
        docs, counts = [self.docs[:0]], [self.counts[:0]]
        if len(self.words):
            at = np.minimum(np.searchsorted(self.words, words), len(self.words) - 1)
            hits = np.flatnonzero(self.words[at] == words)
            begins, ends = self.starts[at[hits]], self.starts[at[hits] + 1]
            rows.append(np.repeat(hits, ends - begins))
            slices = [slice(b, e) for b, e in zip(begins.tolist(), ends.tolist(), strict=True)]
            docs += [self.docs[s] for s in slices]
            counts += [self.counts[s] for s in slices]
        if len(self.tail_words) and len(words):
            order = np.argsort(words)
            ordered = words[order]
            at = np.minimum(np.searchsorted(ordered, self.tail_words), len(words) - 1)
            hits = np.flatnonzero(ordered[at] == self.tail_words)
            rows.append(order[at[hits]])
            docs.append(self.tail_docs[hits])
            counts.append(self.tail_counts[hits])
        return Found(
            np.concatenate(rows) if rows else np.empty(0, np.intp), np.concatenate(docs), np.concatenate(counts)
        )

    def _all(self) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.uint8]]:
        return (
            np.concatenate([np.repeat(self.words, np.diff(self.starts)), self.tail_words]),
            np.concatenate([self.docs, self.tail_docs]),
            np.concatenate([self.counts, self.tail_counts]),
        )

    @classmethod
    def _bulk(cls, words: NDArray[np.uint64], docs: NDArray[np.int32], counts: NDArray[np.uint8]) -> "Postings":
        order = np.argsort(words, kind="stable")
        unique, sizes = np.unique(words, return_counts=True)
        starts = np.zeros(len(unique) + 1, np.int32)
        np.cumsum(sizes, out=starts[1:])
        return cls(unique, starts, docs[order], counts[order], words[:0].copy(), docs[:0].copy(), counts[:0].copy())


def _entries(
    first: int, texts: Sequence[Sequence[str]]
) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.uint8]]:
    """What documents numbered from `first` hold, one entry a document and word."""
    hashes: list[int] = []
    docs: list[int] = []
    counts: list[int] = []
    for number, text in enumerate(texts, first):
        held = Counter(text)
        hashes += map(word_hash, held)
        docs += [number] * len(held)
        counts += held.values()
    return np.array(hashes, np.uint64), np.array(docs, np.int32), np.minimum(counts, 255).astype(np.uint8)
