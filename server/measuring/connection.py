"""The public gRPC API as its callers see it, each call timed on the caller's side."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from kith.contact.v1 import contact_pb2
from kith.contact.v1.contact_service_pb2_grpc import ContactServiceStub
from kith.context.v1 import context_pb2
from kith.context.v1.context_service_pb2_grpc import ContextServiceStub
from kith.memory.v1 import memory_pb2
from kith.memory.v1.memory_service_pb2_grpc import MemoryServiceStub

from server.measuring.credentials import Credentials

RANK_TIME: Final = "kith-rank-us"
"""Trailing metadata in which the server says how long it ranked, in microseconds."""

_PATIENCE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Context:
    """An answer of the context RPC. `rank_ms` is the server's own, None where it does not say."""

    response: context_pb2.GetContactContextResponse
    took_ms: float
    rank_ms: float | None


@dataclass(frozen=True, slots=True)
class Ingested:
    """An answer of the ingest RPC."""

    response: context_pb2.IngestInteractionResponse
    took_ms: float


class Api:
    """The calls that a chat engine makes, with its key; and with the token, what a dashboard does."""

    def __init__(self, channel: grpc.aio.Channel, credentials: Credentials) -> None:
        self._context = ContextServiceStub(channel)
        self._contacts = ContactServiceStub(channel)
        self._memories = MemoryServiceStub(channel)
        self._key = (("x-gateway-key", credentials.gateway_key),)
        self._token = (("authorization", f"Bearer {credentials.jwt}"),)

    async def create_contact(self, external_id: str, channel: str, display_name: str) -> str:
        """Makes a contact known, or finds it; its id."""
        request = contact_pb2.CreateContactRequest(external_id=external_id, channel=channel, display_name=display_name)
        made = await self._contacts.CreateContact(request, metadata=self._key, timeout=_PATIENCE_S)
        return made.id

    async def delete_contact(self, contact_id: str) -> None:
        """Erases a contact with all that was ingested for it."""
        request = contact_pb2.DeleteContactRequest(contact_id=contact_id)
        await self._contacts.DeleteContact(request, metadata=self._token, timeout=_PATIENCE_S)

    async def context(self, request: context_pb2.GetContactContextRequest) -> Context:
        """What is known for a message."""
        began = time.perf_counter()
        call = self._context.GetContactContext(request, metadata=self._key, timeout=_PATIENCE_S)
        response = await call
        took_ms = (time.perf_counter() - began) * 1000
        return Context(response, took_ms, _rank_ms(await call.trailing_metadata()))

    async def ingest(self, request: context_pb2.IngestInteractionRequest) -> Ingested:
        """Hands one exchange back."""
        began = time.perf_counter()
        response = await self._context.IngestInteraction(request, metadata=self._key, timeout=_PATIENCE_S)
        return Ingested(response, (time.perf_counter() - began) * 1000)

    async def consolidate(self, contact_id: str) -> bool:
        """Runs the deferred pass of a contact. False where a part of it goes on as a job."""
        request = memory_pb2.ConsolidateMemoriesRequest(contact_id=contact_id)
        done = await self._memories.ConsolidateMemories(request, metadata=self._key, timeout=_PATIENCE_S)
        return all(task.status != "failed" for task in done.tasks)


@asynccontextmanager
async def connected(credentials: Credentials, tls_ca: Path | None = None) -> AsyncIterator[Api]:
    """The API at the address of the credentials. With `tls_ca`, over TLS, trusting that PEM file."""
    async with open_channel(credentials.grpc, tls_ca) as channel:
        yield Api(channel, credentials)


def open_channel(
    target: str, tls_ca: Path | None = None, options: Sequence[tuple[str, int | str]] = ()
) -> grpc.aio.Channel:
    """A channel to `host:port` that never goes through a proxy of the environment."""
    settings = (("grpc.enable_http_proxy", 0), *options)
    if tls_ca is None:
        return grpc.aio.insecure_channel(target, options=settings)
    trusted = grpc.ssl_channel_credentials(root_certificates=tls_ca.read_bytes())
    return grpc.aio.secure_channel(target, trusted, options=settings)


def timestamp(instant: datetime) -> Timestamp:
    """The instant as gRPC carries it."""
    made = Timestamp()
    made.FromDatetime(instant)
    return made


def _rank_ms(trailing: object) -> float | None:
    pairs = trailing if isinstance(trailing, Sequence | grpc.aio.Metadata) else ()
    for name, value in pairs:
        if name == RANK_TIME:
            text = value.decode() if isinstance(value, bytes) else str(value)
            return int(text) / 1000 if text.isdigit() else None
    return None
