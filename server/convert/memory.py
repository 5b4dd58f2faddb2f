"""Memories between the domain and protobuf."""

from collections.abc import Sequence
from typing import cast

from kith.memory.v1 import memory_pb2 as pb

from server.convert import times
from server.domain.memory import Memory
from server.usecases.consolidation import Task, TaskResult
from server.usecases.forgetting import Forgotten
from server.usecases.memories import MemoryPage, MemoryQuery


def query(request: pb.ListMemoriesRequest) -> MemoryQuery:
    """Which memories to list, with the contract's defaults."""
    return MemoryQuery(
        contact_id=request.contact_id,
        type=None if request.type in ("", "all") else request.type,
        min_importance=request.min_importance,
        entity=request.entity or None,
        limit=request.limit if request.HasField("limit") else 20,
        cursor=request.cursor or None,
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
        status="completed",
        tasks=[pb.ConsolidationResult(task=r.task, status=r.status, changed=r.changed) for r in results],
    )
