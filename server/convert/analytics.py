"""Analytics between the use cases and protobuf."""

from dataclasses import asdict

from kith.analytics.v1 import analytics_pb2 as pb

from server.convert import times
from server.usecases.analytics import Moods, Trends
from server.usecases.churn import ChurnPage, ChurnQuery

_DAYS = 7
_THRESHOLD = 0.6
_LIMIT = 20


def days(request: pb.GetTrendsRequest | pb.GetMoodsRequest) -> int:
    """How many days were asked for, with the contract's default."""
    return request.days if request.HasField("days") else _DAYS


def trends(value: Trends) -> pb.GetTrendsResponse:
    """How many wrote, came and went."""
    figures = asdict(value)
    daily = [{**day, "date": day["date"].isoformat()} for day in figures.pop("daily")]
    return pb.GetTrendsResponse(**figures, daily=[pb.DailyTrend(**day) for day in daily])


def moods(value: Moods) -> pb.GetMoodsResponse:
    """How often each mood was found."""
    return pb.GetMoodsResponse(
        period_days=value.period_days,
        total_classifications=value.total_classifications,
        distribution=pb.MoodShares(**value.distribution),
        trend=value.trend,
    )


def churn_query(request: pb.GetChurnReportRequest) -> ChurnQuery:
    """Who is asked for, with the contract's defaults."""
    return ChurnQuery(
        threshold=request.threshold if request.HasField("threshold") else _THRESHOLD,
        limit=request.limit if request.HasField("limit") else _LIMIT,
        cursor=request.cursor or None,
    )


def churn_report(page: ChurnPage) -> pb.GetChurnReportResponse:
    """Who is about to leave."""
    return pb.GetChurnReportResponse(
        threshold=page.threshold,
        at_risk_count=page.at_risk_count,
        contacts=[
            pb.ChurnContact(
                id=c.contact_id,
                display_name=c.display_name,
                churn_risk=round(c.churn_risk, 4),
                last_active_at=times.to_proto(c.last_active_at) if c.last_active_at else None,
                days_inactive=c.days_inactive,
                relationship_stage=c.stage,
                last_mood=c.mood,
                outreach_status=c.outreach_status,
            )
            for c in page.contacts
        ],
        next_cursor=page.next_cursor,
    )
