"""Stored warmth is kept true."""

from typing import Final

from procrastinate import App, JobContext

from server.jobs.common import BackoffWithJitter, services_of
from server.usecases.warmth_upkeep import JOB, recompute_all, renew_everywhere

_RENEW: Final = "renew_warmth"


def register(app: App) -> None:
    """Makes the jobs and their schedule known to the application."""

    # A stored value is due ten minutes after it was renewed at the soonest: with this, lists lag less than fifteen.
    @app.periodic(cron="*/4 * * * *")
    @app.task(name=_RENEW, pass_context=True, queueing_lock=_RENEW)
    async def renew(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
        """Renews what is due. Finding out that nothing is takes one statement."""
        await renew_everywhere(services_of(context))

    @app.task(name=JOB, retry=BackoffWithJitter(), pass_context=True)
    async def recompute(context: JobContext, *, tenant_id: str) -> None:
        """Works out the warmth of all contacts of a tenant."""
        await recompute_all(services_of(context), tenant_id)
