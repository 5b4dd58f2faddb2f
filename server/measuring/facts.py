"""How many of the facts that utterances state come out as memories, and how much comes out with them."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from server.domain.extraction import Known, extract
from server.domain.turn import Turn
from server.measuring.errors import MeasuringError
from server.measuring.percentiles import mean

_WORD: Final = re.compile(r"[^\W_]+")
_FUNCTION_WORDS: Final = frozenset(
    _WORD.findall(
        "a an and are as at be been but by do does for from had has have he her him his i in is it its me my "
        "of on or our she so that the their them they this to us was we were will with you your"
    )
)
_SAID_AT: Final = datetime(2024, 1, 15, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stated:
    """An utterance of the contact and the values of the facts that it states."""

    utterance: str
    values: tuple[str, ...]


def read(path: Path) -> list[Stated]:
    """The lines of a JSONL file. Raises MeasuringError that names the line where it is malformed."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise MeasuringError(f"{path} cannot be read: {error.strerror}.") from error
    stated = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            stated.append(Stated(str(row["utterance"]), tuple(str(fact["value"]) for fact in row["facts"])))
        except (ValueError, KeyError, TypeError) as error:
            raise MeasuringError(f'{path}:{number} is not {{"utterance", "facts": [{{"value"}}]}}.') from error
    return stated


def evaluate(rows: Sequence[Stated]) -> dict[str, object]:
    """Value recall; and the number and length of facts and preferences, so that storing everything shows."""
    values = found = 0
    lengths: list[int] = []
    for row in rows:
        contents = _facts_of(row.utterance)
        lengths.extend(len(content) for content in contents)
        values += len(row.values)
        found += sum(holds_value(contents, value) for value in row.values)
    return {
        "n": len(rows),
        "value_recall": round(found / max(1, values), 4),
        "memories_per_utterance": round(len(lengths) / max(1, len(rows)), 4),
        "mean_chars": round(mean(lengths), 1),
    }


def holds_value(contents: Iterable[str], value: str) -> bool:
    """Whether one of the memories has all of the value's content words."""
    words = _words(value)
    wanted = (words - _FUNCTION_WORDS) or words
    return any(wanted <= _words(content) for content in contents)


def _facts_of(utterance: str) -> list[str]:
    extraction = extract(Turn(occurred_at=_SAID_AT, user_message=utterance), Known())
    return [draft.content for draft in extraction.memories if draft.type in ("fact", "preference")]


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))
