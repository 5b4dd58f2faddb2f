"""Outreach between the use cases and protobuf."""

from dataclasses import fields
from typing import Any, Final, cast

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from kith.outreach.v1 import outreach_pb2 as pb

from server.convert import times
from server.domain.outreach.config import ConfigChange, OutreachConfig
from server.domain.outreach.words import ChannelStatus, TriggerType
from server.providers.channels.registry import Setup
from server.usecases.outreach.channels import OutboxPage
from server.usecases.outreach.consent import Consents
from server.usecases.outreach.fire import Fired
from server.usecases.outreach.manage import TriggerPage, TriggerQuery
from server.usecases.outreach.preview import Coming, Preview, PreviewQuery
from server.usecases.outreach.schedule import NewTrigger, Scheduled
from store.tables.outreach import ChannelRow, ConsentRow, TriggerRow

_LIMIT: Final = 20
_DAYS: Final = 7

_EXACT: Final = 2**53
"""Below it a number of JSON is a whole one exactly."""

_CHANGEABLE: Final = tuple(field.name for field in fields(ConfigChange) if field.name != "cleared")


def new_trigger(request: pb.ScheduleOutreachRequest) -> NewTrigger:
    """The message to schedule, with the contract's defaults."""
    return NewTrigger(
        contact_id=request.contact_id,
        scheduled_at=times.from_proto(request.scheduled_at),
        trigger_type=cast(TriggerType, _given(request, "trigger_type") or "scheduled"),
        channel=_given(request, "channel"),
        message=_given(request, "message"),
        template=_given(request, "template"),
        template_variables=_plain(request.template_variables) if request.HasField("template_variables") else None,
        generate=request.generate_with_llm,
        about=_given(request, "llm_context"),
        defer=request.defer,
        dedupe_key=_given(request, "dedupe_key"),
        requires_approval=_given(request, "requires_approval"),
        expire_on_reply=_given(request, "expire_on_reply"),
        expires_at=times.from_proto(request.expires_at) if request.HasField("expires_at") else None,
    )


def _plain(struct: Struct) -> dict[str, Any]:
    """The values as JSON has them; JSON knows one kind of number, so that 3 is not to print as 3.0."""
    return cast(dict[str, Any], _whole(MessageToDict(struct)))


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT else value


def _given(request: Any, name: str) -> Any:
    return getattr(request, name) if request.HasField(name) else None


def scheduled(result: Scheduled) -> pb.ScheduleOutreachResponse:
    """The trigger as it was stored."""
    row = result.trigger
    return pb.ScheduleOutreachResponse(
        id=row.trigger_id,
        status=row.status,
        scheduled_at=times.to_proto(row.scheduled_at),
        will_generate=_will_generate(row),
        deferred=result.deferred,
    )


def _will_generate(row: TriggerRow) -> bool:
    return row.text_source == "generated" and row.status in ("pending", "held", "claimed")


def trigger(row: TriggerRow) -> pb.Trigger:
    """One proactive message."""
    return pb.Trigger(
        id=row.trigger_id,
        contact_id=row.contact_id,
        trigger_type=row.trigger_type,
        channel=row.channel,
        status=row.status,
        message=row.message,
        will_generate=_will_generate(row) and row.message is None,
        scheduled_at=times.to_proto(row.scheduled_at),
        sent_at=times.optional(row.sent_at),
        attempts=row.attempts,
        failure=row.failure,
        reason=row.reason,
        dedupe_key=row.dedupe_key,
        expires_at=times.to_proto(row.expires_at),
        created_at=times.to_proto(row.created_at),
    )


def query(request: pb.ListOutreachRequest) -> TriggerQuery:
    """Which triggers to list, with the contract's defaults."""
    return TriggerQuery(
        contact_id=_given(request, "contact_id"),
        status=None if request.status in ("", "all") else request.status,
        trigger_type=None if request.trigger_type in ("", "all") else request.trigger_type,
        limit=limit(request),
        cursor=request.cursor or None,
    )


def limit(request: pb.ListOutreachRequest | pb.ListOutboxRequest | pb.PreviewOutreachRequest) -> int:
    """How many were asked for, with the contract's default."""
    return request.limit if request.HasField("limit") else _LIMIT


def page(result: TriggerPage) -> pb.ListOutreachResponse:
    """A page of triggers."""
    return pb.ListOutreachResponse(
        triggers=[trigger(row) for row in result.triggers], total=result.total, next_cursor=result.next_cursor
    )


