"""What every call gets, whatever it asks: validation, caps, deadlines, request ids, logs, safe errors."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import grpc
import pytest
from kith.contact.v1 import contact_pb2
from kith.context.v1 import context_pb2
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from sqlalchemy import text

from server.embedded.stores import EmbeddedStores
from server.rpc.interceptors.chain import Chain
from server.rpc.interceptors.deadline import Deadline
from server.rpc.interceptors.errors import Errors
from server.rpc.interceptors.telemetry import Telemetry
from server.rpc.interceptors.validation import Validation
from server.rpc.policy import policies
from tests.rpc.access_server import Process, bearer, key, process, refusal, settings_for

READ = context_pb2.GetContactContextRequest(contact_id="ct_1")
METHOD = "kith.context.v1.ContextService/GetContactContext"


@pytest.fixture(scope="module")
async def server(stores: EmbeddedStores, database_name: str) -> AsyncIterator[Process]:
    async with process(settings_for(stores, database_name)) as running:
        yield running


@pytest.fixture(scope="module")
async def secret(server: Process) -> str:
    return await server.make_tenant("tnt_calls")


@pytest.fixture(autouse=True)
def nothing_to_do(server: Process) -> None:
    server.seen.work = None


async def test_every_wrong_field_is_told(server: Process, secret: str) -> None:
    request = context_pb2.GetContactContextRequest(contact_id="é", message="a\0", memory_limit=0)
    before = server.seen.calls
    refused = await refusal(server.context.GetContactContext(request, metadata=key(secret)))
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_INPUT")
    assert set(refused.fields) == {"contact_id", "message", "memory_limit"}
    assert server.seen.calls == before


async def test_a_request_with_hundreds_of_faults_still_gets_an_answer_that_fits(server: Process, secret: str) -> None:
    request = contact_pb2.UpdateContactRequest(contact_id="ct_1")
    request.update_mask.paths.extend(["\0"] * 5_000)
    token = bearer(await server.token("tnt_calls"))
    refused = await refusal(server.contacts.UpdateContact(request, metadata=token))
    assert refused.reason == "INVALID_INPUT"
    assert len(refused.fields) == 20
    assert len(refused.message) <= 1_000


async def test_a_request_over_the_cap_is_refused_unread(server: Process, secret: str) -> None:
    request = context_pb2.IngestInteractionRequest(contact_id="ct_1", user_message="x" * 270_000)
    refused = await refusal(server.context.IngestInteraction(request, metadata=key(secret)))
    assert refused.reason == "PAYLOAD_TOO_LARGE"


async def test_bytes_that_are_no_message_are_refused(server: Process, secret: str) -> None:
    call = server.channel.unary_unary(f"/{METHOD}")
    refused = await refusal(call(b"\xff\xff\xff", metadata=key(secret)))
    assert refused.reason == "INVALID_INPUT"


async def test_an_unknown_rpc_is_unimplemented(server: Process, secret: str) -> None:
    call = server.channel.unary_unary("/kith.context.v1.ContextService/Nothing")
    assert (await refusal(call(b"", metadata=key(secret)))).code is grpc.StatusCode.UNIMPLEMENTED


async def test_the_deadline_of_the_caller_ends_the_work_in_the_database(server: Process, secret: str) -> None:
    async def work() -> None:
        async with server.database.transaction("tnt_calls") as tx:
            await tx.execute(text("SELECT pg_sleep(5)"))

    server.seen.work = work
    began = time.monotonic()
    refused = await refusal(server.context.GetContactContext(READ, metadata=key(secret), timeout=0.3))
    assert refused.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - began < 1
    await asyncio.sleep(0.2)
    server.seen.work = None
    async with server.database.transaction("tnt_calls") as tx:
        running = await tx.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(5)%' AND pid <> pg_backend_pid()"
                " AND state = 'active'"
            )
        )
        assert running.scalar_one() == 0


async def test_a_database_that_is_away_is_unavailable_and_back_without_a_restart(
    stores: EmbeddedStores, server: Process, secret: str
) -> None:
    async def work() -> None:
        async with server.database.transaction("tnt_calls") as tx:
            await tx.execute(text("SELECT 1"))

    server.seen.work = work
    await server.context.GetContactContext(READ, metadata=key(secret))
    stores.stop_postgres(kill=True)
    try:
        refused = await refusal(server.context.GetContactContext(READ, metadata=key(secret)))
        assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")
    finally:
        stores.start_postgres()
    ends = time.monotonic() + 10
    while True:
        try:
            await server.context.GetContactContext(READ, metadata=key(secret))
            break
        except grpc.aio.AioRpcError:
            assert time.monotonic() < ends
            await asyncio.sleep(0.1)


async def test_an_unforeseen_error_tells_the_request_id_and_nothing_else(
    server: Process, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        raise RuntimeError("my sister Mina is ill")

    server.seen.work = work
    with caplog.at_level(logging.INFO):
        refused = await refusal(server.context.GetContactContext(READ, metadata=key(secret, x_request_id="req-9")))
    assert (refused.code, refused.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert "req-9" in refused.message
    assert "Mina" not in str(refused)
    assert "Mina" not in caplog.text
    record = next(r for r in caplog.records if r.message == "a call failed")
    trace: Any = record.__dict__["trace"]
    assert any("test_calls.py" in line for line in trace)


async def test_every_call_is_logged_once_with_tenant_and_status_and_no_words(server: Process, secret: str) -> None:
    request = context_pb2.GetContactContextRequest(contact_id="ct_1", message="my sister Mina")
    call = server.context.GetContactContext(request, metadata=key(secret, x_request_id="req-1"))
    await call
    assert dict(await call.trailing_metadata())["x-request-id"] == "req-1"
    await refusal(server.context.GetContactContext(request, metadata=[("x-request-id", "req-2")]))

    def logged(request_id: str) -> list[dict[str, Any]]:
        server.call_log.flush()
        lines = [json.loads(line) for line in "".join(server.log_lines).splitlines()]
        return [line for line in lines if line.get("request_id") == request_id]

    async with asyncio.timeout(10):
        # A call is noted a moment after it was answered.
        while not (logged("req-1") and logged("req-2")):
            await asyncio.sleep(0.01)
    [first], [second] = logged("req-1"), logged("req-2")
    assert (first["method"], first["status"], first["tenant"], first["request_id"]) == (
        METHOD, "OK", "tnt_calls", "req-1",
    )  # fmt: skip
    assert (second["status"], second["tenant"]) == ("UNAUTHENTICATED", None)
    assert "Mina" not in str(server.log_lines)
    assert secret not in str(server.log_lines)


async def test_a_malformed_request_id_is_replaced(server: Process, secret: str) -> None:
    call = server.context.GetContactContext(READ, metadata=key(secret, x_request_id="my sister's name"))
    await call
    made = dict(await call.trailing_metadata())["x-request-id"]
    assert len(made) == 24


async def test_calls_are_counted_by_method_and_status(server: Process, secret: str) -> None:
    def count(status: str) -> float:
        return REGISTRY.get_sample_value("kith_rpcs_total", {"method": METHOD, "status": status}) or 0

    good, bad = count("OK"), count("UNAUTHENTICATED")
    await server.context.GetContactContext(READ, metadata=key(secret))
    await refusal(server.context.GetContactContext(READ))
    await asyncio.sleep(0.05)
    assert (count("OK"), count("UNAUTHENTICATED")) == (good + 1, bad + 1)


async def test_an_rpc_that_no_option_opens_is_denied_to_everybody() -> None:
    async def answer(_: bytes, __: Any) -> bytes:
        raise AssertionError("it was called")

    handlers = {"Undeclared": grpc.unary_unary_rpc_method_handler(answer)}
    async with _serving(Chain({}, []), "kith.other.v1.OtherService", handlers) as channel:
        refused = await refusal(channel.unary_unary("/kith.other.v1.OtherService/Undeclared")(b""))
    assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")


async def test_streams_pass_through_the_same_steps(server: Process) -> None:
    """No RPC of today streams; those to come are checked message by message, and fail in the same shape."""

    async def count(requests: Any, _: Any) -> AsyncIterator[Any]:
        async for request in requests:
            yield context_pb2.GetContactContextResponse(prompt=request.contact_id)

    name = "kith.context.v1.ContextService"
    unary = policies(general_max_bytes=10_000)[f"/{METHOD}"]
    both = replace(unary, client_streaming=True, server_streaming=True)
    chain = Chain({f"/{METHOD}": both}, [Telemetry(server.call_log, None), Errors(), Deadline(), Validation()])
    response = context_pb2.GetContactContextResponse
    handlers = {
        "GetContactContext": grpc.stream_stream_rpc_method_handler(
            count, context_pb2.GetContactContextRequest.FromString, response.SerializeToString
        )
    }
    async with _serving(chain, name, handlers) as channel:
        open_stream: Any = channel.stream_stream(
            f"/{METHOD}", context_pb2.GetContactContextRequest.SerializeToString, response.FromString
        )
        stream = open_stream()
        for contact_id in ("ct_1", "ct_2"):
            await stream.write(context_pb2.GetContactContextRequest(contact_id=contact_id))
            assert (await stream.read()).prompt == contact_id
        await stream.write(context_pb2.GetContactContextRequest(contact_id="not an id"))
        refused = await refusal(stream.read())
    assert list(refused.fields) == ["contact_id"]


async def test_a_span_continues_the_callers_trace_and_holds_no_words(
    stores: EmbeddedStores, database_name: str
) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    settings = settings_for(stores, database_name)
    async with process(settings, tracer=provider.get_tracer("test")) as server:
        secret = await server.make_tenant("tnt_traced")
        parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        request = context_pb2.GetContactContextRequest(contact_id="ct_1", message="my sister Mina")
        await server.context.GetContactContext(request, metadata=key(secret, traceparent=parent))
        (span,) = exporter.get_finished_spans()
        assert format(span.context.trace_id, "032x") == "0af7651916cd43dd8448eb211c80319c"
        assert dict(span.attributes or {})["kith.tenant_id"] == "tnt_traced"
        assert "Mina" not in span.to_json()
        assert secret not in span.to_json()


@asynccontextmanager
async def _serving(chain: Chain, service: str, handlers: dict[str, Any]) -> AsyncIterator[grpc.aio.Channel]:
    server = grpc.aio.server(interceptors=[chain])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
    finally:
        await server.stop(0)
