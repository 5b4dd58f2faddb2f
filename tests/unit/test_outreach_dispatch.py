"""Whether a message goes out: the rule that schedule, fire and preview ask."""

from dataclasses import replace
from datetime import datetime, time, timedelta, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.outreach.caps import local_day, local_week
from server.domain.outreach.config import OutreachConfig
from server.domain.outreach.dispatch import (
    Decision,
    Expire,
    History,
    Planned,
    Postpone,
    Recipient,
    Send,
    Withhold,
    decide,
)
from server.domain.outreach.quiet_hours import QuietHours
from server.domain.outreach.words import CHANNEL_STATUSES, TRIGGER_TYPES
from tests.unit.outreach_cases import BERLIN, quiet_hours, zone_and_instant

NOON = datetime(2026, 6, 3, 12, tzinfo=BERLIN)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BY_HAND = Planned("scheduled", "whatsapp", created_at=NOON - DAY, by_hand=True)
INACTIVITY = Planned("inactivity", "whatsapp", NOON - HOUR, by_hand=False, expire_on_reply=True)
SOMEBODY = Recipient(BERLIN, last_active_at=NOON - 5 * DAY)
CONFIG = OutreachConfig(inactivity_enabled=True, milestone_enabled=True)


def ask(
    planned: Planned = BY_HAND,
    recipient: Recipient = SOMEBODY,
    config: OutreachConfig = CONFIG,
    history: History | None = None,
    now: datetime = NOON,
) -> Decision:
    return decide(planned, recipient, config, history or History(), now)


def why(decision: Decision) -> tuple[type[Decision], str]:
    assert not isinstance(decision, Send)
    return type(decision), decision.why


def test_a_message_that_nothing_stops_goes_out_and_says_what_was_checked() -> None:
    decision = ask()
    assert isinstance(decision, Send)
    assert [check.rule for check in decision.checks] == [
        "expiry", "consent", "reply", "enabled", "attempts", "approval", "quiet_hours", "caps",
    ]  # fmt: skip
    assert all(check.why is None for check in decision.checks)


def test_quiet_hours_put_it_off_until_their_end() -> None:
    decision = ask(now=NOON.replace(hour=23))
    assert isinstance(decision, Postpone)
    assert (decision.until, decision.why) == (datetime(2026, 6, 4, 7, tzinfo=BERLIN), "quiet_hours")
    last = decision.checks[-2]
    assert (last.rule, last.why, last.until) == ("quiet_hours", "quiet_hours", decision.until)


def test_a_full_day_puts_it_off_past_the_night() -> None:
    decision = ask(history=History(sent=(NOON - HOUR, NOON - 2 * HOUR)))
    assert isinstance(decision, Postpone)
    assert (decision.until, decision.why) == (datetime(2026, 6, 4, 7, tzinfo=BERLIN), "daily_cap")


def test_a_full_week_puts_it_off_until_monday() -> None:
    # 3 June 2026 is a Wednesday.
    decision = ask(history=History(sent=tuple(NOON - n * 10 * HOUR for n in range(1, 6))))
    assert isinstance(decision, Postpone)
    assert (decision.until, decision.why) == (datetime(2026, 6, 8, 7, tzinfo=BERLIN), "weekly_cap")


def test_a_night_that_ends_on_a_full_day_puts_it_off_by_a_day_more() -> None:
    before_dawn = datetime(2026, 6, 4, 5, tzinfo=BERLIN)
    config = replace(CONFIG, max_per_day=1)
    decision = ask(config=config, history=History(sent=(before_dawn - HOUR,)), now=before_dawn)
    assert isinstance(decision, Postpone)
    assert (decision.until, decision.why) == (datetime(2026, 6, 5, 7, tzinfo=BERLIN), "quiet_hours")


