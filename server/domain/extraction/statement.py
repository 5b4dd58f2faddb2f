"""A statement: what a sentence says about the contact or about one of its people, before it becomes a memory."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Statement:
    """One fact or preference in the third person.

    `weight` in [0, 1] becomes the memory's importance and says which statements stay when a text makes too many.
    `named` is the entity the statement introduces: its type, its name, and what it was called ("dog").
    """

    content: str
    attribute: str
    value: str
    subject: str = "self"
    type: Literal["fact", "preference"] = "fact"
    weight: float = 0.5
    confidence: float = 0.8
    named: tuple[tuple[str, str, str], ...] = ()
    closes: tuple[tuple[str, str | None], ...] = ()
