"""The public keys that tokens are verified with: Kith's own, and those of identity providers.

Each source is a file, a URL, or the built-in issuer's table. Sources are read again when they grow old, when a token
names a key that nobody knows (at most once a second), and a file when it changes. A source that cannot be read keeps
the keys it had. URLs are the operator's own settings, so they may lead anywhere.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from store import signing_keys
from store.database import Database
from store.errors import StoreError
from store.notifications import Notifications
from store.tables.tenant import PLATFORM, SigningKeyRow

log: Final = logging.getLogger(__name__)

CHANGED: Final = "signing_keys_changed"
"""The kind of notification that says: the built-in issuer has another set of keys."""

_AGAIN_SECONDS: Final = 1.0
_FAILED_SECONDS: Final = 5.0
_TIMEOUT: Final = 5.0
_MOST_BYTES: Final = 1_000_000
_LEAST_RSA_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """One public key; the algorithm is the key's, so a token cannot choose it."""

    key_id: str | None
    algorithm: str
    public: RSAPublicKey | EllipticCurvePublicKey
    jwk: dict[str, Any]


@dataclass(slots=True)
class _Source:
    name: str
    read: Callable[[], Awaitable[bytes | None]]
    keys: tuple[VerificationKey, ...] = ()
    read_at: float = float("-inf")


class JwksDirectory:
    """Every key set of this process. `start` reads them and keeps them fresh; `close` ends that."""

    def __init__(
        self,
        sources: Sequence[str],
        database: Database,
        notifications: Notifications,
        *,
        algorithms: Sequence[str],
        refresh_seconds: float,
    ) -> None:
        """`sources` are paths or URLs; only keys of `algorithms` (RS256, ES256) are taken."""
        self._database = database
        self._algorithms = frozenset(algorithms)
        self._refresh_seconds = refresh_seconds
        self._client = httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False)
        # Kith's own keys come first: no other source can put a key in the place of one of them.
        self._sources = [_Source("built-in", self._own), *map(self._source, sources)]
        self._keeping: asyncio.Task[None] | None = None
        self._reading = asyncio.Lock()
        self._asked_at = float("-inf")
        self.version = 0
        """Grows whenever the keys change; what was verified under another version is verified again."""
        notifications.subscribe(CHANGED, self._on_changed)
        notifications.on_gap(self._on_gap)

    async def start(self) -> None:
        """Reads every source once, and goes on reading in the background."""
        await self._read(self._sources)
        self._keeping = asyncio.get_running_loop().create_task(self._keep(), name="jwks")

    async def close(self) -> None:
        """Stops reading."""
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
        await self._client.aclose()

    def document(self) -> dict[str, Any]:
        """The public keys of all sources as a JWKS, for whoever else verifies tokens."""
        keys: dict[str | None, dict[str, Any]] = {}
        for source in self._sources:
            for key in source.keys:
                keys.setdefault(key.key_id, key.jwk)
        return {"keys": list(keys.values())}

    async def key(self, key_id: str | None) -> VerificationKey | None:
        """The key of this id; without an id the only key there is. None where it is unknown to every source."""
        found = self._held(key_id)
        if found is None and time.monotonic() - self._asked_at >= _AGAIN_SECONDS:
            self._asked_at = time.monotonic()
            await self._read(self._sources)
            found = self._held(key_id)
        elif found is None and self._reading.locked():
            async with self._reading:
                found = self._held(key_id)
        return found

    def _held(self, key_id: str | None) -> VerificationKey | None:
        keys = [key for source in self._sources for key in source.keys]
        if key_id is None:
            return keys[0] if len(keys) == 1 else None
        return next((key for key in keys if key.key_id == key_id), None)

    async def _read(self, sources: Sequence[_Source]) -> None:
        async with self._reading:
            await asyncio.gather(*(self._read_one(source) for source in sources))

    async def _read_one(self, source: _Source) -> None:
        try:
            document = await source.read()
            if document is None:
                return
            keys = tuple(parse(document, self._algorithms))
        except (StoreError, httpx.HTTPError, OSError, ValueError, TimeoutError) as error:
            log.warning("cannot read key set %d: %s", self._sources.index(source) + 1, type(error).__name__)
            source.read_at = time.monotonic() - self._refresh_seconds + min(self._refresh_seconds, _FAILED_SECONDS)
            return
        source.read_at = time.monotonic()
        if [key.jwk for key in keys] != [key.jwk for key in source.keys]:
            source.keys = keys
            self.version += 1

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_AGAIN_SECONDS)
            now = time.monotonic()
            old = [s for s in self._sources if now - s.read_at >= self._refresh_seconds or s.name.startswith("/")]
            if old:
                await self._read(old)

    async def _own(self) -> bytes:
        async with self._database.transaction(PLATFORM) as tx:
            rows = await signing_keys.good(tx)
        return orjson.dumps({"keys": [row.public_jwk for row in rows]})

    def _source(self, where: str) -> _Source:
        if where.startswith(("http://", "https://")):
            return _Source(where, lambda: self._fetch(where))
        path = Path(where.removeprefix("file://")).absolute()
        return _Source(str(path), _changed_file(path))

    async def _fetch(self, url: str) -> bytes:
        async with self._client.stream("GET", url, headers={"accept": "application/json"}) as response:
            response.raise_for_status()
            document = b""
            async for chunk in response.aiter_bytes():
                document += chunk
                if len(document) > _MOST_BYTES:
                    raise ValueError("a key set of more than a megabyte")
            return document

    async def _on_changed(self, _: dict[str, str]) -> None:
        await self._read(self._sources[:1])

    def _on_gap(self) -> None:
        self._sources[0].read_at = float("-inf")


