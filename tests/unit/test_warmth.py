"""Warmth is a function of the touches that there are: what it promises, of any touches."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.errors import InvalidInput
from server.domain.warmth import CHAT_QUALITY, DEFAULT, KINDS, Config, Ledger, Touch, chat_touches, quality, score_of
from server.domain.warmth import ledger as ledgers
from server.domain.warmth.course import Course, fell_at, values
from server.domain.warmth.rules import check, counted, worth

NOW = datetime(2031, 5, 8, 15, tzinfo=UTC)
DAY = timedelta(days=1)


def touch(kind: str = "call", days_ago: float = 0.0, quality: float = 0.0, name: str = "") -> Touch:
    at = NOW - timedelta(days=days_ago)
    return Touch(name or f"int_{kind}_{days_ago}_{quality}", kind, at, quality, at.date())  # type: ignore[arg-type]


def warmth(touches: list[Touch], at: datetime = NOW, config: Config = DEFAULT) -> float:
    """The sum of worths at a moment by the definition."""
    kept = counted([t for t in touches if t.at <= at], config, at)
    return sum(worth(config.points_of(c.touch.kind, c.touch.quality), (at - c.touch.at) / DAY, config) for c in kept)


def ledger(touches: list[Touch], now: datetime = NOW, config: Config = DEFAULT) -> Ledger:
    return ledgers.of_touches(counted(touches, config, now), None, None, config, "UTC", now)


TOUCHES = st.lists(
    st.builds(
        touch,
        st.sampled_from(KINDS),
        st.floats(-0.2, 500).map(lambda days: round(days, 3)),
        st.sampled_from((0.0, 0.3, 0.5, 1.0)),
    ),
    max_size=40,
    unique_by=lambda t: t.id,
)
CONFIGS = st.builds(
    Config,
    st.floats(0, 30).map(lambda x: round(x, 2)), st.floats(1, 90).map(lambda x: round(x, 2)), st.integers(1, 5),
)  # fmt: skip


def test_a_plain_call_on_a_contact_at_75_gives_82() -> None:
    touches = [touch("meeting", days, 0.0) for days in (1, 2, 3, 4, 5)] + [touch("note", d) for d in (1, 2, 3, 4, 5, 6)]
    assert score_of(warmth(touches)) == 75.0
    assert score_of(warmth([*touches, touch("call")])) == 82.0
    assert ledgers.warmth_at(ledger([*touches, touch("call")]), NOW) == (82.0, "hot")


@pytest.mark.parametrize("kind", KINDS)
def test_quality_adds_inside_the_band_of_the_kind(kind: str) -> None:
    best = {"duration_minutes": 600, "direction": "inbound", "answered": True, "sentiment": "very_positive"}
    bands = {"note": (5, 5), "email": (5.5, 6.4), "message": (5.5, 6.4), "call": (7, 7.9), "video_call": (8, 8.9)}
    low, high = bands.get(kind, (9, 10))
    assert DEFAULT.points_of(kind, quality(kind, {})) == low  # type: ignore[arg-type]
    assert DEFAULT.points_of(kind, quality(kind, best)) == pytest.approx(high)  # type: ignore[arg-type]


@given(st.sampled_from(KINDS), st.dictionaries(
    st.sampled_from(("duration_minutes", "direction", "answered", "sentiment")),
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.lists(st.integers()),
))  # fmt: skip
def test_whatever_is_noted_quality_is_between_0_and_1(kind: str, metadata: dict[str, object]) -> None:
    assert 0.0 <= quality(kind, metadata) <= 1.0


def test_length_engagement_and_good_mood_each_add() -> None:
    told = [{}, {"duration_minutes": 10}, {"duration_minutes": 40}, {"duration_minutes": 40, "direction": "inbound"},
            {"duration_minutes": 40, "direction": "inbound", "sentiment": "positive"}]  # fmt: skip
    found = [quality("call", metadata) for metadata in told]
    assert found == sorted(set(found))
    assert quality("message", {"direction": "inbound", "answered": True}) == CHAT_QUALITY


def test_a_touch_keeps_its_points_for_7_days_and_halves_every_30_from_then_on() -> None:
    one = [touch("meeting")]
    assert [round(warmth(one, NOW + days * DAY), 6) for days in (0, 7, 37, 67)] == [9, 9, 4.5, 2.25]


def test_of_one_kind_only_the_best_of_a_day_count() -> None:
    calls = [touch("call", i / 100, i / 10) for i in range(6)]
    assert warmth(calls) == pytest.approx(3 * 7 + 0.9 * (0.3 + 0.4 + 0.5))
    assert warmth([*calls, touch("email")]) == pytest.approx(warmth(calls) + 5.5)


def test_ingested_turns_share_the_cap_of_messages() -> None:
    turns = chat_touches(NOW.date(), NOW, 50, DEFAULT)
    assert warmth(turns) == pytest.approx(3 * 5.95)
    assert warmth([*turns, touch("message", 0.1, 1.0), touch("message", 0.2, 0.0)]) == pytest.approx(6.4 + 2 * 5.95)


@given(TOUCHES, CONFIGS, st.randoms(use_true_random=False), st.floats(0, 100))
def test_the_order_of_inserts_does_not_matter(
    touches: list[Touch], config: Config, chance: random.Random, days: float
) -> None:
    shuffled = list(touches)
    chance.shuffle(shuffled)
    assert ledger(shuffled, config=config) == ledger(touches, config=config)
    at = NOW + days * DAY
    assert warmth(shuffled, at, config) == pytest.approx(warmth(touches, at, config), abs=1e-9)


@given(TOUCHES, CONFIGS, st.floats(0, 400))
def test_the_compact_state_gives_the_warmth_of_every_later_moment(
    touches: list[Touch], config: Config, days: float
) -> None:
    at = NOW + days * DAY
    found = ledgers.value_at(ledger(touches, config=config), at.timestamp())
    assert found == pytest.approx(warmth(touches, at, config), abs=1e-6)


@given(TOUCHES, CONFIGS, st.lists(st.floats(-500, 100), min_size=1, max_size=5))
def test_the_course_gives_the_warmth_of_every_moment(touches: list[Touch], config: Config, days: list[float]) -> None:
    config = replace(config, daily_cap=100)
    moments = [NOW + d * DAY for d in sorted(days)]
    found = values(counted(touches, config, NOW), config, moments)
    assert found == pytest.approx([warmth(touches, at, config) for at in moments], abs=1e-6)


@given(TOUCHES, CONFIGS, st.floats(0, 300), st.floats(0, 100))
def test_without_touches_it_never_rises(touches: list[Touch], config: Config, days: float, more: float) -> None:
    due = [t for t in touches if t.at <= NOW]
    at = NOW + days * DAY
    state = ledger(due, config=config)
    assert ledgers.warmth_at(state, at + more * DAY)[0] <= ledgers.warmth_at(state, at)[0]


@given(TOUCHES, st.sampled_from(KINDS), st.floats(0, 100))
def test_deleting_is_the_inverse_of_adding(touches: list[Touch], kind: str, days_ago: float) -> None:
    more = [*touches, touch(kind, days_ago, 0.7, "int_more")]
    assert ledger([t for t in more if t.id != "int_more"]) == ledger(touches)


@given(TOUCHES, CONFIGS)
def test_touches_in_the_future_count_when_they_come_due(touches: list[Touch], config: Config) -> None:
    ahead = touch("meeting", -0.1, 1.0, "int_ahead")
    state = ledger([*touches, ahead], config=config)
    without = ledger(touches, config=config)
    assert ledgers.value_at(state, NOW.timestamp()) == pytest.approx(ledgers.value_at(without, NOW.timestamp()))
    then = NOW + 0.3 * DAY
    assert ledgers.value_at(state, then.timestamp()) == pytest.approx(warmth([*touches, ahead], then, config))


TURNS = st.lists(st.floats(0, 60).map(lambda d: round(d, 3)), min_size=1, max_size=60)


@settings(max_examples=200)
@given(TURNS, TOUCHES, CONFIGS, st.floats(0, 3))
def test_turn_by_turn_it_is_what_the_tables_say(
    offsets: list[float], others: list[Touch], config: Config, later: float
) -> None:
    """Turns as they come, with a recomputation wherever the ledger asks for one."""
    began = NOW - 60 * DAY
    turns: dict[date, tuple[datetime, int]] = {}

    def anew(now: datetime) -> Ledger:
        touches = [t for day, (first, n) in turns.items() for t in chat_touches(day, first, n, config)]
        newest = max(turns) if turns else None
        chat = None if newest is None else (newest, *turns[newest])
        messages = max((t.day for t in others if t.kind == "message"), default=None)
        return ledgers.of_touches(counted([*touches, *others], config, now), chat, messages, config, "UTC", now)

    state = anew(began)
    for offset in sorted(offsets[:50]) + offsets[50:]:
        at = began + offset * DAY
        now = max(at, began)
        first, n = turns.get(at.date(), (at, 0))
        turns[at.date()] = (min(first, at), n + 1)
        state = ledgers.with_turn(state, config, "UTC", at.date(), at, now) or anew(now)
    then = NOW + later * DAY
    rebuilt = anew(then)
    assert ledgers.value_at(state, then.timestamp()) == pytest.approx(
        ledgers.value_at(rebuilt, then.timestamp()), abs=1e-6
    )


@given(TOUCHES, CONFIGS)
def test_it_is_told_when_it_falls_to_the_next_band(touches: list[Touch], config: Config) -> None:
    state = ledger([t for t in touches if t.at <= NOW], config=config)
    falls = ledgers.falls_to(state, NOW)
    _, band = ledgers.warmth_at(state, NOW)
    if falls is None:
        assert band == "cold"
        return
    lower, when = falls
    assert ledgers.warmth_at(state, when - timedelta(seconds=2))[1] == band
    assert ledgers.warmth_at(state, when + timedelta(seconds=2))[1] == lower


@given(TOUCHES, CONFIGS)
def test_a_stored_value_is_true_until_it_is_renewed(touches: list[Touch], config: Config) -> None:
    state = ledger([t for t in touches if t.at <= NOW], config=config)
    stored = ledgers.stored(state, NOW, None)
    assert (stored.warmth, stored.warmth_band) == ledgers.warmth_at(state, NOW)
    if stored.warmth_changes_at is None:
        assert stored.warmth == 0
        return
    assert stored.warmth_changes_at >= NOW + ledgers.SOONEST
    if stored.warmth_changes_at > NOW + ledgers.SOONEST:
        before, after = (stored.warmth_changes_at + timedelta(seconds=s) for s in (-2, 2))
        assert ledgers.warmth_at(state, before)[0] == stored.warmth
        assert ledgers.warmth_at(state, after)[0] < stored.warmth


def test_it_is_known_when_it_fell_and_forgotten_when_it_comes_back() -> None:
    meetings = [touch("meeting", 60 + i) for i in range(5)]
    fell = fell_at(counted(meetings, DEFAULT, NOW), DEFAULT, NOW)
    assert fell is not None
    course = Course.of(counted(meetings, DEFAULT, NOW), DEFAULT)
    course.forward(fell.timestamp() - 60)
    assert score_of(course.value(fell.timestamp() - 60)) == 30.0
    again = [*meetings, *(touch("meeting", i) for i in range(4))]
    assert fell_at(counted(again, DEFAULT, NOW), DEFAULT, NOW) is None


def test_what_was_to_fall_has_fallen_when_it_is_renewed() -> None:
    state = ledger([touch("meeting", i) for i in range(4)])
    before = ledgers.stored(state, NOW, None)
    assert before.warmth_band == "warm" and before.warmth_band_until is not None
    after = ledgers.renewed(state, before, before.warmth_band_until + DAY)
    assert (after.warmth_band, after.warmth_fell_at) == ("cool", before.warmth_band_until)


def test_old_touches_that_are_not_looked_at_could_not_be_seen() -> None:
    past = [
        touch(kind, DEFAULT.horizon_days + i + n / 10, 1.0) for i in range(2_000) for n in range(3) for kind in KINDS
    ]
    course = Course.of(counted(past, DEFAULT, NOW), DEFAULT)
    course.forward(NOW.timestamp())
    assert course.value(NOW.timestamp()) < 0.001


@pytest.mark.parametrize(
    ("config", "field"),
    [
        (Config(warm_from=5), "warm_from"),
        (Config(hot_from=20), "hot_from"),
        (Config(hot_from=101), "hot_from"),
        (Config(cool_from=0), "cool_from"),
        (DEFAULT.with_points({"call": (8, 7)}), "points.call"),
        (DEFAULT.with_points({"fax": (1, 2)}), "points.fax"),  # type: ignore[dict-item]
    ],
)
def test_constants_that_do_not_fit_together_are_refused_by_name(config: Config, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(config)
    assert field in [v.field for v in refused.value.violations]


@settings(max_examples=300)
@given(TOUCHES, TOUCHES, CONFIGS, st.floats(0, 12), st.floats(0, 20))
def test_the_last_days_replaced_give_what_all_touches_do(
    before: list[Touch], after: list[Touch], config: Config, days: float, later: float
) -> None:
    """Whatever came and went since the start of a day: only touches from then on are looked at."""
    start = (NOW - days * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    older, now = [t for t in before if t.day < start.date()], NOW + DAY
    known = ledgers.of_touches(counted(before, config, NOW), None, None, config, "UTC", NOW)
    if not ledgers.lists_from(known, config, "UTC", start):
        return
    newer = [t for t in after if t.day >= start.date()]
    anew = ledgers.of_touches(counted(newer, config, now), None, None, config, "UTC", now)
    if not ledgers.lists_from(anew, config, "UTC", start):
        return
    found = ledgers.replaced(known, anew, start, now)
    at = now + later * DAY
    assert ledgers.value_at(found, at.timestamp()) == pytest.approx(warmth([*older, *newer], at, config), abs=1e-6)
