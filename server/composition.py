"""Settings → stores → use cases: what server and job worker have in common, opened and closed in order."""

from datetime import UTC, datetime
from types import TracebackType

from server.config import Settings
from server.credentials.authenticator import Credentials
from server.observability import metrics, traces
from server.providers.channels.http import HttpOptions
from server.providers.channels.registry import Channels
from server.providers.encoder.minilm import MiniLm, missing
from server.secrets import Envelope
from server.usecases.accesses import AccessLog
from server.usecases.call_endpoints import EndpointParts
from server.usecases.encoders import Encoders
from server.usecases.outreach.parts import OutreachParts
from server.usecases.outreach.writer import ModelWriter
from server.usecases.providers import Providers
from server.usecases.services import Services
from server.usecases.snapshots import Snapshots
from server.usecases.tenants import Administration
from store.cache import SnapshotCache
from store.database import Database
from store.notifications import Notifications
from store.redis_link import RedisLink


class Composition:
    """The parts of one process. `async with` starts and ends them; Postgres and Redis may be away at the start."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(
            settings.sqlalchemy_url,
            pool_size=settings.database_pool_size,
            statement_timeout_ms=settings.database_statement_timeout_ms,
        )
        traces.watch_database(settings, self.database.engine)
        self.redis = RedisLink(settings.redis_url.get_secret_value(), timeout_ms=settings.redis_timeout_ms)
        self.notifications = Notifications(settings.database_url.get_secret_value())
        cache = SnapshotCache(self.redis, ttl_seconds=settings.snapshot_ttl_seconds)
        snapshots = Snapshots(self.database, cache, settings.context_cache_bytes, metrics.tier_counter())
        snapshots.listen(self.notifications)
        self.credentials = Credentials(settings, self.database, self.notifications, _now)
        envelope = Envelope.of(settings.master_key.get_secret_value())
        folder = settings.encoder_folder
        self.administration = Administration(
            self.database,
            self.redis,
            _now,
            envelope=envelope,
            private_providers=settings.providers_allow_private,
            encoder_missing=lambda: missing(folder),
        )
        self._channels = Channels(metrics.note_delivery, HttpOptions(allow_private=settings.providers_allow_private))
        providers = Providers(
            self.database,
            envelope,
            _now,
            metrics.note_provider,
            allow_private=settings.providers_allow_private,
        )
        self.services = Services(
            database=self.database,
            snapshots=snapshots,
            accesses=AccessLog(self.database, snapshots, _now),
            providers=providers,
            clock=_now,
            outreach=OutreachParts(
                adapters=self._channels,
                envelope=envelope,
                writer=ModelWriter(providers),
                allow_private=settings.providers_allow_private,
            ),
            endpoints=EndpointParts(self.database, envelope, _now, settings.outside_url),
            encoders=Encoders(self.credentials.tenants, lambda: MiniLm(folder), lambda: missing(folder)),
        )

    async def __aenter__(self) -> "Composition":
        await self.redis.start()
        await self.notifications.start()
        await self.credentials.start()
        self.services.accesses.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.services.accesses.close()
        await self._channels.close()
        await self.services.providers.close()
        self.services.encoders.close()
        await self.credentials.close()
        await self.notifications.close()
        await self.redis.close()
        await self.database.close()


def _now() -> datetime:
    return datetime.now(UTC)
