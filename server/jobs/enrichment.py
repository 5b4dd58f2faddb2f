"""What tenants' providers do, as jobs on a queue of their own."""

import random
from typing import Final

from procrastinate import App, JobContext, RetryDecision
from procrastinate.jobs import Job

from server.domain.backoff import seconds_before
from server.domain.errors import NotFound
from server.jobs.common import BackoffWithJitter, services_of
from server.providers.errors import OverBudget, ProviderError
from server.usecases import retention
from server.usecases.enrichment import (
    BACKFILL,
    DROP_VECTORS,
    JOB,
    QUEUE,
    Busy,
    enrich_contact,
    enrich_tenant,
    queue_enrichment,
)

_ATTEMPTS: Final = 8
_BUSY_SECONDS: Final = 60.0


class _UnlessProvidersFail(BackoffWithJitter):
    """Of what a provider does wrong, the job itself says when it is tried again."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again; None gives up."""
        if isinstance(exception, ProviderError):
            return None
        return super().get_retry_decision(exception=exception, job=job)


def register(app: App) -> None:
    """Makes the jobs known to the application."""

    @app.task(name=JOB, queue=QUEUE, retry=_UnlessProvidersFail(), pass_context=True)
    async def enrich(context: JobContext, *, tenant_id: str, contact_id: str, attempt: int = 0) -> None:
        """Reads and embeds what a contact has new.

        Where a provider fails, a new job goes on later and not this one again: while it ran, another of its name may
        have been queued. The last attempt is kept as failed and can be replayed.
        """
        services = services_of(context)
        try:
            await enrich_contact(services, tenant_id, contact_id)
        except NotFound:
            return
        except Busy:
            await queue_enrichment(services, tenant_id, contact_id, attempt=attempt, wait_seconds=_BUSY_SECONDS)
        except OverBudget as error:
            # Nothing is wrong with the provider: the next day has a budget of its own.
            wait = error.retry_after or 0.0
            await queue_enrichment(services, tenant_id, contact_id, attempt=attempt, wait_seconds=wait)
        except ProviderError as error:
            if attempt >= _ATTEMPTS:
                raise
            jitter = random.random()  # noqa: S311 (spreads load, is no secret)
            wait = max(seconds_before(attempt + 1, jitter), error.retry_after or 0.0)
            await queue_enrichment(services, tenant_id, contact_id, attempt=attempt + 1, wait_seconds=wait)

    @app.task(name=BACKFILL, queue=QUEUE, retry=BackoffWithJitter(), pass_context=True)
    async def backfill(context: JobContext, *, tenant_id: str, after: str = "") -> None:
        """Brings a tenant's contacts up to its providers, a page at a time."""
        await enrich_tenant(services_of(context), tenant_id, after)

    @app.task(name=DROP_VECTORS, queue=QUEUE, retry=BackoffWithJitter(), pass_context=True)
    async def drop(context: JobContext, *, tenant_id: str) -> None:
        """Deletes the vectors of a tenant that has no embedder any more."""
        await retention.drop_vectors(services_of(context).database, tenant_id)
