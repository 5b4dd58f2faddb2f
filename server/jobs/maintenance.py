"""Maintenance by schedule, and what a call left to do."""

from procrastinate import App, JobContext

from server.jobs.common import BackoffWithJitter, services_of
from server.usecases.maintenance import EVERYWHERE_JOB, JOB, maintain, maintain_everywhere


def register(app: App) -> None:
    """Makes the jobs and their schedule known to the application."""

    @app.task(name=JOB, retry=BackoffWithJitter(), pass_context=True)
    async def maintain_tenant(context: JobContext, *, tenant_id: str) -> None:
        """Runs maintenance of one tenant to its end."""
        await maintain(services_of(context), tenant_id)

    @app.periodic(cron="41 */6 * * *")
    @app.task(name=EVERYWHERE_JOB, retry=BackoffWithJitter(), pass_context=True)
    async def everywhere(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
        """Every six hours, for every tenant."""
        await maintain_everywhere(services_of(context))
