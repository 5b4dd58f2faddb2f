"""Providers that need no network: the product's own rules, and vectors of hashed words."""

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

import numpy as np
from pydantic import ValidationError

from server.domain.extraction import Known, extract
from server.domain.text import tokens
from server.domain.turn import Turn
from server.providers.ports import Completion, Embedded, Item, Question

RULES: Final = "built-in rules"
HASHED: Final = "built-in hashed words 1"
"""Named anew when the same text would get another vector."""

DIMENSIONS: Final = 256


class BuiltInModel:
    """Reads the material with the rules of this version: turns that older rules took in may give more by now."""

    @property
    def name(self) -> str:
        """The model's name."""
        return RULES

    async def complete_json(self, question: Question[Item]) -> Completion[Item]:
        """The statements that the rules find, in the shape asked for; none where they do not fit it."""
        found: list[Item] = []
        for material in question.material:
            turn = Turn(datetime.fromisoformat(material.date).replace(tzinfo=UTC), user_message=material.text)
            for draft in extract(turn, Known()).memories:
                try:
                    item = question.item.model_validate(
                        {
                            "turn": material.number,
                            "type": draft.type,
                            "subject": draft.subject or "self",
                            "attribute": draft.attribute,
                            "value": draft.value,
                            "content": draft.content,
                            "confidence": draft.confidence,
                        }
                    )
                except ValidationError:
                    continue
                found.append(item)
        return Completion(tuple(found[: question.most_items]))


class BuiltInEmbedder:
    """Counts of stems and of neighbouring pairs, hashed into signed dimensions: alike are texts that share words.

    It finds the same thing said in other order or with other small words, and no synonyms. `version` is that of the
    tenant's setting.
    """

    def __init__(self, version: int) -> None:
        self._version = version

    @property
    def model(self) -> str:
        """The model's name."""
        return HASHED

    @property
    def version(self) -> int:
        """As it was set."""
        return self._version

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """float32[len(texts), 256], each row of length 1."""
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            stems = tokens(text) or [text]
            for feature, weight in [(s, 1.0) for s in stems] + [(" ".join(p), 0.5) for p in pairwise(stems)]:
                code = zlib.crc32(feature.encode())
                row[code % DIMENSIONS] += weight if code & 0x8000_0000 else -weight
            if not row.any():
                row[0] = 1.0
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return Embedded(np.asarray(vectors / lengths, dtype=np.float32))
