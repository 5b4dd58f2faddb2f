"""Memories written down by hand: what is new, what was known, what they end."""

from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.contact import Profile
from server.domain.errors import InvalidInput
from server.domain.extraction import FORGET_LAST, forgotten
from server.domain.extraction.written import stated
from server.domain.memory import Entity, Memory
from server.domain.writing import Note, Written, write
from tests.unit.memories import START, a_memory

NOW = START + timedelta(days=100)
MISO = Entity("pet:miso", "pet", "Miso", ("cat",))
NOOR = Profile("ct_1", "tnt_1", "wa_1", "whatsapp", START, "Noor")


def wrote(content: str, *memories: Memory, language: str = "en", **note: Any) -> Written:
    note = {"occurred_at": NOW, **note}
    profile = Profile("ct_1", "tnt_1", "wa_1", "whatsapp", START, "Noor", language)
    return write(Note(content, **note), profile, memories, [MISO], now=NOW, zone=UTC, new_id=lambda: "mem_new")


def home(city: str = "Berlin", day: int = 0, **more: Any) -> Memory:
    return a_memory(f"Lives in {city}", day, attribute="residence", value=city, **more)


def test_a_note_is_certain_and_as_important_as_its_type_says() -> None:
    for type_, importance in (("fact", 0.7), ("preference", 0.6), ("episode", 0.4)):
        memory = wrote("Asked about invoice 4711", type=type_).memory
        assert (memory.type, memory.importance, memory.confidence) == (type_, importance, 1.0)
        assert memory.origin == "caller"
    assert wrote("Asked about invoice 4711").memory.type == "fact"
    assert wrote("Asked about invoice 4711", importance=0.0).memory.importance == 0.0


@pytest.mark.parametrize(
    ("content", "attribute", "value"),
    [
        ("Lives in Porto", "residence", "Porto"),
        ("I live in Porto", "residence", "Porto"),
        ("Works at Acme", "workplace", "Acme"),
        ("Studies law", "studies", "law"),
        ("Watches football", "watches", "football"),
        ("Has a cat named Tom", "pet", "Tom"),
        ("Is a nurse", "occupation", "nurse"),
    ],
)
def test_a_plain_statement_is_read_in_the_third_person_as_in_the_first(
    content: str, attribute: str, value: str
) -> None:
    memory = wrote(content).memory
    assert (memory.content, memory.subject, memory.attribute, memory.value) == (content, "self", attribute, value)


@pytest.mark.parametrize(
    "content",
    ["Lives in Porto but not for long", "Asked about invoice 4711", "I live in Porto. I hate fish.", "x" * 400],
)
def test_what_says_more_than_one_plain_thing_is_left_as_it_is(content: str) -> None:
    assert stated(content) is None
    assert wrote(content).memory.attribute is None


def test_a_preference_is_known_by_its_words_unless_its_writer_says_otherwise() -> None:
    assert wrote("Likes hiking").memory.type == "preference"
    assert wrote("Likes hiking", type="fact").memory.type == "fact"


def test_what_the_writer_says_of_a_statement_goes_before_what_its_words_seem_to_say() -> None:
    memory = wrote("Lives in Porto", subject="sister", attribute="residence").memory
    assert (memory.subject, memory.attribute, memory.value) == ("sister", "residence", "Lives in Porto")
    memory = wrote("Lives in Porto", attribute="whereabouts", value="Portugal").memory
    assert (memory.subject, memory.attribute, memory.value) == ("self", "whereabouts", "Portugal")


def test_words_in_another_language_than_english_are_not_read_as_a_statement() -> None:
    assert wrote("Lives in Porto", language="de").memory.attribute is None


def test_a_new_value_of_what_there_is_one_at_a_time_supersedes_the_old_one() -> None:
    old, sisters = home(), home("Oslo", subject="sister")
    done = wrote("Lives in Porto", old, sisters)
    assert done.created
    assert [(m.id, m.status, m.valid_to, m.superseded_by) for m in done.ended] == [
        (old.id, "superseded", NOW, "mem_new")
    ]


def test_what_was_true_before_the_present_value_goes_into_the_history() -> None:
    current = home("Porto", day=50)
    done = wrote("Lives in Berlin", current, occurred_at=START)
    assert (done.created, done.ended) == (True, ())
    assert (done.memory.status, done.memory.valid_to, done.memory.superseded_by) == (
        "superseded", current.valid_from, current.id,
    )  # fmt: skip
    again = wrote("Lives in Berlin", current, done.memory, occurred_at=START, sources=("crm:9",))
    assert (again.created, again.memory.id, again.memory.sources) == (False, "mem_new", ("crm:9",))


def test_what_is_known_gains_sources_certainty_and_a_little_importance() -> None:
    known = home(sources=("msg_1",), importance=0.5, strength=0.2)
    done = wrote("I live in Berlin", known, sources=("crm:1", "msg_1"), entity_ids=("pet:miso",))
    assert (done.created, done.memory.id, done.memory.content) == (False, known.id, "Lives in Berlin")
    assert done.memory.sources == ("msg_1", "crm:1")
    assert {"pet:miso", "place:berlin"} == set(done.memory.entity_ids)
    assert (done.memory.confidence, done.memory.importance) == (1.0, pytest.approx(0.52))
    assert (done.memory.strength, done.memory.strength_at) == (1.0, NOW)


def test_the_contrary_in_almost_the_same_words_is_no_duplicate() -> None:
    known = a_memory("Not allergic to nuts")
    done = wrote("Allergic to nuts", known)
    assert (done.created, done.ended) == (True, ())
    never = a_memory("Never married", attribute="relationship_status", value="never married")
    done = wrote("Married", never, attribute="relationship_status", value="married")
    assert (done.created, [m.id for m in done.ended]) == (True, [never.id])


