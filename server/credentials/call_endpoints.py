"""The endpoints that phone systems post to: whose they are, and what their webhooks are signed with."""

import asyncio
from typing import Final

from server.credentials import endpoint_ids
from server.credentials.cache import TrustedCache
from server.secrets import Envelope, UnreadableSecret
from store import call_endpoints
from store.database import Database
from store.notifications import Notifications
from store.tables.call import CallEndpointRow

CHANGED: Final = "call_endpoints_changed"
"""The kind of notification that says: a tenant's endpoints were made or closed."""

_SECONDS: Final = 60.0
_LOOKUPS_AT_ONCE: Final = 4
"""Unknown endpoints must not take every database connection."""


class EndpointDirectory:
    """Looks endpoints up by their id; a closed one is unknown everywhere within a second."""

    def __init__(self, database: Database, notifications: Notifications, envelope: Envelope | None) -> None:
        self._database = database
        self._envelope = envelope
        self._turns = asyncio.Semaphore(_LOOKUPS_AT_ONCE)
        self._cache: TrustedCache[str, CallEndpointRow] = TrustedCache(notifications, capacity=10_000, seconds=_SECONDS)
        notifications.subscribe(CHANGED, self._on_changed)

    async def get(self, endpoint_id: str) -> CallEndpointRow | None:
        """The endpoint; None for one that does not exist. Raises StoreError."""
        tenant_id = endpoint_ids.tenant_of(endpoint_id)
        if tenant_id is None:
            return None
        return await self._cache.get(endpoint_id, lambda: self._load(tenant_id, endpoint_id))

    def secret_of(self, row: CallEndpointRow) -> str | None:
        """What its webhooks are signed with; None where none can be read. It is not kept in memory."""
        if row.secret is None or self._envelope is None:
            return None
        try:
            return self._envelope.decrypt(
                row.secret, tenant_id=row.tenant_id, purpose=purpose(row.endpoint_id)
            ).decode()
        except UnreadableSecret:
            return None

    async def _load(self, tenant_id: str, endpoint_id: str) -> CallEndpointRow | None:
        async with self._turns, self._database.transaction(tenant_id) as tx:
            return await call_endpoints.get(tx, endpoint_id)

    async def _on_changed(self, ids: dict[str, str]) -> None:
        tenant_id = ids.get("tenant")
        self._cache.drop(lambda _, row: row.tenant_id == tenant_id)


def purpose(endpoint_id: str) -> str:
    """What the secret of an endpoint is encrypted for."""
    return f"call endpoint {endpoint_id}"
