"""A demo for a person at a terminal: what is there now, and calls to go on with."""

from pathlib import Path
from typing import Final

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from kith.analytics.v1 import analytics_pb2
from kith.call.v1 import call_pb2
from kith.crm.v1 import crm_pb2
from kith.warmth.v1 import warmth_pb2
from rich.console import Console
from rich.table import Table

from server.demoing.report import PREVIEW_DAYS, Report
from server.measuring.credentials import Credentials

_WEEK: Final = 7

Section = tuple[str, Table, str]
"""A title, a table, and a remark below it."""


def print_report(console: Console, found: Report) -> None:
    """Trends, churn, moods, warmth, calls and outreach."""
    for title, table, remark in (
        _trends(found.trends), _churn(found.churn), _moods(found.moods), _warmest(found.warmest), _losing(found.losing),
        _calls(found.calls), _outreach(found), _preview(found),
    ):  # fmt: skip
        console.print(f"\n[bold]{title}[/]")
        console.print(table)
        if remark:
            console.print(remark)


def print_calls(console: Console, credentials: Credentials, file: Path, days: int) -> None:
    """First calls through the gateway for the demo's tenant, ready to paste."""
    curl = "curl -sk" if credentials.http.startswith("https") else "curl -s"
    base = f"{credentials.http}/contact-intel"
    bearer = '-H "authorization: Bearer $TOKEN"'
    key = '-H "x-gateway-key: $KEY"'
    body = "-H 'content-type: application/json' -d '{}'"
    read = f'python3 -c \'import json; print(json.load(open("{file}"))["%s"])\''
    console.print(f"\nCredentials are in {file}; paste the first line once:", soft_wrap=True)
    # Plain and unwrapped: these lines are copied.
    for line in (
        f"TOKEN=$({read % 'jwt'}) KEY=$({read % 'gateway_key'})",
        f"{curl} '{base}/analytics/trends?days={days}' {bearer}",
        f"{curl} '{base}/analytics/churn?threshold=0.6&limit=20' {bearer}",
        f"{curl} '{base}/analytics/moods?days={days}' {bearer}",
        f"{curl} '{base}/contacts?sort=engagement&stage=established&limit=20' {bearer}",
        f"{curl} '{credentials.http}/v1/contacts?sort=warmth:desc&limit=20' {bearer}",
        f"{curl} '{credentials.http}/v1/contacts/losing-touch?limit=20' {bearer}",
        f"{curl} '{credentials.http}/v1/interactions?limit=20' {bearer}",
        f"{curl} '{credentials.http}/api/call-history/analytics' {bearer}",
        f"{curl} '{base}/outreach?status=sent&limit=20' {bearer}",
        f"{curl} '{base}/outreach/preview?days={PREVIEW_DAYS}' {bearer}",
        f"{curl} '{base}/outreach/outbox?limit=5' {bearer}",
        f"{curl} {credentials.http}/internal/outreach/fire {key} {body}",
        f"{curl} {credentials.http}/internal/maintenance {key} {body}",
    ):
        console.print(f"  {line}", markup=False, soft_wrap=True)


def _trends(found: analytics_pb2.GetTrendsResponse) -> Section:
    table = _table("week from", "active a day", "new", "turns")
    days = list(found.daily)
    # Whole weeks that end today.
    for end in range(len(days) % _WEEK or _WEEK, len(days) + 1, _WEEK):
        week = days[max(0, end - _WEEK) : end]
        active = sum(day.active for day in week) / len(week)
        table.add_row(
            week[0].date, f"{active:.0f}", str(sum(day.new for day in week)), str(sum(day.messages for day in week))
        )
    table.add_section()
    table.add_row("in all", f"{found.active_users} people", str(found.new_users), str(found.total_messages))
    remark = (
        f"{found.churned_users} fell dormant; back after a week {found.retention_7day:.0%}, "
        f"after a month {found.retention_30day:.0%}; a session has {found.avg_messages_per_session:.1f} turns "
        f"in {found.avg_session_duration_min:.1f} min."
    )
    return f"The last {found.period_days} days, by week", table, remark


def _churn(found: analytics_pb2.GetChurnReportResponse) -> Section:
    table = _table("contact", "name", "risk", "silent days", "stage", "last mood", "outreach")
    for one in found.contacts:
        table.add_row(
            one.id, one.display_name, f"{one.churn_risk:.2f}", str(one.days_inactive), one.relationship_stage,
            one.last_mood, one.outreach_status,
        )  # fmt: skip
    return f"{found.at_risk_count} with a churn risk of {found.threshold:g} or more, the highest first", table, ""


def _moods(found: analytics_pb2.GetMoodsResponse) -> Section:
    table = _table("mood", "share")
    for mood, share in sorted(_shares(found.distribution).items(), key=lambda item: -item[1]):
        table.add_row(mood, f"{share:.1%}")
    return f"Moods of {found.total_classifications} turns, the trend is {found.trend}", table, ""


def _shares(distribution: Message) -> dict[str, float]:
    return {field.name: getattr(distribution, field.name) for field in distribution.DESCRIPTOR.fields}


def _warmest(found: crm_pb2.ListCrmContactsResponse) -> Section:
    table = _table("contact", "name", "title", "warmth", "last touch")
    for one in found.contacts:
        warmth = f"{one.warmth:.1f} {one.warmth_band}"
        table.add_row(one.id, one.name, one.title, warmth, _when(one.last_touch_at))
    return "The warmest", table, ""


def _losing(found: warmth_pb2.ListLosingTouchResponse) -> Section:
    table = _table("contact", "name", "warmth", "in 7 days", "falls or fell")
    for one in found.contacts:
        at = one.fallen_at if one.fallen else one.warmth.next_band_at
        table.add_row(
            one.contact_id, one.name, f"{one.warmth.score:.1f} {one.warmth.band}", f"{one.warmth.change_7d:+.1f}",
            f"{'fell' if one.fallen else 'falls'} {_when(at)}",
        )  # fmt: skip
    return "Who is being lost", table, ""


def _calls(found: call_pb2.GetCallAnalyticsResponse) -> Section:
    table = _table("topic", "calls")
    for one in found.topics:
        table.add_row(one.topic, str(one.calls))
    totals = found.totals
    remark = (
        f"{totals.calls} calls, {totals.answer_rate:.0%} answered, {totals.average_talk_seconds / 60:.1f} min each; "
        f"{totals.positive} were positive, {totals.neutral} neutral, {totals.negative} negative."
    )
    return "Calls, by topic", table, remark


def _outreach(found: Report) -> Section:
    table = _table("status", "how many")
    for status, count in found.outreach.items():
        if count:
            table.add_row(status, str(count))
    return "Messages to contacts", table, f"{found.outbox} are in the outbox."


def _preview(found: Report) -> Section:
    table = _table("when", "contact", "type", "because", "withheld")
    for planned in found.preview.would_fire:
        table.add_row(
            _when(planned.at), planned.contact_id, planned.trigger_type, planned.reason, ""
        )  # fmt: skip
    for withheld in found.preview.would_not_fire:
        table.add_row(
            _when(withheld.at), withheld.contact_id, withheld.trigger_type, "", withheld.withheld_because
        )  # fmt: skip
    return f"What would go out in the next {PREVIEW_DAYS} days, and what would not", table, ""


def _when(at: Timestamp) -> str:
    return at.ToDatetime().strftime("%d %b %H:%MZ")


def _table(*columns: str) -> Table:
    table = Table()
    for column in columns:
        # An id that is cut cannot be pasted into the next command.
        table.add_column(column, no_wrap=column in ("contact", "when"), overflow="fold")
    return table
