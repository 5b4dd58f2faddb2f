"""What a tenant may choose."""

from dataclasses import replace
from datetime import time

import pytest
from buf.validate import validate_pb2
from google.protobuf.message import Message
from kith.outreach.v1 import outreach_pb2

from server.domain.errors import InvalidInput
from server.domain.outreach.config import CLEARABLE, ConfigChange, OutreachConfig, changed, clock_of
from server.domain.outreach.quiet_hours import QuietHours
from server.domain.outreach.words import CHANNEL_STATUSES, TRIGGER_TYPES


def fields_of(error: InvalidInput) -> list[str]:
    return [violation.field for violation in error.violations]


def test_the_defaults_are_the_contracts() -> None:
    config = OutreachConfig()
    assert (config.inactivity_enabled, config.milestone_enabled, config.recurring_enabled) == (False, False, False)
    assert (config.inactivity_days, config.inactivity_max_attempts) == (3, 2)
    assert config.quiet_hours == QuietHours(time(23), time(7))
    assert (config.max_per_day, config.max_per_week, config.requires_approval) == (2, 5, False)


def test_a_change_can_change_every_field_of_the_contract() -> None:
    contract = {field.name for field in outreach_pb2.UpdateOutreachConfigRequest.DESCRIPTOR.fields}
    assert contract - {"update_mask"} == set(ConfigChange.__slots__) - {"cleared"}


def test_only_what_is_given_changes() -> None:
    before = OutreachConfig(inactivity_enabled=True, inactivity_days=9, recurring_template="Good morning")
    after = changed(before, ConfigChange(inactivity_days=5, quiet_hours_start="22:00"))
    assert after.inactivity_days == 5
    assert after.quiet_hours == QuietHours(time(22), time(7))
    assert after.inactivity_enabled
    assert after.recurring_template == "Good morning"
    assert changed(before, ConfigChange()) == before
    assert not changed(before, ConfigChange(inactivity_enabled=False)).inactivity_enabled


def test_a_schedule_and_its_switch_can_come_together() -> None:
    after = changed(OutreachConfig(), ConfigChange(recurring_enabled=True, recurring_cron=" 0  8 * * *"))
    assert after.recurring_cron == "0 8 * * *"


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        (ConfigChange(recurring_enabled=True), "recurring_cron", "needed"),
        (ConfigChange(recurring_cron="*/5 * * * *"), "recurring_cron", "once an hour"),
        (ConfigChange(recurring_cron="nonsense"), "recurring_cron", "five fields"),
        (ConfigChange(time_zone="Mars/Olympus"), "time_zone", "IANA"),
        (ConfigChange(time_zone="localtime"), "time_zone", "IANA"),
        (ConfigChange(quiet_hours_start="24:00"), "quiet_hours_start", "HH:MM"),
        (ConfigChange(quiet_hours_end="7am"), "quiet_hours_end", "HH:MM"),
        (ConfigChange(inactivity_days=0), "inactivity_days", "1 to 365"),
        (ConfigChange(inactivity_max_attempts=21), "inactivity_max_attempts", "1 to 20"),
        (ConfigChange(max_per_day=25, max_per_week=30), "max_per_day", "1 to 24"),
        (ConfigChange(max_per_week=169), "max_per_week", "1 to 168"),
        (ConfigChange(max_per_day=6), "max_per_day", "above max_per_week"),
        (ConfigChange(max_per_week=1), "max_per_day", "above max_per_week"),
        (ConfigChange(cleared=frozenset({"time_zone"})), "update_mask", "time_zone cannot be cleared"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(change: ConfigChange, field: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as refused:
        changed(OutreachConfig(), change)
    assert fields_of(refused.value) == [field]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        changed(OutreachConfig(), ConfigChange(max_per_day=99, time_zone="x", quiet_hours_end="y", recurring_cron="z"))
    assert set(fields_of(refused.value)) == {"max_per_day", "time_zone", "quiet_hours_end", "recurring_cron"}


def test_a_schedule_cannot_be_cleared_while_it_is_on() -> None:
    running = OutreachConfig(recurring_enabled=True, recurring_cron="0 8 * * *")
    clearing = frozenset({"recurring_cron"})
    with pytest.raises(InvalidInput, match="recurring_cron"):
        changed(running, ConfigChange(cleared=clearing))
    assert changed(running, ConfigChange(cleared=clearing, recurring_enabled=False)).recurring_cron is None


def test_what_is_named_is_emptied_unless_it_is_given() -> None:
    before = OutreachConfig(
        recurring_cron="0 8 * * *", inactivity_template="a", milestone_template="b", recurring_template="c"
    )
    assert changed(before, ConfigChange(cleared=CLEARABLE)) == OutreachConfig()
    after = changed(before, ConfigChange(inactivity_template="new", cleared=frozenset({"inactivity_template"})))
    assert after.inactivity_template == "new"
    assert after.recurring_template == "c"


def test_each_type_has_its_switch_and_its_template() -> None:
    config = OutreachConfig(milestone_enabled=True, milestone_template="Well done")
    assert [config.enables(k) for k in ("scheduled", "inactivity", "milestone", "recurring")] == [
        True,
        False,
        True,
        False,
    ]
    assert config.template_for("milestone") == "Well done"
    assert config.template_for("scheduled") is None


def test_equal_quiet_hours_are_taken() -> None:
    after = changed(OutreachConfig(), ConfigChange(quiet_hours_start="00:00", quiet_hours_end="00:00"))
    assert after.quiet_hours.start == after.quiet_hours.end == clock_of("00:00")


@pytest.mark.parametrize(
    ("message", "field", "expected"),
    [
        (outreach_pb2.Trigger, "trigger_type", TRIGGER_TYPES),
        (outreach_pb2.ChannelConsent, "status", CHANNEL_STATUSES),
    ],
)
def test_the_words_of_outreach_are_those_of_the_contract(
    message: type[Message], field: str, expected: tuple[str, ...]
) -> None:
    rules = message.DESCRIPTOR.fields_by_name[field].GetOptions().Extensions[validate_pb2.field]
    assert tuple(getattr(rules.string, "in")) == expected


def test_the_ranges_are_the_contracts() -> None:
    request = outreach_pb2.UpdateOutreachConfigRequest.DESCRIPTOR.fields_by_name
    for name in ("inactivity_days", "inactivity_max_attempts", "max_per_day", "max_per_week"):
        rules = request[name].GetOptions().Extensions[validate_pb2.field].int32
        for value, fits in ((rules.gte, True), (rules.gte - 1, False), (rules.lte, True), (rules.lte + 1, False)):
            roomy = OutreachConfig(max_per_day=1, max_per_week=168)
            change = replace(ConfigChange(max_per_day=1), **{name: value})
            if fits:
                assert getattr(changed(roomy, change), name) == value
            else:
                with pytest.raises(InvalidInput, match=name):
                    changed(roomy, change)
