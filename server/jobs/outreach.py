"""Proactive messages on the built-in schedule."""

from typing import Final

from procrastinate import App, JobContext

from server.jobs.common import services_of
from server.usecases.outreach.fire import fire_all

QUEUE: Final = "outreach"
"""A queue of its own: providers can be slow, and consolidation must not wait for them."""

_SEND: Final = "send_outreach"
_MAKE: Final = "make_outreach"

_SECONDS: Final = 50.0
"""It makes room for the next run, which takes up what is left."""

_MAKING_SECONDS: Final = 600.0


def register(app: App) -> None:
    """Makes the jobs and their schedule known to the application.

    No retries: the next run comes by itself and takes up what this one left.
    """

    @app.periodic(cron="* * * * *")
    @app.task(name=_SEND, queue=QUEUE, pass_context=True, queueing_lock=_SEND)
    async def send(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
        """Sends what is due, and makes recurring messages. Finding out that nothing is due takes one statement."""
        await fire_all(services_of(context), making=False, seconds=_SECONDS)

    @app.periodic(cron="*/15 * * * *")
    @app.task(name=_MAKE, queue=QUEUE, pass_context=True, queueing_lock=_MAKE)
    async def make(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
        """The same, and looks for silences and milestones, which takes a pass over the contacts of who wants them."""
        await fire_all(services_of(context), making=True, seconds=_MAKING_SECONDS)
