"""What every call passes through on its way to a servicer, outermost first:

1. telemetry    knows of every call, whatever becomes of it: request id, log line, metrics, span
2. errors       turns everything below into a status, so only telemetry may be outside of it
3. deadline     what is too late costs nothing more
4. auth         nothing is looked at for somebody who may not call
5. parsing      the size first, then the message; after auth, so that strangers cannot make us parse
6. tenancy      the tenant is the credential's; it needs the message, which may name one
7. limits       per tenant, so after tenancy; before the work of looking closely
8. validation   every wrong field at once
9. idempotency  only a request that is allowed and sound may claim a key
10. leading     innermost: the id of a merged contact leads on, once the work did not find it

`chain.py` is the helper they are built on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from opentelemetry.trace import Tracer

from server.config import Settings
from server.credentials.authenticator import Credentials
from server.observability.call_log import CallLog
from server.rpc.interceptors.auth import Auth
from server.rpc.interceptors.chain import Chain, Step
from server.rpc.interceptors.deadline import Deadline
from server.rpc.interceptors.errors import Errors
from server.rpc.interceptors.idempotency import Idempotent
from server.rpc.interceptors.leading import Leading
from server.rpc.interceptors.limits import Limits
from server.rpc.interceptors.parsing import Parsing
from server.rpc.interceptors.telemetry import Telemetry
from server.rpc.interceptors.tenancy import Tenancy
from server.rpc.interceptors.validation import Validation
from server.rpc.policy import policies
from server.secrets import Envelope
from server.usecases.idempotency import Idempotency
from server.usecases.leads import stayed
from store.database import Database
from store.limits import Limiter
from store.redis_link import RedisLink


@dataclass(frozen=True, slots=True)
class Deps:
    """What the interceptors work with. `call_log` is flushed by its owner; without a tracer there are no spans.
    `limiter` is given where others limit the same operations."""

    settings: Settings
    database: Database
    redis: RedisLink
    credentials: Credentials
    call_log: CallLog
    clock: Callable[[], datetime]
    tracer: Tracer | None = None
    limiter: Limiter | None = None


def build(deps: Deps) -> list[Chain]:
    """The interceptors of a server, in order: one for gRPC, which is all of the above.

    Raises ValueError for rate limits in the settings that are malformed or name no RPC, and UnsupportedRule for a
    constraint in the protos that the server does not understand.
    """
    settings = deps.settings
    envelope = Envelope.of(settings.master_key.get_secret_value())
    idempotency = Idempotency(deps.database, envelope, deps.clock, hours=settings.idempotency_hours)
    steps: list[Step] = [
        Telemetry(deps.call_log, deps.tracer),
        Errors(),
        Deadline(),
        Auth(deps.credentials),
        Parsing(),
        Tenancy(deps.credentials.tenants),
        Limits(deps.limiter or Limiter(deps.redis)),
        Validation(),
        Idempotent(idempotency),
        Leading(partial(stayed, deps.database)),
    ]
    found = policies(general_max_bytes=settings.max_request_bytes, rates=settings.rate_limits)
    return [Chain(found, steps)]
