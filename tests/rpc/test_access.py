"""Who may call what: keys and tokens, the tenants that requests name, and credentials that end."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import psycopg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health_pb2, health_pb2_grpc
from kith.contact.v1 import contact_pb2
from kith.context.v1 import context_pb2
from kith.memory.v1 import memory_pb2
from kith.tenant.v1 import tenant_pb2

from server.embedded.stores import EmbeddedStores
from server.rpc.policy import permissions
from server.usecases.credentials import issue_token
from tests.rpc.access_server import Process, bearer, key, process, refusal, settings_for, until_refused

READ = context_pb2.GetContactContextRequest(contact_id="ct_1")
LIST = contact_pb2.ListContactsRequest()
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
DENIED = grpc.StatusCode.PERMISSION_DENIED


@pytest.fixture(scope="module")
async def server(stores: EmbeddedStores, database_name: str) -> AsyncIterator[Process]:
    async with process(settings_for(stores, database_name)) as running:
        yield running


@pytest.fixture(scope="module")
async def gateway_key(server: Process) -> str:
    return await server.make_tenant("tnt_a")


async def test_a_gateway_key_acts_for_its_tenant(server: Process, gateway_key: str) -> None:
    await server.context.GetContactContext(READ, metadata=key(gateway_key))
    caller = server.seen.callers[-1]
    assert (caller.tenant_id, caller.kind) == ("tnt_a", "key")


async def test_a_token_acts_for_its_tenant(server: Process, gateway_key: str) -> None:
    await server.contacts.ListContacts(LIST, metadata=bearer(await server.token("tnt_a")))
    caller = server.seen.callers[-1]
    assert (caller.tenant_id, caller.kind, caller.actor_id) == ("tnt_a", "bearer", "user-1")


@pytest.mark.parametrize(
    "metadata",
    [
        [],
        key(""),
        key("nonsense"),
        key("kgk_tnt_a_" + "0" * 64),
        key("kgk_tnt_nobody_" + "0" * 64),
        key("kgk_platform_" + "0" * 64),
    ],
)
async def test_without_a_good_key_a_call_is_unauthenticated(
    server: Process, gateway_key: str, metadata: list[tuple[str, str]]
) -> None:
    refused = await refusal(server.context.GetContactContext(READ, metadata=metadata))
    assert (refused.code, refused.reason) == (UNAUTHENTICATED, "UNAUTHENTICATED")


async def test_a_refusal_carries_the_request_id_of_the_caller(server: Process) -> None:
    refused = await refusal(server.context.GetContactContext(READ, metadata=[("x-request-id", "req-7")]))
    assert refused.info["request_id"] == refused.trailing["x-request-id"] == "req-7"


async def test_a_gateway_key_alone_is_no_credential_where_a_token_is_asked_for(
    server: Process, gateway_key: str
) -> None:
    refused = await refusal(server.contacts.ListContacts(LIST, metadata=key(gateway_key)))
    assert refused.code is UNAUTHENTICATED


async def test_a_token_alone_is_no_credential_where_a_key_is_asked_for(server: Process, gateway_key: str) -> None:
    refused = await refusal(server.context.GetContactContext(READ, metadata=bearer(await server.token("tnt_a"))))
    assert refused.code is UNAUTHENTICATED


async def test_a_token_without_the_permission_is_denied(server: Process, gateway_key: str) -> None:
    token = await server.token("tnt_a", "memories:read")
    refused = await refusal(server.contacts.ListContacts(LIST, metadata=bearer(token)))
    assert (refused.code, refused.reason) == (DENIED, "PERMISSION_DENIED")
    assert refused.info["permission"] == "contacts:read"


async def test_a_token_of_a_deleted_tenant_does_not_open_a_new_one_of_the_same_id(server: Process) -> None:
    earlier = replace(server.issuer, clock=lambda: datetime.now(UTC) - timedelta(minutes=1))
    await server.make_tenant("tnt_again")
    token = await issue_token(earlier, "tnt_again", "user-1", permissions(), timedelta(hours=1))
    refused = await refusal(server.contacts.ListContacts(LIST, metadata=bearer(token)))
    assert refused.code is UNAUTHENTICATED


async def test_the_health_service_needs_no_credential(server: Process) -> None:
    health: Any = health_pb2_grpc.HealthStub(server.channel)
    answer = await health.Check(health_pb2.HealthCheckRequest())
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


# Tenants in the request.


async def test_another_tenant_in_the_header_is_denied(server: Process, gateway_key: str) -> None:
    refused = await refusal(server.context.GetContactContext(READ, metadata=key(gateway_key, x_tenant_id="tnt_b")))
    assert refused.code is DENIED
    await server.context.GetContactContext(READ, metadata=key(gateway_key, x_tenant_id="tnt_a"))


async def test_another_tenant_in_the_body_is_denied(server: Process, gateway_key: str) -> None:
    request = contact_pb2.CreateContactRequest(tenant_id="tnt_b", external_id="x", channel="web")
    refused = await refusal(server.contacts.CreateContact(request, metadata=key(gateway_key)))
    assert refused.code is DENIED


async def test_a_platform_key_names_its_tenant_in_header_or_body(server: Process, gateway_key: str) -> None:
    platform = await server.platform_key()
    await server.context.GetContactContext(READ, metadata=key(platform, x_tenant_id="tnt_a"))
    assert server.seen.callers[-1].tenant_id == "tnt_a"
    request = memory_pb2.ConsolidateMemoriesRequest(tenant_id="tnt_a", contact_id="ct_1")
    await server.memories.ConsolidateMemories(request, metadata=key(platform))
    assert server.seen.callers[-1].tenant_id == "tnt_a"


async def test_a_platform_key_that_names_no_tenant_is_told_so(server: Process) -> None:
    refused = await refusal(server.context.GetContactContext(READ, metadata=key(await server.platform_key())))
    assert (refused.reason, list(refused.fields)) == ("INVALID_INPUT", ["x-tenant-id"])


@pytest.mark.parametrize("tenant", ["tnt_gone", "platform"])
async def test_a_platform_key_that_names_an_unknown_tenant_is_told_so(server: Process, tenant: str) -> None:
    metadata = key(await server.platform_key(), x_tenant_id=tenant)
    refused = await refusal(server.context.GetContactContext(READ, metadata=metadata))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "TENANT_NOT_FOUND")


async def test_a_tenants_own_key_cannot_call_the_platforms_rpcs(server: Process, gateway_key: str) -> None:
    refused = await refusal(
        server.tenants.GetTenant(tenant_pb2.GetTenantRequest(tenant_id="tnt_a"), metadata=key(gateway_key))
    )
    assert refused.code is DENIED


# Revocation, rotation, suspension: within a second, on every process.


async def test_a_revoked_key_is_refused_by_every_process_within_a_second(
    stores: EmbeddedStores, database_name: str
) -> None:
    settings = settings_for(stores, database_name)
    async with process(settings) as one, process(settings) as two:
        secret = await one.make_tenant("tnt_revoked")
        for server in (one, two):
            await server.context.GetContactContext(READ, metadata=key(secret))
        platform = key(await one.platform_key())
        listed = await one.tenants.ListGatewayKeys(
            tenant_pb2.ListGatewayKeysRequest(tenant_id="tnt_revoked"), metadata=platform
        )
        request = tenant_pb2.RevokeGatewayKeyRequest(tenant_id="tnt_revoked", key_id=listed.keys[0].id)
        await one.tenants.RevokeGatewayKey(request, metadata=platform)
        for server in (one, two):
            await until_refused(server.context.GetContactContext, READ, key(secret), UNAUTHENTICATED)


async def test_a_revoked_key_is_refused_within_a_second_also_where_notifications_are_lost(
    stores: EmbeddedStores, database_name: str
) -> None:
    settings = settings_for(stores, database_name)
    async with process(settings) as one, process(settings) as deaf:
        secret = await one.make_tenant("tnt_deaf")
        await deaf.context.GetContactContext(READ, metadata=key(secret))
        await deaf.notifications.close()
        await asyncio.sleep(1.1)
        await deaf.context.GetContactContext(READ, metadata=key(secret))
        platform = key(await one.platform_key())
        listed = await one.tenants.ListGatewayKeys(
            tenant_pb2.ListGatewayKeysRequest(tenant_id="tnt_deaf"), metadata=platform
        )
        await one.tenants.RevokeGatewayKey(
            tenant_pb2.RevokeGatewayKeyRequest(tenant_id="tnt_deaf", key_id=listed.keys[0].id), metadata=platform
        )
        await until_refused(deaf.context.GetContactContext, READ, key(secret), UNAUTHENTICATED)


async def test_a_rotated_key_stays_good_for_the_overlap_and_the_new_one_is_good_at_once(
    stores: EmbeddedStores, database_name: str
) -> None:
    now = datetime.now(UTC)
    times = [now]
    async with process(settings_for(stores, database_name), clock=lambda: times[0]) as server:
        old = await server.make_tenant("tnt_rotating")
        platform = key(await server.platform_key())
        listed = await server.tenants.ListGatewayKeys(
            tenant_pb2.ListGatewayKeysRequest(tenant_id="tnt_rotating"), metadata=platform
        )
        rotated = await server.tenants.RotateGatewayKey(
            tenant_pb2.RotateGatewayKeyRequest(tenant_id="tnt_rotating", key_id=listed.keys[0].id, overlap_seconds=30),
            metadata=platform,
        )
        for secret in (old, rotated.secret):
            await server.context.GetContactContext(READ, metadata=key(secret))
        times[0] = now + timedelta(seconds=31)
        refused = await refusal(server.context.GetContactContext(READ, metadata=key(old)))
        assert refused.code is UNAUTHENTICATED
        await server.context.GetContactContext(READ, metadata=key(rotated.secret))


async def test_a_key_that_expires_is_refused_afterwards(stores: EmbeddedStores, database_name: str) -> None:
    now = datetime.now(UTC)
    times = [now]
    async with process(settings_for(stores, database_name), clock=lambda: times[0]) as server:
        await server.make_tenant("tnt_expiring")
        platform = key(await server.platform_key())
        ends = Timestamp()
        ends.FromDatetime(now + timedelta(seconds=30))
        made = await server.tenants.CreateGatewayKey(
            tenant_pb2.CreateGatewayKeyRequest(tenant_id="tnt_expiring", expires_at=ends), metadata=platform
        )
        await server.context.GetContactContext(READ, metadata=key(made.secret))
        times[0] = now + timedelta(seconds=30)
        refused = await refusal(server.context.GetContactContext(READ, metadata=key(made.secret)))
        assert refused.code is UNAUTHENTICATED


async def test_a_suspended_tenant_is_refused_everywhere_until_it_is_resumed(
    stores: EmbeddedStores, database_name: str
) -> None:
    settings = settings_for(stores, database_name)
    async with process(settings) as one, process(settings) as two:
        secret = await one.make_tenant("tnt_paused")
        token = await one.token("tnt_paused")
        platform = key(await one.platform_key())
        for server in (one, two):
            await server.context.GetContactContext(READ, metadata=key(secret))
            await server.contacts.ListContacts(LIST, metadata=bearer(token))
        await one.tenants.SuspendTenant(tenant_pb2.SuspendTenantRequest(tenant_id="tnt_paused"), metadata=platform)
        for server in (one, two):
            await until_refused(server.context.GetContactContext, READ, key(secret), DENIED)
            await until_refused(server.contacts.ListContacts, LIST, bearer(token), DENIED)
            refused = await refusal(server.context.GetContactContext(READ, metadata=key(secret)))
            assert refused.reason == "TENANT_SUSPENDED"
        await one.tenants.ResumeTenant(tenant_pb2.ResumeTenantRequest(tenant_id="tnt_paused"), metadata=platform)
        await asyncio.sleep(0.2)
        for server in (one, two):
            await server.context.GetContactContext(READ, metadata=key(secret))
            await server.contacts.ListContacts(LIST, metadata=bearer(token))


async def test_no_secret_of_a_key_is_stored(
    server: Process, gateway_key: str, stores: EmbeddedStores, database_name: str
) -> None:
    with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{database_name}") as connection:
        dump = str(connection.execute("SELECT * FROM gateway_keys").fetchall())
        keys = str(connection.execute("SELECT * FROM signing_keys").fetchall())
    assert gateway_key.rsplit("_", 1)[1] not in dump
    assert "PRIVATE KEY" not in keys
