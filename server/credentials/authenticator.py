"""The credentials of one process: keys, tokens, webhook endpoints and tenants together."""

from collections.abc import Callable
from datetime import datetime

from server.config import Settings
from server.credentials.call_endpoints import EndpointDirectory
from server.credentials.jwks import JwksDirectory
from server.credentials.keys import KeyDirectory
from server.credentials.tenants import TenantDirectory
from server.credentials.tokens import ClaimNames, TokenVerifier
from server.secrets import Envelope
from store.database import Database
from store.notifications import Notifications


class Credentials:
    """Make it before `notifications.start()`, for it subscribes; `start` it after, `close` it at the end."""

    def __init__(
        self, settings: Settings, database: Database, notifications: Notifications, clock: Callable[[], datetime]
    ) -> None:
        self.tenants = TenantDirectory(database, notifications)
        self.keys = KeyDirectory(database, notifications, self.tenants, clock)
        envelope = Envelope.of(settings.master_key.get_secret_value())
        self.call_endpoints = EndpointDirectory(database, notifications, envelope)
        self.jwks = JwksDirectory(
            settings.jwks_sources,
            database,
            notifications,
            algorithms=settings.jwt_algorithms,
            refresh_seconds=settings.jwks_refresh_seconds,
        )
        self.tokens = TokenVerifier(self.jwks, self.tenants, ClaimNames.of(settings), clock)

    async def start(self) -> None:
        """Reads the key sets; returns also where some cannot be read yet."""
        await self.jwks.start()

    async def close(self) -> None:
        """Ends what runs in the background."""
        await self.jwks.close()
