"""What a tenant chose about reaching out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import time
from typing import Final
from zoneinfo import ZoneInfo

from server.domain.errors import FieldViolation, InvalidInput
from server.domain.outreach.quiet_hours import QuietHours
from server.domain.outreach.recurrence import BadCron, validate
from server.domain.outreach.words import TriggerType
from server.domain.zones import check_zone

NIGHT: Final = QuietHours(time(23), time(7))
"""The quiet hours of a tenant that chose none."""


@dataclass(frozen=True, slots=True)
class OutreachConfig:
    """The configuration with the contract's defaults; every message is decided by it.

    But for `inactivity_enabled` and `milestone_enabled`, which the contract's example shows on: nobody is written to
    before a tenant turns that on.

    Quiet hours count in the contact's zone, `time_zone` (IANA) is the tenant's and that of `recurring_cron`. Caps count
    the messages to one contact in its own local day and week. The templates are Jinja2; None lets the composer write.
    """

    inactivity_enabled: bool = False
    inactivity_days: int = 3
    inactivity_max_attempts: int = 2
    milestone_enabled: bool = False
    recurring_enabled: bool = False
    recurring_cron: str | None = None
    quiet_hours: QuietHours = NIGHT
    time_zone: str = "UTC"
    max_per_day: int = 2
    max_per_week: int = 5
    requires_approval: bool = False
    inactivity_template: str | None = None
    milestone_template: str | None = None
    recurring_template: str | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The tenant's time zone."""
        return ZoneInfo(self.time_zone)

    def enables(self, kind: TriggerType) -> bool:
        """Whether messages of this type are made without a hand; those scheduled by hand need no leave."""
        return {
            "scheduled": True,
            "inactivity": self.inactivity_enabled,
            "milestone": self.milestone_enabled,
            "recurring": self.recurring_enabled,
        }[kind]

    def template_for(self, kind: TriggerType) -> str | None:
        """The text of a message of this type that nobody wrote; None lets the composer write."""
        return {
            "scheduled": None,
            "inactivity": self.inactivity_template,
            "milestone": self.milestone_template,
            "recurring": self.recurring_template,
        }[kind]


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """What to change, in the contract's names: None leaves a field as it is, `cleared` names those to empty.

    Quiet hours are `HH:MM`.
    """

    inactivity_enabled: bool | None = None
    inactivity_days: int | None = None
    inactivity_max_attempts: int | None = None
    milestone_enabled: bool | None = None
    recurring_enabled: bool | None = None
    recurring_cron: str | None = None
    quiet_hours_start: str | None = None
    quiet_hours_end: str | None = None
    time_zone: str | None = None
    max_per_day: int | None = None
    max_per_week: int | None = None
    requires_approval: bool | None = None
    inactivity_template: str | None = None
    milestone_template: str | None = None
    recurring_template: str | None = None
    cleared: frozenset[str] = frozenset()


CLEARABLE: Final = frozenset({"recurring_cron", "inactivity_template", "milestone_template", "recurring_template"})
"""The fields that can be emptied."""

_RANGES: Final = {
    "inactivity_days": (1, 365),
    "inactivity_max_attempts": (1, 20),
    "max_per_day": (1, 24),
    "max_per_week": (1, 168),
}
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def changed(config: OutreachConfig, change: ConfigChange) -> OutreachConfig:
    """The configuration after a change.

    Raises InvalidInput that names every field that is out of range, cannot be read, or does not go with the others:
    `recurring_enabled` without a cron expression, a daily cap above the weekly one.
    """
    violations = [
        *_not_clearable(change.cleared),
        *_out_of_range(change),
        *_unreadable(change),
    ]
    if violations:
        raise InvalidInput(violations)
    after = _emptied(_applied(config, change), change)
    if conflicts := _conflicts(after):
        raise InvalidInput(conflicts)
    return after


def clock_of(text: str) -> time:
    """The time that `HH:MM` says. Raises ValueError for anything else."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError("must be a time of day as HH:MM, from 00:00 to 23:59")
    return time(int(match[1]), int(match[2]))


def _not_clearable(cleared: frozenset[str]) -> list[FieldViolation]:
    possible = ", ".join(sorted(CLEARABLE))
    return [
        FieldViolation("update_mask", f"{name} cannot be cleared, only {possible}")
        for name in sorted(cleared - CLEARABLE)
    ]


def _out_of_range(change: ConfigChange) -> list[FieldViolation]:
    found = []
    for name, (least, most) in _RANGES.items():
        value = getattr(change, name)
        if value is not None and not least <= value <= most:
            found.append(FieldViolation(name, f"must be {least} to {most}"))
    return found


def _unreadable(change: ConfigChange) -> list[FieldViolation]:
    found: list[FieldViolation] = []
    for name, text in (
        ("quiet_hours_start", change.quiet_hours_start),
        ("quiet_hours_end", change.quiet_hours_end),
    ):
        try:
            _ = text is None or clock_of(text)
        except ValueError as error:
            found.append(FieldViolation(name, str(error)))
    try:
        check_zone(change.time_zone)
    except InvalidInput as error:
        found += error.violations
    try:
        _ = change.recurring_cron is None or validate(change.recurring_cron)
    except BadCron as error:
        found.append(FieldViolation("recurring_cron", str(error)))
    return found


_ALONE: Final = frozenset({"quiet_hours_start", "quiet_hours_end", "recurring_cron", "cleared"})
"""Fields of a change that do not simply take the place of the old value."""


def _applied(config: OutreachConfig, change: ConfigChange) -> OutreachConfig:
    plain = {f.name: getattr(change, f.name) for f in fields(change) if f.name not in _ALONE}
    start, end, cron = change.quiet_hours_start, change.quiet_hours_end, change.recurring_cron
    return replace(
        config,
        **{name: value for name, value in plain.items() if value is not None},
        recurring_cron=config.recurring_cron if cron is None else validate(cron),
        quiet_hours=QuietHours(
            start=config.quiet_hours.start if start is None else clock_of(start),
            end=config.quiet_hours.end if end is None else clock_of(end),
        ),
    )


def _emptied(config: OutreachConfig, change: ConfigChange) -> OutreachConfig:
    """Without the fields that were named and not given; one that is both was given."""

    def kept(name: str, value: str | None) -> str | None:
        return None if name in change.cleared and getattr(change, name) is None else value

    return replace(
        config,
        recurring_cron=kept("recurring_cron", config.recurring_cron),
        inactivity_template=kept("inactivity_template", config.inactivity_template),
        milestone_template=kept("milestone_template", config.milestone_template),
        recurring_template=kept("recurring_template", config.recurring_template),
    )


def _conflicts(config: OutreachConfig) -> Sequence[FieldViolation]:
    found = []
    if config.recurring_enabled and config.recurring_cron is None:
        found.append(
            FieldViolation("recurring_cron", "is needed while recurring_enabled is true: give one or turn it off")
        )
    if config.max_per_day > config.max_per_week:
        found.append(
            FieldViolation(
                "max_per_day",
                f"{config.max_per_day} is above max_per_week ({config.max_per_week}): lower it or raise max_per_week",
            )
        )
    return found
