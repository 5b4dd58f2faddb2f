"""What a phone system's delivery meets before it is read: its tenant, its credential, its rate."""

import base64
import itertools
from dataclasses import replace

import pytest
from pydantic import ValidationError

from server.composition import Composition
from server.config import Settings
from server.domain.errors import Conflict, InvalidInput, NotFound, PermissionDenied, RateLimited, Unauthenticated
from server.http_routes.calls import CallWebhooks
from server.http_routes.handling import RawAnswer, RawRequest
from server.secrets import Envelope
from server.usecases import call_endpoints
from server.usecases.credentials import create_gateway_key
from server.usecases.tenants import NewTenant, create_tenant
from store.limits import Limit, Limiter
from store.tables.call import CallEndpointRow
from store.tables.tenant import PLATFORM
from tests.call_deliveries import JSON, SECRETS, SIGNERS, course

OUTSIDE = "https://kith.example/base"
_number = itertools.count(1)


def webhooks(parts: Composition, limit: Limit | None = None) -> CallWebhooks:
    services = replace(parts.services, endpoints=replace(parts.services.endpoints, public_url=OUTSIDE))
    return CallWebhooks(services, parts.credentials, Limiter(parts.redis), limit, OUTSIDE, services.clock)


async def endpoint_of(parts: Composition, tenant: str, provider: str = "generic") -> CallEndpointRow:
    new = await call_endpoints.create_endpoint(
        parts.services.endpoints, tenant, provider, secret=SECRETS[provider], agent_id="agent_1"
    )
    return new.row


def delivery(row: CallEndpointRow, headers: dict[str, str] | None = None) -> RawRequest:
    target = f"/api/webhooks/calls/{row.provider}/{row.endpoint_id}"
    payload = course(row.provider, f"sid-{next(_number)}", "+14155550123")[0]
    signed, body = SIGNERS[row.provider](OUTSIDE + target, SECRETS[row.provider], payload)
    path = {"provider": row.provider, "endpoint_id": row.endpoint_id}
    return RawRequest(path, target, signed if headers is None else {**JSON, **headers}, body)


async def posted(parts: Composition, request: RawRequest) -> RawAnswer:
    return await webhooks(parts).receive(request)


async def test_twilio_signs_the_public_address_with_whatever_path_it_has(parts: Composition, tenant: str) -> None:
    row = await endpoint_of(parts, tenant, "twilio")
    assert (await posted(parts, delivery(row))).status == 201
    elsewhere = replace(webhooks(parts), public_url="https://elsewhere.example")
    with pytest.raises(Unauthenticated):
        await elsewhere.receive(delivery(row))


def test_the_public_url_is_the_gateways_address_where_none_is_set() -> None:
    assert Settings(public_url="https://kith.example/").outside_url == "https://kith.example"
    assert Settings(gateway_host="::1", gateway_port=8081).outside_url == "http://[::1]:8081"


@pytest.mark.parametrize("url", ["kith.example", "ftp://kith.example", "https://", "https://a:99999", "https://a/?b=1"])
def test_what_is_no_public_url_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Settings(public_url=url)


async def test_a_tenant_with_the_longest_id_has_endpoints_too(parts: Composition) -> None:
    tenant = "t" * 120 + f"_{next(_number):07d}"
    await create_tenant(parts.administration, NewTenant(tenant))
    row = await endpoint_of(parts, tenant)
    assert (await posted(parts, delivery(row))).status == 201


async def test_a_tenants_webhooks_share_one_rate(parts: Composition, tenant: str) -> None:
    hooks = webhooks(parts, Limit("CallCompleted", 0.01, 2))
    rows = [await endpoint_of(parts, tenant, provider) for provider in ("generic", "vapi")]
    assert [(await hooks.receive(delivery(row))).status for row in rows] == [201, 201]
    with pytest.raises(RateLimited):
        await hooks.receive(delivery(rows[0]))


async def test_what_is_not_genuine_uses_up_no_rate(parts: Composition, tenant: str) -> None:
    hooks = webhooks(parts, Limit("CallCompleted", 0.01, 1))
    row = await endpoint_of(parts, tenant)
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            await hooks.receive(delivery(row, {}))
    assert (await hooks.receive(delivery(row))).status == 201


async def test_keys_of_the_tenant_and_of_the_platform_that_names_it_are_taken(parts: Composition, tenant: str) -> None:
    row = await endpoint_of(parts, tenant)
    own = (await create_gateway_key(parts.administration, tenant)).secret
    platform = (await create_gateway_key(parts.administration, PLATFORM)).secret
    assert (await posted(parts, delivery(row, {"x-gateway-key": own}))).status == 201
    assert (await posted(parts, delivery(row, {"x-gateway-key": platform, "x-tenant-id": tenant}))).status == 201
    with pytest.raises(InvalidInput, match="x-tenant-id"):
        await posted(parts, delivery(row, {"x-gateway-key": platform}))
    for key in (own, platform):
        with pytest.raises(PermissionDenied):
            await posted(parts, delivery(row, {"x-gateway-key": key, "x-tenant-id": "tnt_another"}))


async def test_another_tenant_cannot_close_an_endpoint(parts: Composition, tenant: str) -> None:
    row = await endpoint_of(parts, tenant)
    await create_tenant(parts.administration, NewTenant("tnt_stranger"))
    with pytest.raises(NotFound):
        await call_endpoints.delete_endpoint(parts.services.endpoints, "tnt_stranger", row.endpoint_id)
    assert (await posted(parts, delivery(row))).status == 201


async def test_a_secret_under_a_lost_master_key_lets_only_a_gateway_key_in(parts: Composition, tenant: str) -> None:
    lost = Envelope.of(base64.b64encode(bytes(32)).decode())
    endpoints = replace(parts.services.endpoints, envelope=lost)
    row = (await call_endpoints.create_endpoint(endpoints, tenant, "generic", secret=SECRETS["generic"])).row
    with pytest.raises(Unauthenticated, match="x-gateway-key"):
        await posted(parts, delivery(row))
    own = (await create_gateway_key(parts.administration, tenant)).secret
    assert (await posted(parts, delivery(row, {"x-gateway-key": own}))).status == 201


async def test_without_a_master_key_no_endpoint_is_made(parts: Composition, tenant: str) -> None:
    endpoints = replace(parts.services.endpoints, envelope=None)
    with pytest.raises(InvalidInput, match="KITH_MASTER_KEY"):
        await call_endpoints.create_endpoint(endpoints, tenant, "generic")


async def test_a_tenant_has_so_many_endpoints_and_no_more(
    parts: Composition, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_endpoints, "MOST", 2)
    for _ in range(2):
        await endpoint_of(parts, tenant)
    with pytest.raises(Conflict):
        await endpoint_of(parts, tenant)


async def test_a_time_far_ahead_is_left_out_where_nobody_can_mend_it(parts: Composition, tenant: str) -> None:
    row = await endpoint_of(parts, tenant, "vapi")
    call = {"id": "ahead-1", "type": "webCall", "startedAt": "2990-01-01T00:00:00Z"}
    message = {"message": {"type": "status-update", "status": "in-progress", "call": call}}
    headers, body = SIGNERS["vapi"](OUTSIDE, SECRETS["vapi"], message)
    path = {"provider": "vapi", "endpoint_id": row.endpoint_id}
    answer = await posted(parts, RawRequest(path, "/", headers, body))
    assert answer.status == 201
    assert not answer.body["startedAt"].startswith("2990")
