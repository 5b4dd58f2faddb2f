"""The job worker's process."""

import asyncio
import os
import signal
from typing import Final

from server.composition import Composition
from server.config import Settings
from server.jobs.app import make_app
from server.jobs.common import SERVICES
from server.jobs.outreach import QUEUE as OUTREACH
from server.observability import logs, traces
from server.usecases.enrichment import QUEUE
from server.usecases.tracking import QUEUE as TRACKING

_CONCURRENCY: Final = {"default": 2, QUEUE: 4, OUTREACH: 2, TRACKING: 2}
"""Jobs at once, by queue: those that call providers mostly wait, and hold up none of the others."""

_NICENESS: Final = 10
"""Deferred work gives way: on a busy machine the calls that somebody waits for come first."""


def main(settings: Settings | None = None) -> None:
    """Runs jobs until SIGTERM or SIGINT; then finishes those under way."""
    chosen = settings or Settings()
    os.nice(_NICENESS)
    logs.configure(chosen.log_level)
    traces.configure(chosen)
    asyncio.run(_run(chosen))


async def _run(settings: Settings) -> None:
    async with Composition(settings) as composition:
        app = make_app(settings.database_url.get_secret_value())
        async with app.open_async():
            workers = [
                asyncio.create_task(
                    app.run_worker_async(
                        queues=[queue],
                        concurrency=concurrency,
                        install_signal_handlers=False,
                        shutdown_graceful_timeout=settings.drain_seconds,
                        additional_context={SERVICES: composition.services},
                        delete_jobs="successful",
                        fetch_job_polling_interval=1,
                    )
                )
                for queue, concurrency in _CONCURRENCY.items()
            ]
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, _cancel, workers)
            # One that ends on its own takes the other with it, so that the supervisor starts both again.
            await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED)
            _cancel(workers)
            await asyncio.gather(*workers, return_exceptions=True)


def _cancel(workers: list[asyncio.Task[None]]) -> None:
    for worker in workers:
        worker.cancel()


if __name__ == "__main__":
    main()
