"""What every job shares: how it is tried again, and how it finds the services."""

import random
from typing import Any, Final

from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.jobs import Job

from server.domain.backoff import seconds_before
from server.usecases.services import Services

SERVICES: Final = "services"
"""The key under which a job finds the services in its context."""

_ATTEMPTS: Final = 8


class BackoffWithJitter(BaseRetryStrategy):
    """Tries again after growing, jittered waits; after the last one the job is kept as failed and can be replayed."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:  # noqa: ARG002
        """When to try again; None gives up."""
        if job.attempts >= _ATTEMPTS:
            return None
        wait = seconds_before(job.attempts + 1, random.random())  # noqa: S311 (spreads load, is no secret)
        return RetryDecision(retry_in={"seconds": max(1, round(wait))})


def services_of(context: JobContext) -> Services:
    """The services that the worker was started with."""
    found: Any = context.additional_context[SERVICES]
    if not isinstance(found, Services):
        raise TypeError("the worker was started without services")
    return found
