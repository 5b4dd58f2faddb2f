"""What has to be tidied up now and then."""

from procrastinate import App, JobContext

from server.jobs.common import BackoffWithJitter, services_of
from server.usecases.idempotency import forget_expired


def register(app: App) -> None:
    """Makes the jobs and their schedule known to the application."""

    @app.periodic(cron="17 * * * *")
    @app.task(name="forget_expired_answers", retry=BackoffWithJitter(), pass_context=True)
    async def forget_expired_answers(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
        """Idempotency keys are kept for their hours and no longer."""
        services = services_of(context)
        await forget_expired(services.database, services.clock())
