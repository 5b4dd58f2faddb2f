"""Everything that happened with a contact on any surface, newest first."""

from dataclasses import dataclass
from datetime import datetime

from server.domain.errors import NotFound
from server.usecases.contacts import MOST
from server.usecases.interactions import USUAL
from server.usecases.paging import position
from server.usecases.services import Services
from store import contacts, pagination, timeline
from store.timeline import SOURCES, Happening

TYPES = tuple(source.type for source in SOURCES)


@dataclass(frozen=True, slots=True)
class TimelineQuery:
    """What to list: nothing in `types` means all of them; `limit` is at least 1, `before` exclusive."""

    contact_id: str
    types: frozenset[str] = frozenset()
    before: datetime | None = None
    limit: int = USUAL
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """One page, newest first; `limit` as it was applied."""

    items: list[Happening]
    limit: int
    next_cursor: str | None


async def get_timeline(services: Services, tenant_id: str, query: TimelineQuery) -> TimelinePage:
    """A page of what happened. Raises NotFound for the contact, InvalidInput for a cursor of another query."""
    limit = min(query.limit, MOST)
    types = sorted(query.types or TYPES)
    bound = {
        "list": "timeline", "contact": query.contact_id, "types": types,
        "before": None if query.before is None else query.before.isoformat(),
    }  # fmt: skip
    async with services.database.transaction(tenant_id) as tx:
        # First: of a contact that was merged meanwhile the cursor is that of the one that stayed.
        if await contacts.get(tx, query.contact_id) is None:
            raise NotFound.contact(query.contact_id)
        ended = position(bound, query.cursor, (datetime, str, str))
        after = None if ended is None else (ended[0], ended[1], ended[2])
        found = await timeline.page(
            tx, query.contact_id, types=types, before=query.before, after=after, limit=limit + 1
        )
    page = found[:limit]
    more = len(found) > limit
    cursor = pagination.encode(bound, (page[-1].at, page[-1].type, page[-1].id)) if more else None
    return TimelinePage(page, limit, cursor)
