"""Any endpoint that speaks OpenAI's protocol: `/chat/completions` and `/embeddings` under a base URL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson

from server.providers import shapes
from server.providers.endpoint import Endpoint
from server.providers.errors import BadAnswer, Refused
from server.providers.ports import Completion, Embedded, Item, Question, Usage, Vectors

_MOST_TEXT: Final = 1024 * 1024
_MOST_VECTORS: Final = 32 * 1024 * 1024
_MOST_TOKENS_TOLD: Final = 10_000_000
_LARGEST: Final = 1e15
_SMALLEST: Final = 1e-15
_CHARS_PER_TOKEN: Final = 3
"""Where an endpoint does not say what it used: on the safe side for most scripts."""


_OTHER_WAY: Final = ("400", "422")
"""Statuses of a request that holds what an endpoint does not know."""


@dataclass(frozen=True, slots=True)
class _Way:
    """`schemas`: JSON of a schema is asked for, else any JSON. `newer`: the answer's limit has its newer name, and no
    temperature is given, which some models refuse."""

    schemas: bool = True
    newer: bool = False


_WAYS: Final = (_Way(), _Way(schemas=False), _Way(newer=True), _Way(schemas=False, newer=True))


class OpenAiModel:
    """A chat model. Asks in the plainest way that its endpoint takes."""

    def __init__(self, endpoint: Endpoint, model: str) -> None:
        self._endpoint = endpoint
        self._model = model
        self._way = _Way()

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model

    async def complete_json(self, question: Question[Item]) -> Completion[Item]:
        """The items found. Raises ProviderError."""
        messages = conversation(question)
        answer = await self._ask_somehow(question, messages)
        text = _content(answer)
        found, dropped = shapes.items(text, question)
        return Completion(found, _usage(answer, sum(len(m["content"]) for m in messages), len(text)), dropped)

    async def _ask_somehow(self, question: Question[Item], messages: list[dict[str, str]]) -> dict[str, Any]:
        """In the way that worked last; where it is refused, in others. A way is kept only once it worked."""
        first = self._way
        try:
            return await self._ask(question, messages, first)
        except Refused as error:
            if str(error) not in _OTHER_WAY:
                raise
            refused = error
        for way in _WAYS:
            if way == first:
                continue
            try:
                answer = await self._ask(question, messages, way)
            except Refused:
                continue
            self._way = way
            return answer
        raise refused

    async def _ask(self, question: Question[Item], messages: list[dict[str, str]], way: _Way) -> dict[str, Any]:
        wanted: dict[str, Any] = {"type": "json_object"}
        if way.schemas:
            wanted = {
                "type": "json_schema",
                "json_schema": {"name": question.name, "schema": shapes.schema(question), "strict": False},
            }
        body: dict[str, Any] = {
            "model": self._model,
            "messages": messages,
            "response_format": wanted,
        }
        if way.newer:
            body["max_completion_tokens"] = question.most_tokens
        else:
            body |= {"temperature": 0, "max_tokens": question.most_tokens}
        return await self._endpoint.post("/chat/completions", body, most_bytes=_MOST_TEXT)


def conversation(question: Question[Item]) -> list[dict[str, str]]:
    """The messages of a question. The material is quoted as JSON, so that no text of it can end its quotation."""
    material = [{"turn": m.number, "date": m.date, "text": m.text} for m in question.material]
    shape = orjson.dumps(shapes.schema(question)).decode()
    return [
        {"role": "system", "content": f"{question.instructions}\n\nAnswer with JSON of this schema only:\n{shape}"},
        {"role": "user", "content": orjson.dumps({"turns": material}).decode()},
    ]


def _content(answer: dict[str, Any]) -> str:
    try:
        choice = answer["choices"][0]
        content = choice["message"]["content"]
        if not isinstance(content, str):
            raise TypeError
    except (KeyError, IndexError, TypeError):
        raise BadAnswer("the answer is no chat completion") from None
    if choice.get("finish_reason") == "length":
        raise BadAnswer("the model's answer was cut off")
    return content


def _usage(answer: dict[str, Any], sent: int, received: int) -> Usage:
    told = answer.get("usage")
    told = told if isinstance(told, dict) else {}

    def count(name: str, characters: int) -> int:
        value = told.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS_TOLD:
            return value
        return characters // _CHARS_PER_TOKEN

    return Usage(count("prompt_tokens", sent), count("completion_tokens", received))


class OpenAiEmbedder:
    """An embedding model; `dimensions` None takes what the model gives."""

    def __init__(self, endpoint: Endpoint, model: str, *, version: int, dimensions: int | None = None) -> None:
        self._endpoint = endpoint
        self._model = model
        self._version = version
        self._dimensions = dimensions
        self._says_dimensions = dimensions is not None

    @property
    def model(self) -> str:
        """The model's name."""
        return self._model

    @property
    def version(self) -> int:
        """Grows when the same text would get another vector."""
        return self._version

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """float32[len(texts), dimensions], each row of length 1. Raises ProviderError."""
        try:
            answer = await self._ask(texts, says_dimensions=self._says_dimensions)
        except Refused as error:
            # A model of one length only takes no wish for one; the length is checked all the same.
            if not self._says_dimensions or str(error) not in _OTHER_WAY:
                raise
            answer = await self._ask(texts, says_dimensions=False)
            self._says_dimensions = False
        return Embedded(self._vectors(answer, len(texts)), _usage(answer, sum(map(len, texts)), 0))

    async def _ask(self, texts: Sequence[str], *, says_dimensions: bool) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        if says_dimensions:
            body["dimensions"] = self._dimensions
        return await self._endpoint.post("/embeddings", body, most_bytes=_MOST_VECTORS)

    def _vectors(self, answer: dict[str, Any], count: int) -> Vectors:
        try:
            entries = {int(entry["index"]): entry["embedding"] for entry in answer["data"]}
            vectors = np.asarray([entries[i] for i in range(count)], dtype=np.float64)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise BadAnswer("the answer holds no vector for each text") from None
        if vectors.ndim != 2 or len(entries) != count or vectors.shape[1] != (self._dimensions or vectors.shape[1]):
            raise BadAnswer("the vectors have another number or length than asked for")
        if not (np.abs(vectors) < _LARGEST).all():
            raise BadAnswer("a vector has numbers out of range")
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not (lengths > _SMALLEST).all():
            raise BadAnswer("a vector is zero")
        return np.asarray(vectors / lengths, dtype=np.float32)
