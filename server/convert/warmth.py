"""Warmth between the use cases and protobuf."""

from typing import cast

from kith.warmth.v1 import warmth_pb2 as pb

from server.convert import times
from server.domain.warmth import Config, Kind
from server.domain.warmth.report import Contribution, Standing
from server.domain.warmth.rules import MODEL_VERSION
from server.usecases.warmth_reports import Day, LosingTouchPage, LosingTouchQuery, Report
from server.usecases.warmth_upkeep import ConfigChange, Recomputed


def warmth(value: Standing) -> pb.Warmth:
    """A contact's warmth."""
    band, when = value.falls or (None, None)
    return pb.Warmth(
        score=value.score,
        band=value.band,
        change_7d=value.change_7d,
        next_band=band,
        next_band_at=None if when is None else times.to_proto(when),
        last_touch_at=None if value.last_touch_at is None else times.to_proto(value.last_touch_at),
    )


def report(value: Report) -> pb.GetWarmthResponse:
    """A contact's warmth with its reasons."""
    return pb.GetWarmthResponse(
        warmth=warmth(value.standing),
        contributions=[_contribution(one) for one in value.contributions],
        others=round(value.others, 3),
        model_version=MODEL_VERSION,
    )


def _contribution(value: Contribution) -> pb.WarmthContribution:
    return pb.WarmthContribution(
        id=value.touch.id,
        kind=value.touch.kind,
        occurred_at=times.to_proto(value.touch.at),
        points=round(value.points, 3),
        worth=round(value.worth, 3),
        counted=value.counted,
        touches=value.touches,
    )


def history(days: list[Day]) -> pb.GetWarmthHistoryResponse:
    """A contact's warmth by day."""
    return pb.GetWarmthHistoryResponse(
        days=[pb.WarmthDay(day=one.day.isoformat(), score=one.score, band=one.band) for one in days]
    )


def losing_touch_query(request: pb.ListLosingTouchRequest) -> LosingTouchQuery:
    """What is asked, with the contract's defaults filled in."""
    return LosingTouchQuery(
        within_days=request.within_days if request.HasField("within_days") else 14,
        fallen_days=request.fallen_days if request.HasField("fallen_days") else 60,
        limit=request.limit if request.HasField("limit") else 20,
        cursor=request.cursor if request.HasField("cursor") else None,
    )


def losing_touch(page: LosingTouchPage) -> pb.ListLosingTouchResponse:
    """A page of contacts that cool down."""
    return pb.ListLosingTouchResponse(
        contacts=[
            pb.LosingTouch(
                contact_id=one.contact_id,
                name=one.name,
                warmth=warmth(one.standing),
                fallen=one.fallen,
                fallen_at=None if one.fallen_at is None else times.to_proto(one.fallen_at),
            )
            for one in page.contacts
        ],
        limit=page.limit,
        next_cursor=page.next_cursor,
    )


def recomputed(value: Recomputed) -> pb.RecomputeWarmthResponse:
    """What was worked out anew."""
    return pb.RecomputeWarmthResponse(recomputed=value.recomputed, changed=value.changed, queued=value.queued)


def config(value: Config) -> pb.WarmthConfig:
    """The tenant's constants."""
    return pb.WarmthConfig(
        fresh_days=value.fresh_days,
        half_life_days=value.half_life_days,
        daily_cap=value.daily_cap,
        hot_from=value.hot_from,
        warm_from=value.warm_from,
        cool_from=value.cool_from,
        points={kind: pb.WarmthPoints(base=base, top=top) for kind, base, top in value.points},
    )


def config_change(request: pb.UpdateWarmthConfigRequest) -> ConfigChange:
    """What is to be another; whether it fits together is for the use case to say."""
    given = {field.name: value for field, value in request.ListFields() if field.name != "points"}
    points = {cast(Kind, kind): (of.base, of.top) for kind, of in request.points.items()}
    return ConfigChange(**given, points=points)
