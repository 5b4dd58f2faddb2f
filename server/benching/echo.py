"""The bare echo that a request's cost is measured against.

It is a grpc.aio server with the product's options, on the product's methods: it parses the request and
serialises an answer equal to the product's, and does nothing else. What lies between the two is Kith itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Final, TypeVar

import grpc
import uvloop
from kith.context.v1 import context_pb2

from server.embedded.ports import LOOPBACK, free_ports
from server.measuring.errors import MeasuringError
from server.rpc.transport import OPTIONS

CONTEXT: Final = "/kith.context.v1.ContextService/GetContactContext"
INGEST: Final = "/kith.context.v1.ContextService/IngestInteraction"

T = TypeVar("T")
_PATIENCE_S: Final = 60.0


@contextmanager
def echo(context_answer: bytes, ingest_answer: bytes, processes: int) -> Iterator[int]:
    """An echo server of so many processes on one port, which it yields; ended with the block."""
    context = get_context("spawn")
    port = free_ports(1)[0]
    servers = []
    try:
        for _ in range(processes):
            ours, theirs = context.Pipe()
            server = context.Process(target=_serve, args=(port, context_answer, ingest_answer, theirs), daemon=True)
            server.start()
            theirs.close()
            servers.append(server)
            if not ours.poll(_PATIENCE_S) or not _told(ours):
                raise MeasuringError("The echo server does not start.")
        yield port
    finally:
        for server in servers:
            server.terminate()
            server.join()


def _told(link: Connection) -> bool:
    try:
        return link.recv() is True
    except EOFError:
        return False


def _serve(port: int, context_answer: bytes, ingest_answer: bytes, link: Connection) -> None:
    uvloop.run(_serving(port, context_answer, ingest_answer, link))


async def _serving(port: int, context_answer: bytes, ingest_answer: bytes, link: Connection) -> None:
    context = context_pb2.GetContactContextResponse.FromString(context_answer)
    ingested = context_pb2.IngestInteractionResponse.FromString(ingest_answer)
    server = grpc.aio.server(options=OPTIONS)
    handlers = {
        "GetContactContext": grpc.unary_unary_rpc_method_handler(
            _answering(context),
            context_pb2.GetContactContextRequest.FromString,
            context_pb2.GetContactContextResponse.SerializeToString,
        ),
        "IngestInteraction": grpc.unary_unary_rpc_method_handler(
            _answering(ingested),
            context_pb2.IngestInteractionRequest.FromString,
            context_pb2.IngestInteractionResponse.SerializeToString,
        ),
    }
    service = CONTEXT.split("/")[1]
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    server.add_insecure_port(f"{LOOPBACK}:{port}")
    await server.start()
    link.send(True)
    await asyncio.Event().wait()


def _answering(answer: T) -> Callable[[object, object], Awaitable[T]]:
    async def method(request: object, context: object) -> T:
        del request, context
        return answer

    return method
