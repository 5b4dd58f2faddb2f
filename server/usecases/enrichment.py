"""What a tenant's providers add to a contact, off every request's path: turns read by a model, memories embedded.

One runner at a time works on a contact: it holds a lease, renewed with every batch, which ends by itself if the runner
dies. Each batch is stored before the next is asked for. A provider that fails stops only its own part.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from server.domain.errors import NotFound
from server.providers.errors import ProviderError
from server.providers.ports import Embedder, LanguageModel
from server.usecases import embedding, encoding, reading
from server.usecases.consolidation import ALL_TASKS, Ended, TaskResult, consolidate_memories, note_results
from server.usecases.consolidation_plan import Task
from server.usecases.services import Services
from store import contacts, deadline, queue, readings
from store.database import Transaction
from store.errors import UniqueViolation

JOB: Final = "enrich_memories"
BACKFILL: Final = "enrich_tenant"
DROP_VECTORS: Final = "drop_vectors"
QUEUE: Final = "providers"
"""Calls of providers take their time; on a queue of their own they hold up nothing else."""

_LEASE: Final = timedelta(minutes=15)
"""Longer than any batch takes, its time-outs and tries included."""

_ANSWER_WITHIN_MS: Final = 8_000
_TO_ANSWER: Final = 1.0
_PAGE: Final = 200


class Busy(Exception):
    """Somebody else works on the contact."""


@dataclass(slots=True)
class Progress:
    """What was done so far; a part is None where the tenant has no provider for it."""

    read: int | None = None
    embedded: int | None = None
    merged: int = 0
    encoded: int | None = None
    read_all: bool = False
    embedded_all: bool = False
    encoded_all: bool = False

    @property
    def vectors(self) -> int | None:
        """Of how many memories vectors were made, whatever for."""
        return None if self.embedded is None and self.encoded is None else (self.embedded or 0) + (self.encoded or 0)

    @property
    def vectors_all(self) -> bool:
        """Whether there are all the vectors that the tenant wants."""
        return (self.embedded is None or self.embedded_all) and (self.encoded is None or self.encoded_all)

    @property
    def vector_counts(self) -> dict[str, int]:
        """What is told of it."""
        told = {"embedded": self.embedded or 0, "merged": self.merged}
        return told if self.encoded is None else {**told, "encoded": self.encoded}


async def enrich_contact(
    services: Services,
    tenant_id: str,
    contact_id: str,
    *,
    tasks: Sequence[Task] = ALL_TASKS,
    progress: Progress | None = None,
) -> Progress:
    """Reads what is unread and embeds what has no vector, of the tasks asked for; again it does nothing.

    What fails is raised at the end, so that the other part is done. Raises NotFound, Busy, ProviderError.
    """
    done = progress or Progress()
    ready = await services.providers.of_tenant(tenant_id)
    failures: list[ProviderError] = []
    async with _held(services, tenant_id, contact_id) as keep:
        if ready.model is not None and "extract_entities" in tasks:
            done.read = 0
            await _attempt(failures, _read(services, tenant_id, contact_id, ready.model, done, keep))
        if ready.embedder is not None and "embed_memories" in tasks:
            done.embedded = 0
            await _attempt(failures, _embed(services, tenant_id, contact_id, ready.embedder, done, keep))
        if "embed_memories" in tasks and await services.encoders.wanted(tenant_id):
            done.encoded = 0
            await _encode(services, tenant_id, contact_id, done, keep)
        if results := _results(done):
            await note_results(services, tenant_id, contact_id, results)
    if failures:
        raise failures[0]
    return done


def _results(done: Progress) -> list[TaskResult]:
    """How the providers' parts went, for `consolidation_status`: what they did, or that they are tried again."""
    found: list[TaskResult] = []
    if done.read is not None and (done.read or not done.read_all):
        found.append(
            TaskResult("extract_entities", "done" if done.read_all else "failed", done.read, {"read": done.read})
        )
    if done.vectors is not None:
        status: Ended = "done" if done.vectors_all else "failed"
        found.append(TaskResult("embed_memories", status, done.vectors + done.merged, done.vector_counts))
    return found


async def _attempt(failures: list[ProviderError], part: Awaitable[None]) -> None:
    try:
        await part
    except ProviderError as error:
        failures.append(error)


Keep = Callable[[], Awaitable[None]]


async def _read(
    services: Services, tenant_id: str, contact_id: str, model: LanguageModel, done: Progress, keep: Keep
) -> None:
    try:
        while page := await reading.next_turns(services, tenant_id, contact_id):
            for start in range(0, len(page), reading.BATCH):
                await keep()
                batch = page[start : start + reading.BATCH]
                turns = await reading.still_unread(services, tenant_id, contact_id, batch)
                done.read = (done.read or 0) + await reading.read_turns(services, tenant_id, contact_id, model, turns)
    finally:
        if done.read:
            # New statements name entities, and may repeat what another turn gave.
            await consolidate_memories(services, tenant_id, contact_id, ("merge_duplicates", "extract_entities"))
    done.read_all = True


async def _embed(
    services: Services, tenant_id: str, contact_id: str, embedder: Embedder, done: Progress, keep: Keep
) -> None:
    while page := await embedding.next_page(services, tenant_id, contact_id, embedder):
        stored = 0
        for start in range(0, len(page), embedding.BATCH):
            await keep()
            batch = page[start : start + embedding.BATCH]
            count = await embedding.embed_batch(services, tenant_id, contact_id, embedder, batch)
            done.embedded, stored = (done.embedded or 0) + count, stored + count
        if not stored:
            # All of it changed meanwhile: whoever changed it has queued what follows.
            break
    done.merged = await embedding.merge_by_vectors(services, tenant_id, contact_id, embedder)
    done.embedded_all = True


