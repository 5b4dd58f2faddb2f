"""Touchpoints and timelines between the use cases and protobuf."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from kith.interaction.v1 import interaction_pb2 as pb

from server.convert import structs, times
from server.domain.errors import InvalidInput, KithError, NotFound
from server.domain.interaction import InteractionChange, NewInteraction
from server.usecases.interaction_bulk import Outcome
from server.usecases.interactions import NEWEST_FIRST, USUAL, InteractionPage, InteractionQuery
from server.usecases.timeline import TimelinePage, TimelineQuery
from store.interactions import Named
from store.timeline import Happening


def query(request: pb.ListInteractionsRequest) -> InteractionQuery:
    """Which touchpoints to list, with the contract's defaults."""
    return InteractionQuery(
        contact_id=request.contact_id if request.HasField("contact_id") else None,
        kind=request.type if request.HasField("type") else None,
        start=_instant(request, "start"),
        end=_instant(request, "end"),
        sort=request.sort if request.HasField("sort") else NEWEST_FIRST,
        limit=request.limit if request.HasField("limit") else USUAL,
        cursor=request.cursor or None,
    )


def page(result: InteractionPage) -> pb.ListInteractionsResponse:
    """A page of touchpoints, under both of its names."""
    items = [interaction(named) for named in result.interactions]
    return pb.ListInteractionsResponse(
        items=items, interactions=items, limit=result.limit, next_cursor=result.next_cursor, sort=result.sort
    )


def new(request: pb.CreateInteractionRequest | pb.NewInteraction) -> NewInteraction:
    """What is told of a touchpoint."""
    return NewInteraction(
        contact_id=request.contact_id,
        kind=request.kind,
        content=request.content if request.HasField("content") else None,
        metadata=structs.from_proto(request.metadata),
        occurred_at=_instant(request, "occurred_at"),
        external_id=request.external_id if request.HasField("external_id") else None,
    )


def change(request: pb.UpdateInteractionRequest) -> InteractionChange:
    """What is to change."""
    return InteractionChange(
        kind=request.kind if request.HasField("kind") else None,
        content=request.content if request.HasField("content") else None,
        metadata=structs.from_proto(request.metadata) if request.HasField("metadata") else None,
        occurred_at=_instant(request, "occurred_at"),
    )


def interaction(named: Named) -> pb.Interaction:
    """One touchpoint."""
    row = named.row
    return pb.Interaction(
        id=row.interaction_id,
        contact_id=row.contact_id,
        contact_name=named.contact_name,
        kind=row.kind,
        content=row.content,
        metadata=structs.to_proto(row.metadata),
        origin=row.origin,
        occurred_at=times.to_proto(row.occurred_at),
        created_at=times.to_proto(row.created_at),
        updated_at=times.to_proto(row.updated_at),
    )


def bulk(outcomes: Sequence[Outcome]) -> pb.BulkCreateInteractionsResponse:
    """What became of each, and of how many."""
    statuses = [outcome.status for outcome in outcomes]
    return pb.BulkCreateInteractionsResponse(
        results=[_result(index, outcome) for index, outcome in enumerate(outcomes)],
        created=statuses.count("created"),
        existing=statuses.count("existing"),
        failed=statuses.count("failed"),
    )


def _result(index: int, outcome: Outcome) -> pb.BulkInteractionResult:
    return pb.BulkInteractionResult(
        index=index,
        status=outcome.status,
        interaction=None if outcome.named is None else interaction(outcome.named),
        error=None if outcome.error is None else _failure(index, outcome.error),
    )


def _failure(index: int, error: KithError) -> pb.BulkInteractionError:
    field = None
    if isinstance(error, InvalidInput):
        field = error.violations[0].field
    elif isinstance(error, NotFound):
        field = f"items[{index}].contact_id"
    return pb.BulkInteractionError(code=error.reason, message=error.message, field=field)


def timeline_query(request: pb.GetTimelineRequest) -> TimelineQuery:
    """Which happenings to list, with the contract's defaults."""
    return TimelineQuery(
        contact_id=request.contact_id,
        types=frozenset(request.types),
        before=_instant(request, "before"),
        limit=request.limit if request.HasField("limit") else USUAL,
        cursor=request.cursor or None,
    )


def timeline(result: TimelinePage) -> pb.GetTimelineResponse:
    """A page of what happened."""
    return pb.GetTimelineResponse(
        items=[_happening(item) for item in result.items], limit=result.limit, next_cursor=result.next_cursor
    )


def _happening(item: Happening) -> pb.TimelineItem:
    return pb.TimelineItem(
        id=item.id,
        type=item.type,
        kind=item.kind,
        occurred_at=times.to_proto(item.at),
        direction=item.direction,
        text=item.body,
        reply=item.reply,
        details=structs.to_proto(item.details),
    )


def _instant(message: Any, field: str) -> datetime | None:
    return times.from_proto(getattr(message, field)) if message.HasField(field) else None
