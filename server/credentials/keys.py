"""Gateway keys: who holds one."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from server.callers import Caller
from server.credentials import format as key_format
from server.credentials.cache import TrustedCache
from server.credentials.tenants import TenantDirectory
from server.domain.errors import NotFound, Unauthenticated
from store import gateway_keys
from store.database import Database
from store.notifications import Notifications
from store.tables.tenant import PLATFORM, GatewayKeyRow

CHANGED: Final = "gateway_keys_changed"
"""The kind of notification that says: a tenant's keys were made, rotated or revoked."""

_SECONDS: Final = 60.0
_LOOKUPS_AT_ONCE: Final = 4
"""Unknown keys must not take every database connection."""


class KeyDirectory:
    """Looks keys up by the SHA-256 of what was presented."""

    def __init__(
        self,
        database: Database,
        notifications: Notifications,
        tenants: TenantDirectory,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._tenants = tenants
        self._clock = clock
        self._turns = asyncio.Semaphore(_LOOKUPS_AT_ONCE)
        self._cache: TrustedCache[bytes, tuple[Caller, GatewayKeyRow]] = TrustedCache(
            notifications, capacity=50_000, seconds=_SECONDS
        )
        notifications.subscribe(CHANGED, self._on_changed)

    def peek(self, presented: str) -> Caller | None:
        """Whose key it is, where that is known without asking anybody and the key is good."""
        found = self._cache.peek(key_format.digest(presented))
        if found is None or not self._is_good(found[1]):
            return None
        caller = found[0]
        return caller if caller.kind == "platform" or self._tenants.is_active(caller.tenant_id) else None

    async def caller(self, presented: str) -> Caller:
        """Whose key it is. Raises Unauthenticated, PermissionDenied for a suspended tenant, StoreError."""
        tenant_id = key_format.tenant_of(presented)
        if tenant_id is None:
            raise _unknown()
        digest = key_format.digest(presented)
        found = await self._cache.get(digest, lambda: self._load(tenant_id, digest))
        if found is None or not self._is_good(found[1]):
            raise _unknown()
        if tenant_id != PLATFORM:
            try:
                await self._tenants.require(tenant_id)
            except NotFound as error:
                raise _unknown() from error
        return found[0]

    def _is_good(self, row: GatewayKeyRow) -> bool:
        return row.revoked_at is None and (row.expires_at is None or row.expires_at > self._clock())

    async def _load(self, tenant_id: str, digest: bytes) -> tuple[Caller, GatewayKeyRow] | None:
        async with self._turns, self._database.transaction(tenant_id) as tx:
            row = await gateway_keys.by_hash(tx, digest)
        if row is None:
            return None
        return Caller(tenant_id, "platform" if tenant_id == PLATFORM else "key", row.key_id), row

    async def _on_changed(self, ids: dict[str, str]) -> None:
        tenant_id = ids.get("tenant")
        self._cache.drop(lambda _, found: found[1].tenant_id == tenant_id)


def _unknown() -> Unauthenticated:
    return Unauthenticated("The gateway key is not known, or has expired or been revoked.")
