"""What a turn does to what is known: forgetting reaches the past, and what ended by mistake is true again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from server.domain.extraction import FORGET_LAST, Draft, Extraction
from server.domain.learning import Learned, learn
from server.domain.memory import Memory
from server.domain.turn import Turn

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


def fact(content: str, attribute: str, value: str, sequence: int, **other: object) -> Memory:
    made = Memory(
        id=f"mem-{sequence}",
        type="fact",
        content=content,
        importance=0.6,
        confidence=0.9,
        occurred_at=NOON,
        valid_from=NOON,
        created_at=NOON,
        subject="self",
        attribute=attribute,
        value=value,
        sequence=sequence,
    )
    return replace(made, **other)  # type: ignore[arg-type]


LISBON = fact("Lives in Lisbon", "residence", "Lisbon", 0, status="superseded", superseded_by="mem-2", valid_to=NOON)
MARS = fact("Lives in Mars", "residence", "Mars", 2)


def after(understood: Extraction, *memories: Memory, said_at: datetime = NOON) -> Learned:
    numbers = count()
    turn = Turn(said_at, user_message="…")
    return learn(memories, (), 2, turn, understood, said_at, new_id=lambda: f"mem-new-{next(numbers)}")


def test_what_ended_by_something_that_is_forgotten_is_true_again() -> None:
    learned = after(Extraction(forget=(FORGET_LAST,)), LISBON, MARS)
    assert learned.removed == {"mem-2"}
    again = learned.changed["mem-0"]
    assert (again.status, again.valid_to, again.superseded_by) == ("current", None, None)


def test_forgetting_reaches_what_was_true_once() -> None:
    learned = after(Extraction(forget=("Lisbon",)), LISBON, MARS)
    assert learned.removed == {"mem-0"}


def test_what_is_forgotten_takes_along_what_it_said_before_it_was_corrected() -> None:
    wording = fact("Sleeps on a boat", "note", "boat", 2, id="mem-2:1", status="superseded", superseded_by="mem-2")
    learned = after(Extraction(forget=("Mars",)), replace(MARS, superseded_by=None), wording)
    assert learned.removed == {"mem-2", "mem-2:1"}


def test_what_was_ended_by_what_ended_too_keeps_the_chain() -> None:
    mars = replace(MARS, status="superseded", superseded_by="mem-4", valid_to=NOON)
    learned = after(Extraction(forget=("Mars",)), LISBON, mars, fact("Lives in Oslo", "residence", "Oslo", 4))
    assert learned.changed == {}
    assert (learned.repointed["mem-0"].status, learned.repointed["mem-0"].superseded_by) == ("superseded", "mem-4")


def test_a_plan_is_over_when_its_day_is_and_a_home_is_not() -> None:
    def draft(content: str, attribute: str, until: datetime | None) -> Draft:
        return Draft(
            "fact", content, 0.5, 0.8, "contact", subject="self", attribute=attribute, value=content, event_end=until
        )

    tomorrow = NOON + timedelta(days=1)
    learned = after(
        Extraction(memories=(draft("Plans to swim", "plan", tomorrow), draft("Lives in Oslo", "residence", None)))
    )
    plan, home = learned.added
    assert (plan.valid_to, home.valid_to) == (tomorrow, None)
