"""What would go out in the days to come."""

from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from hypothesis import given
from hypothesis import strategies as st

from server.domain.outreach import inactivity, recurrence
from server.domain.outreach.caps import local_day, local_week
from server.domain.outreach.config import OutreachConfig
from server.domain.outreach.dispatch import Expire, History, Planned, Postpone, Recipient, Send, Withhold
from server.domain.outreach.foresight import Due, due_of, foresee
from tests.unit.outreach_cases import BERLIN, quiet_hours, zone_and_instant

NOW = datetime(2026, 6, 1, 12, tzinfo=BERLIN)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SOMEBODY = Recipient(BERLIN, last_active_at=NOW - 2 * DAY, outreach_consent=True)
CONFIG = OutreachConfig(inactivity_enabled=True, recurring_enabled=True, recurring_cron="0 9 * * *")


def by_hand(key: str, at: datetime, **other: object) -> Due:
    planned = Planned("scheduled", "whatsapp", NOW - HOUR, by_hand=True, expires_at=at + DAY)
    return Due(key, at, replace(planned, **other))  # type: ignore[arg-type]


def test_messages_are_foreseen_in_the_order_in_which_they_would_go_out() -> None:
    due = [by_hand("b", NOW + 11 * HOUR), by_hand("a", NOW + HOUR), by_hand("later", NOW + 9 * DAY)]
    found = foresee(due, SOMEBODY, CONFIG, History(), NOW, NOW + 7 * DAY)
    assert [(one.due.key, one.at) for one in found] == [
        ("a", NOW + HOUR),
        ("b", datetime(2026, 6, 2, 7, tzinfo=BERLIN)),
    ]
    assert all(isinstance(one.decision, Send) for one in found)


def test_what_is_overdue_would_go_out_now() -> None:
    (found,) = foresee([by_hand("a", NOW - HOUR)], SOMEBODY, CONFIG, History(), NOW, NOW + DAY)
    assert found.at == NOW


def test_what_goes_out_counts_towards_the_caps_of_the_rest() -> None:
    due = [by_hand(str(n), NOW + n * HOUR, expires_at=None) for n in range(4)]
    found = foresee(due, SOMEBODY, CONFIG, History(), NOW, NOW + 7 * DAY)
    assert [one.at for one in found] == [NOW, NOW + HOUR, *[datetime(2026, 6, 2, 7, tzinfo=BERLIN)] * 2]


def test_a_silence_is_foreseen_with_all_its_attempts_and_no_more() -> None:
    ahead = inactivity.candidates(SOMEBODY.last_active_at, (), 3, 2, NOW, NOW + 30 * DAY)
    found = foresee((due_of(one, "whatsapp") for one in ahead), SOMEBODY, CONFIG, History(), NOW, NOW + 30 * DAY)
    assert [(one.at, type(one.decision)) for one in found] == [(NOW + DAY, Send), (NOW + 4 * DAY, Send)]


def test_what_would_not_go_out_says_why() -> None:
    slots = [due_of(one, "whatsapp") for one in recurrence.candidates("0 9 * * *", BERLIN, NOW, NOW + 2 * DAY)]
    nobody_asked = replace(SOMEBODY, outreach_consent=None)
    found = foresee(slots, nobody_asked, CONFIG, History(), NOW, NOW + 7 * DAY)
    assert [type(one.decision) for one in found] == [Withhold, Withhold]
    held = [by_hand("a", NOW + HOUR, held=True)]
    (one,) = foresee(held, SOMEBODY, CONFIG, History(), NOW, NOW + DAY)
    assert isinstance(one.decision, Withhold)
    assert one.decision.why == "awaits_approval"


def test_what_is_still_put_off_when_the_time_ends_is_said() -> None:
    (found,) = foresee([by_hand("a", NOW + 11 * HOUR)], SOMEBODY, CONFIG, History(), NOW, NOW + 12 * HOUR)
    assert isinstance(found.decision, Postpone)


@given(zone_and_instant(), st.lists(st.integers(-2_000, 12_000), max_size=14), quiet_hours, st.integers(1, 3))
def test_what_is_foreseen_keeps_every_rule_and_leaves_nothing_out(
    case: tuple[tzinfo, datetime], minutes: list[int], quiet: object, per_day: int
) -> None:
    zone, now = case
    until = now + 7 * DAY
    due = [
        Due(str(n), now + timedelta(minutes=m), replace(by_hand("", NOW).planned, expires_at=None))
        for n, m in enumerate(minutes)
    ]
    config = replace(CONFIG, quiet_hours=quiet, max_per_day=per_day, max_per_week=5)  # type: ignore[arg-type]
    found = foresee(due, Recipient(zone), config, History(), now, until)
    assert {one.due.key for one in found} == {one.key for one in due if max(one.at, now) <= until}
    assert not any(isinstance(one.decision, Expire | Withhold) for one in found)
    sent = [one.at for one in found if isinstance(one.decision, Send)]
    for at in sent:
        assert now <= at <= until
        assert not config.quiet_hours.is_quiet(at, zone)
        assert sum(other in local_day(at, zone) for other in sent) <= per_day
        assert sum(other in local_week(at, zone) for other in sent) <= 5
