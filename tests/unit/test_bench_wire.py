"""The generator's own HTTP clients, against real servers on the loopback interface."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest
from kith.context.v1 import context_pb2

from server.benching.echo import CONTEXT, echo
from server.benching.generators import run
from server.benching.h1 import H1Connection
from server.benching.h2 import H2Connection
from server.benching.hpack import grpc_status_of, literal, status_of
from server.benching.plans import ClosedLoop, OpenLoop, Plan, Request, Target

HELLO = Request(CONTEXT, context_pb2.GetContactContextRequest(contact_id="ct_1").SerializeToString())


@pytest.fixture
async def answering() -> AsyncIterator[int]:
    """A gRPC server that answers with as many bytes as the message says, refuses `no`, and wants a key."""

    async def method(request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        if dict(context.invocation_metadata()).get("x-gateway-key") != "k" * 200:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "no key")
        if request == b"no":
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "slow down")
        return b"x" * int(request)

    class Handler(grpc.GenericRpcHandler):
        def service(self, details: grpc.HandlerCallDetails) -> object:
            return grpc.unary_unary_rpc_method_handler(method) if details.method == "/test/Echo" else None

    server = grpc.aio.server(handlers=(Handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield port
    await server.stop(None)


async def connection(port: int, key: str = "k" * 200) -> H2Connection:
    target = Target("grpc", "127.0.0.1", port, (("x-gateway-key", key),))
    loop = asyncio.get_running_loop()
    return (await loop.create_connection(lambda: H2Connection(target), "127.0.0.1", port))[1]


async def test_many_calls_share_a_connection_and_large_answers_arrive_whole(answering: int) -> None:
    client = await connection(answering)
    sizes = [b"1", b"20000", b"300000", b"0"] * 20
    outcomes = await asyncio.gather(*(client.call(Request("/test/Echo", size)) for size in sizes))
    assert set(outcomes) == {"ok"}
    client.close()


async def test_request_bytes_stay_within_the_servers_window(answering: int) -> None:
    client = await connection(answering)
    # 100 requests of 15 KiB at once are far more than the 64 KiB that a server takes unasked.
    outcomes = await asyncio.gather(*(client.call(Request("/test/Echo", b"0".rjust(15_000))) for _ in range(100)))
    assert set(outcomes) == {"ok"}
    client.close()


async def test_errors_are_told_by_their_status(answering: int) -> None:
    client = await connection(answering)
    assert await client.call(Request("/test/Echo", b"no")) == "grpc 8"
    assert await client.call(Request("/test/None", b"1")) == "grpc 12"
    assert await client.call(Request("/test/Echo", b"1")) == "ok"
    client.close()
    stranger = await connection(answering, key="wrong")
    assert await stranger.call(Request("/test/Echo", b"1")) == "grpc 16"
    stranger.close()


async def test_a_lost_connection_fails_its_calls_at_once() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    client = await connection(server.sockets[0].getsockname()[1])
    async with asyncio.timeout(5):
        assert await client.call(Request("/test/Echo", b"1")) == "connection lost"
        assert await client.call(Request("/test/Echo", b"1")) == "connection lost"
    server.close()


@pytest.mark.parametrize(
    ("block", "status"),
    [
        (b"\x88", "200"),
        (b"\x20\x8d", "404"),
        (b"\x48\x03202", "202"),
        (b"\x08\x82\x10\x05", "202"),
        (b"\x08\x03429", "429"),
        (b"\x48\x82\x68\x3f", "42?"),
    ],
)
def test_the_status_of_an_answer_is_read_in_each_encoding(block: bytes, status: str) -> None:
    if "?" in status:
        assert status_of(block) != "200"
    else:
        assert status_of(block) == status


def test_the_grpc_status_is_read_plain_and_compressed() -> None:
    assert grpc_status_of(literal("grpc-status", "14")) == "14"
    compressed_name = b"\x00\x88\x9a\xca\xc8\xb2\x12\x34\xda\x8f"
    assert grpc_status_of(b"\x00\x01a\x01b" + compressed_name + b"\x010") == "0"
    assert grpc_status_of(b"") == "?"


async def test_http_1_answers_are_read_to_their_end() -> None:
    answers = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    ]
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            seen.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = await H1Connection.open(Target("rest_h1", "127.0.0.1", port, (("x-gateway-key", "k"),)))
    outcomes = [await client.call(Request(f"/context/{n}?message=a%20b")) for n in range(5)]
    assert outcomes == ["ok", "429", "ok", "ok", "connection lost"]
    assert seen[0].startswith(b"GET /context/0?message=a%20b HTTP/1.1\r\n")
    assert b"x-gateway-key: k\r\n" in seen[0]
    client.close()
    server.close()


def test_generator_processes_load_the_echo_and_end() -> None:
    answer = context_pb2.GetContactContextResponse(prompt="hello").SerializeToString()
    with echo(answer, b"", processes=1) as port:
        target = Target("grpc", "127.0.0.1", port, connections=2)
        closed, opened = run(
            [
                Plan(target, (HELLO,), ClosedLoop(in_flight=4, seconds=0.5, warm_up=0.2)),
                Plan(target, (HELLO,), OpenLoop(rate=50, seconds=0.5, warm_up=0.2)),
            ]
        )
    assert closed.rps > 50 and not closed.errors
    assert len(opened.latencies_ms) == 25 and not opened.errors
