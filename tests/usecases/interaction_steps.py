"""What tests of touchpoints do again and again."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from server.composition import Composition
from server.domain.interaction import NewInteraction
from server.usecases.contacts import NewContact, create_contact
from server.usecases.interactions import InteractionQuery, create_interaction, list_interactions
from store.tables.interaction import InteractionRow

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

number = itertools.count()


async def contact(parts: Composition, tenant: str, name: str | None = "Imre") -> str:
    made = await create_contact(parts.services, tenant, NewContact(f"crm_{next(number)}", "crm", name))
    return made.profile.id


async def record(parts: Composition, tenant: str, contact_id: str, kind: str = "note", **given: Any) -> InteractionRow:
    made = await create_interaction(parts.services, tenant, NewInteraction(contact_id, kind, **given))
    assert made.created
    return made.named.row


def row(tenant: str, contact_id: str, interaction_id: str, **given: Any) -> InteractionRow:
    """A row at a time that was told, as another surface or an import puts it."""
    at = given.pop("at", START)
    columns: dict[str, Any] = {
        "kind": "note", "content": None, "metadata": {}, "origin": "api", "origin_id": None, "external_id": None,
        "quality": 0.0, "occurred_at": at, "created_at": at, "updated_at": at,
    }  # fmt: skip
    return InteractionRow(tenant, interaction_id, contact_id, **(columns | given))


async def walk(parts: Composition, tenant: str, query: dict[str, Any]) -> list[str]:
    """The ids of every page of a list, one after the other."""
    found: list[str] = []
    cursor = None
    while True:
        page = await list_interactions(parts.services, tenant, InteractionQuery(**query, cursor=cursor))
        found += [named.row.interaction_id for named in page.interactions]
        assert len(page.interactions) <= page.limit
        cursor = page.next_cursor
        if cursor is None:
            return found


def later(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)
