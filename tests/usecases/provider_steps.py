"""What tests of providers do again and again."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from server.composition import Composition
from server.domain.memory import Memory
from server.domain.turn import Turn
from server.usecases import processing
from server.usecases.contacts import NewContact, create_contact
from server.usecases.ingest import ingest_interaction
from server.usecases.new_providers import NewProvider
from tests.providers.fake_openai import FakeOpenAi, Turns

KEY = "sk-tenant-key-9876543210"


START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


number = iter(range(10_000))


BARE = "Got the keys for the flat in Porto, boxes everywhere, Porto it is from now on"
"""The rules make an episode of it, and no statement."""


async def contact(parts: Composition, tenant: str, *said: str) -> str:
    made = await create_contact(parts.services, tenant, NewContact(f"wa_{next(number)}", "whatsapp"))
    for n, one in enumerate(said):
        await tell(parts, tenant, made.profile.id, one, n)
    return made.profile.id


async def tell(parts: Composition, tenant: str, contact_id: str, said: str, n: int) -> str:
    turn = Turn(START + timedelta(minutes=n), said, "I see.", user_message_ref=f"m{n}", session_id="s")
    return (await ingest_interaction(parts.services, tenant, contact_id, turn)).interaction_id


async def use_model(parts: Composition, tenant: str, fake: FakeOpenAi, **changes: Any) -> None:
    new = NewProvider(**{"base_url": fake.base_url, "model": "m", "api_key": KEY, "timeout_seconds": 2.0, **changes})
    await processing.set_language_models(parts.administration, tenant, [new])


async def use_embedder(parts: Composition, tenant: str, fake: FakeOpenAi, **changes: Any) -> None:
    new = NewProvider(**{"base_url": fake.base_url, "model": "e", "api_key": KEY, "timeout_seconds": 2.0, **changes})
    await processing.set_embedder(parts.administration, tenant, new)


def says(value: str, content: str, **changes: Any) -> dict[str, Any]:
    usual = {
        "turn": 1, "type": "fact", "subject": "self", "attribute": "residence", "value": value, "content": content,
        "confidence": 0.9,
    }  # fmt: skip
    return {**usual, **changes}


def finds(phrase: str, **changes: Any) -> Any:
    """An answerer that makes one statement of every turn with the phrase."""

    def answer(turns: Turns) -> list[dict[str, Any]]:
        return [
            says(phrase, f"Lives in {phrase}", **{"turn": t["turn"], **changes}) for t in turns if phrase in t["text"]
        ]

    return answer


async def statements(parts: Composition, tenant: str, contact_id: str) -> list[Memory]:
    snapshot = await parts.services.snapshots.get(tenant, contact_id)
    return [m for m in snapshot.memories if m.type != "episode" and m.status == "current"]


async def rows(parts: Composition, tenant: str, query: str, **values: Any) -> list[tuple[Any, ...]]:
    async with parts.services.database.transaction(tenant) as tx:
        return [tuple(row) for row in await tx.execute(text(query), values)]
