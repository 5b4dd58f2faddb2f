"""Endpoints that phone systems post to: made, listed, closed."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from server.credentials import call_endpoints as directory
from server.credentials import endpoint_ids
from server.credentials.call_signatures import standard_signer
from server.domain.errors import Conflict, InvalidInput, NotFound
from server.secrets import Envelope
from server.usecases import audit
from store import call_endpoints
from store.database import Database, Transaction
from store.notifications import notify
from store.tables.call import CallEndpointRow

MOST: Final = 100
"""Endpoints of one tenant."""

_PATH: Final = "/api/webhooks/calls"


@dataclass(frozen=True, slots=True)
class EndpointParts:
    """What these use cases work with. `public_url` is what the gateway is reached by from outside, without a slash at
    its end; `envelope` is None where the deployment has no master key."""

    database: Database
    envelope: Envelope | None
    clock: Callable[[], datetime]
    public_url: str

    def url_of(self, row: CallEndpointRow) -> str:
        """Where the phone system posts to."""
        return f"{self.public_url}{_PATH}/{row.provider}/{row.endpoint_id}"


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An endpoint, and the secret where it was made here, which is known only now."""

    row: CallEndpointRow
    made_secret: str | None


async def create_endpoint(
    parts: EndpointParts, tenant_id: str, provider: str, *, secret: str | None = None, agent_id: str | None = None
) -> NewEndpoint:
    """Makes an endpoint, which is open at once. Raises InvalidInput; Conflict where the tenant has the most it may."""
    made = None
    if secret is None:
        made = secret = _make_secret(provider)
    elif provider == "generic":
        _check_standard(secret)
    if parts.envelope is None:
        raise InvalidInput.of("secret", "cannot be kept: this deployment has no KITH_MASTER_KEY")
    endpoint_id = endpoint_ids.make(tenant_id)
    sealed = parts.envelope.encrypt(secret.encode(), tenant_id=tenant_id, purpose=directory.purpose(endpoint_id))
    row = CallEndpointRow(tenant_id, endpoint_id, provider, agent_id, sealed, parts.clock())

    async def work(tx: Transaction) -> None:
        if await call_endpoints.count(tx) >= MOST:
            raise Conflict(f"A tenant has at most {MOST} endpoints; close one that is not used.")
        await call_endpoints.add(tx, row)
        await audit.record(tx, target=endpoint_id)
        # Who asked for it a moment ago must not be told that it does not exist.
        await notify(tx, directory.CHANGED, tenant=tenant_id)

    await parts.database.run(tenant_id, work)
    return NewEndpoint(row, made)


async def list_endpoints(parts: EndpointParts, tenant_id: str) -> list[CallEndpointRow]:
    """Every endpoint of a tenant, newest first."""
    async with parts.database.transaction(tenant_id) as tx:
        return await call_endpoints.of_tenant(tx)


async def delete_endpoint(parts: EndpointParts, tenant_id: str, endpoint_id: str) -> None:
    """Closes an endpoint everywhere within a second. Raises NotFound."""

    async def work(tx: Transaction) -> None:
        if not await call_endpoints.remove(tx, endpoint_id):
            raise NotFound("The webhook endpoint does not exist for this tenant.")
        await audit.record(tx, target=endpoint_id)
        await notify(tx, directory.CHANGED, tenant=tenant_id)

    await parts.database.run(tenant_id, work)


def _make_secret(provider: str) -> str:
    if provider == "generic":
        return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    if provider == "vapi":
        return secrets.token_urlsafe(32)
    raise InvalidInput.of("secret", f"is required: {provider} signs with a secret of its own")


def _check_standard(secret: str) -> None:
    try:
        standard_signer(secret)
    except ValueError:
        # Not chained, for the error could show the secret.
        raise InvalidInput.of("secret", "must be whsec_ and a key in base64, or left out to have one made") from None
