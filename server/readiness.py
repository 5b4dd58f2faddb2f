"""Whether this process can serve: Postgres must answer; Redis and the queue are told, but do not stop it."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from store import queue
from store.database import Database
from store.errors import StoreError
from store.redis_link import RedisLink
from store.tables.tenant import PLATFORM

_QUEUE_LATE_SECONDS: Final = 300
"""A due job that has waited longer says that no worker keeps up."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `queue_age_seconds` is how long the oldest due job has waited; None where unknown."""

    postgres: bool
    redis: bool
    queue_age_seconds: float | None

    @property
    def ready(self) -> bool:
        """Whether requests can be answered."""
        return self.postgres

    def as_json(self) -> dict[str, Any]:
        """The report for people and probes."""
        late = self.queue_age_seconds is not None and self.queue_age_seconds > _QUEUE_LATE_SECONDS
        return {
            "status": "ready" if self.ready else "unavailable",
            "postgres": "up" if self.postgres else "down",
            "redis": "up" if self.redis else "down (answering from postgres)",
            "queue": {"state": "late" if late else "ok", "oldest_due_job_seconds": self.queue_age_seconds},
        }


class Readiness:
    """Asks the stores. `last` is what was found last, so that probes cost nothing; somebody asks once a second."""

    def __init__(self, database: Database, redis: RedisLink) -> None:
        self._database = database
        self._redis = redis
        self.last = Report(postgres=False, redis=False, queue_age_seconds=None)

    async def ask(self) -> Report:
        """Asks now; takes at most two seconds."""
        self.last = await self._report()
        return self.last

    async def _report(self) -> Report:
        age: float | None = None
        try:
            async with asyncio.timeout(2), self._database.transaction(PLATFORM) as tx:
                age = round(await queue.oldest_seconds(tx), 1)
        except (StoreError, TimeoutError):
            return Report(postgres=False, redis=self._redis.available, queue_age_seconds=None)
        return Report(postgres=True, redis=self._redis.available, queue_age_seconds=age)
