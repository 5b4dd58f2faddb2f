"""A demo for a person at a terminal: what is there now, and calls to go on with."""

from pathlib import Path
from typing import Final

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from kith.analytics.v1 import analytics_pb2
from rich.console import Console
from rich.table import Table

from server.demoing.report import PREVIEW_DAYS, Report
from server.measuring.credentials import Credentials

_WEEKS: Final = 7


def print_report(console: Console, found: Report) -> None:
    """Trends, churn, moods and outreach."""
    console.print(_trends(found.trends))
    console.print(_churn(found.churn))
    console.print(_moods(found.moods))
    console.print(_outreach(found))
    console.print(_preview(found))


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
        f"{curl} '{base}/outreach?status=sent&limit=20' {bearer}",
        f"{curl} '{base}/outreach/preview?days={PREVIEW_DAYS}' {bearer}",
        f"{curl} '{base}/outreach/outbox?limit=5' {bearer}",
        f"{curl} {credentials.http}/internal/outreach/fire {key} {body}",
        f"{curl} {credentials.http}/internal/maintenance {key} {body}",
    ):
        console.print(f"  {line}", markup=False, soft_wrap=True)


def _trends(found: analytics_pb2.GetTrendsResponse) -> Table:
    table = _table(f"The last {found.period_days} days, by week", "week from", "active a day", "new", "turns")
    days = list(found.daily)
    # Whole weeks that end today.
    for end in range(len(days) % _WEEKS or _WEEKS, len(days) + 1, _WEEKS):
        week = days[max(0, end - _WEEKS) : end]
        active = sum(day.active for day in week) / len(week)
        table.add_row(
            week[0].date, f"{active:.0f}", str(sum(day.new for day in week)), str(sum(day.messages for day in week))
        )
    table.add_section()
    table.add_row("in all", f"{found.active_users} people", str(found.new_users), str(found.total_messages))
    table.caption = (
        f"{found.churned_users} fell dormant; back after a week {found.retention_7day:.0%}, "
        f"after a month {found.retention_30day:.0%}; a session has {found.avg_messages_per_session:.1f} turns "
        f"in {found.avg_session_duration_min:.1f} min"
    )
    return table


def _churn(found: analytics_pb2.GetChurnReportResponse) -> Table:
    title = f"{found.at_risk_count} with a churn risk of {found.threshold:g} or more, the highest first"
    table = _table(title, "contact", "name", "risk", "silent days", "stage", "last mood", "outreach")
    for one in found.contacts:
        table.add_row(
            one.id, one.display_name, f"{one.churn_risk:.2f}", str(one.days_inactive), one.relationship_stage,
            one.last_mood, one.outreach_status,
        )  # fmt: skip
    return table


def _moods(found: analytics_pb2.GetMoodsResponse) -> Table:
    table = _table(f"Moods of {found.total_classifications} turns, {found.trend}", "mood", "share")
    for mood, share in sorted(_shares(found.distribution).items(), key=lambda item: -item[1]):
        table.add_row(mood, f"{share:.1%}")
    return table


def _shares(distribution: Message) -> dict[str, float]:
    return {field.name: getattr(distribution, field.name) for field in distribution.DESCRIPTOR.fields}


def _outreach(found: Report) -> Table:
    table = _table("Messages to contacts", "status", "how many")
    for status, count in found.outreach.items():
        if count:
            table.add_row(status, str(count))
    table.caption = f"{found.outbox} in the outbox"
    return table


def _preview(found: Report) -> Table:
    title = f"What would go out in the next {PREVIEW_DAYS} days, and what would not"
    table = _table(title, "when", "contact", "type", "channel", "because", "withheld")
    for planned in found.preview.would_fire:
        table.add_row(
            _when(planned.at), planned.contact_id, planned.trigger_type, planned.channel, planned.reason, ""
        )  # fmt: skip
    for withheld in found.preview.would_not_fire:
        table.add_row(
            _when(withheld.at), withheld.contact_id, withheld.trigger_type, "", "", withheld.withheld_because
        )  # fmt: skip
    return table


def _when(at: Timestamp) -> str:
    return at.ToDatetime().strftime("%a %d %b %H:%MZ")


def _table(title: str, *columns: str) -> Table:
    return Table(*columns, title=title, title_justify="left", caption_justify="left")
