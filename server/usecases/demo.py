"""The demo tenant of a one-machine stack, and credentials for trying it out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import jwt

from server.credentials import format as key_format
from server.credentials.jwks import VerificationKey, parse_row
from server.usecases.credentials import Issuer, create_gateway_key, issue_token
from server.usecases.tenants import Administration, NewTenant, create_tenant
from store import gateway_keys, signing_keys
from store.tables.tenant import PLATFORM

TENANT: Final = "demo"
_LIFETIME: Final = timedelta(days=7)
_RENEW: Final = timedelta(days=1)
_SUBJECT: Final = "demo-user"


@dataclass(frozen=True, slots=True)
class DemoCredentials:
    """A gateway key and a token of the demo tenant, and a platform key."""

    tenant_id: str
    gateway_key: str
    platform_key: str
    jwt: str


async def demo_credentials(
    parts: Administration, issuer: Issuer, permissions: Collection[str], held: Mapping[str, Any]
) -> DemoCredentials:
    """Credentials of the demo tenant, which is made where it is not there.

    `held` are those of an earlier time: what of it is still good stays, a token with less than a day left is replaced.
    """
    await create_tenant(parts, NewTenant(TENANT))
    token = held.get("jwt")
    return DemoCredentials(
        tenant_id=TENANT,
        gateway_key=await _key(parts, TENANT, held.get("gateway_key")),
        platform_key=await _key(parts, PLATFORM, held.get("platform_key")),
        jwt=token
        if isinstance(token, str) and await _is_good(issuer, token, permissions)
        else await issue_token(issuer, TENANT, _SUBJECT, permissions, _LIFETIME),
    )


async def _key(parts: Administration, tenant_id: str, held: object) -> str:
    if isinstance(held, str) and key_format.tenant_of(held) == tenant_id:
        async with parts.database.transaction(tenant_id) as tx:
            row = await gateway_keys.by_hash(tx, key_format.digest(held))
        if row is not None and row.revoked_at is None and row.expires_at is None:
            return held
    return (await create_gateway_key(parts, tenant_id, name="demo")).secret


async def _is_good(issuer: Issuer, token: str, permissions: Collection[str]) -> bool:
    async with issuer.database.transaction(PLATFORM) as tx:
        rows = await signing_keys.good(tx)
    keys: dict[str | None, VerificationKey] = {key.key_id: key for key in map(parse_row, rows) if key is not None}
    names = issuer.claims
    try:
        key = keys[jwt.get_unverified_header(token).get("kid")]
        claims = jwt.decode(
            token, key.public, algorithms=[key.algorithm], audience=names.audience, issuer=names.issuer,
            options={"verify_exp": False, "verify_aud": names.audience is not None},
        )  # fmt: skip
        return (
            claims[names.tenant] == TENANT
            and set(permissions) <= set(claims[names.permissions])
            and claims["exp"] - issuer.clock().timestamp() > _RENEW.total_seconds()
        )
    except (jwt.PyJWTError, KeyError, TypeError):
        return False
