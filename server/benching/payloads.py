"""The requests of a benchmark, and a real answer to each kind, for the echo to send back."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import quote

from kith.context.v1 import context_pb2

from server.benching.echo import CONTEXT, INGEST
from server.benching.plans import Request
from server.benching.seeding import Shape
from server.benching.texts import exchange_texts, messages
from server.measuring.connection import Api

T = TypeVar("T")
_TEXTS: Final = 997
_SEED: Final = 11


@dataclass(frozen=True, slots=True)
class Payloads:
    """What is sent. The answers are serialised."""

    shape: Shape
    context_answer: bytes
    ingest_answer: bytes

    def questions(self, contacts: int) -> list[Request]:
        """One context call for each of so many contacts, each with a message."""
        return [
            Request(CONTEXT, _question(contact, text).SerializeToString())
            for contact, text in zip(self._some(contacts), _round_robin(messages(_TEXTS), contacts), strict=True)
        ]

    def rest_questions(self, contacts: int) -> list[Request]:
        """The same as REST."""
        return [
            Request(f"/contact-intel/context/{contact}?message={quote(text)}")
            for contact, text in zip(self._some(contacts), _round_robin(messages(_TEXTS), contacts), strict=True)
        ]

    def exchanges(self, contacts: int) -> list[Request]:
        """One exchange for each of so many contacts."""
        texts = _round_robin(exchange_texts(_TEXTS), contacts)
        return [
            Request(INGEST, _exchange(contact, *text).SerializeToString())
            for contact, text in zip(self._some(contacts), texts, strict=True)
        ]

    def _some(self, count: int) -> list[str]:
        """So many contacts, spread over all of them."""
        chosen = random.Random(_SEED).sample(range(self.shape.contacts), count)  # noqa: S311 - repeatable
        return [self.shape.contact_id(number) for number in chosen]


async def payloads(api: Api, shape: Shape) -> Payloads:
    """Asks the product once for each kind of answer."""
    contact = shape.contact_id(0)
    context = await api.context(_question(contact, messages(1)[0]))
    ingested = await api.ingest(_exchange(contact, *exchange_texts(1)[0]))
    return Payloads(shape, context.response.SerializeToString(), ingested.response.SerializeToString())


def _question(contact_id: str, message: str) -> context_pb2.GetContactContextRequest:
    return context_pb2.GetContactContextRequest(contact_id=contact_id, message=message)


def _exchange(contact_id: str, message: str, answer: str) -> context_pb2.IngestInteractionRequest:
    return context_pb2.IngestInteractionRequest(contact_id=contact_id, user_message=message, ai_response=answer)


def _round_robin(values: Sequence[T], count: int) -> list[T]:
    return [values[n % len(values)] for n in range(count)]
