"""What a contact takes back or says of the past, of what is to come and of others: no wrong fact comes of it, or stays."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

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


@pytest.mark.parametrize(
    ("said", "asked", "gone"),
    [
        ("I'm allergic to walnuts", "forget my allergy", "walnut"),
        ("I can't have any of that, I'm allergic to walnuts", "please forget about my allergies", "walnut"),
        ("I work at Siemens", "forget my job", "Siemens"),
        ("I work at Siemens", "please forget where I work", "Siemens"),
        ("I'm a plumber", "forget what I do for a living", "plumber"),
        ("I live in Porto", "Forget where I live", "Porto"),
        ("I live in Porto", "could you forget my address?", "Porto"),
        ("My sister Ada lives in Porto", "forget where my sister lives", "Porto"),
        ("I have a puppy named Rex", "forget about my dog", "Rex"),
        ("I live in Porto", "Forget that I live in Porto", "Porto"),
        ("My birthday is on June 3rd", "forget when my birthday is", "June"),
        ("I am 34 years old", "forget how old I am", "34"),
    ],
)
def test_what_is_to_be_forgotten_goes_with_the_words_it_was_told_in(said: str, asked: str, gone: str) -> None:
    contact = told(said, "The harbour was full of sails this morning", asked)
    assert gone not in contact.words()
    assert "harbour" in contact.words()
    assert "orget" not in contact.words()


def test_an_answer_that_repeats_what_is_to_be_forgotten_goes_too() -> None:
    contact = Contact().says("I'm allergic to walnuts", "Noted: no walnuts in the cake for you then")
    contact.says("We walked along the canal", "Canals are calm on a Sunday morning").says("forget my allergy")
    assert "walnut" not in contact.words()
    assert "Canals are calm" in contact.words()


def test_forgetting_one_matter_keeps_the_others() -> None:
    contact = told("I live in Porto", "I work at Siemens", "My brother works at Bosch", "forget where I work")
    assert contact.current("residence") == {"Porto"}
    assert "Bosch" in contact.words()
    assert "Siemens" not in contact.words()


def test_every_turn_that_said_it_is_forgotten() -> None:
    contact = told("I live in Porto", "It rained all week", "As I said, I live in Porto", "forget where I live")
    assert "Porto" not in contact.words()


@pytest.mark.parametrize("talk", ["forget it", "forget how it ended", "I forgot where I work out", "forget who said so"])
def test_forget_as_an_idiom_removes_nothing(talk: str) -> None:
    assert told("I live in Porto", "I work at Siemens", talk).current("residence") == {"Porto"}


def test_forget_that_takes_both_halves_of_the_turn_before() -> None:
    contact = Contact().says("I live in Porto", "Porto has lovely bridges over the river").says("forget that")
    assert contact.memories == {}


@pytest.mark.parametrize("joke", ["Just kidding!", "haha jk", "I was only joking"])
def test_a_joke_takes_back_the_turn_before_and_no_other(joke: str) -> None:
    assert told("I live in Porto", "I live on the Moon", joke).current("residence") == {"Porto"}
    # Nothing was understood of the turn before, so nothing of it can be meant; what was told earlier stays.
    contact = told("I live in Porto", "The moon is made of old green cheese", joke)
    assert contact.current("residence") == {"Porto"}
    assert "green cheese" in contact.words()
