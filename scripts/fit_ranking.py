"""Fits the weights of ranking and measures each of its parts.

    python scripts/fit_ranking.py CONVERSATION.json… [--encoder]

Files are as `kith eval locomo` reads them. Conversations are taken in as ingest does, without a database. The weights
of the parts (`server/domain/ranking/parts.py`) are fitted by logistic regression on all (question, episode) pairs; that
of `few`, and the bias, then also on the pairs within stretches of the conversations. The table is cross-validated: each
conversation is ranked with weights fitted on the others. The last row is ranked with the weights in the code.

With --encoder, the weights for tenants who rank with the sentence encoder (`encoded.py`) are fitted and measured too.
It needs what `kith[encoder]` needs.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from itertools import count, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.domain.extraction import Known, extract
from server.domain.learning import learn
from server.domain.memory import Entity, Memory
from server.domain.ranking import encoded
from server.domain.ranking.exchange import ROOM
from server.domain.ranking.index import EPISODE, RankingIndex
from server.domain.ranking.parts import BIAS, WEIGHTS, relevance
from server.domain.ranking.rank import Query, placed, rank
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
ENCODED = ("encoder", "best_encoder")
NAMES = (*WEIGHTS, *ENCODED)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """One question: its parts in the order of NAMES (P, N), which memories are evidence, and the evidence."""

    text: str

    columns: Floats
    is_evidence: NDArray[np.bool_]
    evidence: frozenset[str]


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
            columns = relevance(index, question.text, conversation.speaker_a, None).columns
            columns = np.concatenate([columns, np.zeros((len(ENCODED), len(index)))])
            is_evidence = np.array([bool(some & evidence) for some in sources])
            questions.append(Question(question.text, columns, is_evidence, evidence))
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


class WithEncoder:
    """Adds the parts of the sentence encoder, and keeps the ms that it takes for a question."""

    def __init__(self) -> None:
        from server.providers.encoder.minilm import MiniLm  # noqa: PLC0415 -- needs packages that the rest does without

        self._encoder = MiniLm()
        self._known: dict[str, encoded.Encoded] = {}
        self.ms: list[float] = []

    def __call__(self, some: Corpus, conversation: Conversation) -> Corpus:
        """The corpus with them."""
        vectors = np.stack([self._vector(memory.content) for memory in some.memories])
        index = some.index.with_encoded(encoded.DIMENSIONS, dict(enumerate(vectors)))
        questions = []
        for question in some.questions:
            began = time.perf_counter()
            (asked,) = self._encoder.encode([encoded.question(question.text, conversation.speaker_a)])
            self.ms.append(1e3 * (time.perf_counter() - began))
            columns = question.columns.copy()
            columns[-len(ENCODED) :] = encoded.encoder_parts(index, vectors, asked)
            questions.append(replace(question, columns=columns))
        return replace(some, index=index, questions=questions)

    def _vector(self, text: str) -> encoded.Encoded:
        if text not in self._known:
            (self._known[text],) = self._encoder.encode([text])
        return self._known[text]


def ranking_time(whole: Sequence[Corpus], conversations: Sequence[Conversation]) -> float:
    """The median µs of one ranking."""
    spent = []
    for some, conversation in zip(whole, conversations, strict=True):
        now = max(memory.occurred_at for memory in some.memories)
        for question in some.questions:
            began = time.perf_counter()
            rank(some.index, Query(question.text, 10, contact_name=conversation.speaker_a), now)
            spent.append(1e6 * (time.perf_counter() - began))
    return float(np.median(spent))


def main() -> None:
    """Prints the tables and the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", metavar="CONVERSATION.json")
    parser.add_argument("--encoder", action="store_true")
    arguments = parser.parse_args()
    conversations = [load(file) for file in arguments.files]
    memories = {c.name: remembered(c) for c in conversations}
    whole = [corpus(c, memories[c.name]) for c in conversations]
    parts = [stretch for c in conversations for stretch in stretches(c, memories[c.name])]

    lines = [f"| | recall@5 | recall@10 | recall@25 | hit@10 | characters | {' | '.join(c.name for c in whole)} |"]
    lines += [cross_validated(label, whole, names, room) for label, (names, room) in ROWS.items()]
    if arguments.encoder:
        add = WithEncoder()
        encoded_whole = [add(some, c) for some, c in zip(whole, conversations, strict=True)]
        names = (*ROWS["+ both halves of an exchange"][0], *ENCODED)
        lines.append(cross_validated(f"+ encoder, {np.median(add.ms):.1f} ms", encoded_whole, names, ROOM))
    in_code = np.append(list(WEIGHTS.values()), np.zeros(len(ENCODED)))
    shipped = Score()
    for some in whole:
        shipped.add(some, in_code, BIAS, ROOM)
    lines.append(shipped.line("the weights in the code"))
    if arguments.encoder:
        by_stretch = [add(s, c) for c in conversations for s in stretches(c, memories[c.name])]
        lines += of_encoder(encoded_whole, by_stretch, names)
    weights, _ = fit(whole, [name for name in WEIGHTS if name != "few"])
    weights, bias = with_few([*whole, *parts], weights)
    lines += [f'"{name}": {weight:.2f},' for name, weight in zip(WEIGHTS, weights, strict=False)]
    lines += [f"BIAS {bias:.2f}", "whole conversations, weights in the code:", *calibration(whole, in_code, BIAS)]
    lines += ["stretches, weights in the code:", *calibration(parts, in_code, BIAS)]
    size = sum(some.index.nbytes for some in whole) / sum(len(some.index) for some in whole)
    lines.append(f"rank {ranking_time(whole, conversations):.0f} µs p50, {size:.0f} bytes a memory")
    print("\n".join(lines))  # noqa: T201


def of_encoder(whole: Sequence[Corpus], parts: Sequence[Corpus], names: Sequence[str]) -> Iterator[str]:
    """How the weights in the code do with the encoder, the same fitted again, and how well they are calibrated."""
    in_code, shipped = np.array(list(encoded.WEIGHTS.values())), Score()
    if len(in_code) == len(NAMES):
        for some in whole:
            shipped.add(some, in_code, encoded.BIAS, ROOM)
        yield shipped.line("the weights in the code, with encoder")
    weights, _ = fit(whole, names)
    weights, bias = with_few([*whole, *parts], weights)
    yield from (f'"{name}": {weight:.2f},' for name, weight in zip(NAMES, weights, strict=True))
    yield f"BIAS {bias:.2f}, with encoder"
    if len(in_code) == len(NAMES):
        yield from ("whole conversations, with encoder:", *calibration(whole, in_code, encoded.BIAS))
        yield from ("stretches, with encoder:", *calibration(parts, in_code, encoded.BIAS))


def cross_validated(label: str, corpora: Sequence[Corpus], names: Sequence[str], room: int) -> str:
    """A line of the table: each conversation ranked with weights that were fitted on the others."""
    score = Score()
    for some in corpora:
        score.add(some, *fit([other for other in corpora if other is not some], names), room)
    return score.line(label)


if __name__ == "__main__":
    main()
