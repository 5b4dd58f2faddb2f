"""What happens with the people of a demo besides their turns follows from the seed, and lies in their days."""

from datetime import UTC, datetime

from server.demoing.dealings import Dealings, dealings
from server.demoing.lives import Calendar, turns
from server.demoing.people import person

NOW = datetime(2026, 3, 30, 15, 20, tzinfo=UTC)
CALENDAR = Calendar.until(NOW, 60, "Europe/Lisbon")


def everybody(seed: int, count: int = 150) -> list[Dealings]:
    people = [person(seed, CALENDAR.days, number) for number in range(count)]
    return [dealings(one, turns(one, seed, CALENDAR), seed, CALENDAR) for one in people]


def test_the_same_seed_gives_the_same_dealings() -> None:
    assert everybody(7) == everybody(7)
    assert everybody(7) != everybody(8)


def test_everything_happened_before_the_demo_ended() -> None:
    for one in everybody(7):
        instants = [*(touch.occurred_at for touch in one.touchpoints), *(call.started_at for call in one.calls)]
        assert all(CALENDAR.start <= at < NOW for at in [*instants, *(shown.at for shown in one.tracked)])


def test_whatever_identifies_something_is_said_of_one_thing_only() -> None:
    found = everybody(7)
    for ids in (
        [touch.external_id for one in found for touch in one.touchpoints],
        [call.call_sid for one in found for call in one.calls],
        [shown.interaction_id for one in found for shown in one.tracked],
        [one.email for one in found],
        [one.phone for one in found],
    ):
        assert len(ids) == len(set(ids)) > 0


def test_some_calls_are_missed_and_of_those_nothing_was_said() -> None:
    calls = [call for one in everybody(7) for call in one.calls]
    missed = [call for call in calls if call.seconds is None]
    assert 0 < len(missed) < len(calls) / 2
    assert all(call.summary is None and call.topic is None for call in missed)
    assert all(call.summary and call.topic for call in calls if call.seconds is not None)


def test_what_is_done_with_something_shown_belongs_to_the_event_that_showed_it() -> None:
    for one in everybody(7):
        events = {shown.event_id for shown in one.tracked if shown.artifact_id is None}
        assert {shown.event_id for shown in one.tracked} == events
        assert all(shown.kind in ("recall", "workspace") for shown in one.tracked if shown.artifact_id is None)
