"""Idempotency keys: the same request under the same key is done once, and answered the same."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from server.domain.errors import Conflict, IdempotencyMismatch, InvalidInput
from server.secrets import Envelope
from server.usecases.tenants import every_tenant
from store import contacts, idempotency
from store.database import Database, Transaction
from store.tables.operations import IdempotencyRow
from store.tables.tenant import PLATFORM

ABANDONED: Final = timedelta(minutes=1)
"""A request that has not ended by then died with its process; the next one under its key takes over."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked under a key.

    `personal` and `secret` say what the answer can hold: a contact's text, a credential.
    """

    tenant_id: str
    operation: str
    key: str
    request_hash: bytes
    contact_id: str | None = None
    personal: bool = True
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer as it was sent, and its HTTP status where it is not the usual one."""

    response: bytes
    http_status: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work of a key, and the duty to `finish` or `release` it."""

    asked: Asked
    row: IdempotencyRow


class Idempotency:
    """Remembers answers in Postgres, of each tenant and operation. One per process."""

    def __init__(
        self, database: Database, envelope: Envelope | None, clock: Callable[[], datetime], *, hours: int = 24
    ) -> None:
        """`envelope` encrypts answers that hold a credential; `hours` is how long an answer is kept."""
        self._database = database
        self._envelope = envelope
        self._clock = clock
        self._kept = timedelta(hours=hours)

    async def begin(self, asked: Asked) -> Claim | Answer:
        """The answer of the first time, or the claim to do the work.

        Raises IdempotencyMismatch for another request under the key, Conflict while the first is under way, StoreError.
        """
        if asked.secret and self._envelope is None:
            raise InvalidInput.of("idempotency-key", "cannot be used here without a master key in the settings")
        now = self._clock()
        row = IdempotencyRow(
            asked.tenant_id, asked.operation, asked.key, asked.request_hash, now,
            response=None, http_status=None, contact_id=asked.contact_id, expires_at=now + self._kept,
        )  # fmt: skip

        async def work(tx: Transaction) -> IdempotencyRow | None:
            await idempotency.remove_expired(tx, now)
            return await idempotency.claim(tx, row, abandoned_before=now - ABANDONED)

        standing = await self._database.run(asked.tenant_id, work)
        if standing is None:
            return Claim(asked, row)
        if standing.request_hash != asked.request_hash:
            raise IdempotencyMismatch("This Idempotency-Key came before with another request.")
        if standing.response is None:
            raise Conflict(
                "The first request under this Idempotency-Key is still being worked on; try again.",
                reason="IDEMPOTENCY_IN_PROGRESS",
            )
        return Answer(self._opened(asked, standing.response), standing.http_status)

    async def finish(self, claim: Claim, answer: Answer, contact_id: str | None) -> None:
        """Keeps the answer; one with a contact's text not where that contact was erased meanwhile."""
        stored = replace(
            claim.row,
            response=self._sealed(claim.asked, answer.response),
            http_status=answer.http_status,
            contact_id=contact_id,
        )

        async def work(tx: Transaction) -> None:
            # The lock makes an erasure wait until the answer can be found by its contact, or us until it is gone.
            gone = contact_id is not None and await contacts.get(tx, contact_id, lock=True) is None
            if not claim.asked.personal:
                await idempotency.keep(tx, replace(stored, contact_id=None) if gone else stored)
            elif gone:
                await idempotency.release(tx, claim.row)
            else:
                await idempotency.keep_unless_erased(tx, stored)

        await self._database.run(claim.asked.tenant_id, work)

    async def release(self, claim: Claim) -> None:
        """Gives the key back after a failure, so that the request may be tried again."""
        await self._database.run(claim.asked.tenant_id, lambda tx: idempotency.release(tx, claim.row))

    def _sealed(self, asked: Asked, response: bytes) -> bytes:
        if not asked.secret or self._envelope is None:
            return response
        return self._envelope.encrypt(response, tenant_id=asked.tenant_id, purpose=_purpose(asked))

    def _opened(self, asked: Asked, stored: bytes) -> bytes:
        if not asked.secret or self._envelope is None:
            return stored
        return self._envelope.decrypt(stored, tenant_id=asked.tenant_id, purpose=_purpose(asked))


def _purpose(asked: Asked) -> str:
    return f"idempotency {asked.operation} {asked.key}"


async def forget_expired_of(database: Database, tenant_id: str, now: datetime) -> int:
    """Forgets the answers of one tenant that have expired, some at a time. Returns how many."""
    async with database.transaction(tenant_id) as tx:
        return await idempotency.remove_expired(tx, now, at_most=10_000)


async def forget_expired(database: Database, now: datetime) -> int:
    """Forgets the answers of every tenant that have expired; for the schedule. Returns how many."""
    forgotten = await forget_expired_of(database, PLATFORM, now)
    async for tenant in every_tenant(database):
        forgotten += await forget_expired_of(database, tenant.tenant_id, now)
    return forgotten
