"""How much of a question's evidence came back.

recall@k is the share of a question's evidence turns found among the sources of the k memories returned,
averaged over questions; hit@k is the share of questions of which any evidence turn was found. A memory that
names many turns would find everything by itself, so only its first two count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from server.measuring.percentiles import mean
from server.replaying.conversation import CATEGORIES, Question

LIMITS: Final = (5, 10, 25)
"""The memory limits that every question is asked with."""
HIT_LIMIT: Final = 10
SOURCES_COUNTED: Final = 2


@dataclass(frozen=True, slots=True)
class Returned:
    """One memory that came back. `score` is in [0, 1], comparable within one answer.

    `beside` is the text of the other half of its exchange, which came along; `sources` are of both then.
    """

    id: str
    type: str
    content: str
    score: float
    sources: tuple[str, ...]
    beside: str | None = None

    @property
    def chars(self) -> int:
        """The characters of all that came back with it."""
        return len(self.content) + len(self.beside or "")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what came back for it, by memory limit, best first."""

    question: Question
    answers: dict[int, tuple[Returned, ...]]

    def found(self, limit: int) -> frozenset[str]:
        """The evidence turns found with this memory limit."""
        return frozenset(self.question.evidence) & sources_of(self.answers[limit])

    def recall(self, limit: int) -> float:
        """The share of the evidence found with this memory limit."""
        return len(self.found(limit)) / len(self.question.evidence)


def sources_of(memories: Iterable[Returned]) -> frozenset[str]:
    """The turns that the memories came from, as far as they count."""
    return frozenset(source for memory in memories for source in memory.sources[:SOURCES_COUNTED])


def summary(asked: Sequence[Asked]) -> dict[str, object]:
    """The figures over all questions, and by category."""
    by_category = {
        str(category): {"name": name, **_figures([a for a in asked if a.question.category == category])}
        for category, name in CATEGORIES.items()
        if any(a.question.category == category for a in asked)
    }
    return {
        **_figures(asked),
        "by_category": by_category,
        # What a chat engine pays for in its prompt: the characters of one answer's memories.
        "mean_chars": round(mean(sum(m.chars for m in a.answers[HIT_LIMIT]) for a in asked), 1),
    }


def _figures(asked: Sequence[Asked]) -> dict[str, float | int]:
    recalls = {f"recall@{limit}": round(mean(a.recall(limit) for a in asked), 4) for limit in LIMITS}
    hit = round(mean(float(bool(a.found(HIT_LIMIT))) for a in asked), 4)
    return {"questions": len(asked), **recalls, f"hit@{HIT_LIMIT}": hit}