def _changed_file(path: Path) -> Callable[[], Awaitable[bytes | None]]:
    """Reads a file where it changed since the last time."""
    seen: tuple[int, int, int] | None = None

    async def read() -> bytes | None:
        nonlocal seen
        found = await asyncio.to_thread(path.stat)
        mark = (found.st_mtime_ns, found.st_size, found.st_ino)
        if mark == seen:
            return None
        document = await asyncio.to_thread(path.read_bytes)
        seen = mark
        return document

    return read


def parse(document: bytes, algorithms: frozenset[str]) -> list[VerificationKey]:
    """The signature keys of a JWKS that fit `algorithms`; others are passed over. Raises ValueError."""
    listed = orjson.loads(document)
    if not isinstance(listed, dict) or not isinstance(listed.get("keys"), list):
        raise ValueError("not a JWKS")
    found = [_parse_one(jwk, algorithms) for jwk in listed["keys"] if isinstance(jwk, dict)]
    return [key for key in found if key is not None]


def parse_row(row: SigningKeyRow) -> VerificationKey | None:
    """The public half of a key of the built-in issuer."""
    return _parse_one(row.public_jwk, frozenset({"ES256"}))


def _parse_one(jwk: dict[str, Any], algorithms: frozenset[str]) -> VerificationKey | None:
    if jwk.get("use", "sig") != "sig":
        return None
    algorithm = {("RSA", None): "RS256", ("EC", "P-256"): "ES256"}.get((str(jwk.get("kty")), jwk.get("crv")))
    if algorithm is None or algorithm not in algorithms or jwk.get("alg", algorithm) != algorithm:
        return None
    public_members = ("kty", "kid", "crv", "x", "y", "n", "e")
    public = {name: jwk[name] for name in public_members if name in jwk}
    try:
        key = jwt.PyJWK(public, algorithm=algorithm).key
    except jwt.PyJWTError:
        return None
    if isinstance(key, RSAPublicKey):
        if key.key_size < _LEAST_RSA_BITS:
            return None
    elif not isinstance(key, EllipticCurvePublicKey):
        return None
    key_id = public.get("kid")
    return VerificationKey(
        key_id if isinstance(key_id, str) else None, algorithm, key, {**public, "alg": algorithm, "use": "sig"}
    )
