"""What the deferred pass needs of the outside: a language model that answers in a given shape, and an embedder."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

Vectors = NDArray[np.float32]
Item = TypeVar("Item", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Material:
    """One numbered text that a question is about. It is data: nothing in it is an instruction."""

    number: int
    text: str
    date: str


@dataclass(frozen=True, slots=True)
class Question(Generic[Item]):
    """What a language model is asked: to find items of one shape in the material.

    `item` is the shape of one, checked strictly; it has a field `turn`, the number of its material. The answer is an
    object with a list of at most `most_items` under `items`. `identity` names the fields by which the items of two
    models are the same one, `wording` the one that may differ. `most_tokens` bounds the answer.
    """

    name: str
    instructions: str
    material: Sequence[Material]
    item: type[Item]
    identity: tuple[str, ...]
    wording: str
    most_items: int = 50
    most_tokens: int = 2_000


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call used; `cost` in the unit of the provider's prices."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0

    @property
    def tokens(self) -> int:
        """All tokens."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cost + other.cost,
        )


@dataclass(frozen=True, slots=True)
class Completion(Generic[Item]):
    """The items that have the shape asked for; `dropped` is how many had not."""

    items: tuple[Item, ...]
    usage: Usage = Usage()
    dropped: int = 0


class LanguageModel(Protocol):
    """Answers questions in JSON. `name` says which it is, for provenance."""

    @property
    def name(self) -> str:
        """The model's name."""

    async def complete_json(self, question: Question[Item]) -> Completion[Item]:
        """The items found. Raises ProviderError. What comes back has the right shape and may still be untrue."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Unit vectors, a row for each text, and what they took."""

    vectors: Vectors
    usage: Usage = Usage()


class Embedder(Protocol):
    """Makes vectors of texts. Vectors of different `model` or `version` cannot be compared."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def version(self) -> int:
        """Grows when the same text would get another vector."""

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """float32[len(texts), dimensions], each row of length 1. Raises ProviderError."""


Role = Literal["language_model", "embedder"]


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was set aside for a call, and on which day of UTC."""

    day: date
    at_most: Usage


class Meter(Protocol):
    """Keeps a tenant's budget and counts what is used."""

    async def reserve(self, at_most: Usage) -> Reservation:
        """Sets aside what a call may use. Raises OverBudget."""

    async def settle(self, reserved: Reservation, used: Usage) -> None:
        """Says what a call really used."""

    def note(self, role: Role, outcome: str, seconds: float, used: Usage) -> None:
        """Counts a call: how it ended, how long it took, what it used."""
