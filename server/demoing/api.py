"""The calls that a demo makes, over several connections, so that every server process gets its share of them."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar, cast

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from kith.analytics.v1.analytics_service_pb2_grpc import AnalyticsServiceStub
from kith.call.v1.call_service_pb2_grpc import CallServiceStub
from kith.contact.v1.contact_service_pb2_grpc import ContactServiceStub
from kith.context.v1.context_service_pb2_grpc import ContextServiceStub
from kith.crm.v1.crm_service_pb2_grpc import CrmServiceStub
from kith.interaction.v1.interaction_service_pb2_grpc import InteractionServiceStub
from kith.maintenance.v1.maintenance_service_pb2_grpc import MaintenanceServiceStub
from kith.outreach.v1.outreach_service_pb2_grpc import OutreachServiceStub
from kith.tenant.v1.tenant_service_pb2_grpc import TenantServiceStub
from kith.tracking.v1.tracking_service_pb2_grpc import TrackingServiceStub
from kith.warmth.v1.warmth_service_pb2_grpc import WarmthServiceStub

from server.measuring.connection import open_channel
from server.measuring.credentials import Credentials

Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)

Metadata = Sequence[tuple[str, str]]

_PATIENCE_S: Final = 60.0
_CONNECTIONS: Final = 8
_LEAST_WAIT_S: Final = 0.05
_DETAILS: Final = "grpc-status-details-bin"


class Connection:
    """The stubs of one connection."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.analytics = AnalyticsServiceStub(channel)
        self.calls = CallServiceStub(channel)
        self.contacts = ContactServiceStub(channel)
        self.context = ContextServiceStub(channel)
        self.crm = CrmServiceStub(channel)
        self.interactions = InteractionServiceStub(channel)
        self.maintenance = MaintenanceServiceStub(channel)
        self.outreach = OutreachServiceStub(channel)
        self.tenants = TenantServiceStub(channel)
        self.tracking = TrackingServiceStub(channel)
        self.warmth = WarmthServiceStub(channel)


class Api:
    """The public API for one tenant. `key` is a chat engine's credential, `token` a dashboard's."""

    def __init__(self, connections: Sequence[Connection], credentials: Credentials) -> None:
        self._connections = connections
        self.key: Metadata = (("x-gateway-key", credentials.gateway_key),)
        self.token: Metadata = (("authorization", f"Bearer {credentials.jwt}"),)

    @property
    def any(self) -> Connection:
        """A connection for calls that come one at a time."""
        return self._connections[0]

    def connection(self, number: int) -> Connection:
        """The connection of the worker of that number."""
        return self._connections[number % len(self._connections)]


@asynccontextmanager
async def connected(credentials: Credentials, tls_ca: Path | None = None) -> AsyncIterator[Api]:
    """The API at the address of the credentials. With `tls_ca`, over TLS, trusting that PEM file."""
    # Channels to one address share a connection, and so a server process, unless they are told not to.
    alone = (("grpc.use_local_subchannel_pool", 1),)
    async with AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(open_channel(credentials.grpc, tls_ca, alone)) for _ in range(_CONNECTIONS)
        ]
        yield Api([Connection(channel) for channel in channels], credentials)


async def call(rpc: grpc.aio.UnaryUnaryMultiCallable[Q, A], request: Q, metadata: Metadata) -> A:
    """The answer of a call. Where a rate limit refuses it, it is made again when the server says that it may.

    Raises grpc.aio.AioRpcError for every other refusal.
    """
    while True:
        try:
            return await rpc(request, metadata=metadata, timeout=_PATIENCE_S)
        except grpc.aio.AioRpcError as error:
            wait = _wait_of(error)
            if wait is None:
                raise
        await asyncio.sleep(max(wait, _LEAST_WAIT_S))


def _wait_of(error: grpc.aio.AioRpcError) -> float | None:
    """How many seconds to wait for the limit; None where waiting does not help."""
    if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
        return None
    retry = error_details_pb2.RetryInfo()
    pairs = cast(Iterable[tuple[str, str | bytes]], error.trailing_metadata() or ())
    told = dict(pairs).get(_DETAILS)
    details = status_pb2.Status.FromString(told).details if isinstance(told, bytes) else ()
    if not any(detail.Unpack(retry) for detail in details):
        return None
    return float(retry.retry_delay.ToTimedelta().total_seconds())
