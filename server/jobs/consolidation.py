"""The deferred pass over a contact's memories."""

from procrastinate import App, JobContext

from server.domain.errors import NotFound
from server.jobs.common import BackoffWithJitter, services_of
from server.usecases.consolidation import JOB, consolidate_memories
from server.usecases.consolidation_plan import Task
from server.usecases.enrichment import queue_enrichment


def register(app: App) -> None:
    """Makes the job known to the application."""

    @app.task(name=JOB, retry=BackoffWithJitter(), pass_context=True)
    async def consolidate(context: JobContext, *, tenant_id: str, contact_id: str, tasks: list[Task]) -> None:
        """Runs the tasks; a contact that was erased meanwhile needs none."""
        try:
            await consolidate_memories(services_of(context), tenant_id, contact_id, tasks)
        except NotFound:
            return
        # What needs a network comes behind, as a job of its own that may fail without this one.
        await queue_enrichment(services_of(context), tenant_id, contact_id)
