"""Calls between the use cases and protobuf."""

from datetime import datetime
from typing import Any, Final, cast

from kith.call.v1 import call_pb2 as pb

from server.convert import structs, times
from server.domain.calls import Status, Told
from server.usecases.call_history import CallAnalytics, CallPage
from server.usecases.call_settings import SettingsChange
from store.call_figures import Figures
from store.call_pages import Filter
from store.tables.call import CallRow, CallSettingsRow

OWN: Final = "api"
"""The provider of calls whose teller names none."""

_TOLD: Final = (
    "agent_id", "user_id", "org_id", "direction", "contact_id", "caller_number", "caller_name", "status", "duration",
    "recording_url", "transcript", "sentiment", "summary", "cost", "started_at", "ended_at",
)  # fmt: skip
_CALL: Final = (
    "agent_id", "user_id", "org_id", "provider", "call_sid", "direction", "contact_id", "caller_number",
    "number_unreadable", "caller_name", "status", "duration", "recording_url", "transcript", "sentiment", "topics",
    "summary", "cost",
)  # fmt: skip
_FIGURES: Final = ("calls", "completed", "missed", "failed", "positive", "neutral", "negative")


def told(request: pb.CreateCallRequest | pb.CallStartedRequest | pb.CallCompletedRequest, status: Status) -> Told:
    """What is told of a call; `status` where the request has none."""
    given = _given(request)
    return Told(
        provider=request.provider if request.HasField("provider") else OWN,
        call_sid=request.call_sid,
        **{"status": status, **given},
    )


def more(request: pb.UpdateCallStatusRequest) -> Told:
    """What is told of a call that is known by its id."""
    return Told(provider=OWN, call_sid="", **_given(request))


def _given(request: Any) -> dict[str, Any]:
    names = {field.name for field, _ in request.ListFields()}
    given = {name: getattr(request, name) for name in _TOLD if name in names}
    for name in ("started_at", "ended_at"):
        if name in given:
            given[name] = times.from_proto(given[name])
    if "topics" in names:
        given["topics"] = tuple(request.topics)
    if "collected_data" in names:
        given["collected_data"] = structs.from_proto(request.collected_data)
    return given


def call(row: CallRow) -> pb.Call:
    """One call."""
    return pb.Call(
        id=row.call_id,
        **{name: getattr(row, name) for name in _CALL},
        collected_data=structs.to_proto(row.collected_data),
        started_at=times.to_proto(row.started_at),
        ended_at=times.optional(row.ended_at),
        created_at=times.to_proto(row.created_at),
        updated_at=times.to_proto(row.updated_at),
    )


def wanted(request: pb.ListCallsRequest) -> Filter:
    """Which calls to list."""
    names = ("contact_id", "agent_id", "user_id", "status", "direction", "sentiment")
    return Filter(
        **{name: getattr(request, name) for name in names if request.HasField(cast(Any, name))},
        start=instant(request, "start"),
        end=instant(request, "end"),
    )


def page(result: CallPage) -> pb.ListCallsResponse:
    """A page of calls."""
    return pb.ListCallsResponse(
        calls=[call(row) for row in result.calls], limit=result.limit, next_cursor=result.next_cursor
    )


def analytics(result: CallAnalytics) -> pb.GetCallAnalyticsResponse:
    """Figures about calls."""
    return pb.GetCallAnalyticsResponse(
        totals=_figures(result.totals),
        days=[pb.CallDay(day=day.isoformat(), figures=_figures(figures)) for day, figures in result.days],
        topics=[pb.CallTopic(topic=topic, calls=count) for topic, count in result.topics],
    )


def _figures(value: Figures) -> pb.CallFigures:
    over = value.completed + value.missed + value.failed
    return pb.CallFigures(
        **{name: getattr(value, name) for name in _FIGURES},
        answer_rate=round(value.completed / over, 4) if over else 0.0,
        talk_seconds=round(value.talk_seconds, 3),
        average_talk_seconds=round(value.talk_seconds / value.timed, 3) if value.timed else 0.0,
        cost=round(value.cost, 6),
    )


def settings(row: CallSettingsRow) -> pb.CallSettings:
    """The settings."""
    return pb.CallSettings(
        default_region=row.default_region,
        recording_retention_days=row.recording_retention_days,
        transcript_retention_days=row.transcript_retention_days,
        remember_summaries=row.remember_summaries,
    )


def change(request: pb.UpdateCallSettingsRequest) -> SettingsChange:
    """What is to change."""
    return SettingsChange(**{field.name: value for field, value in request.ListFields()})


def instant(message: Any, field: str) -> datetime | None:
    """An instant that may be given."""
    return times.from_proto(getattr(message, field)) if message.HasField(field) else None
