"""What is there after a demo, asked of the same endpoints that a dashboard asks."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from kith.analytics.v1 import analytics_pb2
from kith.call.v1 import call_pb2
from kith.contact.v1 import contact_pb2
from kith.crm.v1 import crm_pb2
from kith.maintenance.v1 import maintenance_pb2
from kith.outreach.v1 import outreach_pb2
from kith.warmth.v1 import warmth_pb2

from server.demoing.api import Api, call
from server.demoing.lives import Calendar
from server.demoing.run import Fired
from server.demoing.tenancy import ZONE
from server.measuring.connection import timestamp

THRESHOLD: Final = 0.6
PREVIEW_DAYS: Final = 7
_SHOWN: Final = 10
_MOST_DAYS: Final = 365
_STATUSES: Final = ("pending", "held", "claimed", "sent", "failed", "cancelled", "expired")


@dataclass(frozen=True, slots=True)
class Report:
    """The answers; `outreach` is how many triggers there are of each status, `scheduled` how many are new by hand."""

    trends: analytics_pb2.GetTrendsResponse
    churn: analytics_pb2.GetChurnReportResponse
    moods: analytics_pb2.GetMoodsResponse
    preview: outreach_pb2.PreviewOutreachResponse
    warmest: crm_pb2.ListCrmContactsResponse
    losing: warmth_pb2.ListLosingTouchResponse
    calls: call_pb2.GetCallAnalyticsResponse
    contacts: int
    outreach: dict[str, int]
    outbox: int
    maintenance: maintenance_pb2.MaintenanceRun
    fired: Fired
    scheduled: int


def period(calendar: Calendar, now: datetime) -> int:
    """How many days back from today cover the whole demo, which may be some days old by now."""
    return min(_MOST_DAYS, (now.astimezone(ZoneInfo(ZONE)).date() - calendar.first).days + 1)


async def report(api: Api, days: int, run: maintenance_pb2.MaintenanceRun, fired: Fired, scheduled: int) -> Report:
    """Asks for everything, over the last `days` days."""
    analytics, outreach = api.any.analytics, api.any.outreach
    totals = {}
    for status in _STATUSES:
        some = outreach_pb2.ListOutreachRequest(status=status, limit=1)
        totals[status] = (await call(outreach.ListOutreach, some, api.token)).total
    contacts = contact_pb2.ListContactsRequest(limit=1)
    churn = analytics_pb2.GetChurnReportRequest(threshold=THRESHOLD, limit=_SHOWN)
    preview = outreach_pb2.PreviewOutreachRequest(days=PREVIEW_DAYS, limit=_SHOWN)
    warmest = crm_pb2.ListCrmContactsRequest(sort="warmth:desc", limit=_SHOWN)
    losing = warmth_pb2.ListLosingTouchRequest(limit=_SHOWN)
    calls = call_pb2.GetCallAnalyticsRequest(start=timestamp(datetime.now(UTC) - timedelta(days=days)))
    return Report(
        trends=await call(analytics.GetTrends, analytics_pb2.GetTrendsRequest(days=days), api.token),
        churn=await call(analytics.GetChurnReport, churn, api.token),
        moods=await call(analytics.GetMoods, analytics_pb2.GetMoodsRequest(days=days), api.token),
        preview=await call(outreach.PreviewOutreach, preview, api.token),
        warmest=await call(api.any.crm.ListCrmContacts, warmest, api.token),
        losing=await call(api.any.warmth.ListLosingTouch, losing, api.token),
        calls=await call(api.any.calls.GetCallAnalytics, calls, api.token),
        contacts=(await call(api.any.contacts.ListContacts, contacts, api.token)).total,
        outreach=totals,
        outbox=(await call(outreach.ListOutbox, outreach_pb2.ListOutboxRequest(limit=1), api.token)).total,
        maintenance=run,
        fired=fired,
        scheduled=scheduled,
    )


def as_json(found: Report) -> dict[str, object]:
    """The answers as the gateway would print them."""
    return {
        "contacts": found.contacts,
        "trends": _plain(found.trends),
        "churn": _plain(found.churn),
        "moods": _plain(found.moods),
        "warmest": [_plain(one) for one in found.warmest.contacts],
        "losing_touch": _plain(found.losing)["contacts"],
        "calls": _plain(found.calls),
        "outreach": {
            "scheduled": found.scheduled,
            "fired": asdict(found.fired),
            "by_status": found.outreach,
            "outbox": found.outbox,
            "preview": _plain(found.preview),
        },
        "maintenance": _plain(found.maintenance),
    }


def _plain(message: Message) -> dict[str, Any]:
    return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
