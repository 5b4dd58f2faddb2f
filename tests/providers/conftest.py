"""A fake endpoint, and what is asked of it."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from server.providers.breaker import Breaker
from server.providers.endpoint import Endpoint, EndpointOptions
from server.providers.ports import Material, Question
from server.usecases.reading import Statement
from tests.providers.fake_openai import FakeOpenAi, fake_openai

KEY = "sk-very-secret-0123456789"


@pytest.fixture
def fake() -> Iterator[FakeOpenAi]:
    with fake_openai() as running:
        yield running


@pytest.fixture
async def endpoint(fake: FakeOpenAi) -> AsyncIterator[Callable[..., Endpoint]]:
    made: list[Endpoint] = []

    def make(breaker: Breaker | None = None, **options: Any) -> Endpoint:
        values = {"base_url": fake.base_url, "api_key": KEY, "timeout_seconds": 2.0, "first_wait": 0.01}
        made.append(Endpoint(EndpointOptions(**{**values, "allow_private": True, **options}), breaker))
        return made[-1]

    yield make
    for one in made:
        await one.close()


def question(*texts: str) -> Question[Statement]:
    return Question(
        name="statements",
        instructions="List what they say.",
        material=[Material(n, text, "2026-03-01") for n, text in enumerate(texts, start=1)],
        item=Statement,
        identity=("turn", "subject", "attribute", "value"),
        wording="content",
    )


def statement(**changes: Any) -> dict[str, Any]:
    """An item as a model gives it."""
    usual = {
        "turn": 1, "type": "fact", "subject": "self", "attribute": "residence", "value": "Porto",
        "content": "Lives in Porto", "confidence": 0.9,
    }  # fmt: skip
    return {**usual, **changes}
