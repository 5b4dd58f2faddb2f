"""The graph follows the tracking log."""

from procrastinate import App, JobContext

from server.jobs.common import BackoffWithJitter, services_of
from server.usecases.tracking import EVERYWHERE_JOB, JOB, QUEUE, project_everywhere, project_waiting


def register(app: App) -> None:
    """Makes the jobs and their schedule known to the application."""

    @app.task(name=JOB, queue=QUEUE, retry=BackoffWithJitter(), pass_context=True)
    async def project(context: JobContext, *, tenant_id: str) -> None:
        """Puts what waits in a tenant's log into its graph."""
        await project_waiting(services_of(context), tenant_id)

    @app.periodic(cron="* * * * *")
    @app.task(
        name=EVERYWHERE_JOB, queue=QUEUE, queueing_lock=EVERYWHERE_JOB, retry=BackoffWithJitter(), pass_context=True
    )
    async def everywhere(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
        """Every minute, of every tenant: what waits and has no job."""
        await project_everywhere(services_of(context))
