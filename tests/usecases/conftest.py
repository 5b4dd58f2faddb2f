"""One process' parts for a module's tests, on the real stores."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from server.composition import Composition
from server.config import Settings
from server.embedded.stores import EmbeddedStores


def settings_for(stores: EmbeddedStores, database_name: str) -> Settings:
    """Settings of a process on a database of the embedded stack."""
    return Settings(
        database_url=SecretStr(stores.app_url(database_name)),
        redis_url=SecretStr(stores.redis_url),
        master_key=SecretStr(stores.master_key),
    )


@pytest.fixture(scope="module")
async def composition(stores: EmbeddedStores, database_name: str) -> AsyncIterator[Composition]:
    """The parts of one process."""
    async with Composition(settings_for(stores, database_name)) as parts:
        yield parts
