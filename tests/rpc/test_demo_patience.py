"""What the demo does where the server refuses a call."""

import asyncio

import grpc
import pytest
from kith.contact.v1 import contact_pb2

from server.demoing.api import call
from server.embedded.stores import EmbeddedStores
from tests.rpc.access_server import key, process, settings_for


def somebody(number: int) -> contact_pb2.CreateContactRequest:
    return contact_pb2.CreateContactRequest(external_id=f"wa_{number}", channel="whatsapp")


async def test_a_call_that_a_limit_refuses_is_made_again_until_it_is_let_in(
    stores: EmbeddedStores, database_name: str
) -> None:
    async with process(settings_for(stores, database_name, rate_limits="CreateContact=10/1")) as server:
        secret = await server.make_tenant("tnt_patient_demo")
        calls = (call(server.contacts.CreateContact, somebody(number), key(secret)) for number in range(5))
        assert [made.tenant_id for made in await asyncio.gather(*calls)] == ["tnt_patient_demo"] * 5
        assert server.seen.calls == 5


async def test_another_refusal_is_not_tried_again(stores: EmbeddedStores, database_name: str) -> None:
    async with process(settings_for(stores, database_name)) as server:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(server.contacts.CreateContact, somebody(1), key("kgk_nobody"))
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
