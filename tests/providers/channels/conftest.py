"""A provider that is played, and the sender that asks it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from server.providers.channels.http import HttpOptions, HttpSender
from tests.providers.channels.fake_provider import FakeProvider, fake_provider


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[HttpSender]:
    """With time for a busy machine."""
    sender = HttpSender(HttpOptions(connect_seconds=10, total_seconds=20, allow_private=True))
    yield sender
    await sender.close()


@pytest.fixture
async def hasty() -> AsyncIterator[HttpSender]:
    """Gives up soon."""
    sender = HttpSender(HttpOptions(connect_seconds=1, total_seconds=1, allow_private=True))
    yield sender
    await sender.close()
