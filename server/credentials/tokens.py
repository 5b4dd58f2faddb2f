"""Bearer tokens: whose they are, and what they permit."""

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import jwt

from server.callers import Caller
from server.config import Settings
from server.credentials.format import digest
from server.credentials.jwks import JwksDirectory
from server.credentials.tenants import TenantDirectory
from server.domain.errors import NotFound, PermissionDenied, Unauthenticated
from store.identifiers import well_formed

_LEEWAY_SECONDS: Final = 5
_CAPACITY: Final = 20_000
_LONGEST: Final = 16_384
_SUBJECT: Final = re.compile(r"[^\x00-\x1f\x7f]{1,256}\Z")


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Where a token says what, and what else it must say; `issuer` and `audience` None accept any."""

    tenant: str = "tenant_id"
    subject: str = "sub"
    permissions: str = "permissions"
    issuer: str | None = None
    audience: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "ClaimNames":
        """As the settings say."""
        return cls(
            tenant=settings.jwt_tenant_claim,
            subject=settings.jwt_subject_claim,
            permissions=settings.jwt_permissions_claim,
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
        )


@dataclass(frozen=True, slots=True)
class _Good:
    """A token that was verified: whose it is, until when, under which key sets, and since when its tenant was there."""

    caller: Caller
    expires_at: float
    keys_version: int
    tenant_since: datetime


class TokenVerifier:
    """Verifies tokens, and remembers those that were good until they expire or the keys change."""

    def __init__(
        self, jwks: JwksDirectory, tenants: TenantDirectory, claims: ClaimNames, clock: Callable[[], datetime]
    ) -> None:
        self._jwks = jwks
        self._tenants = tenants
        self._claims = claims
        self._clock = clock
        self._good: OrderedDict[bytes, _Good] = OrderedDict()

    def peek(self, token: str) -> Caller | None:
        """Whose token it is, where it was verified before and nothing has changed since."""
        known = self._good.get(digest(token))
        if known is None:
            return None
        if known.keys_version != self._jwks.version or self._clock().timestamp() >= known.expires_at:
            return None
        # A tenant that was deleted and made again under its old id is another one.
        return known.caller if self._tenants.active_since(known.caller.tenant_id) == known.tenant_since else None

    async def caller(self, token: str) -> Caller:
        """Whose token it is. Raises Unauthenticated; PermissionDenied for a tenant that is suspended or unknown."""
        if len(token) > _LONGEST:
            raise _bad("is too long")
        version = self._jwks.version
        claims = await self._verified(token)
        caller, expires_at = self._read(claims)
        try:
            tenant = await self._tenants.require(caller.tenant_id)
        except NotFound as error:
            # The token is genuine, but its identity provider names a tenant that this product does not have.
            raise PermissionDenied("The token's tenant does not exist.") from error
        issued_at = _instant(claims, "iat")
        if issued_at is not None and issued_at + _LEEWAY_SECONDS < tenant.created_at.timestamp():
            raise _bad("was issued for an earlier tenant of this id")
        self._remember(token, _Good(caller, expires_at, version, tenant.created_at))
        return caller

    def _remember(self, token: str, good: _Good) -> None:
        key = digest(token)
        self._good[key] = good
        self._good.move_to_end(key)
        if len(self._good) > _CAPACITY:
            self._good.popitem(last=False)

    async def _verified(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise _bad("is malformed") from error
        key_id = header.get("kid")
        if key_id is not None and not isinstance(key_id, str):
            raise _bad("is malformed")
        key = await self._jwks.key(key_id)
        if key is None:
            raise _bad("is signed with a key that is not known")
        if header.get("alg") != key.algorithm or "crit" in header:
            raise _bad("is not signed as its key says")
        try:
            return jwt.decode(
                token,
                key.public,
                algorithms=[key.algorithm],
                audience=self._claims.audience,
                issuer=self._claims.issuer,
                options={
                    "require": ["exp"],
                    "verify_aud": self._claims.audience is not None,
                    # Time is checked below, against our own clock.
                    "verify_exp": False, "verify_nbf": False, "verify_iat": False,
                    "verify_sub": False, "verify_jti": False,
                },
            )  # fmt: skip
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise _bad("has a signature, issuer or audience that is not accepted") from error

    def _read(self, claims: dict[str, Any]) -> tuple[Caller, float]:
        now = self._clock().timestamp()
        expires_at, not_before = _instant(claims, "exp"), _instant(claims, "nbf")
        if expires_at is None or now >= expires_at + _LEEWAY_SECONDS:
            raise _bad("has expired")
        if not_before is not None and now < not_before - _LEEWAY_SECONDS:
            raise _bad("is not good yet")
        names = self._claims
        tenant_id, subject = claims.get(names.tenant), claims.get(names.subject)
        if not isinstance(tenant_id, str) or not well_formed(tenant_id):
            raise _bad(f"names no tenant in {names.tenant}")
        if not isinstance(subject, str) or not _SUBJECT.match(subject):
            raise _bad(f"names no subject in {names.subject}")
        granted = _permissions(claims.get(names.permissions))
        return Caller(tenant_id, "bearer", subject, granted), expires_at + _LEEWAY_SECONDS


def _instant(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    # Anything but a plain number of sensible size is a forgery or a mistake.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 253402300799:
        raise _bad(f"has a malformed {name}")
    return float(value)


def _permissions(value: Any) -> frozenset[str]:
    if isinstance(value, str):
        return frozenset(value.split())
    if isinstance(value, list):
        return frozenset(item for item in value if isinstance(item, str))
    return frozenset()


def _bad(what: str) -> Unauthenticated:
    return Unauthenticated(f"The token {what}.")