def test_what_can_only_go_out_too_late_expires_for_what_held_it_up() -> None:
    brief = replace(BY_HAND, expires_at=NOON.replace(hour=23) + 3 * HOUR)
    assert why(ask(brief, now=NOON.replace(hour=23))) == (Expire, "quiet_hours")
    until_seven = replace(BY_HAND, expires_at=datetime(2026, 6, 4, 7, tzinfo=BERLIN))
    assert why(ask(until_seven, now=NOON.replace(hour=23))) == (Expire, "quiet_hours")
    assert why(ask(brief, history=History(sent=(NOON, NOON)), now=NOON)) == (Expire, "daily_cap")
    assert why(ask(brief, now=NOON + 2 * DAY)) == (Expire, "too_late")
    assert why(ask(replace(BY_HAND, expires_at=NOON))) == (Expire, "too_late")


@pytest.mark.parametrize(
    ("planned", "recipient", "expected"),
    [
        (BY_HAND, replace(SOMEBODY, channels={"whatsapp": "opted_out"}), (Withhold, "opted_out")),
        (BY_HAND, replace(SOMEBODY, outreach_consent=False), (Withhold, "no_consent")),
        (replace(BY_HAND, held=True), SOMEBODY, (Withhold, "awaits_approval")),
        (replace(BY_HAND, kind="recurring", by_hand=False), SOMEBODY, (Withhold, "no_consent")),
        (
            replace(BY_HAND, kind="recurring", by_hand=False),
            replace(SOMEBODY, outreach_consent=True),
            (Withhold, "disabled"),
        ),
    ],
)
def test_what_may_not_go_out_is_withheld(
    planned: Planned, recipient: Recipient, expected: tuple[type[Decision], str]
) -> None:
    assert why(ask(planned, recipient)) == expected


def test_an_opt_out_of_another_channel_does_not_matter() -> None:
    assert isinstance(ask(recipient=replace(SOMEBODY, channels={"email": "opted_out"})), Send)


def test_a_contact_that_wrote_first_gets_no_answer_to_its_silence() -> None:
    wrote = replace(SOMEBODY, last_active_at=NOON - timedelta(minutes=1))
    assert why(ask(INACTIVITY, wrote)) == (Expire, "contact_wrote")
    assert why(ask(replace(INACTIVITY, expire_on_reply=False), wrote)) == (Expire, "contact_wrote")
    assert why(ask(replace(BY_HAND, expire_on_reply=True), wrote)) == (Expire, "contact_wrote")
    assert isinstance(ask(BY_HAND, wrote), Send)
    assert isinstance(ask(replace(INACTIVITY, by_hand=True, expire_on_reply=False), wrote), Send)


def test_what_the_contact_wrote_before_it_was_planned_is_no_reply() -> None:
    assert isinstance(ask(INACTIVITY, replace(SOMEBODY, last_active_at=INACTIVITY.created_at)), Send)


def test_a_silence_has_only_so_many_messages() -> None:
    twice = (NOON - 2 * DAY, NOON - 4 * DAY)
    assert why(ask(INACTIVITY, history=History(inactivity=twice))) == (Withhold, "max_attempts")
    assert why(ask(replace(INACTIVITY, by_hand=True), history=History(inactivity=twice))) == (Withhold, "max_attempts")
    assert isinstance(ask(INACTIVITY, history=History(inactivity=(NOON - 2 * DAY, NOON - 9 * DAY))), Send)
    assert isinstance(ask(BY_HAND, history=History(inactivity=twice)), Send)


def test_turning_a_type_off_stops_what_was_made_by_it_but_not_what_was_made_by_hand() -> None:
    off = OutreachConfig()
    assert why(ask(INACTIVITY, config=off)) == (Withhold, "disabled")
    assert isinstance(ask(replace(INACTIVITY, by_hand=True), config=off), Send)


def test_a_refusal_weighs_more_than_the_night() -> None:
    refused = replace(SOMEBODY, channels={"whatsapp": "opted_out"})
    decision = ask(recipient=refused, now=NOON.replace(hour=23))
    assert why(decision) == (Withhold, "opted_out")
    assert [check.why for check in decision.checks if check.why] == ["opted_out", "quiet_hours"]


