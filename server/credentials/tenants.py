"""Whether a tenant's credentials are good just now."""

from datetime import datetime
from typing import Final

from server.credentials.cache import TrustedCache
from server.domain.errors import NotFound, PermissionDenied
from store import tenants
from store.database import Database
from store.notifications import Notifications
from store.tables.tenant import PLATFORM, TenantRow

CHANGED: Final = "tenant_changed"
"""The kind of notification that says: a tenant was made, suspended, resumed, deleted, or set to rank otherwise."""

GONE: Final = "deleted"
"""The `status` in that notification where nothing of the tenant is left."""

_SECONDS: Final = 60.0


class TenantDirectory:
    """The status and settings of tenants, cached and told of every change."""

    def __init__(self, database: Database, notifications: Notifications) -> None:
        self._database = database
        self._cache: TrustedCache[str, TenantRow] = TrustedCache(notifications, capacity=50_000, seconds=_SECONDS)
        notifications.subscribe(CHANGED, self._on_changed)

    def is_active(self, tenant_id: str) -> bool:
        """Whether the tenant is known, without asking anybody, to be active."""
        row = self._cache.peek(tenant_id)
        return row is not None and row.status == "active"

    def active_since(self, tenant_id: str) -> datetime | None:
        """When the tenant was made, where it is known, without asking anybody, to be active."""
        row = self._cache.peek(tenant_id)
        return row.created_at if row is not None and row.status == "active" else None

    async def ranking_encoder(self, tenant_id: str) -> str:
        """The sentence encoder that the tenant ranks with, or `none`. Raises StoreError."""
        row = await self._cache.get(tenant_id, lambda: self._load(tenant_id))
        return "none" if row is None else row.ranking_encoder

    async def require(self, tenant_id: str) -> TenantRow:
        """The tenant. Raises NotFound for an unknown one, PermissionDenied for one that is not active; StoreError."""
        row = await self._cache.get(tenant_id, lambda: self._load(tenant_id))
        if row is None or row.status == "deleting":
            raise NotFound(f"Tenant {tenant_id} does not exist.", reason="TENANT_NOT_FOUND")
        if row.status != "active":
            raise PermissionDenied("The tenant is suspended.", reason="TENANT_SUSPENDED")
        return row

    async def _load(self, tenant_id: str) -> TenantRow | None:
        async with self._database.transaction(PLATFORM) as tx:
            return await tenants.get(tx, tenant_id)

    async def _on_changed(self, ids: dict[str, str]) -> None:
        self._cache.drop(lambda tenant_id, _: tenant_id == ids.get("tenant"))