def config_change(request: pb.UpdateOutreachConfigRequest) -> ConfigChange:
    """What to change. With a mask only what it names, and what it names without a value is to be emptied."""
    given = {name: value for name in _CHANGEABLE if (value := _given(request, name)) is not None}
    if not request.HasField("update_mask"):
        return ConfigChange(**given)
    named = frozenset(request.update_mask.paths)
    kept = {name: value for name, value in given.items() if name in named}
    return ConfigChange(**kept, cleared=named - kept.keys())


def config_columns(value: OutreachConfig) -> dict[str, Any]:
    """The fields of the configuration's messages."""
    return {
        "inactivity_enabled": value.inactivity_enabled,
        "inactivity_days": value.inactivity_days,
        "inactivity_max_attempts": value.inactivity_max_attempts,
        "milestone_enabled": value.milestone_enabled,
        "recurring_enabled": value.recurring_enabled,
        "recurring_cron": value.recurring_cron,
        "quiet_hours_start": f"{value.quiet_hours.start:%H:%M}",
        "quiet_hours_end": f"{value.quiet_hours.end:%H:%M}",
        "time_zone": value.time_zone,
        "max_per_day": value.max_per_day,
        "max_per_week": value.max_per_week,
        "requires_approval": value.requires_approval,
        "inactivity_template": value.inactivity_template,
        "milestone_template": value.milestone_template,
        "recurring_template": value.recurring_template,
    }


def preview_query(request: pb.PreviewOutreachRequest) -> PreviewQuery:
    """What to foresee, with the contract's defaults."""
    return PreviewQuery(
        days=request.days if request.HasField("days") else _DAYS,
        contact_id=_given(request, "contact_id"),
        limit=limit(request),
    )


def preview(result: Preview) -> pb.PreviewOutreachResponse:
    """What would go out, and what would not."""
    return pb.PreviewOutreachResponse(
        would_fire=[_planned(one) for one in result.would_fire],
        would_not_fire=[_withheld(one) for one in result.would_not_fire],
    )


def _planned(one: Coming) -> pb.PlannedOutreach:
    return pb.PlannedOutreach(
        contact_id=one.contact_id,
        trigger_id=one.trigger_id,
        trigger_type=one.kind,
        channel=one.channel,
        at=times.to_proto(one.at),
        reason=one.reason,
    )


def _withheld(one: Coming) -> pb.WithheldOutreach:
    return pb.WithheldOutreach(
        contact_id=one.contact_id,
        trigger_id=one.trigger_id,
        trigger_type=one.kind,
        at=times.to_proto(one.at),
        withheld_because=one.why or "",
    )


def consents(value: Consents) -> pb.GetConsentResponse:
    """What a contact agreed to."""
    return pb.GetConsentResponse(
        outreach_consent=value.outreach_consent, channels=[consent(row) for row in value.channels]
    )


def consent(row: ConsentRow) -> pb.ChannelConsent:
    """What was said of one channel."""
    return pb.ChannelConsent(channel=row.channel, status=row.status, source=row.source, at=times.to_proto(row.at))


def status_of(request: pb.SetConsentRequest) -> ChannelStatus:
    """What the contact said; the contract allows no other word."""
    return cast(ChannelStatus, request.status)


def setup(request: pb.SetChannelRequest) -> Setup:
    """A channel as it is to be."""
    return Setup(
        kind=request.kind,
        url=_given(request, "url"),
        sender=_given(request, "sender"),
        secret=_given(request, "secret"),
    )


def channel(row: ChannelRow) -> pb.Channel:
    """A channel without its secret."""
    return pb.Channel(
        channel=row.channel, kind=row.kind, url=row.url, sender=row.sender, has_secret=row.secret is not None
    )


def outbox(result: OutboxPage) -> pb.ListOutboxResponse:
    """A page of kept messages."""
    return pb.ListOutboxResponse(
        messages=[
            pb.OutboxMessage(
                trigger_id=row.trigger_id,
                contact_id=row.contact_id,
                channel=row.channel,
                message=row.message,
                sent_at=times.to_proto(row.sent_at),
            )
            for row in result.messages
        ],
        total=result.total,
        next_cursor=result.next_cursor,
    )


def fired(result: Fired) -> pb.FireOutreachResponse:
    """What a run did."""
    return pb.FireOutreachResponse(**{field.name: getattr(result, field.name) for field in fields(Fired)})