@st.composite
def questions(draw: st.DrawFn) -> tuple[Planned, Recipient, OutreachConfig, History, datetime]:
    zone, now = draw(zone_and_instant())
    minutes = st.integers(-20_000, 20_000)
    ago = st.integers(0, 20_000).map(lambda m: now - timedelta(minutes=m))
    planned = Planned(
        kind=draw(st.sampled_from(TRIGGER_TYPES)),
        channel="a",
        created_at=draw(ago),
        by_hand=draw(st.booleans()),
        expire_on_reply=draw(st.booleans()),
        expires_at=draw(st.none() | minutes.map(lambda m: now + timedelta(minutes=m))),
        held=draw(st.integers(0, 5)) == 0,
    )
    recipient = Recipient(
        zone=zone,
        last_active_at=draw(st.none() | ago),
        outreach_consent=draw(st.sampled_from([True, None, False])),
        channels=draw(st.dictionaries(st.sampled_from("ab"), st.sampled_from(CHANNEL_STATUSES))),
    )
    config = OutreachConfig(
        inactivity_enabled=draw(st.booleans()),
        milestone_enabled=draw(st.booleans()),
        recurring_enabled=draw(st.booleans()),
        quiet_hours=draw(quiet_hours),
        max_per_day=draw(st.integers(1, 3)),
        max_per_week=draw(st.integers(3, 6)),
    )
    sent = draw(st.lists(ago, max_size=12))
    return planned, recipient, config, History(sent, draw(st.lists(st.sampled_from(sent))) if sent else ()), now


Question = tuple[Planned, Recipient, OutreachConfig, History, datetime]


@given(questions())
def test_nothing_is_sent_in_quiet_hours_over_a_cap_without_consent_or_too_late(question: Question) -> None:
    planned, recipient, config, history, now = question
    if not isinstance(decide(*question), Send):
        return
    assert not config.quiet_hours.is_quiet(now, recipient.zone)
    assert sum(at in local_day(now, recipient.zone) for at in history.sent) < config.max_per_day
    assert sum(at in local_week(now, recipient.zone) for at in history.sent) < config.max_per_week
    assert recipient.channels.get("a") != "opted_out"
    assert recipient.outreach_consent is not False or recipient.channels.get("a") == "opted_in"
    assert planned.expires_at is None or now < planned.expires_at
    assert not planned.held
    assert planned.by_hand or config.enables(planned.kind)


@given(questions())
def test_a_postponed_message_is_put_off_to_a_later_time_at_which_it_would_go_out(question: Question) -> None:
    planned, recipient, config, history, now = question
    decision = decide(*question)
    if isinstance(decision, Postpone):
        assert decision.until > now
        assert isinstance(decide(planned, recipient, config, history, decision.until), Send)


@given(questions(), st.floats(0, 1, exclude_max=True))
def test_until_then_it_would_not_have_gone_out(question: Question, part: float) -> None:
    planned, recipient, config, history, now = question
    decision = decide(*question)
    if isinstance(decision, Postpone):
        before = now + part * (decision.until - now)
        if before < decision.until:
            assert not isinstance(decide(planned, recipient, config, history, before), Send)


@given(questions())
def test_the_word_given_is_one_of_those_that_a_check_gave(question: Question) -> None:
    decision = decide(*question)
    given_words = [check.why for check in decision.checks if check.why is not None]
    assert not given_words if isinstance(decision, Send) else decision.why in given_words


@given(zone_and_instant(), st.integers(1, 1_440))
def test_a_window_of_nearly_the_whole_day_still_has_an_end(case: tuple[tzinfo, datetime], start: int) -> None:
    zone, now = case
    opens = time((start % 1_440) // 60, start % 60)
    closes = time(((start - 1) % 1_440) // 60, (start - 1) % 60)
    config = replace(CONFIG, quiet_hours=QuietHours(opens, closes))
    decision = ask(recipient=Recipient(zone), config=config, now=now)
    assert isinstance(decision, Send) or (isinstance(decision, Postpone) and decision.until - now <= 4 * DAY)
