"""Entities found in memories, and dates that lie ahead."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.consolidation import link_entities, named_in, next_birthdays, upcoming
from server.domain.memory import Entity, Memory
from tests.unit.memories import START, a_memory

MISO = Entity("pet:miso", "pet", "Miso", ("cat",))
OSLO = Entity("place:oslo", "place", "Oslo")
MARYS = Entity("workplace:saint-marys", "workplace", "Saint Mary's")
ZONES = [ZoneInfo(n) for n in ("UTC", "Asia/Kolkata", "America/Los_Angeles", "Pacific/Auckland", "Europe/Berlin")]


def test_memories_get_the_entities_that_they_name_by_name_or_alias() -> None:
    assert named_in("The cat sleeps on the sofa", [MISO, OSLO]) == ("pet:miso",)
    assert named_in("Took Miso along to Oslo", [OSLO, MISO]) == ("pet:miso", "place:oslo")
    assert named_in("Starts at Saint Mary's in May", [MARYS]) == ("workplace:saint-marys",)
    assert named_in("Likes saints", [MARYS]) == ()


def test_entities_that_only_a_pattern_or_nothing_names_are_unmentioned() -> None:
    memories = [
        a_memory("Took Miso to the vet"),
        a_memory("Often talks about Oslo", type="pattern", entity_ids=("place:oslo",)),
    ]
    linked = link_entities(memories, [MISO, OSLO, MARYS])
    assert [(m.id, m.entity_ids) for m in linked.relinked] == [(memories[0].id, ("pet:miso",))]
    assert linked.unmentioned == ("place:oslo", "workplace:saint-marys")
    again = link_entities([*linked.relinked, memories[1]], [MISO])
    assert (again.relinked, again.unmentioned) == ((), ())


def test_what_lies_ahead_is_soonest_first_and_only_what_still_holds() -> None:
    later, sooner = (a_memory("Plans a trip", event_start=START + timedelta(days=d)) for d in (9, 3))
    others = [
        a_memory("Moved", event_start=START - timedelta(days=1)),
        a_memory("Cancelled it", event_start=START + timedelta(days=5), status="superseded"),
        a_memory("See you on Friday!", event_start=START + timedelta(days=5), type="episode"),
        a_memory("Has a cat"),
    ]
    assert upcoming([later, *others, sooner], START) == (sooner, later)


def birthday(day: date, zone: ZoneInfo, content: str = "Has a birthday") -> Memory:
    start = datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
    return a_memory(content, attribute="birthday", event_start=start, event_end=end)


@given(
    st.dates(date(1950, 1, 1), date(2030, 1, 1)), st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.sampled_from(ZONES)
)
def test_a_birthday_that_is_over_becomes_the_next_one_and_then_stays(day: date, today: date, zone: ZoneInfo) -> None:
    memory = birthday(day, zone, "Has a birthday on 29 February" if (day.month, day.day) == (2, 29) else "Has one")
    now = datetime.combine(today, time(12), tzinfo=zone).astimezone(UTC)
    moved = next_birthdays([memory], now, zone)
    if not moved:
        assert memory.event_end is not None
        assert memory.event_end > now
        return
    (after,) = moved
    assert after.event_start is not None
    found = after.event_start.astimezone(zone).date()
    assert today <= found <= today + timedelta(days=366)
    assert (found.month, found.day) in {(day.month, day.day), (2, 28) if day.day == 29 else (day.month, day.day)}
    assert next_birthdays([after], now, zone) == ()


@pytest.mark.parametrize(("year", "day"), [(2027, 28), (2028, 29), (2029, 28)])
def test_a_leap_days_birthday_is_kept_each_year_and_comes_back_to_its_day(year: int, day: int) -> None:
    zone = ZoneInfo("Europe/Berlin")
    memory = birthday(date(2024, 2, 29), zone, "Has a birthday on 29 February")
    for passing in range(2025, year + 1):
        (memory,) = next_birthdays([memory], datetime(passing, 1, 1, tzinfo=UTC), zone)
    assert memory.event_start is not None
    assert memory.event_start.astimezone(zone).date() == date(year, 2, day)
