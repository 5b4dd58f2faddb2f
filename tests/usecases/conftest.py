"""A process, a tenant of its own for each test, and a fake endpoint."""

from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr

from server.composition import Composition
from server.config import Settings
from server.embedded.stores import EmbeddedStores
from server.usecases.tenants import NewTenant, create_tenant
from tests.providers.fake_openai import FakeOpenAi, fake_openai
from tests.usecases.provider_steps import number


def settings_for(stores: EmbeddedStores, database_name: str) -> Settings:
    """Settings of a process on a database of the embedded stack."""
    return Settings(
        database_url=SecretStr(stores.app_url(database_name)),
        redis_url=SecretStr(stores.redis_url),
        master_key=SecretStr(stores.master_key),
        providers_allow_private=True,
    )


@pytest.fixture(scope="module")
async def parts(stores: EmbeddedStores, database_name: str) -> AsyncIterator[Composition]:
    async with Composition(settings_for(stores, database_name)) as running:
        yield running


@pytest.fixture
def fake() -> Iterator[FakeOpenAi]:
    with fake_openai() as running:
        yield running


@pytest.fixture
async def tenant(parts: Composition) -> str:
    tenant_id = f"tnt_{next(number)}"
    await create_tenant(parts.administration, NewTenant(tenant_id))
    return tenant_id


@pytest.fixture
async def another_tenant(parts: Composition) -> str:
    tenant_id = f"tnt_{next(number)}"
    await create_tenant(parts.administration, NewTenant(tenant_id))
    return tenant_id
