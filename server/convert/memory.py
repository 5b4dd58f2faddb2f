"""Memories between the domain and protobuf."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast

from kith.memory.v1 import memory_pb2 as pb

from server.convert import times
from server.convert.context import beside, score_parts
from server.domain.editing import Edit
from server.domain.memory import Memory
from server.domain.words import MemoryType
from server.domain.writing import Note, Written
from server.usecases.consolidation import Status, TaskResult
from server.usecases.consolidation_plan import Task
from server.usecases.forgetting import Forgotten
from server.usecases.memories import EntityPage, EntityQuery, MemoryPage, MemoryQuery
from server.usecases.memory_search import Found, MemorySearch


def query(request: pb.ListMemoriesRequest) -> MemoryQuery:
    """Which memories to list, with the contract's defaults."""
    return MemoryQuery(
        contact_id=request.contact_id,
        type=None if request.type in ("", "all") else request.type,
        min_importance=request.min_importance,
        entity=request.entity or None,
        limit=request.limit if request.HasField("limit") else 20,
        cursor=request.cursor or None,
        as_of=_instant(request, "as_of"),
    )


def _instant(message: Any, field: str) -> datetime | None:
    return times.from_proto(getattr(message, field)) if message.HasField(field) else None


def note(request: pb.CreateMemoryRequest, now: datetime) -> Note:
    """What is to be remembered: the fields that are given; without a time it is of now."""
    names = ("type", "importance", "subject", "attribute", "value")
    given = {name: getattr(request, name) for name in names if request.HasField(cast(Any, name))}
    return Note(
        content=request.content,
        occurred_at=_instant(request, "occurred_at") or now,
        entity_ids=tuple(request.entity_ids),
        sources=tuple(request.sources),
        **given,
    )


def written(result: Written) -> pb.CreateMemoryResponse:
    """The memory that tells it now."""
    return pb.CreateMemoryResponse(memory=memory(result.memory), created=result.created)


def search(request: pb.SearchMemoriesRequest) -> MemorySearch:
    """What is looked for, with the contract's defaults."""
    return MemorySearch(
        contact_id=request.contact_id,
        text=request.q,
        type=None if request.type in ("", "all") else cast(MemoryType, request.type),
        min_importance=request.min_importance,
        min_score=request.min_score,
        entity=request.entity or None,
        as_of=_instant(request, "as_of"),
        limit=request.limit if request.HasField("limit") else 20,
        explain=request.explain,
    )


def found(results: Sequence[Found]) -> pb.SearchMemoriesResponse:
    """What was found, with scores."""
    return pb.SearchMemoriesResponse(
        memories=[
            pb.FoundMemory(
                memory=memory(one.memory),
                retrieval_score=round(one.ranked.score, 4),
                parts=score_parts(one.ranked),
                beside=beside(one.beside),
            )
            for one in results
        ]
    )


def edit(request: pb.UpdateMemoryRequest) -> Edit:
    """What is to change: the fields that are given."""
    names = ("content", "importance", "subject", "attribute", "value")
    given = {name: getattr(request, name) for name in names if request.HasField(cast(Any, name))}
    return Edit(**given, valid_from=_instant(request, "valid_from"), valid_to=_instant(request, "valid_to"))


def entity_query(request: pb.ListEntitiesRequest) -> EntityQuery:
    """Which entities to list, with the contract's defaults."""
    return EntityQuery(
        contact_id=request.contact_id,
        type=None if request.type in ("", "all") else request.type,
        limit=request.limit if request.HasField("limit") else 20,
        cursor=request.cursor or None,
    )


def entity_page(result: EntityPage) -> pb.ListEntitiesResponse:
    """A page of entities."""
    return pb.ListEntitiesResponse(
        entities=[
            pb.Entity(id=e.id, type=e.type, display_name=e.display_name, aliases=e.aliases, memory_count=e.memory_count)
            for e in result.entities
        ],
        total=result.total,
        next_cursor=result.next_cursor,
    )


def page(result: MemoryPage) -> pb.ListMemoriesResponse:
    """A page of memories."""
    return pb.ListMemoriesResponse(
        memories=[memory(m) for m in result.memories], total=result.total, next_cursor=result.next_cursor
    )


def memory(value: Memory) -> pb.Memory:
    """One memory."""
    return pb.Memory(
        id=value.id,
        type=value.type,
        content=value.content,
        importance=round(value.importance, 4),
        entity_ids=value.entity_ids,
        confidence=round(value.confidence, 4),
        subject=value.subject,
        attribute=value.attribute,
        value=value.value,
        sources=value.sources,
        occurred_at=times.to_proto(value.occurred_at),
        created_at=times.to_proto(value.created_at),
        access_count=value.access_count,
        valid_from=times.to_proto(value.valid_from),
        valid_to=times.optional(value.valid_to),
        status=value.status,
        superseded_by=value.superseded_by,
        event_start=times.optional(value.event_start),
        event_end=times.optional(value.event_end),
        origin=value.origin,
    )


def forgotten(result: Forgotten) -> pb.DeleteAllMemoriesResponse:
    """What was forgotten."""
    return pb.DeleteAllMemoriesResponse(
        status="deleted",
        memories_deleted=result.memories,
        entities_deleted=result.entities,
        state_reset=True,
        receipt_id=result.receipt_id,
    )


def tasks(request: pb.ConsolidateMemoriesRequest) -> list[Task]:
    """The tasks asked for; their words were validated."""
    return [cast(Task, task) for task in request.tasks]


def consolidated(results: Sequence[TaskResult]) -> pb.ConsolidateMemoriesResponse:
    """What the tasks did."""
    return pb.ConsolidateMemoriesResponse(
        status="failed" if any(result.status == "failed" for result in results) else "completed",
        tasks=[
            pb.ConsolidationResult(task=r.task, status=r.status, changed=r.changed, counts=r.counts) for r in results
        ],
    )


_PENDING: Final = {"todo": "waiting", "doing": "running", "failed": "failed"}


def status(result: Status) -> pb.GetConsolidationStatusResponse:
    """How far the deferred work is."""
    return pb.GetConsolidationStatusResponse(
        contact_id=result.contact_id,
        tasks=[
            pb.ConsolidationTask(task=t.task, status="never_run")
            if t.result is None
            else pb.ConsolidationTask(
                task=t.task,
                status=t.result.status,
                finished_at=times.optional(t.finished_at),
                changed=t.result.changed,
                counts=t.result.counts,
            )
            for t in result.tasks
        ],
        pending=[
            pb.PendingConsolidation(
                tasks=job.tasks, status=_PENDING[job.status], due_at=times.optional(job.due_at), attempts=job.attempts
            )
            for job in result.pending
        ],
    )
