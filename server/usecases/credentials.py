"""Credentials: gateway keys made, rotated and revoked; tokens of the built-in issuer."""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import jwt
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from server import ids
from server.credentials import format as key_format
from server.credentials import jwks, keys
from server.credentials.tokens import ClaimNames
from server.domain.errors import InvalidInput, NotFound
from server.secrets import Envelope
from server.usecases import audit
from server.usecases.tenants import Administration
from store import gateway_keys, signing_keys, tenants
from store.database import Database, Transaction
from store.notifications import notify
from store.tables.tenant import PLATFORM, GatewayKeyRow, SigningKeyRow

_PURPOSE: Final = "signing key"
_ISSUER: Final = "kith"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key and what goes into `x-gateway-key`, which is known only now."""

    row: GatewayKeyRow
    secret: str


async def create_gateway_key(
    parts: Administration, tenant_id: str, *, name: str | None = None, expires_at: datetime | None = None
) -> NewKey:
    """Makes a key for a tenant, or for the platform. It is good at once. Raises NotFound, InvalidInput."""
    now = parts.clock()
    if expires_at is not None and expires_at <= now:
        raise InvalidInput.of("expires_at", "must be in the future")
    new = _new_key(tenant_id, name or "gateway key", now, expires_at)

    async def work(tx: Transaction) -> None:
        await _require_tenant(tx)
        await gateway_keys.add(tx, new.row)
        await _audit(tx, new.row.key_id)
        await notify(tx, keys.CHANGED, tenant=tenant_id)

    await parts.database.run(tenant_id, work)
    return new


async def list_gateway_keys(parts: Administration, tenant_id: str) -> list[GatewayKeyRow]:
    """Every key of a tenant, newest first. Raises NotFound."""
    async with parts.database.transaction(tenant_id) as tx:
        await _require_tenant(tx)
        return await gateway_keys.of_tenant(tx)


async def rotate_gateway_key(parts: Administration, tenant_id: str, key_id: str, *, overlap: timedelta) -> NewKey:
    """Makes a key in the place of another one, which stays good for the overlap. Raises NotFound."""
    now = parts.clock()

    async def work(tx: Transaction) -> NewKey:
        await _require_tenant(tx)
        old = await gateway_keys.get(tx, key_id, lock=True)
        if old is None or old.revoked_at is not None:
            raise _no_key(key_id)
        new = _new_key(tenant_id, old.name, now, old.expires_at)
        ends = now + overlap
        if old.expires_at is None or old.expires_at > ends:
            await gateway_keys.change(tx, key_id, expires_at=ends, revoked_at=None)
        await gateway_keys.add(tx, new.row)
        await _audit(tx, key_id)
        await notify(tx, keys.CHANGED, tenant=tenant_id)
        return new

    return await parts.database.run(tenant_id, work)


async def revoke_gateway_key(parts: Administration, tenant_id: str, key_id: str) -> GatewayKeyRow:
    """Ends a key everywhere within a second; again changes nothing. Raises NotFound."""
    now = parts.clock()

    async def work(tx: Transaction) -> GatewayKeyRow:
        await _require_tenant(tx)
        known = await gateway_keys.get(tx, key_id, lock=True)
        if known is None:
            raise _no_key(key_id)
        await _audit(tx, key_id)
        if known.revoked_at is not None:
            return known
        await gateway_keys.change(tx, key_id, expires_at=known.expires_at, revoked_at=now)
        await notify(tx, keys.CHANGED, tenant=tenant_id)
        return GatewayKeyRow(
            known.tenant_id, key_id, known.name, known.key_hash, known.created_at, known.expires_at, revoked_at=now
        )

    return await parts.database.run(tenant_id, work)


def _new_key(tenant_id: str, name: str, now: datetime, expires_at: datetime | None) -> NewKey:
    secret = key_format.make(tenant_id)
    row = GatewayKeyRow(
        tenant_id, ids.new("key", now), name, key_format.digest(secret), now, expires_at, revoked_at=None
    )
    return NewKey(row, secret)


async def _require_tenant(tx: Transaction) -> None:
    if tx.tenant_id == PLATFORM:
        return
    found = await tenants.get(tx, tx.tenant_id)
    if found is None or found.status == "deleting":
        raise NotFound(f"Tenant {tx.tenant_id} does not exist.", reason="TENANT_NOT_FOUND")


def _no_key(key_id: str) -> NotFound:
    return NotFound(f"Key {key_id} does not exist for this tenant, or was revoked.", reason="KEY_NOT_FOUND")


async def _audit(tx: Transaction, key_id: str) -> None:
    # What the platform does is in the platform's log, which outlives the tenant.
    async with tx.seen_as(PLATFORM) as log:
        await audit.record(log, target=key_id)


@dataclass(frozen=True, slots=True)
class Issuer:
    """The built-in issuer of tokens. `envelope` encrypts its private keys."""

    database: Database
    envelope: Envelope
    claims: ClaimNames
    clock: Callable[[], datetime]


async def issue_token(
    issuer: Issuer, tenant_id: str, subject: str, permissions: Collection[str], lifetime: timedelta
) -> str:
    """A signed token that holds the permissions for so long. Makes the first signing key where there is none.

    Raises NotFound for an unknown tenant.
    """
    async with issuer.database.transaction(PLATFORM) as tx:
        found = await tenants.get(tx, tenant_id)
    if found is None or found.status == "deleting":
        raise NotFound(f"Tenant {tenant_id} does not exist.", reason="TENANT_NOT_FOUND")
    key = await issuer.database.run(PLATFORM, lambda tx: _signing_key(tx, issuer))
    private = issuer.envelope.decrypt(key.private_key, tenant_id=PLATFORM, purpose=f"{_PURPOSE} {key.key_id}")
    now = issuer.clock()
    names = issuer.claims
    claims: dict[str, Any] = {
        "iss": names.issuer or _ISSUER,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "jti": ids.new("tok", now),
        names.subject: subject,
        names.tenant: tenant_id,
        names.permissions: sorted(permissions),
    }
    if names.audience is not None:
        claims["aud"] = names.audience
    return jwt.encode(claims, private, algorithm="ES256", headers={"kid": key.key_id})


async def rotate_signing_key(issuer: Issuer, *, retire: bool) -> str:
    """Makes a new signing key. With `retire` the older ones end, and every token that they signed. Returns its id."""

    async def work(tx: Transaction) -> str:
        older = await signing_keys.good(tx)
        made = await _make_signing_key(tx, issuer)
        for key in older if retire else ():
            await signing_keys.retire(tx, key.key_id, issuer.clock())
        await audit.record(tx, target=made.key_id)
        return made.key_id

    return await issuer.database.run(PLATFORM, work)


async def _signing_key(tx: Transaction, issuer: Issuer) -> SigningKeyRow:
    await signing_keys.only_one(tx)
    known = await signing_keys.good(tx)
    return known[0] if known else await _make_signing_key(tx, issuer)


async def _make_signing_key(tx: Transaction, issuer: Issuer) -> SigningKeyRow:
    private = ec.generate_private_key(ec.SECP256R1())
    jwk: dict[str, Any] = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    # The thumbprint of RFC 7638: the key's own digest is its id.
    key_id = "kith-" + hashlib.sha256(orjson.dumps(members, option=orjson.OPT_SORT_KEYS)).hexdigest()[:24]
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    row = SigningKeyRow(
        PLATFORM,
        key_id,
        {**members, "kid": key_id, "alg": "ES256", "use": "sig"},
        issuer.envelope.encrypt(pem, tenant_id=PLATFORM, purpose=f"{_PURPOSE} {key_id}"),
        issuer.clock(),
        retired_at=None,
    )
    await signing_keys.add(tx, row)
    await notify(tx, jwks.CHANGED, key=key_id)
    return row
