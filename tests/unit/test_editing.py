"""Corrections by hand: what a memory says then, and what stays of what it said."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.editing import CERTAIN, Edit, Edited, edit
from server.domain.errors import Conflict, InvalidInput
from server.domain.history import earlier_wordings, repointed
from server.domain.memory import Entity, Memory
from tests.unit.memories import START, a_memory

NOW = START + timedelta(days=100)
MISO = Entity("pet:miso", "pet", "Miso", ("cat",))
BRUNO = Entity("pet:bruno", "pet", "Bruno")


def home(**given: Any) -> Memory:
    return a_memory("Lives in Berlin", attribute="residence", value="Berlin", sources=("msg_1",), **given)


def corrected(memory: Memory, *others: Memory, **change: Any) -> Edited:
    return edit(memory, Edit(**change), [memory, *others], [MISO, BRUNO], NOW, UTC)


def test_a_correction_keeps_id_sources_and_place_and_leaves_the_earlier_wording() -> None:
    memory = home()
    done = corrected(memory, content="Lives in Porto")
    assert done.earlier is not None
    assert (done.memory.id, done.memory.sources, done.memory.sequence) == (memory.id, ("msg_1",), memory.sequence)
    assert (done.memory.confidence, done.memory.valid_from) == (CERTAIN, NOW)
    assert (done.earlier.content, done.earlier.status, done.earlier.superseded_by) == (
        "Lives in Berlin", "superseded", memory.id,
    )  # fmt: skip
    assert (done.earlier.valid_from, done.earlier.valid_to) == (memory.valid_from, NOW)


def test_each_wording_has_an_id_of_its_own_that_goes_with_the_memory() -> None:
    memory = home()
    first = corrected(memory, content="Lives in Porto")
    assert first.earlier is not None
    second = corrected(first.memory, first.earlier, content="Lives in Turin")
    assert second.earlier is not None
    assert first.earlier.id != second.earlier.id
    memories = [second.memory, first.earlier, second.earlier, a_memory("Has a cat", superseded_by=memory.id)]
    assert set(earlier_wordings([memory.id], memories)) == {first.earlier.id, second.earlier.id}
    told_late = replace(first.earlier, superseded_by="another")
    merged_away = replace(first.earlier, id="gone:1")
    assert set(earlier_wordings([memory.id], [told_late, merged_away])) == {told_late.id, merged_away.id}


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("Lives in Porto", "Porto"),
        ("Lives in Berlin with two flatmates", "Berlin"),
        ("Moved to the seaside", "Moved to the seaside"),
    ],
)
def test_the_value_follows_the_content(content: str, value: str) -> None:
    assert corrected(home(), content=content).memory.value == value


def test_a_given_value_stands() -> None:
    assert corrected(home(), content="Lives in Porto", value="Porto, Portugal").memory.value == "Porto, Portugal"


def test_entities_are_those_that_the_new_content_names() -> None:
    memory = a_memory("Has a cat named Miso", entity_ids=("pet:miso",), attribute="pet", value="Miso")
    assert corrected(memory, content="Has a dog named Bruno").memory.entity_ids == ("pet:bruno",)


def test_a_date_follows_the_content_and_one_that_was_never_in_it_stays() -> None:
    dated = a_memory("Has a birthday on 5 May", event_start=START, event_end=START + timedelta(days=1))
    moved = corrected(dated, content="Has a birthday on 6 May").memory.event_start
    assert moved is not None
    assert (moved.month, moved.day) == (5, 6)
    assert corrected(dated, content="Does not keep birthdays").memory.event_start is None
    undated = a_memory("Sees the dentist", event_start=START)
    assert corrected(undated, content="Sees the orthodontist").memory.event_start == START


def test_importance_and_validity_change_in_place() -> None:
    done = corrected(home(), importance=0.9, valid_from=START - timedelta(days=5))
    assert done.earlier is None
    assert (done.memory.importance, done.memory.confidence) == (0.9, 0.8)
    ended = corrected(home(), valid_to=START + timedelta(days=5)).memory
    assert (ended.status, ended.valid_to) == ("expired", START + timedelta(days=5))


def test_another_value_of_what_there_is_one_of_ends_and_other_people_keep_theirs() -> None:
    memory, other = home(), home()
    sister = a_memory("Sister lives in Oslo", subject="sister", attribute="residence", value="Oslo")
    likes = [a_memory(f"Likes {x}", attribute="likes", value=x) for x in ("tea", "rain")]
    done = corrected(memory, other, sister, *likes, content="Lives in Porto")
    assert [(m.id, m.status, m.superseded_by) for m in done.ended] == [(other.id, "superseded", memory.id)]
    assert corrected(likes[0], likes[1], content="Likes coffee").ended == ()


def test_a_correction_may_say_since_when() -> None:
    since = START + timedelta(days=30)
    done = corrected(home(), content="Lives in Porto", valid_from=since)
    assert done.earlier is not None
    assert (done.earlier.valid_to, done.memory.valid_from) == (since, since)


@pytest.mark.parametrize("status", ["superseded", "expired"])
def test_what_is_no_longer_current_is_not_corrected(status: Any) -> None:
    with pytest.raises(Conflict):
        corrected(home(status=status, valid_to=NOW), content="Lives in Porto")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, "content"),
        ({"content": " \n"}, "content"),
        ({"valid_from": NOW + timedelta(seconds=1)}, "valid_from"),
        ({"valid_to": START - timedelta(days=1)}, "valid_to"),
        ({"content": "Lives in Porto", "valid_to": NOW - timedelta(days=1)}, "valid_to"),
    ],
)
def test_a_wrong_edit_names_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        corrected(home(), **change)
    assert {violation.field for violation in refused.value.violations} == {field}


EDITS = st.builds(
    Edit,
    content=st.none() | st.sampled_from(["Lives in Porto", "Lives in Berlin", " Has a cat named Miso "]),
    importance=st.none() | st.floats(0, 1),
    valid_from=st.none() | st.sampled_from([START, START + timedelta(days=3)]),
    valid_to=st.none() | st.just(NOW),
    subject=st.none() | st.sampled_from(["self", "sister"]),
    attribute=st.none() | st.sampled_from(["residence", "pet"]),
    value=st.none() | st.sampled_from(["Porto", "Berlin"]),
).filter(lambda change: change != Edit() and not (change.valid_to and (change.content or change.subject)))


@given(EDITS)
def test_an_edit_done_again_changes_nothing(change: Edit) -> None:
    memory, other = home(), home()
    try:
        done = edit(memory, change, [memory, other], [MISO], NOW, UTC)
    except InvalidInput:
        return
    others = [m for m in (done.earlier, *done.ended) if m is not None]
    again = edit(done.memory, change, [done.memory, *others], [MISO], NOW + timedelta(hours=1), UTC)
    assert again.unchanged
    assert again.memory == done.memory


def test_a_successor_that_is_gone_is_replaced_by_what_stands_for_it() -> None:
    memories = [
        a_memory("a", id="a", superseded_by="b"), a_memory("b", id="b", superseded_by="c"),
        a_memory("c", id="c"), a_memory("d", id="d", superseded_by="x"),
    ]  # fmt: skip
    assert {i: m.superseded_by for i, m in repointed(memories, {"b": "c"}).items()} == {"a": "c"}
    assert {i: m.superseded_by for i, m in repointed(memories, {"b": "c", "c": None}).items()} == {"a": None}
    assert {i: m.superseded_by for i, m in repointed(memories, {"b": "c", "c": "b"}).items()} == {"a": None}


def plan(day: int, **given: Any) -> Memory:
    """A plan said on a day after START, for the day NOW + 5."""
    over = NOW + timedelta(days=6)
    usual = {"attribute": "plan", "value": "concert", "event_start": NOW + timedelta(days=5), "event_end": over}
    return a_memory("Is going to a concert", day, **{**usual, "valid_to": over, **given})


@pytest.mark.parametrize("change", [{"importance": 0.9}, {"content": "Is going to a concert with Miso"}])
def test_what_ends_by_itself_still_does_after_a_change_that_does_not_say_when(change: dict[str, Any]) -> None:
    memory = plan(95)
    done = corrected(memory, **change)
    assert (done.memory.valid_to, done.memory.status) == (memory.valid_to, "current")


def test_a_plan_that_is_corrected_to_another_day_ends_with_that_day() -> None:
    done = corrected(plan(95), content="Is going to a concert on 3 December 2026")
    assert done.memory.event_end is not None
    assert done.memory.valid_to == done.memory.event_end > NOW + timedelta(days=6)


def test_a_wish_that_becomes_a_home_no_longer_ends() -> None:
    wish = a_memory("Wants Berlin", 90, attribute="wants", value="Berlin", valid_to=NOW + timedelta(days=20))
    assert corrected(wish, content="Lives in Berlin", attribute="residence").memory.valid_to is None


def test_what_is_over_can_be_corrected_and_stays_over() -> None:
    memory = plan(50, event_start=START + timedelta(days=60), event_end=START + timedelta(days=61),
                  valid_to=START + timedelta(days=61))  # fmt: skip
    done = corrected(memory, content="Is going to a concert with Miso")
    assert done.memory.valid_from == memory.valid_from
    assert done.memory.valid_to == memory.valid_to
    again = corrected(memory, content="Is going to a concert with Miso", valid_from=START + timedelta(days=70))
    assert again.memory.valid_to is not None
    assert again.memory.valid_to > again.memory.valid_from
    assert again.earlier is not None
    # What was over before does not hold until the correction.
    assert again.earlier.valid_to == memory.valid_to


@given(
    said=st.integers(0, 99), length=st.integers(1, 120), attribute=st.sampled_from(["plan", "wants", "activity", None]),
    change=st.sampled_from([{"importance": 0.9}, {"content": "Lives on a boat"}, {"attribute": "plan", "value": "x"}]),
    since=st.none() | st.integers(0, 100),
)  # fmt: skip
def test_no_change_leaves_a_memory_that_ends_before_it_begins(
    said: int, length: int, attribute: str | None, change: dict[str, Any], since: int | None
) -> None:
    end = START + timedelta(days=said + length)
    memory = a_memory("Is on a boat", said, attribute=attribute, value="boat", valid_to=end, event_end=end)
    given_since = {} if since is None else {"valid_from": START + timedelta(days=since)}
    done = corrected(memory, **change, **given_since)
    for one in (done.memory, *([done.earlier] if done.earlier else [])):
        assert one.valid_to is None or one.valid_from <= one.valid_to
    assert done.memory.valid_to is None or done.memory.valid_from < done.memory.valid_to
