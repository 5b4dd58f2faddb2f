"""A server process in miniature: the real interceptors, credentials and stores around servicers that answer at once."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health import HealthServicer
from kith.contact.v1 import contact_pb2, contact_service_pb2_grpc
from kith.context.v1 import context_pb2, context_service_pb2_grpc
from kith.memory.v1 import memory_pb2, memory_service_pb2_grpc
from kith.tenant.v1 import tenant_service_pb2_grpc
from opentelemetry.trace import Tracer

from server import callers
from server.callers import Caller
from server.config import Settings
from server.credentials.authenticator import Credentials
from server.credentials.tokens import ClaimNames
from server.embedded.stores import EmbeddedStores
from server.observability.call_log import CallLog
from server.rpc import interceptors
from server.rpc.policy import permissions
from server.rpc.tenant import TenantServicer
from server.secrets import Envelope
from server.usecases import audit
from server.usecases.credentials import Issuer, create_gateway_key, issue_token
from server.usecases.tenants import Administration, NewTenant, create_tenant
from store.database import Database
from store.notifications import Notifications
from store.redis_link import RedisLink

MASTER_KEY = base64.b64encode(bytes(range(32))).decode()


@dataclass
class Seen:
    """What the servicers met, and what they are to do."""

    callers: list[Caller] = field(default_factory=list)
    calls: int = 0
    work: Callable[[], Any] | None = None


class Context(context_service_pb2_grpc.ContextServiceServicer):
    """Answers at once."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    async def GetContactContext(self, request: Any, context: Any) -> Any:
        await _note(self._seen)
        return context_pb2.GetContactContextResponse(contact=context_pb2.ContextContact(id=request.contact_id))

    async def IngestInteraction(self, request: Any, context: Any) -> Any:
        await _note(self._seen)
        await context.send_initial_metadata((("x-http-status", "202"),))
        return context_pb2.IngestInteractionResponse(interaction_id=f"int_{self._seen.calls}")


class Contacts(contact_service_pb2_grpc.ContactServiceServicer):
    """Answers at once."""

    def __init__(self, seen: Seen, database: Database) -> None:
        self._seen = seen
        self._database = database

    async def ListContacts(self, request: Any, context: Any) -> Any:
        await _note(self._seen)
        return contact_pb2.ListContactsResponse()

    async def CreateContact(self, request: Any, context: Any) -> Any:
        await _note(self._seen)
        async with self._database.transaction(callers.tenant_id()) as tx:
            await audit.record(tx, target="ct_made")
        return contact_pb2.CreateContactResponse(id="ct_made", tenant_id=callers.tenant_id())


class Memories(memory_service_pb2_grpc.MemoryServiceServicer):
    """Answers at once."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    async def ConsolidateMemories(self, request: Any, context: Any) -> Any:
        await _note(self._seen)
        return memory_pb2.ConsolidateMemoriesResponse(status="completed")


async def _note(seen: Seen) -> None:
    seen.calls += 1
    seen.callers.append(callers.current())
    if seen.work is not None:
        await seen.work()


@dataclass
class Process:
    """One running server process, and a channel to it."""

    address: str
    channel: grpc.aio.Channel
    database: Database
    redis: RedisLink
    notifications: Notifications
    credentials: Credentials
    administration: Administration
    issuer: Issuer
    seen: Seen
    log_lines: list[str]
    call_log: CallLog

    @property
    def context(self) -> Any:
        return context_service_pb2_grpc.ContextServiceStub(self.channel)

    @property
    def contacts(self) -> Any:
        return contact_service_pb2_grpc.ContactServiceStub(self.channel)

    @property
    def memories(self) -> Any:
        return memory_service_pb2_grpc.MemoryServiceStub(self.channel)

    @property
    def tenants(self) -> Any:
        return tenant_service_pb2_grpc.TenantServiceStub(self.channel)

    async def make_tenant(self, tenant_id: str) -> str:
        """Makes a tenant and returns a gateway key of it."""
        await create_tenant(self.administration, NewTenant(tenant_id))
        return (await create_gateway_key(self.administration, tenant_id)).secret

    async def platform_key(self) -> str:
        """A new platform key."""
        return (await create_gateway_key(self.administration, "platform")).secret

    async def token(self, tenant_id: str, *granted: str, lifetime: Any = None) -> str:
        """A token of the built-in issuer; every permission where none is named."""
        return await issue_token(
            self.issuer, tenant_id, "user-1", granted or permissions(), lifetime or timedelta(hours=1)
        )


def settings_for(stores: EmbeddedStores, database_name: str, **overrides: Any) -> Settings:
    """Settings of a server on the test's stores."""
    return Settings(
        database_url=stores.app_url(database_name),
        redis_url=stores.redis_url,
        master_key=MASTER_KEY,
        **overrides,
    )


