"""A contact for a test, that is told things turn by turn as the product takes them in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from server.domain.extraction import Draft, Known, extract
from server.domain.learning import learn
from server.domain.memory import Entity, Memory
from server.domain.turn import Turn

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


@dataclass
class Contact:
    """A contact that is told things, one turn every minute, as the product takes them in."""

    memories: dict[str, Memory] = field(default_factory=dict)
    entities: tuple[Entity, ...] = ()
    turns: int = 0
    numbers: "count[int]" = field(default_factory=count)

    def says(self, message: str, reply: str | None = None) -> "Contact":
        """Takes one turn in."""
        at = NOON + timedelta(minutes=self.turns)
        turn = Turn(at, user_message=message, ai_response=reply, session_id="s")
        facts = tuple(m for m in self.memories.values() if m.status == "current" and m.type in ("fact", "preference"))
        understood = extract(turn, Known(facts, self.entities, turns=self.turns))
        learned = learn(
            tuple(self.memories.values()), self.entities, self.turns, turn, understood, at,
            new_id=lambda: f"mem-{next(self.numbers):03}",
        )  # fmt: skip
        self.memories = {i: m for i, m in self.memories.items() if i not in learned.removed}
        self.memories |= learned.changed | learned.repointed | {m.id: m for m in learned.added}
        self.entities, self.turns = learned.entities, self.turns + 1
        return self

    def facts(self) -> set[str]:
        """What is held to be true now."""
        return {m.content for m in self.memories.values() if m.status == "current" and m.type != "episode"}

    def current(self, attribute: str) -> set[str]:
        """The current values of an attribute of the contact itself."""
        held = [m for m in self.memories.values() if m.status == "current" and m.subject == "self"]
        return {m.value or "" for m in held if m.attribute == attribute}

    def words(self) -> str:
        """All that is still remembered, in one text."""
        return " | ".join(m.content for m in self.memories.values())


def told(*messages: str) -> Contact:
    contact = Contact()
    for message in messages:
        contact.says(message)
    return contact


def drafts(message: str) -> Sequence[Draft]:
    return [d for d in extract(Turn(NOON, user_message=message), Known()).memories if d.type != "episode"]