@pytest.mark.parametrize(
    ("known", "content"),
    [
        ("Called about the kayak", "Called"),
        ("Called", "Called about the kayak"),
        ("Owes Sam money", "Sam owes money"),
        ("Called about the kayak", "🙂"),
        ("🎉", "🙂"),
    ],
)
def test_in_free_words_only_the_same_words_are_the_same(known: str, content: str) -> None:
    done = wrote(content, a_memory(known))
    assert (done.created, done.ended) == (True, ())
    again = wrote(f" {content} ", a_memory(known), done.memory)
    assert (again.created, again.memory.id) == (False, done.memory.id)


def test_what_a_known_statement_rules_out_ends_when_it_is_told_again() -> None:
    avoids = a_memory("Does not eat meat", attribute="avoids", value="meat")
    eats = a_memory("Eats meat", 10, attribute="eats", value="meat")
    done = wrote("Does not eat meat", avoids, eats)
    assert (done.created, done.memory.id) == (False, avoids.id)
    assert [(m.id, m.superseded_by) for m in done.ended] == [(eats.id, avoids.id)]


def test_values_of_what_there_may_be_many_stay_side_by_side() -> None:
    done = wrote("Likes hiking", a_memory("Likes tea", type="preference", attribute="likes", value="tea"))
    assert (done.created, done.ended) == (True, ())


def test_an_episode_is_the_same_only_within_one_sitting() -> None:
    first = wrote("Came by to collect the order", type="episode").memory
    soon = wrote("Came by to collect the order", first, type="episode", occurred_at=NOW - timedelta(minutes=20))
    assert (soon.created, soon.memory.id) == (False, first.id)
    earlier = wrote("Came by to collect the order", first, type="episode", occurred_at=NOW - timedelta(days=7))
    assert earlier.created


def test_what_ends_by_itself_lasts_anew_when_it_is_told_again() -> None:
    first = wrote("Wants a red kayak", occurred_at=START).memory
    assert first.valid_to == START + timedelta(days=30)
    again = wrote("Wants a red kayak", first, occurred_at=START + timedelta(days=20))
    assert (again.created, again.memory.valid_to) == (False, START + timedelta(days=50))
    assert wrote("Wants a red kayak", first, occurred_at=START).memory.valid_to == first.valid_to


def test_entities_are_found_as_in_a_turn_and_new_ones_are_made() -> None:
    done = wrote("Took the cat to the vet with Sami", type="episode")
    assert "person:sami" in done.memory.entity_ids
    assert [e.id for e in done.met] == ["person:sami"]
    assert wrote("Miso is ill", type="episode").memory.entity_ids == ("pet:miso",)
    assert wrote("Is ill", type="episode", entity_ids=("pet:miso",)).memory.entity_ids == ("pet:miso",)


def test_a_date_in_the_content_is_read_against_when_it_was_told() -> None:
    memory = wrote("Wants the contract by tomorrow", occurred_at=START).memory
    assert memory.event_start is not None
    assert memory.event_start.date() == (START + timedelta(days=1)).date()


@pytest.mark.parametrize(
    ("note", "field"),
    [
        ({"content": "  "}, "content"),
        ({"subject": " "}, "subject"),
        ({"attribute": "residence", "value": " "}, "value"),
        ({"value": "Porto"}, "attribute"),
        ({"type": "episode", "subject": "self"}, "subject"),
        ({"type": "episode", "attribute": "residence"}, "attribute"),
        ({"type": "episode", "attribute": "residence", "value": "Porto"}, "value"),
        ({"occurred_at": NOW + timedelta(minutes=6)}, "occurred_at"),
        ({"occurred_at": START.replace(year=1969)}, "occurred_at"),
        ({"entity_ids": ("pet:miso", "pet:nobody")}, "entity_ids[1]"),
    ],
)
def test_a_wrong_note_names_the_field(note: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        wrote(note.pop("content", "Lives in Porto"), **note)
    assert field in {violation.field for violation in refused.value.violations}


def test_forget_that_does_not_mean_what_was_never_said() -> None:
    note = wrote("Lives in Porto").memory
    said = a_memory("Plays chess", sequence=0)
    assert forgotten(FORGET_LAST, [note]) == ()
    assert forgotten(FORGET_LAST, [note, said]) == (said.id,)


CITIES = st.sampled_from(["Berlin", "Porto", "Turin", "Oslo"])


@given(st.lists(st.tuples(CITIES, st.integers(0, 99)), min_size=1, max_size=8, unique_by=lambda told: told[1]))
def test_in_whatever_order_homes_are_told_there_is_one_at_a_time_and_the_last_is_current(
    told: list[tuple[str, int]],
) -> None:
    memories: dict[str, Memory] = {}
    for number, (city, day) in enumerate(told):
        note = Note(f"Lives in {city}", START + timedelta(days=day))
        done = write(
            note, NOOR, list(memories.values()), (), now=NOW, zone=UTC, new_id=lambda number=number: f"mem_{number}"
        )
        memories |= {m.id: m for m in (done.memory, *done.ended)}
    current = [m for m in memories.values() if m.status == "current"]
    assert len(current) == 1
    for day in range(100):
        at = START + timedelta(days=day)
        held = [m for m in memories.values() if m.valid_from <= at and (m.valid_to is None or at < m.valid_to)]
        assert len(held) <= 1
    assert len({m.sequence for m in memories.values()}) == len(memories)
