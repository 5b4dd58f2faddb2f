"""The embedded Redis: a cache on a loopback port that keeps nothing on disk."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from server.embedded.binaries import find_redis
from server.embedded.ports import LOOPBACK
from server.embedded.secrets_file import write_private
from server.embedded.spawn import Command


@dataclass(frozen=True, slots=True)
class Redis:
    """One Redis server, started or not. `max_memory_mb` bounds it; the least recently used goes first."""

    data_dir: Path
    port: int
    password: str = field(repr=False)
    max_memory_mb: int = 256

    @property
    def url(self) -> str:
        """The `redis://` URL, with the password."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def command(self) -> Command:
        """Write the configuration and return how to run the server.

        Everything in it can be made again from Postgres, so nothing is saved: a restart is an empty cache.
        The password stands in a private file, since arguments are visible to every account.
        """
        configuration = self.data_dir / "redis.conf"
        lines = (
            f"bind {LOOPBACK}",
            f"port {self.port}",
            "protected-mode yes",
            f"requirepass {self.password}",
            'save ""',
            "appendonly no",
            f"maxmemory {self.max_memory_mb}mb",
            "maxmemory-policy allkeys-lru",
            "tcp-keepalive 60",
            "databases 1",
            "daemonize no",
            f'dir "{self.data_dir}"',
        )
        write_private(configuration, "\n".join(lines) + "\n")
        return Command(
            name="redis",
            argv=(str(find_redis()), str(configuration)),
            log=self.data_dir / "logs" / "redis.log",
            environment={"LC_ALL": "C"},
        )

    def is_ready(self) -> bool:
        """Tell whether the server answers a ping."""
        # Who asks asks again; the client's own retries with their pauses would only slow that down.
        client = redis.Redis.from_url(self.url, socket_connect_timeout=1, socket_timeout=1, retry=Retry(NoBackoff(), 0))
        with contextlib.closing(client):
            try:
                return bool(client.ping())
            except (OSError, redis.RedisError):
                return False
