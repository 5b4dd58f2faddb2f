"""Sessions, streaks, stage, trust and style over turns."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import relationship
from server.domain.contact import State
from server.domain.relationship import (
    active_streak,
    preferred_hours,
    session_of,
    stage_now,
    stage_of,
    streak_of,
    style_of,
    trust_parts,
)
from server.domain.turn import Turn

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
STAGE_ORDER = ("new", "building", "established", "deep")
ZONES = [ZoneInfo(n) for n in ("UTC", "Asia/Kolkata", "America/Los_Angeles", "Pacific/Auckland", "Europe/Berlin")]


def live(times: Sequence[datetime], zone: ZoneInfo = ZONES[0], state: State | None = None) -> State:
    """The state after turns at these times, in this order; sessions and days are known as a store knows them."""
    state = state or State()
    sessions: set[str] = set()
    days: set[date] = set()
    for at in times:
        turn = Turn(at, user_message="hello")
        session, day = session_of(state, turn), at.astimezone(zone).date()
        state = relationship.advance(
            state,
            turn,
            mood="neutral",
            mood_strength=0.0,
            energy="medium",
            style="casual",
            zone=zone,
            disclosures=0,
            known_session=session in sessions,
            day_is_new=day not in days,
        )
        sessions.add(session)
        days.add(day)
    return state


def test_turns_less_than_half_an_hour_apart_are_one_session() -> None:
    times = [START, START + timedelta(minutes=29), START + timedelta(minutes=58)]
    assert live(times).total_sessions == 1
    assert live([START, START + timedelta(minutes=30)]).total_sessions == 2


def test_half_an_hour_is_counted_in_real_time_across_a_change_of_the_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spring = [datetime(2026, 3, 29, 1, 50, tzinfo=berlin), datetime(2026, 3, 29, 3, 5, tzinfo=berlin)]
    assert live([t.astimezone(UTC) for t in spring], berlin).total_sessions == 1
    autumn = [datetime(2026, 10, 25, 2, 50, tzinfo=berlin), datetime(2026, 10, 25, 2, 55, tzinfo=berlin, fold=1)]
    assert live([t.astimezone(UTC) for t in autumn], berlin).total_sessions == 2


@pytest.mark.parametrize(("apart", "sessions"), [(1_799_999_999, 1), (1_800_000_000, 2)])
def test_a_session_ends_at_half_an_hour_to_the_microsecond(apart: int, sessions: int) -> None:
    gap = timedelta(microseconds=apart)
    assert live([START, START + gap]).total_sessions == sessions
    assert live([START, START - gap]).total_sessions == sessions


@pytest.mark.parametrize("first", [date(2026, 3, 27), date(2026, 10, 23)])
def test_a_day_of_23_or_25_hours_is_one_day_of_the_streak(first: date) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for clock in (time(0, 5), time(12), time(23, 55)):
        days = [first + timedelta(days=n) for n in range(5)]
        times = [datetime.combine(day, clock, tzinfo=berlin).astimezone(UTC) for day in days]
        state = live(times, berlin)
        assert (state.streak_days, state.active_days) == (5, 5)
        assert active_streak(state, days[-1] + timedelta(days=1)) == 5
        assert active_streak(state, days[-1] + timedelta(days=2)) == 0


def test_a_given_session_id_decides() -> None:
    state = live([START])
    assert session_of(state, Turn(START + timedelta(minutes=1), user_message="x", session_id="mine")) == "mine"


def test_a_late_turn_does_not_move_the_present_back() -> None:
    now = live([START])
    late = live([START - timedelta(days=3)], state=now)
    assert late.last_active_at == START
    assert late.first_active_at == START - timedelta(days=3)
    assert late.session_id == now.session_id
    assert late.total_messages == 2
    assert late.total_sessions == 2


@given(
    st.lists(st.integers(0, 60 * 24 * 40), min_size=1, max_size=40),
    st.sampled_from(ZONES),
)
def test_in_order_the_streak_is_the_run_of_local_days_up_to_the_last(minutes: list[int], zone: ZoneInfo) -> None:
    times = [START + timedelta(minutes=m) for m in sorted(minutes)]
    state = live(times, zone)
    assert (state.streak_days, state.streak_last_day) == streak_of(t.astimezone(zone).date() for t in times)


@given(st.permutations([START + timedelta(hours=7 * n) for n in range(12)]), st.sampled_from(ZONES))
def test_counts_do_not_depend_on_the_order_of_turns(times: list[datetime], zone: ZoneInfo) -> None:
    shuffled, ordered = live(times, zone), live(sorted(times), zone)
    for name in ("total_messages", "active_days", "hours", "last_active_at", "first_active_at", "streak_last_day"):
        assert getattr(shuffled, name) == getattr(ordered, name), name


def test_a_streak_lasts_through_yesterday_and_breaks_after() -> None:
    state = live([START + timedelta(days=n) for n in range(5)])
    last = date(2026, 1, 5)
    assert active_streak(state, last) == 5
    assert active_streak(state, last + timedelta(days=1)) == 5
    assert active_streak(state, last + timedelta(days=2)) == 0
    assert active_streak(State(), last) == 0


def test_a_local_day_is_not_a_utc_day() -> None:
    times = [datetime(2026, 1, 1, 20, tzinfo=UTC), datetime(2026, 1, 1, 22, tzinfo=UTC)]
    assert live(times, ZoneInfo("Europe/Berlin")).streak_days == 1
    assert live(times, ZoneInfo("Asia/Kolkata")).streak_days == 1
    assert live([times[0] - timedelta(hours=4), times[1]], ZoneInfo("Asia/Kolkata")).streak_days == 2


@given(st.integers(0, 200), st.integers(0, 100), st.integers(0, 50), st.integers(0, 50))
def test_more_sessions_or_days_never_lower_the_stage(sessions: int, days: int, more: int, longer: int) -> None:
    before, after = stage_of(sessions, days), stage_of(sessions + more, days + longer)
    assert STAGE_ORDER.index(after) >= STAGE_ORDER.index(before)


@pytest.mark.parametrize(
    ("sessions", "days", "stage"),
    [
        (0, 0, "new"),
        (2, 2, "new"),
        (3, 1, "building"),
        (10, 6, "building"),
        (10, 7, "established"),
        (40, 29, "established"),
        (40, 30, "deep"),
    ],
)
def test_the_stages_begin_where_the_model_says(sessions: int, days: int, stage: str) -> None:
    assert stage_of(sessions, days) == stage


def test_silence_fades_and_then_rests_against_the_contacts_own_rhythm() -> None:
    daily = State(total_sessions=12, active_days=12, last_active_at=START, recent_gaps=(1.0,) * 10)
    weekly = replace(daily, recent_gaps=(7.0,) * 10)
    after = [START + timedelta(days=d) for d in (5, 6, 22, 31, 57)]
    assert [stage_now(daily, t) for t in after] == ["established", "fading", "fading", "dormant", "dormant"]
    assert [stage_now(weekly, t) for t in after] == ["established", "established", "fading", "fading", "dormant"]


def test_a_return_restores_the_stage() -> None:
    state = live([START + timedelta(days=n) for n in range(12)])
    long_after = START + timedelta(days=80)
    assert stage_now(state, long_after) == "dormant"
    assert stage_now(live([long_after], state=state), long_after) == "established"


def test_a_new_contact_stays_new_in_silence() -> None:
    assert stage_now(State(total_sessions=1, last_active_at=START), START + timedelta(days=400)) == "new"


@pytest.mark.parametrize(
    ("gap", "silent", "stage"),
    [
        (1.0, 5.0, "building"), (1.0, 5.001, "fading"), (1.0, 30.0, "fading"), (1.0, 30.001, "dormant"),
        (3.0, 9.0, "building"), (3.0, 9.001, "fading"), (3.0, 30.001, "dormant"),
        (7.0, 21.0, "building"), (7.0, 21.001, "fading"), (7.0, 56.0, "fading"), (7.0, 56.001, "dormant"),
    ],
)  # fmt: skip
def test_silence_counts_when_it_is_longer_than_the_model_says(gap: float, silent: float, stage: str) -> None:
    state = State(total_sessions=3, active_days=3, last_active_at=START, recent_gaps=(gap,))
    assert stage_now(state, START + timedelta(days=silent)) == stage


def test_a_return_restores_the_stage_and_trust_falls_with_silence_until_then() -> None:
    state = live([START + timedelta(days=n) for n in range(12)])
    silent = START + timedelta(days=60)
    assert (stage_now(state, silent), stage_now(live([silent], state=state), silent)) == ("dormant", "established")
    known = replace(state, disclosures=12)
    assert trust_parts(known).level == "high"
    assert trust_parts(known, stage_now(known, silent)).level == "medium"


def test_trust_needs_both_time_and_openness() -> None:
    assert trust_parts(State(stage="new", disclosures=100)).level == "medium"
    assert trust_parts(State(stage="deep", disclosures=0)).level == "medium"
    assert trust_parts(State(stage="established", disclosures=15)).level == "high"
    assert trust_parts(State(stage="building", disclosures=0)).level == "low"


def test_preferred_hours_are_the_busiest_in_clock_order() -> None:
    hours = [0] * 24
    hours[23], hours[22], hours[9] = 8, 10, 1
    assert preferred_hours(State(hours=tuple(hours))) == ["22:00", "23:00"]
    assert preferred_hours(State()) == []


def test_hours_are_counted_on_the_contacts_own_clock() -> None:
    state = live([datetime(2026, 1, 1, 17, tzinfo=UTC)], ZoneInfo("Asia/Kolkata"))
    assert preferred_hours(state) == ["22:00"]


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("Dear team, I would appreciate it if you could please send the invoice. Kind regards", "formal"),
        ("hahaha lol you wish 😜", "playful"),
        ("OMG!!! I LOVE this so much!!! 😍😍😍", "expressive"),
        ("hey dude wanna hang out", "casual"),
    ],
)
def test_how_somebody_writes_is_seen(text: str, style: str) -> None:
    assert style_of(text, "neutral", "concise") == style


def test_one_short_answer_does_not_change_the_style() -> None:
    assert style_of("", "neutral", "formal") == "formal"
    assert style_of("Yes.", "neutral", "playful") in ("playful", "concise")
