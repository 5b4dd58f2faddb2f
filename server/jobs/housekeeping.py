"""What has to be tidied up now and then."""

from procrastinate import App, JobContext

from server.jobs.common import BackoffWithJitter, services_of
from server.usecases.idempotency import forget_expired
from server.usecases.retention import forget_old_turns


def register(app: App) -> None:
    """Makes the jobs and their schedule known to the application."""

    @app.periodic(cron="17 * * * *")
    @app.task(name="forget_expired_answers", retry=BackoffWithJitter(), pass_context=True)
    async def forget_expired_answers(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
        """Idempotency keys are kept for their hours and no longer."""
        services = services_of(context)
        await forget_expired(services.database, services.clock())

    @app.periodic(cron="23 * * * *")
    @app.task(name="forget_old_turns", retry=BackoffWithJitter(), pass_context=True)
    async def forget_turns(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
        """Raw turns are kept as long as their tenant's retention says."""
        services = services_of(context)
        await forget_old_turns(services.database, services.clock)
