"""Which memory holds which word: a compact inverted index that grows at its end.

Words are 64-bit hashes. The bulk stands sorted by word (compressed rows); what came since stands in a short tail
that is searched whole and merged into the bulk when it has grown. Arrays are never written to after they were made.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

_TAIL_AT_LEAST: Final = 512


@lru_cache(maxsize=50_000)
def word_hash(word: str) -> int:
    """A word's 64-bit hash, the same in every process."""
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")


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
        empty = cls(
            np.empty(0, np.uint64), np.zeros(1, np.int32), np.empty(0, np.int32), np.empty(0, np.uint8),
            np.empty(0, np.uint64), np.empty(0, np.int32), np.empty(0, np.uint8),
        )  # fmt: skip
        return empty.grown(0, texts).merged()

    def grown(self, first: int, texts: Sequence[Sequence[str]]) -> "Postings":
        """With further documents, numbered from `first`."""
        hashes: list[int] = []
        docs: list[int] = []
        counts: list[int] = []
        for number, text in enumerate(texts, first):
            for word, count in Counter(text).items():
                hashes.append(word_hash(word))
                docs.append(number)
                counts.append(min(count, 255))
        longer = Postings(
            self.words, self.starts, self.docs, self.counts,
            np.concatenate([self.tail_words, np.array(hashes, np.uint64)]),
            np.concatenate([self.tail_docs, np.array(docs, np.int32)]),
            np.concatenate([self.tail_counts, np.array(counts, np.uint8)]),
        )  # fmt: skip
        return longer.merged() if len(longer.tail_docs) > max(_TAIL_AT_LEAST, len(self.docs) // 8) else longer

    def merged(self) -> "Postings":
        """The same with an empty tail."""
        repeated = np.repeat(self.words, np.diff(self.starts))
        words = np.concatenate([repeated, self.tail_words])
        # Stable, so that documents of a word stay in ascending order: the tail's are the later ones.
        order = np.argsort(words, kind="stable")
        unique, counts = np.unique(words, return_counts=True)
        starts = np.zeros(len(unique) + 1, np.int32)
        np.cumsum(counts, out=starts[1:])
        return Postings(
            unique, starts, np.concatenate([self.docs, self.tail_docs])[order],
            np.concatenate([self.counts, self.tail_counts])[order],
            np.empty(0, np.uint64), np.empty(0, np.int32), np.empty(0, np.uint8),
        )  # fmt: skip

    def of(self, word: str) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """The documents that hold the word, ascending, and how often each does."""
        wanted = np.uint64(word_hash(word))
        at = int(np.searchsorted(self.words, wanted))
        docs, counts = self.docs[:0], self.counts[:0]
        if at < len(self.words) and self.words[at] == wanted:
            begin, end = self.starts[at], self.starts[at + 1]
            docs, counts = self.docs[begin:end], self.counts[begin:end]
        if len(self.tail_docs):
            late = self.tail_words == wanted
            if late.any():
                return np.concatenate([docs, self.tail_docs[late]]), np.concatenate([counts, self.tail_counts[late]])
        return docs, counts
