"""The same Idempotency-Key twice does the work once, and answers the same."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import psycopg
import pytest
from kith.contact.v1 import contact_pb2
from kith.context.v1 import context_pb2
from kith.tenant.v1 import tenant_pb2
from sqlalchemy import select

from server.domain.errors import NotFound
from server.embedded.stores import EmbeddedStores
from server.usecases.idempotency import forget_expired
from store.tables.operations import idempotency_keys
from tests.rpc.access_server import Process, key, process, refusal, settings_for

TURN = context_pb2.IngestInteractionRequest(contact_id="ct_1", user_message="I was at the lake.")


def _ingest(server: Process, secret: str, idempotency_key: str, request: Any = TURN, **more: Any) -> Any:
    return server.context.IngestInteraction(request, metadata=key(secret, idempotency_key=idempotency_key), **more)


async def test_the_second_request_gets_the_first_answer_and_status(stores: EmbeddedStores, database_name: str) -> None:
    settings = settings_for(stores, database_name)
    async with process(settings) as one, process(settings) as two:
        secret = await one.make_tenant("tnt_i")
        first = await _ingest(one, secret, "turn-1")
        call = _ingest(two, secret, "turn-1")
        assert await call == first
        assert dict(await call.initial_metadata())["x-http-status"] == "202"
        assert (one.seen.calls, two.seen.calls) == (1, 0)


async def test_another_request_under_the_same_key_is_refused(stores: EmbeddedStores, database_name: str) -> None:
    async with process(settings_for(stores, database_name)) as server:
        secret = await server.make_tenant("tnt_i")
        await _ingest(server, secret, "turn-2")
        other = context_pb2.IngestInteractionRequest(contact_id="ct_1", user_message="I was at home.")
        refused = await refusal(_ingest(server, secret, "turn-2", other))
        assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED")


async def test_the_keys_of_tenants_and_of_operations_are_apart(stores: EmbeddedStores, database_name: str) -> None:
    async with process(settings_for(stores, database_name)) as server:
        first, second = await server.make_tenant("tnt_i"), await server.make_tenant("tnt_j")
        await _ingest(server, first, "same")
        await _ingest(server, second, "same")
        request = contact_pb2.CreateContactRequest(external_id="x", channel="web")
        await server.contacts.CreateContact(request, metadata=key(first, idempotency_key="same"))
        assert server.seen.calls == 3


async def test_a_request_while_the_first_is_under_way_is_told_so(stores: EmbeddedStores, database_name: str) -> None:
    async with process(settings_for(stores, database_name)) as server:
        secret = await server.make_tenant("tnt_i")
        go_on = asyncio.Event()
        server.seen.work = go_on.wait
        first = asyncio.ensure_future(_wait(_ingest(server, secret, "slow")))
        while server.seen.calls == 0:
            await asyncio.sleep(0.01)
        refused = await refusal(_ingest(server, secret, "slow"))
        assert (refused.code, refused.reason) == (grpc.StatusCode.ABORTED, "IDEMPOTENCY_IN_PROGRESS")
        go_on.set()
        assert await first == await _ingest(server, secret, "slow")


async def _wait(call: Any) -> Any:
    return await call


async def test_a_caller_that_hung_up_finds_its_answer_later(stores: EmbeddedStores, database_name: str) -> None:
    async with process(settings_for(stores, database_name)) as server:
        secret = await server.make_tenant("tnt_i")

        async def work() -> None:
            await asyncio.sleep(0.3)

        server.seen.work = work
        refused = await refusal(_ingest(server, secret, "hung-up", timeout=0.1))
        assert refused.code is grpc.StatusCode.DEADLINE_EXCEEDED
        await asyncio.sleep(0.5)
        await _ingest(server, secret, "hung-up")
        assert server.seen.calls == 1


async def test_a_failed_request_may_be_tried_again(stores: EmbeddedStores, database_name: str) -> None:
    async with process(settings_for(stores, database_name)) as server:
        secret = await server.make_tenant("tnt_i")

        async def fail() -> None:
            raise NotFound.contact("ct_1")

        server.seen.work = fail
        assert (await refusal(_ingest(server, secret, "again"))).reason == "CONTACT_NOT_FOUND"
        server.seen.work = None
        await _ingest(server, secret, "again")
        assert server.seen.calls == 2


async def test_what_a_dead_process_left_is_taken_over_after_a_minute(
    stores: EmbeddedStores, database_name: str
) -> None:
    now = datetime.now(UTC)
    times = [now]
    async with process(settings_for(stores, database_name), clock=lambda: times[0]) as server:
        secret = await server.make_tenant("tnt_i")
        await _ingest(server, secret, "left")
        _as_superuser(
            stores, database_name, "UPDATE idempotency_keys SET response = NULL WHERE idempotency_key = 'left'"
        )
        assert (await refusal(_ingest(server, secret, "left"))).reason == "IDEMPOTENCY_IN_PROGRESS"
        times[0] = now + timedelta(seconds=61)
        await _ingest(server, secret, "left")
        assert server.seen.calls == 2


async def test_a_key_is_forgotten_after_a_day(stores: EmbeddedStores, database_name: str) -> None:
    now = datetime.now(UTC)
    times = [now]
    async with process(settings_for(stores, database_name), clock=lambda: times[0]) as server:
        secret = await server.make_tenant("tnt_i")
        await _ingest(server, secret, "yesterday")
        times[0] = now + timedelta(hours=23, minutes=59)
        await _ingest(server, secret, "yesterday")
        assert server.seen.calls == 1
        times[0] = now + timedelta(hours=24)
        await _ingest(server, secret, "yesterday")
        assert server.seen.calls == 2
        assert await forget_expired(server.database, now + timedelta(hours=49)) >= 1


@pytest.mark.parametrize("bad", ["", "a b", "x" * 256])
async def test_a_malformed_key_is_named(stores: EmbeddedStores, database_name: str, bad: str) -> None:
    async with process(settings_for(stores, database_name)) as server:
        secret = await server.make_tenant("tnt_i")
        refused = await refusal(_ingest(server, secret, bad))
        assert list(refused.fields) == ["idempotency-key"]
        assert server.seen.calls == 0


async def test_reads_take_no_notice_of_a_key(stores: EmbeddedStores, database_name: str) -> None:
    async with process(settings_for(stores, database_name)) as server:
        secret = await server.make_tenant("tnt_i")
        request = context_pb2.GetContactContextRequest(contact_id="ct_1")
        for _ in range(2):
            await server.context.GetContactContext(request, metadata=key(secret, idempotency_key="read"))
        assert server.seen.calls == 2


async def test_the_answer_about_a_contact_goes_with_the_contact(stores: EmbeddedStores, database_name: str) -> None:
    async with process(settings_for(stores, database_name)) as server:
        secret = await server.make_tenant("tnt_i")
        await _ingest(server, secret, "of-contact")
        async with server.database.transaction("tnt_i") as tx:
            # ct_1 was never made, so this answer, which holds no text, stands without its contact.
            assert not (await tx.execute(select(idempotency_keys.c.operation).filter_by(contact_id="ct_1"))).all()
        request = contact_pb2.CreateContactRequest(external_id="x", channel="web")
        await server.contacts.CreateContact(request, metadata=key(secret, idempotency_key="gone"))
        # One that can hold text is not kept for a contact that is not there (any more).
        await server.contacts.CreateContact(request, metadata=key(secret, idempotency_key="gone"))
        assert server.seen.calls == 3


async def test_a_new_key_is_replayed_and_yet_stored_nowhere_in_the_clear(
    stores: EmbeddedStores, database_name: str
) -> None:
    async with process(settings_for(stores, database_name)) as server:
        await server.make_tenant("tnt_i")
        platform = key(await server.platform_key(), idempotency_key="make-key")
        request = tenant_pb2.CreateGatewayKeyRequest(tenant_id="tnt_i")
        first = await server.tenants.CreateGatewayKey(request, metadata=platform)
        second = await server.tenants.CreateGatewayKey(request, metadata=platform)
        assert first.secret == second.secret
        stored = _as_superuser(
            stores, database_name, "SELECT response FROM idempotency_keys WHERE tenant_id='platform'"
        )
        assert stored
        assert first.secret.encode() not in b"".join(row[0] for row in stored)


def _as_superuser(stores: EmbeddedStores, database_name: str, statement: Any) -> list[Any]:
    with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{database_name}") as connection:
        found = connection.execute(statement)
        return found.fetchall() if found.description else []
