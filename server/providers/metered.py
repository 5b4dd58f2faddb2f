"""Providers under a budget: each call sets aside what it may use before it is made, and settles what it used."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from server.providers.errors import BadAnswer, OverBudget, ProviderError, TimedOut
from server.providers.openai import conversation
from server.providers.ports import (
    Completion,
    Embedded,
    Embedder,
    Item,
    LanguageModel,
    Meter,
    Question,
    Reservation,
    Role,
    Usage,
)
from server.providers.tries import told

Answer = TypeVar("Answer", Embedded, Completion)  # type: ignore[type-arg]

_CHARS_PER_TOKEN: Final = 3
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """Money per million tokens, in the unit of the tenant's budget."""

    prompt: float = 0.0
    completion: float = 0.0

    def of(self, usage: Usage) -> Usage:
        """The usage with its cost."""
        cost = (usage.prompt_tokens * self.prompt + usage.completion_tokens * self.completion) / _MILLION
        return replace(usage, cost=cost)


async def _metered(
    meter: Meter, role: Role, prices: Prices, at_most: Usage, call: Callable[[], Awaitable[Answer]]
) -> Answer:
    began = time.monotonic()
    try:
        reserved = await meter.reserve(prices.of(at_most))
    except OverBudget as error:
        meter.note(role, error.outcome, 0.0, Usage())
        raise
    tries = _Tries(meter, reserved)
    # What a call that broke off used is not known: then all that was set aside counts.
    used, outcome = reserved.at_most, "failed"
    try:
        with told(tries):
            answer = await call()
        used, outcome = prices.of(answer.usage), "ok"
        return answer
    except ProviderError as error:
        used, outcome = _lost(error, reserved), error.outcome
        raise
    finally:
        await tries.settle(used)
        meter.note(role, outcome, time.monotonic() - began, tries.used)


def _lost(error: ProviderError, reserved: Reservation) -> Usage:
    """What a try that failed counts for: all that was set aside, if it may have been worked on."""
    return reserved.at_most if isinstance(error, TimedOut | BadAnswer) else Usage()


class _Tries:
    """Sets aside anew for each request of a call after the first: each of them may have to be paid for."""

    def __init__(self, meter: Meter, reserved: Reservation) -> None:
        self._meter = meter
        self._at_most = reserved.at_most
        self._reserved: Reservation | None = reserved
        self._lost = Usage()
        self._sent = False
        self.used = Usage()

    async def begin(self) -> None:
        """Settles the request before and sets aside for the next. Raises OverBudget."""
        if self._sent:
            await self.settle(self._lost)
            self._reserved = await self._meter.reserve(self._at_most)
        self._sent, self._lost = True, Usage()

    def failed(self, error: ProviderError) -> None:
        """Notes what the request counts for."""
        if self._reserved is not None:
            self._lost = _lost(error, self._reserved)

    async def settle(self, used: Usage) -> None:
        """Says what the request under way used; nothing where none is."""
        if self._reserved is None:
            return
        reserved, self._reserved = self._reserved, None
        self.used += used
        await self._meter.settle(reserved, used)


class MeteredModel:
    """A language model under a tenant's budget."""

    def __init__(self, model: LanguageModel, meter: Meter, prices: Prices) -> None:
        self._model = model
        self._meter = meter
        self._prices = prices

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    async def complete_json(self, question: Question[Item]) -> Completion[Item]:
        """The items found. Raises ProviderError, OverBudget before anything is sent."""
        sent = sum(len(message["content"]) for message in conversation(question))
        at_most = Usage(sent // _CHARS_PER_TOKEN + 1, question.most_tokens)
        return await _metered(
            self._meter, "language_model", self._prices, at_most, lambda: self._model.complete_json(question)
        )


class MeteredEmbedder:
    """An embedder under a tenant's budget."""

    def __init__(self, embedder: Embedder, meter: Meter, prices: Prices) -> None:
        self._embedder = embedder
        self._meter = meter
        self._prices = prices

    @property
    def model(self) -> str:
        """The model's name."""
        return self._embedder.model

    @property
    def version(self) -> int:
        """Grows when the same text would get another vector."""
        return self._embedder.version

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Unit vectors of the texts. Raises ProviderError, OverBudget before anything is sent."""
        at_most = Usage(sum(len(text) // _CHARS_PER_TOKEN + 1 for text in texts))
        return await _metered(self._meter, "embedder", self._prices, at_most, lambda: self._embedder.embed(texts))
