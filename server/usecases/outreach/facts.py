"""Rows of the store as what the rules of outreach work with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from server.domain.outreach.config import OutreachConfig, clock_of
from server.domain.outreach.dispatch import Planned, Recipient
from server.domain.outreach.quiet_hours import QuietHours
from server.domain.outreach.words import ChannelStatus, TriggerType
from store import outreach_settings, tenants
from store.database import Transaction
from store.tables.contact import ContactRow
from store.tables.outreach import ConsentRow, OutreachConfigRow, TriggerRow


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the tenant chose. `recurring_until`: up to when recurring messages were made; None where never."""

    config: OutreachConfig
    recurring_until: datetime | None = None


async def chosen(tx: Transaction) -> Chosen:
    """The tenant's configuration, with the contract's defaults where it chose nothing."""
    row, zone = await outreach_settings.config(tx), await tenants.time_zone(tx)
    if row is None:
        return Chosen(OutreachConfig(time_zone=zone))
    config = OutreachConfig(
        inactivity_enabled=row.inactivity_enabled,
        inactivity_days=row.inactivity_days,
        inactivity_max_attempts=row.inactivity_max_attempts,
        milestone_enabled=row.milestone_enabled,
        recurring_enabled=row.recurring_enabled,
        recurring_cron=row.recurring_cron,
        quiet_hours=QuietHours(clock_of(row.quiet_hours_start), clock_of(row.quiet_hours_end)),
        time_zone=zone,
        max_per_day=row.max_per_day,
        max_per_week=row.max_per_week,
        requires_approval=row.requires_approval,
        inactivity_template=row.inactivity_template,
        milestone_template=row.milestone_template,
        recurring_template=row.recurring_template,
    )
    return Chosen(config, row.recurring_until)


def config_row(tenant_id: str, value: Chosen, now: datetime) -> OutreachConfigRow:
    """The configuration for the store; the time zone is the tenant's own column."""
    config = value.config
    return OutreachConfigRow(
        tenant_id=tenant_id,
        inactivity_enabled=config.inactivity_enabled,
        inactivity_days=config.inactivity_days,
        inactivity_max_attempts=config.inactivity_max_attempts,
        milestone_enabled=config.milestone_enabled,
        recurring_enabled=config.recurring_enabled,
        recurring_cron=config.recurring_cron,
        quiet_hours_start=f"{config.quiet_hours.start:%H:%M}",
        quiet_hours_end=f"{config.quiet_hours.end:%H:%M}",
        max_per_day=config.max_per_day,
        max_per_week=config.max_per_week,
        requires_approval=config.requires_approval,
        inactivity_template=config.inactivity_template,
        milestone_template=config.milestone_template,
        recurring_template=config.recurring_template,
        recurring_until=value.recurring_until,
        updated_at=now,
    )


def zone_of(contact: ContactRow, config: OutreachConfig) -> ZoneInfo:
    """The contact's own time zone, else the tenant's."""
    return ZoneInfo(contact.time_zone or config.time_zone)


def recipient(contact: ContactRow, said: Iterable[ConsentRow], config: OutreachConfig) -> Recipient:
    """What the rules know of a contact."""
    return Recipient(
        zone=zone_of(contact, config),
        last_active_at=contact.last_wrote_at,
        outreach_consent=contact.outreach_consent,
        channels={row.channel: cast(ChannelStatus, row.status) for row in said},
    )


def planned(row: TriggerRow) -> Planned:
    """A trigger as the rules see it; one without an occasion was scheduled by hand."""
    return Planned(
        kind=cast(TriggerType, row.trigger_type),
        channel=row.channel,
        created_at=row.created_at,
        by_hand=row.occasion is None,
        expire_on_reply=row.expire_on_reply,
        expires_at=row.expires_at,
        held=row.status == "held",
    )
