"""Whether a message goes out now: the one rule that schedule, fire and preview ask.

Every rule is looked at, and each says its word (`Check`), so that an answer can be explained. The first that stops the
message, in this order, decides:

    too_late                     it is not worth sending any more                    → Expire
    opted_out, no_consent        the contact does not want it                        → Withhold
    contact_wrote                the contact wrote since it was planned              → Expire
    disabled                     the tenant turned messages of its type off          → Withhold
    max_attempts                 this silence had its messages                       → Withhold
    awaits_approval              nobody approved it yet                              → Withhold
    quiet_hours, daily_cap, weekly_cap      not at this hour, not so soon            → Postpone, or Expire where
                                                                                       that would be too late
A message that passes them all goes out (Send).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Literal

from server.domain.outreach.caps import next_free
from server.domain.outreach.config import OutreachConfig
from server.domain.outreach.consent import refusal
from server.domain.outreach.inactivity import attempts_in_silence
from server.domain.outreach.words import ChannelStatus, TriggerType

Why = Literal[
    "too_late",
    "opted_out",
    "no_consent",
    "contact_wrote",
    "disabled",
    "max_attempts",
    "awaits_approval",
    "quiet_hours",
    "daily_cap",
    "weekly_cap",
]
Rule = Literal["expiry", "consent", "reply", "enabled", "attempts", "approval", "quiet_hours", "caps"]


@dataclass(frozen=True, slots=True)
class Planned:
    """A message that was planned.

    `created_at` is when it was planned: what the contact wrote later may answer it. `by_hand`: somebody scheduled this
    very message. `held`: it waits for approval.
    """

    kind: TriggerType
    channel: str
    created_at: datetime
    by_hand: bool
    expire_on_reply: bool = False
    expires_at: datetime | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    """What the rules know of a contact. `zone` is its own, else the tenant's; a channel that is not named is unknown.

    `last_active_at` is when the contact itself last wrote.
    """

    zone: tzinfo
    last_active_at: datetime | None = None
    outreach_consent: bool | None = None
    channels: Mapping[str, ChannelStatus] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """When other messages went out to the contact, of any type and channel; `inactivity` are those into silences.

    Those that are claimed count as sent: at most a few are on their way, and one too few does no harm. Only those of
    the present local week matter, and of the present silence.
    """

    sent: Sequence[datetime] = ()
    inactivity: Sequence[datetime] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """What one rule said: `why` it stops the message (None: it does not), and `until` when, where that passes."""

    rule: Rule
    why: Why | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """It goes out now."""

    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Postpone:
    """It may go out at `until` (UTC, later than now) if nothing changes; then everything is checked again."""

    until: datetime
    why: Why
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Withhold:
    """It does not go out unless somebody changes something; final but for `awaits_approval`."""

    why: Why
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Expire:
    """It lost its sense. `why` is the cap or the quiet hours where those last longer than it is worth sending."""

    why: Why
    checks: tuple[Check, ...]


Decision = Send | Postpone | Withhold | Expire


def decide(planned: Planned, recipient: Recipient, config: OutreachConfig, history: History, now: datetime) -> Decision:
    """What becomes of a message at `now`; ask with a later instant for what would become of it then."""
    final = _final_checks(planned, recipient, config, history, now)
    until, in_the_way = earliest(recipient, config, history, now)
    passing = (
        Check("quiet_hours", *_if(in_the_way == "quiet_hours", "quiet_hours", until)),
        Check("caps", *_if(in_the_way in ("daily_cap", "weekly_cap"), in_the_way, until)),
    )
    checks = (*final, *passing)
    stopped = next((check for check in final if check.why is not None), None)
    if stopped is not None and stopped.why is not None:
        return (Expire if stopped.rule in ("expiry", "reply") else Withhold)(stopped.why, checks)
    if in_the_way is None:
        return Send(checks)
    if planned.expires_at is not None and until >= planned.expires_at:
        return Expire(in_the_way, checks)
    return Postpone(until, in_the_way, checks)


def earliest(
    recipient: Recipient, config: OutreachConfig, history: History, at: datetime
) -> tuple[datetime, Why | None]:
    """The first instant from `at` on outside of quiet hours and within the caps (UTC), and what is in the way at `at`.

    None where nothing is. Quiet hours are named first: they say when, the caps only how many.
    """
    free, first = at.astimezone(UTC), None
    while True:
        why: Why | None
        loud, why = config.quiet_hours.end_of(free, recipient.zone), "quiet_hours"
        if loud == free:
            room = next_free(history.sent, free, recipient.zone, config.max_per_day, config.max_per_week)
            loud, why = room.at, room.cap
        if loud == free:
            return free, first
        free, first = loud, first or why


def _final_checks(
    planned: Planned, recipient: Recipient, config: OutreachConfig, history: History, now: datetime
) -> tuple[Check, ...]:
    status = recipient.channels.get(planned.channel, "unknown")
    return (
        Check("expiry", "too_late" if planned.expires_at is not None and now >= planned.expires_at else None),
        Check("consent", refusal(recipient.outreach_consent, status, planned.kind, by_hand=planned.by_hand)),
        Check("reply", "contact_wrote" if _answered(planned, recipient) else None),
        Check("enabled", None if planned.by_hand or config.enables(planned.kind) else "disabled"),
        Check("attempts", "max_attempts" if _exhausted(planned, recipient, config, history) else None),
        Check("approval", "awaits_approval" if planned.held else None),
    )


def _answered(planned: Planned, recipient: Recipient) -> bool:
    """Whether the contact's own words made it pointless; words into a silence have no point once it is over."""
    heeds = planned.expire_on_reply or (planned.kind == "inactivity" and not planned.by_hand)
    return heeds and recipient.last_active_at is not None and recipient.last_active_at > planned.created_at


def _exhausted(planned: Planned, recipient: Recipient, config: OutreachConfig, history: History) -> bool:
    if planned.kind != "inactivity":
        return False
    return attempts_in_silence(history.inactivity, recipient.last_active_at) >= config.inactivity_max_attempts


def _if(stops: bool, why: Why | None, until: datetime) -> tuple[Why | None, datetime | None]:
    return (why, until) if stops else (None, None)