async def _encode(services: Services, tenant_id: str, contact_id: str, done: Progress, keep: Keep) -> None:
    missing = await encoding.missing(services, tenant_id, contact_id)
    for start in range(0, len(missing), encoding.BATCH):
        await keep()
        batch = missing[start : start + encoding.BATCH]
        count = await encoding.encode_batch(services, tenant_id, contact_id, batch)
        if count is None:
            return
        done.encoded = (done.encoded or 0) + count
    done.encoded_all = True


@asynccontextmanager
async def _held(services: Services, tenant_id: str, contact_id: str) -> AsyncIterator[Keep]:
    token = secrets.token_hex(8)

    async def keep() -> None:
        now = services.clock()

        async def work(tx: Transaction) -> bool:
            if await readings.claim(tx, contact_id, token, now, now + _LEASE):
                return True
            if await contacts.get(tx, contact_id) is None:
                raise NotFound.contact(contact_id)
            return False

        if not await services.database.run(tenant_id, work):
            raise Busy

    async def release(tx: Transaction) -> None:
        await readings.release(tx, contact_id, token)

    await keep()
    try:
        yield keep
    finally:
        await services.database.run(tenant_id, release)


async def consolidate_now(
    services: Services, tenant_id: str, contact_id: str, tasks: Sequence[Task]
) -> list[TaskResult]:
    """The deferred tasks for a caller who waits: the rules' part whole, the providers' for as long as there is time.

    Where a provider fails, takes longer than the call may, or is at work on the contact already, a job goes on with
    what is left; the task is answered as `failed` with what was done of it. Raises NotFound.
    """
    results = await consolidate_memories(services, tenant_id, contact_id, tasks)
    wanted = [result.task for result in results if result.task in ("extract_entities", "embed_memories")]
    if not wanted or not await services.providers.configured(tenant_id):
        return results
    done = Progress()
    try:
        async with asyncio.timeout(max(0.1, deadline.remaining_ms(_ANSWER_WITHIN_MS) / 1000 - _TO_ANSWER)):
            await enrich_contact(services, tenant_id, contact_id, tasks=wanted, progress=done)
    except (ProviderError, Busy, TimeoutError):
        await queue_enrichment(services, tenant_id, contact_id)
        return [_with_providers(result, done, finished=False) for result in results]
    return [_with_providers(result, done, finished=True) for result in results]


def _with_providers(result: TaskResult, done: Progress, *, finished: bool) -> TaskResult:
    if result.task == "extract_entities":
        complete, read = finished or done.read_all, done.read or 0
        counts = {**result.counts, **({} if done.read is None else {"read": read})}
        return TaskResult(result.task, result.status if complete else "failed", result.changed + read, counts)
    if result.task == "embed_memories":
        if finished and done.vectors is None:
            return result
        complete = finished or (done.vectors is not None and done.vectors_all)
        changed = (done.vectors or 0) + done.merged
        return TaskResult(result.task, "done" if complete else "failed", changed, done.vector_counts)
    return result


async def queue_enrichment(
    services: Services, tenant_id: str, contact_id: str, *, attempt: int = 0, wait_seconds: float = 0.0
) -> None:
    """Queues the providers' part of a contact, unless it waits already, the tenant has none or the contact is gone."""
    if not await services.providers.configured(tenant_id):
        return
    job = queue.Job(
        JOB,
        {"tenant_id": tenant_id, "contact_id": contact_id, "attempt": attempt},
        name=f"{JOB}:{tenant_id}/{contact_id}",
        not_before=services.clock() + timedelta(seconds=wait_seconds),
        queue=QUEUE,
    )
    await _put(services, tenant_id, job, contact_id)


async def enrich_tenant(services: Services, tenant_id: str, after: str) -> None:
    """Queues the providers' part of a page of the tenant's contacts, and the next page behind them."""

    async def work(tx: Transaction) -> list[str]:
        return await contacts.ids_after(tx, after, _PAGE)

    page = await services.database.run(tenant_id, work)
    for contact_id in page:
        await queue_enrichment(services, tenant_id, contact_id)
    if page:
        await _put(services, tenant_id, backfill_job(tenant_id, page[-1]))


def backfill_job(tenant_id: str, after: str = "") -> queue.Job:
    """The job that brings a tenant's contacts up to its providers as they are now."""
    return queue.Job(
        BACKFILL, {"tenant_id": tenant_id, "after": after}, name=f"{BACKFILL}:{tenant_id}/{after}", queue=QUEUE
    )


def drop_job(tenant_id: str) -> queue.Job:
    """The job that deletes the vectors of a tenant without an embedder."""
    return queue.Job(DROP_VECTORS, {"tenant_id": tenant_id}, name=f"{DROP_VECTORS}:{tenant_id}", queue=QUEUE)


async def _put(services: Services, tenant_id: str, job: queue.Job, contact_id: str | None = None) -> None:
    async def work(tx: Transaction) -> None:
        # A contact that is being erased is waited for: no job may name it afterwards.
        if contact_id is not None and await contacts.get(tx, contact_id, lock=True) is None:
            return
        await queue.put_unless_waiting(tx, job)

    try:
        await services.database.run(tenant_id, work)
    except UniqueViolation:
        # Somebody put the same in at this moment.
        return
