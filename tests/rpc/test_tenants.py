"""Tenants are made, and deleted whole; what the platform does is in its audit log."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import psycopg
import pytest
from kith.contact.v1 import contact_pb2
from kith.context.v1 import context_pb2
from kith.tenant.v1 import tenant_pb2
from sqlalchemy import text

from server.embedded.stores import EmbeddedStores
from store import audit, queue
from store.tables import WITHOUT_TENANT_POLICY, metadata
from tests.planting import row
from tests.rpc.access_server import Process, key, process, refusal, settings_for

READ = context_pb2.GetContactContextRequest(contact_id="ct_1")


@pytest.fixture(scope="module")
async def server(stores: EmbeddedStores, database_name: str) -> AsyncIterator[Process]:
    async with process(settings_for(stores, database_name)) as running:
        yield running


@pytest.fixture(scope="module")
async def platform(server: Process) -> Any:
    return key(await server.platform_key())


async def test_the_same_creation_again_changes_nothing(server: Process, platform: Any) -> None:
    request = tenant_pb2.CreateTenantRequest(tenant_id="tnt_n", name="Nordic", time_zone="Europe/Oslo")
    call = server.tenants.CreateTenant(request, metadata=platform)
    made = (await call).tenant
    assert (made.id, made.name, made.time_zone, made.status) == ("tnt_n", "Nordic", "Europe/Oslo", "active")
    assert dict(await call.initial_metadata())["x-http-status"] == "201"
    again = server.tenants.CreateTenant(request, metadata=platform)
    assert (await again).tenant == made
    assert "x-http-status" not in dict(await again.initial_metadata())
    other = tenant_pb2.CreateTenantRequest(tenant_id="tnt_n", name="Other")
    assert (await refusal(server.tenants.CreateTenant(other, metadata=platform))).reason == "TENANT_EXISTS"


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (tenant_pb2.CreateTenantRequest(tenant_id="platform"), "tenant_id"),
        (tenant_pb2.CreateTenantRequest(tenant_id="a b"), "tenant_id"),
        (tenant_pb2.CreateTenantRequest(time_zone="Mars/Olympus"), "time_zone"),
    ],
)
async def test_a_tenant_that_cannot_be_is_refused(
    server: Process, platform: Any, request_: tenant_pb2.CreateTenantRequest, field: str
) -> None:
    refused = await refusal(server.tenants.CreateTenant(request_, metadata=platform))
    assert list(refused.fields) == [field]


async def test_keys_are_listed_without_their_secrets(server: Process, platform: Any) -> None:
    await server.make_tenant("tnt_k")
    made = await server.tenants.CreateGatewayKey(
        tenant_pb2.CreateGatewayKeyRequest(tenant_id="tnt_k", name="bot"), metadata=platform
    )
    listed = await server.tenants.ListGatewayKeys(
        tenant_pb2.ListGatewayKeysRequest(tenant_id="tnt_k"), metadata=platform
    )
    assert [k.name for k in listed.keys] == ["bot", "gateway key"]
    assert made.secret not in str(listed)
    missing = tenant_pb2.RevokeGatewayKeyRequest(tenant_id="tnt_k", key_id="key_none")
    assert (await refusal(server.tenants.RevokeGatewayKey(missing, metadata=platform))).reason == "KEY_NOT_FOUND"
    absent = tenant_pb2.CreateGatewayKeyRequest(tenant_id="tnt_absent")
    assert (await refusal(server.tenants.CreateGatewayKey(absent, metadata=platform))).reason == "TENANT_NOT_FOUND"


async def test_a_deleted_tenant_leaves_nothing_in_any_table_or_cache(
    stores: EmbeddedStores, database_name: str, server: Process, platform: Any
) -> None:
    secret = await server.make_tenant("tnt_gone")
    await server.make_tenant("tnt_stays")
    await server.context.GetContactContext(READ, metadata=key(secret))
    for tenant in ("tnt_gone", "tnt_stays"):
        _plant(stores, database_name, tenant)
        async with server.database.transaction(tenant) as tx:
            await queue.put(tx, queue.Job("some_task", {"tenant_id": tenant, "contact_id": "x"}))
        for name in (f"epoch:kith:v:{{{tenant}/ct_1}}", f"epoch:kith:s:{{{tenant}/ct_1}}"):
            await server.redis.client.set(name, b"x")

    deleted = await server.tenants.DeleteTenant(tenant_pb2.DeleteTenantRequest(tenant_id="tnt_gone"), metadata=platform)

    assert deleted.verified
    assert all(deleted.rows_deleted[table] >= 1 for table in (*_TABLES, "procrastinate_jobs"))
    assert set(_counts(stores, database_name, "tnt_gone").values()) == {0}
    assert all(count >= 1 for count in _counts(stores, database_name, "tnt_stays").values())
    keys = [name.decode() async for name in server.redis.client.scan_iter(match="*tnt_*")]
    assert not [name for name in keys if "tnt_gone" in name]
    assert [name for name in keys if "tnt_stays" in name]
    refused = await refusal(server.context.GetContactContext(READ, metadata=key(secret)))
    assert refused.code is grpc.StatusCode.UNAUTHENTICATED
    request = tenant_pb2.GetTenantRequest(tenant_id="tnt_gone")
    assert (await refusal(server.tenants.GetTenant(request, metadata=platform))).reason == "TENANT_NOT_FOUND"


async def test_a_deletion_that_broke_off_is_taken_up_again_and_nothing_gets_in_meanwhile(
    stores: EmbeddedStores, database_name: str, server: Process, platform: Any
) -> None:
    secret = await server.make_tenant("tnt_half")
    await server.context.GetContactContext(READ, metadata=key(secret))
    _plant(stores, database_name, "tnt_half")
    refused = await refusal(
        server.tenants.DeleteTenant(
            tenant_pb2.DeleteTenantRequest(tenant_id="tnt_half"), metadata=platform, timeout=0.02
        )
    )
    assert refused.code is grpc.StatusCode.DEADLINE_EXCEEDED
    async with server.database.transaction("platform") as tx:
        await tx.execute(text("UPDATE tenants SET status = 'deleting' WHERE tenant_id = 'tnt_half'"))
    await asyncio.sleep(0.9)
    refused = await refusal(server.context.GetContactContext(READ, metadata=key(secret)))
    assert refused.code is grpc.StatusCode.UNAUTHENTICATED
    resume = tenant_pb2.ResumeTenantRequest(tenant_id="tnt_half")
    assert (await refusal(server.tenants.ResumeTenant(resume, metadata=platform))).reason == "CONFLICT"
    deleted = await server.tenants.DeleteTenant(tenant_pb2.DeleteTenantRequest(tenant_id="tnt_half"), metadata=platform)
    assert deleted.verified
    assert set(_counts(stores, database_name, "tnt_half").values()) == {0}


async def test_the_audit_log_says_who_did_what_in_which_request(server: Process, platform: Any) -> None:
    secret = await server.make_tenant("tnt_audited")
    request = contact_pb2.CreateContactRequest(external_id="x", channel="web")
    await server.contacts.CreateContact(request, metadata=key(secret, x_request_id="req-3"))
    async with server.database.transaction("tnt_audited") as tx:
        entry = (await audit.newest(tx))[0]
    assert (entry.action, entry.target, entry.request_id) == ("contact.create", "ct_made", "req-3")
    assert entry.actor.startswith("key:key_")

    for method, message in (
        (server.tenants.SuspendTenant, tenant_pb2.SuspendTenantRequest(tenant_id="tnt_audited")),
        (server.tenants.ResumeTenant, tenant_pb2.ResumeTenantRequest(tenant_id="tnt_audited")),
        (server.tenants.DeleteTenant, tenant_pb2.DeleteTenantRequest(tenant_id="tnt_audited")),
    ):
        await method(message, metadata=platform)
    async with server.database.transaction("platform") as tx:
        done = [(e.action, e.target) for e in await audit.newest(tx, 3)]
    assert done == [("tenant." + verb, "tnt_audited") for verb in ("delete", "resume", "suspend")]


async def test_the_audit_log_cannot_be_altered_or_shortened_by_the_server(server: Process) -> None:
    await server.make_tenant("tnt_log")
    async with server.database.transaction("platform") as tx:
        before = len(await audit.newest(tx, 1000))
        await tx.execute(text("DELETE FROM audit_log"))
        assert len(await audit.newest(tx, 1000)) == before


_TABLES = sorted(set(metadata.tables) - WITHOUT_TENANT_POLICY)


def _plant(stores: EmbeddedStores, name: str, tenant: str) -> None:
    with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{name}") as connection:
        connection.execute("SET session_replication_role = replica")
        for table in _TABLES:
            columns, values = row(table, tenant_id=f"'{tenant}'")
            statement = f"INSERT INTO {table} ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING"
            connection.execute(statement.encode())


def _counts(stores: EmbeddedStores, name: str, tenant: str) -> dict[str, int]:
    with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{name}") as connection:
        found = {
            table: connection.execute(
                f"SELECT count(*) FROM {table} WHERE tenant_id = %s".encode(), [tenant]
            ).fetchone()
            for table in (*_TABLES, "tenants")
        }
        jobs = connection.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE args ->> 'tenant_id' = %s", [tenant]
        ).fetchone()
    return {table: row[0] for table, row in {**found, "jobs": jobs}.items() if row is not None}
