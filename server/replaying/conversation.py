"""A conversation file: two people, their sessions, and questions with the turns that hold the evidence.

    {"conversation": "…", "speaker_a": "…", "speaker_b": "…",
     "sessions": [{"session": 1, "date_time": "1:56 pm on 8 May, 2023",
                   "turns": [{"dia_id": "D1:1", "speaker": "…", "text": "…"}, …]}, …],
     "qa": [{"question": "…", "answer": "…", "evidence": ["D1:1"], "category": 4}, …]}

`date_time` may also be ISO 8601; without an offset it counts as UTC. A turn may say in `blip_caption` what
a shared photo shows. `qa` may be left out.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Final

from server.measuring.errors import MeasuringError
from store.identifiers import well_formed

CATEGORIES: Final = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
SCORED_CATEGORIES: Final = (1, 2, 3, 4)
"""Questions that have an answer in the conversation; adversarial ones have none to find."""

_SAMPLE: Final = "allotment.json"
_DATE_TIME: Final = "%I:%M %p on %d %B, %Y"
_TURN_REFERENCE: Final = re.compile(r"D:?0*(\d+):0*(\d+)")


@dataclass(frozen=True, slots=True)
class Said:
    """One turn. `caption` says what a photo shared with it shows."""

    id: str
    speaker: str
    text: str
    caption: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """Turns of one sitting, in order, and when it began."""

    number: int
    began_at: datetime
    turns: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """`evidence` are ids of turns of the conversation, each once."""

    text: str
    answer: str
    evidence: tuple[str, ...]
    category: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """Speaker A is the contact, speaker B the one who answers."""

    name: str
    speaker_a: str
    speaker_b: str
    sessions: tuple[Session, ...]
    questions: tuple[Question, ...]

    @property
    def scored(self) -> tuple[Question, ...]:
        """The questions that count: of categories 1 to 4 and with evidence."""
        return tuple(q for q in self.questions if q.category in SCORED_CATEGORIES and q.evidence)


def load(path: Path) -> Conversation:
    """The conversation of a file. Raises MeasuringError that names the place where it is malformed."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MeasuringError(f"{path} cannot be read: {error.strerror}.") from error
    return _parsed(text, str(path))


def sample() -> Conversation:
    """The conversation that ships with Kith."""
    text = resources.files("server.samples").joinpath(_SAMPLE).read_text(encoding="utf-8")
    return _parsed(text, _SAMPLE)


def normalised_evidence(raw: object, known: frozenset[str]) -> tuple[str, ...]:
    """The turns that an evidence list names, each once; what names no turn of the conversation is left out.

    Takes lists whose items hold several ids (`"D8:6; D9:17"`), stray colons and leading zeros (`"D:8:06"`).
    """
    items = raw if isinstance(raw, list) else [raw]
    named: dict[str, None] = {}
    for item in items:
        if not isinstance(item, str):
            continue
        if item in known:
            named[item] = None
            continue
        for session, turn in _TURN_REFERENCE.findall(item):
            named[f"D{session}:{turn}"] = None
    return tuple(name for name in named if name in known)


def _parsed(text: str, source: str) -> Conversation:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise MeasuringError(f"{source} is not JSON: {error}") from error
    at = _Place(source)
    document = at.mapping(found)
    speakers = (at.text(document, "speaker_a"), at.text(document, "speaker_b"))
    sessions = tuple(_session(*item, speakers) for item in at.items(document, "sessions"))
    ids = [turn.id for session in sessions for turn in session.turns]
    if not ids:
        raise MeasuringError(f"{source} has no turns.")
    known = frozenset(ids)
    if len(known) < len(ids):
        twice = next(name for number, name in enumerate(ids) if name in ids[:number])
        raise MeasuringError(f"{source} has the turn {twice} twice.")
    questions = tuple(_question(*item, known) for item in at.items(document, "qa")) if "qa" in document else ()
    name = document.get("conversation")
    return Conversation(name if isinstance(name, str) and name else Path(source).stem, *speakers, sessions, questions)


def _session(at: "_Place", document: Mapping[str, object], speakers: tuple[str, str]) -> Session:
    turns = tuple(_said(*item, speakers) for item in at.items(document, "turns"))
    return Session(at.number(document, "session"), _instant(at, at.text(document, "date_time")), turns)


def _said(at: "_Place", document: Mapping[str, object], speakers: tuple[str, str]) -> Said:
    speaker, name = at.text(document, "speaker"), at.text(document, "dia_id")
    if speaker not in speakers:
        raise MeasuringError(f"{at} is said by {speaker!r}, who is neither {speakers[0]} nor {speakers[1]}.")
    if not well_formed(name):
        raise MeasuringError(f"{at}.dia_id may hold letters, digits and _ - : . only.")
    caption = document.get("blip_caption")
    return Said(name, speaker, at.text(document, "text"), caption if isinstance(caption, str) else None)


def _question(at: "_Place", document: Mapping[str, object], known: frozenset[str]) -> Question:
    return Question(
        at.text(document, "question"),
        str(document.get("answer", "")),
        normalised_evidence(document.get("evidence"), known),
        at.number(document, "category"),
    )


def _instant(at: "_Place", text: str) -> datetime:
    try:
        return datetime.strptime(text.strip(), _DATE_TIME).replace(tzinfo=UTC)
    except ValueError:
        pass
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise MeasuringError(
            f"{at}.date_time is {text!r}; expected one like '1:56 pm on 8 May, 2023' or ISO 8601."
        ) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a document we are, for messages; and reading from there."""

    name: str

    def __str__(self) -> str:
        return self.name

    def mapping(self, value: object) -> Mapping[str, object]:
        if not isinstance(value, dict):
            raise MeasuringError(f"{self} must be an object.")
        return value

    def items(self, document: Mapping[str, object], name: str) -> "Iterator[tuple[_Place, Mapping[str, object]]]":
        value = document.get(name)
        if not isinstance(value, list):
            raise MeasuringError(f"{self}.{name} must be a list.")
        for number, item in enumerate(value):
            place = _Place(f"{self}.{name}[{number}]")
            yield place, place.mapping(item)

    def text(self, document: Mapping[str, object], name: str) -> str:
        value = document.get(name)
        if not isinstance(value, str) or not value.strip():
            raise MeasuringError(f"{self}.{name} must be a text.")
        return value

    def number(self, document: Mapping[str, object], name: str) -> int:
        value = document.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise MeasuringError(f"{self}.{name} must be a whole number.")
        return value
