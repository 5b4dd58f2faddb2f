"""Jobs whose worker was killed under them are taken back."""

import logging
from datetime import UTC, datetime
from typing import Any, Final

from procrastinate import App, JobContext
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

log: Final = logging.getLogger(__name__)


def register(app: App) -> None:
    """Makes the job and its schedule known to the application."""

    @app.periodic(cron="* * * * *")
    @app.task(name="take_back_stalled_jobs", pass_context=True, queueing_lock="take_back_stalled_jobs")
    async def take_back_stalled_jobs(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
        """Every job of a worker that shows no sign of life for half a minute may be run again."""
        manager: Any = context.app.job_manager
        for job in await manager.get_stalled_jobs():
            try:
                await manager.retry_job(job, retry_at=datetime.now(UTC))
            except UniqueViolation:
                # A newer job of the same name waits; it does the work of both.
                await manager.finish_job(job, status=Status.FAILED, delete_job=True)
            log.info("took back a job of a worker that is gone", extra={"task": job.task_name})
