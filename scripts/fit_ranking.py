"""Fits the weights of ranking and measures each of its parts.

    python scripts/fit_ranking.py CONVERSATION.json…

Files are as `kith eval locomo` reads them. Conversations are taken in as ingest does, without a database. The weights
of the parts (`server/domain/ranking/parts.py`) are fitted by logistic regression on all (question, episode) pairs; that
of `few`, and the bias, then also on the pairs within stretches of the conversations. The table is cross-validated: each
conversation is ranked with weights fitted on the others. The last row is ranked with the weights in the code.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import count, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.domain.extraction import Known, extract
from server.domain.learning import learn
from server.domain.memory import Entity, Memory
from server.domain.ranking.exchange import ROOM
from server.domain.ranking.index import EPISODE, RankingIndex
from server.domain.ranking.parts import BIAS, WEIGHTS, relevance
from server.domain.ranking.rank import placed
from server.domain.turn import Turn
from server.replaying.conversation import Conversation, load
from server.replaying.exchanges import exchanges

LIMITS = (5, 10, 25)
STRETCHES = (1, 3, 8)
"""Sessions of the stretches that are also fitted on."""
L2 = 0.1

WORDS = ("words", "best_words", "rarity", "met")
TURN = ("other_speaker", "asks", "answers", "dated", "opens")
ROWS = {
    "share of words": (("words",), 0),
    "+ rarity, terms met": (WORDS, 0),
    "+ speaker, questions, times, openings": ((*WORDS, *TURN), 0),
    "+ kin": ((*WORDS, *TURN, "kin"), 0),
    "+ meaning": ((*WORDS, *TURN, "kin", "meaning"), 0),
    "+ both halves of an exchange": ((*WORDS, *TURN, "kin", "meaning"), ROOM),
    "that without kin": ((*WORDS, *TURN, "meaning"), ROOM),
    "that without meaning": ((*WORDS, *TURN, "kin"), ROOM),
    "that without kin and meaning": ((*WORDS, *TURN), ROOM),
}
NAMES = tuple(WEIGHTS)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """One question: the parts (P, N), which memories are evidence, the evidence, and how long finding took in µs."""

    columns: Floats
    is_evidence: NDArray[np.bool_]
    evidence: frozenset[str]
    microseconds: float


@dataclass(frozen=True)
class Corpus:
    """Memories of a conversation or of a stretch of it, with the questions they answer."""

    name: str
    memories: list[Memory]
    index: RankingIndex
    questions: list[Question]


def remembered(conversation: Conversation) -> list[Memory]:
    """What is remembered of a conversation at its end."""
    memories: dict[str, Memory] = {}
    entities: tuple[Entity, ...] = ()
    numbers = count()
    for turns, exchange in enumerate(exchanges(conversation)):
        message, answer = exchange.message, exchange.answer
        turn = Turn(
            exchange.occurred_at, message.text if message else None, answer.text if answer else None,
            message.id if message else None, answer.id if answer else None,
            session_id=exchange.session_id, turn_id=exchange.turn_id,
        )  # fmt: skip
        current = [m for m in memories.values() if m.status == "current"]
        facts = tuple(m for m in current if m.type in ("fact", "preference"))
        understood = extract(turn, Known(facts, entities, conversation.speaker_a), "en", UTC)
        learned = learn(
            current, entities, turns, turn, understood, turn.occurred_at, new_id=lambda: f"mem_{next(numbers):05}"
        )
        for gone in learned.removed:
            del memories[gone]
        memories.update(learned.changed)
        memories.update({memory.id: memory for memory in learned.added})
        entities = learned.entities
    return list(memories.values())


def corpus(conversation: Conversation, memories: list[Memory]) -> Corpus:
    """The questions whose evidence is all among the memories, with their parts."""
    index = RankingIndex.build(memories)
    sources = [frozenset(m.sources[:2]) for m in memories]
    held = frozenset(source for some in sources for source in some)
    questions = []
    for question in conversation.scored:
        evidence = frozenset(question.evidence)
        if evidence <= held:
            began = time.perf_counter()
            columns = relevance(index, question.text, conversation.speaker_a, None).columns
            spent = 1e6 * (time.perf_counter() - began)
            questions.append(Question(columns, np.array([bool(s & evidence) for s in sources]), evidence, spent))
    return Corpus(conversation.name, memories, index, questions)


def stretches(conversation: Conversation, memories: list[Memory]) -> Iterator[Corpus]:
    """The conversation cut into stretches of sessions, each by itself."""
    sessions = [str(session.number) for session in conversation.sessions]
    for length in STRETCHES:
        for begin in range(0, len(sessions), length):
            inside = set(sessions[begin : begin + length])
            part = [m for m in memories if m.session_id in inside]
            if part:
                yield corpus(conversation, part)


def fit(corpora: Sequence[Corpus], names: Sequence[str]) -> tuple[Floats, float]:
    """Weights of the named parts (zero for the others) and the bias."""
    chosen = [NAMES.index(name) for name in names]
    rows, labels = pairs(corpora, chosen)
    weights = logistic(rows, labels, np.zeros(len(labels)))
    found = np.zeros(len(NAMES))
    found[chosen] = weights[:-1]
    return found, float(weights[-1])


def with_few(corpora: Sequence[Corpus], weights: Floats) -> tuple[Floats, float]:
    """The weights with that of `few`, and the bias; the others stay, as `few` ranks nothing."""
    rows, labels = pairs(corpora, list(range(len(NAMES))))
    fitted = logistic(rows[:, [NAMES.index("few")]], labels, rows @ weights)
    found = weights.copy()
    found[NAMES.index("few")] = fitted[0]
    return found, float(fitted[1])


def pairs(corpora: Sequence[Corpus], chosen: Sequence[int]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The chosen parts of every question with every episode, and whether that is evidence."""
    rows, labels = [], []
    for some in corpora:
        fitting = some.index.current & (some.index.type == EPISODE)
        for question in some.questions:
            rows.append(question.columns[chosen][:, fitting].T.astype(np.float32))
            labels.append(question.is_evidence[fitting])
    return np.concatenate(rows), np.concatenate(labels)


