"""A call is what all that was told of it says, however often, late and out of order."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import calls
from server.domain.calls import FINAL, Event, Told, fold

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STATUSES = ["queued", "ringing", "in-progress", "completed", "missed", "failed"]
ORDER = ["queued", "ringing", "in-progress", "failed", "missed", "completed"]

instants = st.integers(0, 5).map(lambda n: AT + timedelta(seconds=n))
words = st.sampled_from(["a", "b", "ab", "zebra", "A", "ß", "1.0"])
json_values = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([1.0, 2.5]) | words | st.lists(words, max_size=2)
)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


tellings = st.builds(
    Told,
    provider=st.just("twilio"),
    call_sid=st.just("CA1"),
    at=maybe(instants),
    sequence=maybe(st.integers(0, 3)),
    agent_id=maybe(words),
    direction=maybe(st.sampled_from(["inbound", "outbound"])),
    contact_id=maybe(words),
    caller_number=maybe(words),
    number_unreadable=st.booleans(),
    caller_name=maybe(words),
    status=maybe(st.sampled_from(STATUSES)),
    duration=maybe(st.sampled_from([0.0, 1, 1.0, 60.5])),
    recording_url=maybe(words),
    transcript=maybe(words),
    sentiment=maybe(st.sampled_from(["positive", "negative", "neutral"])),
    topics=st.lists(words, max_size=3).map(tuple),
    summary=maybe(words),
    collected_data=st.dictionaries(words, json_values, max_size=3),
    cost=maybe(st.sampled_from([0.0, 0.5])),
    started_at=maybe(instants),
    ended_at=maybe(instants),
)


def event(told: Told, received: int = 0) -> Event:
    return Event(calls.key_of(told), told, AT + timedelta(hours=1, seconds=received))


def told(**said: Any) -> Told:
    return Told("twilio", "CA1", **said)


def folded(*tellings: Told) -> calls.Call:
    return fold([event(one) for one in tellings])


@given(st.lists(tellings, min_size=1, max_size=6), st.data())
def test_repeated_and_shuffled_events_make_the_same_call(several: list[Told], data: st.DataObject) -> None:
    events = [event(one) for one in several]
    repeated = events + data.draw(st.lists(st.sampled_from(events), max_size=6))
    assert fold(data.draw(st.permutations(repeated))) == fold(events)


@given(st.lists(tellings, min_size=1, max_size=5), st.data())
def test_of_an_event_that_came_twice_counts_when_it_came_first(several: list[Told], data: st.DataObject) -> None:
    events = [event(one) for one in several]
    late = [event(one, received=50) for one in data.draw(st.lists(st.sampled_from(several), max_size=5))]
    assert fold(data.draw(st.permutations([*events, *late]))) == fold(events)


@given(st.lists(tellings, min_size=1, max_size=5), tellings)
def test_nothing_that_is_told_later_erases(several: list[Told], more: Told) -> None:
    before, after = folded(*several), folded(*several, more)
    for name in ("agent_id", "contact_id", "caller_number", "duration", "transcript", "summary", "cost", "ended_at"):
        assert getattr(before, name) is None or getattr(after, name) is not None
    assert set(before.topics) <= set(after.topics)
    assert set(before.collected_data) <= set(after.collected_data)


@given(st.lists(tellings, min_size=1, max_size=5), tellings)
def test_the_status_only_goes_forward(several: list[Told], more: Told) -> None:
    before, after = folded(*several).status, folded(*several, more).status
    told_any = any(one.status for one in several)
    assert not told_any or ORDER.index(after) >= ORDER.index(before)
    assert before not in FINAL or after in FINAL


@given(tellings)
def test_what_was_told_survives_being_stored(one: Told) -> None:
    stored = calls.from_json(json.loads(json.dumps(calls.as_json(one))))
    assert calls.key_of(stored) == calls.key_of(one)
    assert fold([event(stored)]) == fold([event(one)])


@given(tellings, tellings)
def test_the_key_tells_what_was_told_apart(one: Told, other: Told) -> None:
    same = calls.as_json(one) == calls.as_json(other) and json.dumps(calls.as_json(one), sort_keys=True) == json.dumps(
        calls.as_json(other), sort_keys=True
    )
    assert (calls.key_of(one) == calls.key_of(other)) == same


def test_the_key_is_of_the_instant_and_not_of_its_zone() -> None:
    elsewhere = AT.astimezone(tz=datetime.fromisoformat("2026-01-01T00:00:00+05:30").tzinfo)
    assert calls.key_of(told(at=AT)) == calls.key_of(told(at=elsewhere))


@pytest.mark.parametrize(
    ("several", "status"),
    [
        (["queued", "ringing"], "ringing"),
        (["completed", "in-progress"], "completed"),
        (["failed", "missed"], "missed"),
        (["missed", "completed"], "completed"),
        (["failed", "completed", "missed"], "completed"),
        ([None], "in-progress"),
    ],
)
def test_of_several_states_the_best_informed_final_one_holds(several: list[Any], status: str) -> None:
    assert folded(*(told(status=one) for one in several)).status == status
    assert folded(*(told(status=one) for one in reversed(several))).status == status


def test_the_value_of_the_later_moment_holds() -> None:
    first, second = told(at=AT, summary="A long first guess"), told(at=AT + timedelta(seconds=1), summary="Short")
    timeless = told(summary="Told without a time, and longer than both")
    assert folded(second, timeless, first).summary == "Short"
    assert folded(first, timeless).summary == "A long first guess"
    counted = [told(at=AT, sequence=n, cost=float(5 - n)) for n in range(3)]
    assert folded(*counted).cost == 3.0


def test_of_one_moment_holds_the_further_status_and_then_the_fuller_value() -> None:
    assert (
        folded(told(status="in-progress", agent_id="night-desk"), told(status="completed", agent_id="day")).agent_id
        == "day"
    )
    assert folded(told(transcript="Hello? Who is it?"), told(transcript="Hello?")).transcript == "Hello? Who is it?"
    assert folded(
        told(caller_number="12", number_unreadable=True), told(caller_number="+49301234567")
    ).caller_number == ("+49301234567")


def test_topics_unite_in_the_order_of_what_was_told() -> None:
    first, second = (
        told(at=AT, topics=("price", "delivery")),
        told(at=AT + timedelta(seconds=1), topics=("delivery", "thanks")),
    )
    assert folded(second, first).topics == ("price", "delivery", "thanks")


def test_what_the_caller_told_is_merged_by_key() -> None:
    first = told(at=AT, collected_data={"name": "Ida", "plan": "basic"})
    second = told(at=AT + timedelta(seconds=1), collected_data={"plan": "large", "name": None})
    assert folded(second, first).collected_data == {"name": "Ida", "plan": "large"}


def test_a_call_begins_when_it_was_told_to_be_under_way_unless_somebody_says() -> None:
    ringing, over = told(at=AT, status="ringing"), told(at=AT + timedelta(seconds=90), status="completed", duration=60)
    assert folded(over, ringing).started_at == AT
    assert folded(over, ringing, told(started_at=AT - timedelta(seconds=9))).started_at == AT - timedelta(seconds=9)
    assert folded(over).started_at == AT + timedelta(seconds=30)
    assert folded(over, told(status="in-progress")).started_at == AT + timedelta(hours=1)
    ended = replace(over, at=None, ended_at=AT + timedelta(seconds=90))
    assert folded(ended).started_at == AT + timedelta(seconds=30)
    assert folded(told(status="completed")).started_at == AT + timedelta(hours=1)


def test_what_is_kept_no_longer_is_left_out() -> None:
    both = told(transcript="Hello?", recording_url="https://media.example/1")
    assert calls.without(both, {"transcript"}) == replace(both, transcript=None)
    assert calls.kept(folded(both), {"recording_url"}).recording_url is None


@pytest.mark.parametrize("number", ["anonymous", "Anonymous ", "+266696687", "+464", "N/A", "Restricted"])
def test_a_hidden_number_is_nobodys(number: str) -> None:
    assert calls.withheld(number)
    assert not calls.withheld("+442079460018")