@asynccontextmanager
async def process(
    settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC), tracer: Tracer | None = None
) -> AsyncIterator[Process]:
    """A server process on a free port."""
    database = Database(settings.sqlalchemy_url, pool_size=4)
    redis = RedisLink(settings.redis_url.get_secret_value(), timeout_ms=settings.redis_timeout_ms)
    notifications = Notifications(settings.database_url.get_secret_value())
    credentials = Credentials(settings, database, notifications, clock)
    lines: list[str] = []
    call_log = CallLog("INFO", lines.append)
    administration = Administration(database, redis, clock, settle_seconds=0.1)
    await redis.start()
    await notifications.start()
    await credentials.start()
    seen = Seen()
    deps = interceptors.Deps(settings, database, redis, credentials, call_log, clock, tracer)
    server = grpc.aio.server(interceptors=interceptors.build(deps))
    context_service_pb2_grpc.add_ContextServiceServicer_to_server(Context(seen), server)
    contact_service_pb2_grpc.add_ContactServiceServicer_to_server(Contacts(seen, database), server)
    memory_service_pb2_grpc.add_MemoryServiceServicer_to_server(Memories(seen), server)
    tenant_service_pb2_grpc.add_TenantServiceServicer_to_server(TenantServicer(administration), server)
    health_pb2_grpc.add_HealthServicer_to_server(HealthServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    envelope = Envelope.of(MASTER_KEY)
    assert envelope is not None
    issuer = Issuer(database, envelope, ClaimNames.of(settings), clock)
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Process(
                f"127.0.0.1:{port}", channel, database, redis, notifications, credentials, administration, issuer,
                seen, lines, call_log,
            )  # fmt: skip
    finally:
        await server.stop(0)
        await credentials.close()
        await notifications.close()
        await redis.close()
        await database.close()


@dataclass
class Refusal:
    """What a refused call was told."""

    code: grpc.StatusCode
    reason: str
    message: str
    fields: dict[str, str]
    info: dict[str, str]
    retry_seconds: float | None
    trailing: dict[str, Any]


async def refusal(call: Any) -> Refusal:
    """Awaits a call that must fail, and unpacks why it did."""
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        return _unpacked(error)
    raise AssertionError(f"was answered: {type(answer).__name__}")


def _unpacked(error: grpc.aio.AioRpcError) -> Refusal:
    trailing = dict(error.trailing_metadata() or ())
    status = status_pb2.Status.FromString(trailing.get("grpc-status-details-bin", b""))
    info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    has_retry = False
    for detail in status.details:
        if not detail.Unpack(info) and not detail.Unpack(bad):
            has_retry = detail.Unpack(retry)
    assert not status.details or info.domain == "kith"
    return Refusal(
        error.code(),
        info.reason,
        error.details() or "",
        {violation.field: violation.description for violation in bad.field_violations},
        dict(info.metadata),
        retry.retry_delay.ToTimedelta().total_seconds() if has_retry else None,
        trailing,
    )


def key(secret: str, **more: str) -> list[tuple[str, str]]:
    """Metadata with a gateway key."""
    return [("x-gateway-key", secret), *((name.replace("_", "-"), value) for name, value in more.items())]


def bearer(token: str, **more: str) -> list[tuple[str, str]]:
    """Metadata with a token."""
    return [("authorization", f"Bearer {token}"), *((name.replace("_", "-"), value) for name, value in more.items())]


async def until_refused(method: Any, request: Any, metadata: Any, code: grpc.StatusCode) -> None:
    """Calls until the call is refused, which must be within a second."""
    ends = time.monotonic() + 1.0
    while True:
        try:
            await method(request, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            assert error.code() is code
            return
        assert time.monotonic() < ends, "still good after a second"
        await asyncio.sleep(0.01)