def logistic(x: NDArray[np.float32], y: NDArray[np.bool_], offset: Floats) -> Floats:
    """Weights and, last, the bias, by Newton's method; a step that makes the loss worse is halved."""
    x = np.concatenate([x, np.ones((len(x), 1), np.float32)], axis=1)
    penalty = np.append(np.full(x.shape[1] - 1, L2), 0)

    def loss(weights: Floats) -> float:
        odds = x @ weights + offset
        return float((np.logaddexp(0, odds) - y * odds).sum() + 0.5 * (penalty * weights**2).sum())

    weights = np.zeros(x.shape[1])
    least = loss(weights)
    for _ in range(30):
        p = 1 / (1 + np.exp(-(x @ weights + offset)))
        curvature = (x * (p * (1 - p))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(curvature, x.T @ (p - y) + penalty * weights)
        while (now := loss(weights - step)) > least + 1e-9:
            step = step / 2
        weights, gain, least = weights - step, least - now, now
        if gain < 1e-6:
            break
    return weights


class Score:
    """Recall, hits and characters of one way of ranking."""

    def __init__(self) -> None:
        self.recalls: dict[int, list[float]] = {limit: [] for limit in LIMITS}
        self.by_conversation: dict[str, list[float]] = {}
        self.chars: list[int] = []

    def add(self, some: Corpus, weights: Floats, bias: float, room: int) -> None:
        for question in some.questions:
            odds = (question.columns * weights[:, None]).sum(axis=0) + bias
            for limit in LIMITS:
                best = placed(some.index, odds, some.index.current, limit, room)
                found: set[str] = set()
                for place in best:
                    sources = some.memories[place.position].sources[:2]
                    beside = () if place.beside is None else some.memories[place.beside].sources[:1]
                    found.update((*sources[: 2 - len(beside)], *beside))
                self.recalls[limit].append(len(question.evidence & found) / len(question.evidence))
                if limit == 10:
                    told = [i for place in best for i in (place.position, place.beside) if i is not None]
                    self.chars.append(sum(len(some.memories[i].content) for i in told))
            self.by_conversation.setdefault(some.name, []).append(self.recalls[10][-1])

    def line(self, label: str) -> str:
        recalls = " | ".join(f"{np.mean(self.recalls[limit]):.3f}" for limit in LIMITS)
        hit = np.mean([recall > 0 for recall in self.recalls[10]])
        each = " | ".join(f"{np.mean(recalls):.3f}" for recalls in self.by_conversation.values())
        return f"| {label} | {recalls} | {hit:.3f} | {np.mean(self.chars):.0f} | {each} |"


def calibration(corpora: Sequence[Corpus], weights: Floats, bias: float) -> Iterator[str]:
    """Of memories scored in each range: how many, the mean score, the share that is evidence."""
    odds = [weights @ q.columns[:, c.index.current] + bias for c in corpora for q in c.questions]
    scores = 1 / (1 + np.exp(-np.concatenate(odds)))
    evidence = np.concatenate([q.is_evidence[c.index.current] for c in corpora for q in c.questions])
    edges = (0, 0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 1)
    for low, high in pairwise(edges):
        inside = (scores >= low) & (scores < high)
        if inside.any():
            yield f"| {low}–{high} | {inside.sum()} | {scores[inside].mean():.3f} | {evidence[inside].mean():.3f} |"


def main() -> None:
    """Prints the tables and the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", metavar="CONVERSATION.json")
    conversations = [load(file) for file in parser.parse_args().files]
    memories = {c.name: remembered(c) for c in conversations}
    whole = [corpus(c, memories[c.name]) for c in conversations]
    parts = [stretch for c in conversations for stretch in stretches(c, memories[c.name])]

    lines = [f"| | recall@5 | recall@10 | recall@25 | hit@10 | characters | {' | '.join(c.name for c in whole)} |"]
    for label, (names, room) in ROWS.items():
        score = Score()
        for some in whole:
            others = [c for c in whole if c.name != some.name]
            score.add(some, *fit(others, names), room)
        lines.append(score.line(label))
    shipped = Score()
    in_code = np.array(list(WEIGHTS.values()))
    for some in whole:
        shipped.add(some, in_code, BIAS, ROOM)
    lines.append(shipped.line("the weights in the code"))
    weights, _ = fit(whole, [name for name in NAMES if name != "few"])
    weights, bias = with_few([*whole, *parts], weights)
    lines += [f'"{name}": {weight:.2f},' for name, weight in zip(NAMES, weights, strict=True)]
    lines += [f"BIAS {bias:.2f}", "whole conversations, weights in the code:", *calibration(whole, in_code, BIAS)]
    lines += ["stretches, weights in the code:", *calibration(parts, in_code, BIAS)]
    lines.append(f"relevance µs p50 {np.median([q.microseconds for c in whole for q in c.questions]):.0f}")
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
