"""The deferred work on a contact's memories: queued by ingest, run by the job worker and by the endpoint."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from server.domain.errors import NotFound
from server.domain.memory import Memory
from server.domain.snapshot import ContactSnapshot
from server.domain.text import tokens
from server.usecases.services import Services
from server.usecases.snapshots import Change, build
from store import contacts, memories, queue
from store.database import Transaction

Task = Literal["embed_memories", "merge_duplicates", "extract_entities", "check_triggers"]

ALL_TASKS: Final[tuple[Task, ...]] = ("embed_memories", "merge_duplicates", "extract_entities", "check_triggers")

AFTER_INGEST: Final[tuple[Task, ...]] = ("merge_duplicates", "extract_entities")
"""What a turn queues. Embedding and triggers have nothing to work with until a tenant configures them."""

JOB: Final = "consolidate_memories"

_SETTLE: Final = timedelta(seconds=5)
"""A session's turns come in bursts; waiting a little lets one run serve many of them."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What one task did; `skipped` where there is nothing it could work with."""

    task: Task
    status: Literal["done", "skipped"]
    changed: int = 0


async def queue_consolidation(tx: Transaction, contact_id: str, now: datetime) -> int:
    """Queues the deferred tasks of a turn with the transaction. Returns how many; 0 where a waiting run will see it."""
    queued = await queue.put(
        tx, JOB, once=job_name(tx.tenant_id, contact_id),
        not_before=now + _SETTLE, tenant_id=tx.tenant_id, contact_id=contact_id, tasks=list(AFTER_INGEST),
    )  # fmt: skip
    return len(AFTER_INGEST) if queued else 0


def job_name(tenant_id: str, contact_id: str) -> str:
    """The name under which a contact's waiting consolidation is found."""
    return f"{JOB}:{tenant_id}/{contact_id}"


async def consolidate_memories(
    services: Services, tenant_id: str, contact_id: str, tasks: Sequence[Task]
) -> list[TaskResult]:
    """Runs the tasks over the contact's memories; running them again changes nothing. Raises NotFound."""
    results: list[TaskResult] = []

    async def work(tx: Transaction) -> Change:
        results.clear()
        row = await contacts.get(tx, contact_id, lock=True)
        if row is None:
            raise NotFound.contact(contact_id)
        snapshot = await build(tx, contact_id)
        if snapshot is None:
            raise NotFound.contact(contact_id)
        for task in dict.fromkeys(tasks or ALL_TASKS):
            results.append(await _run(tx, snapshot, task))
        if not any(result.changed for result in results):
            return Change(row.version, services.snapshots.held(tenant_id, contact_id, row.version) or snapshot)
        version = await contacts.change(tx, contact_id, {})
        return Change(version or row.version)

    await services.snapshots.change(tenant_id, contact_id, work)
    return results


async def _run(tx: Transaction, snapshot: ContactSnapshot, task: Task) -> TaskResult:
    if task == "merge_duplicates":
        return TaskResult(task, "done", await _merge_duplicates(tx, snapshot))
    if task == "extract_entities":
        return TaskResult(task, "done", await _link_entities(tx, snapshot))
    return TaskResult(task, "skipped")


async def _merge_duplicates(tx: Transaction, snapshot: ContactSnapshot) -> int:
    """Memories of one type that say the same in the same words become the oldest of them, with all sources."""
    kept: dict[tuple[str, str | None, str | None, tuple[str, ...]], Memory] = {}
    gone: list[str] = []
    grown: dict[str, Memory] = {}
    for memory in snapshot.memories:
        if memory.status != "current" or memory.type == "episode":
            continue
        key = (memory.type, memory.subject, memory.attribute, tuple(tokens(memory.value or memory.content)))
        first = kept.setdefault(key, memory)
        if first is memory:
            continue
        sources = tuple(dict.fromkeys((*first.sources, *memory.sources)))
        kept[key] = grown[first.id] = replace(
            first, sources=sources, importance=max(first.importance, memory.importance)
        )
        gone.append(memory.id)
    for memory in grown.values():
        await memories.change(
            tx, snapshot.profile.id, memory.id, {"sources": list(memory.sources), "importance": memory.importance}
        )
    return await memories.remove(tx, snapshot.profile.id, gone)


async def _link_entities(tx: Transaction, snapshot: ContactSnapshot) -> int:
    """Memories that name a known entity get its id; entities that nothing mentions any more go."""
    names = {
        entity.id: [frozenset(tokens(name)) for name in (entity.display_name, *entity.aliases) if tokens(name)]
        for entity in snapshot.entities
    }
    changed = 0
    mentioned: set[str] = set()
    for memory in snapshot.memories:
        words = frozenset(tokens(memory.content))
        found = {i for i, variants in names.items() if any(variant <= words for variant in variants)}
        linked = tuple(dict.fromkeys((*memory.entity_ids, *sorted(found))))
        mentioned.update(linked)
        if linked != memory.entity_ids:
            changed += 1
            await memories.change(tx, snapshot.profile.id, memory.id, {"entity_ids": list(linked)})
    return changed + await memories.remove_entities(tx, snapshot.profile.id, sorted(set(names) - mentioned))
