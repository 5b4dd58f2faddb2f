"""Memories that say the same become one, and nothing that they came from is lost."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.duplicates import merges
from server.domain.memory import Memory
from tests.unit.memories import START, a_memory


def merged(memories: list[Memory]) -> list[Memory]:
    """All memories after the merges."""
    found = merges(memories)
    changed = {m.id: m for merge in found for m in (merge.kept, *merge.ended, *merge.repointed)}
    gone = {i for merge in found for i in merge.absorbed}
    return [changed.get(m.id, m) for m in memories if m.id not in gone]


def pet(content: str, day: int, **given: Any) -> Memory:
    return a_memory(content, day, **{"attribute": "pet", "value": "Bruno", "sources": (f"msg_{day}",), **given})


def test_the_one_that_was_said_first_stays_with_everything_of_the_others() -> None:
    later = pet("Has a dog named Bruno", 2, importance=0.9, entity_ids=("pet:bruno",), access_count=3)
    first = pet("Has the dog named Bruno", 1, access_count=1)
    (kept,) = merged([later, first])
    assert (kept.id, kept.sources, kept.importance) == (first.id, ("msg_1", "msg_2"), 0.9)
    assert (kept.entity_ids, kept.access_count, kept.valid_from) == (("pet:bruno",), 4, first.valid_from)


def test_one_that_says_less_is_taken_over_by_one_that_says_more() -> None:
    more, less = pet("Has a golden retriever dog named Bruno", 1), pet("Has a dog named Bruno", 2)
    (kept,) = merged([more, less])
    assert (kept.content, kept.sources) == (more.content, ("msg_1", "msg_2"))


def test_one_that_said_less_before_stays_in_the_history() -> None:
    less, more = pet("Has a dog named Bruno", 1), pet("Has a golden retriever dog named Bruno", 5)
    ended, kept = merged([less, more])
    assert (ended.status, ended.superseded_by, ended.valid_to) == ("superseded", more.id, more.valid_from)
    assert (kept.status, kept.sources) == ("current", ("msg_5", "msg_1"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Smokes", "Does not smoke"),
        ("Works at the harbour", "Worked at the harbour until May"),
        ("Has a dog named Bruno", "Had a dog named Bruno who was lost"),
        ("Eats fish", "Never eats fish"),
        ("Is the manager of Bruno", "Is the former manager of Bruno"),
    ],
)
def test_what_says_something_else_stays(one: str, other: str) -> None:
    assert merges([pet(one, 1), pet(other, 2)]) == ()


def test_other_subjects_attributes_types_and_values_stay_apart() -> None:
    memories = [
        pet("Has a dog", 1),
        pet("Has a dog", 2, subject="sister"),
        pet("Has a dog", 3, attribute="likes"),
        pet("Has a dog", 4, type="preference"),
        pet("Has a dog", 5, type="episode"),
        pet("Has a dog", 6, type="episode"),
        pet("Has a dog", 7, status="superseded"),
        pet("Has a dog of its own", 8, value="Rex"),
    ]
    assert merges(memories) == ()


def test_no_successor_is_lost_when_what_it_named_is_merged_away() -> None:
    first, second = pet("Has a dog named Bruno", 1), pet("Has a dog named Bruno", 9)
    older = pet("Has a puppy", 0, status="superseded", superseded_by=second.id, valid_to=START + timedelta(days=9))
    wording = replace(older, id=f"{second.id}:1")
    after = {m.id: m for m in merged([older, wording, first, second])}
    assert set(after) == {older.id, wording.id, first.id}
    assert after[older.id].superseded_by == after[wording.id].superseded_by == first.id


def plan(day: int, event_day: int | None, content: str = "Is going to a concert", **given: Any) -> Memory:
    """A plan said `day` days after START, for a day after START."""
    at = None if event_day is None else START + timedelta(days=event_day)
    over = START + timedelta(days=day + 90) if at is None else at + timedelta(days=1)
    usual = {"attribute": "plan", "value": "concert", "event_start": at, "event_end": at and over, "valid_to": over}
    return a_memory(content, day, **{**usual, **given})


def test_the_same_plan_for_two_days_is_two_plans() -> None:
    assert merges([plan(1, 10), plan(2, 20)]) == ()
    assert merges([plan(1, 10), plan(2, 20, "Is going to a concert with Leila")]) == ()
    assert len(merged([plan(1, 10), plan(2, 20), plan(3, 10), plan(4, 20)])) == 2


def test_a_plan_that_gets_its_day_ends_with_it() -> None:
    for memories in ([plan(1, None), plan(2, 10)], [plan(1, 10), plan(2, None)]):
        (kept,) = merged(memories)
        assert (kept.event_start, kept.valid_to) == (START + timedelta(days=10), START + timedelta(days=11))


def test_a_wish_that_is_told_again_lasts_as_long_from_then_on() -> None:
    def wish(day: int, **given: Any) -> Memory:
        end = START + timedelta(days=day + 30)
        return a_memory("Wants a kayak", day, **{"attribute": "wants", "value": "kayak", "valid_to": end, **given})

    (kept,) = merged([wish(1), wish(20)])
    assert kept.valid_to == START + timedelta(days=50)
    assert [m.valid_to for m in merged([wish(1, valid_to=None), wish(20)])] == [START + timedelta(days=50)]
    assert [m.valid_to for m in merged([wish(1), wish(20, valid_to=None)])] == [None]


def test_what_ends_where_something_else_says_more_was_over_when_it_was() -> None:
    less = plan(1, 10, valid_to=START + timedelta(days=11))
    more = plan(40, 10, "Is going to a concert with Leila")
    ended, _ = merged([less, more])
    assert (ended.status, ended.valid_to) == ("superseded", START + timedelta(days=11))


WORDS = ["a", "the", "big", "brown", "dog", "named", "bruno", "not", "old"]
MEMORIES = st.lists(
    st.builds(
        lambda said, day, attribute, value, type_, event, end: a_memory(
            " ".join(said),
            day,
            attribute=attribute,
            value=value,
            type=type_,
            sources=(f"s{day}",),
            event_start=event and START + timedelta(days=event),
            valid_to=end and START + timedelta(days=day + end),
        ),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=5),
        st.integers(0, 20),
        st.sampled_from(["pet", "plan", "note", None]),
        st.sampled_from(["Bruno", "bruno", None]),
        st.sampled_from(["fact", "preference", "episode"]),
        st.sampled_from([None, 3, 4]),
        st.sampled_from([None, 30]),
    ),
    max_size=14,
)


@given(MEMORIES, st.randoms())
def test_merging_loses_no_source_leaves_no_dangling_successor_and_is_done_after_once(
    memories: list[Memory], random: Any
) -> None:
    ids = [m.id for m in memories]
    linked = [
        replace(m, status="superseded", superseded_by=random.choice(ids), valid_to=m.valid_from)
        if random.random() < 0.3
        else m
        for m in memories
    ]
    after = merged(linked)
    assert {s for m in linked for s in m.sources} == {s for m in after for s in m.sources}
    known = {m.id for m in after}
    assert all(m.superseded_by in known for m in after if m.superseded_by is not None)
    assert merges(after) == ()


@given(MEMORIES, st.randoms())
def test_the_order_of_the_rows_does_not_matter(memories: list[Memory], random: Any) -> None:
    shuffled = memories[:]
    random.shuffle(shuffled)
    assert {m.id: m for m in merged(memories)} == {m.id: m for m in merged(shuffled)}
