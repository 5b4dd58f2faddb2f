"""Memories found by what somebody looks for. Reads only: a person who looks is no access that renews a memory."""

from dataclasses import dataclass
from datetime import datetime

from server.domain.errors import InvalidInput
from server.domain.memory import Memory
from server.domain.ranking.rank import Query, Ranked, rank
from server.domain.words import MemoryType
from server.usecases.contacts import MOST
from server.usecases.services import Services


@dataclass(frozen=True, slots=True)
class MemorySearch:
    """What is looked for; `type` and `entity` None mean all, `limit` is at least 1, the scores are in [0, 1].

    Without `as_of` among the current ones, with it among those that had been said and held at that moment.
    """

    contact_id: str
    text: str
    type: MemoryType | None = None
    min_importance: float = 0.0
    min_score: float = 0.0
    entity: str | None = None
    as_of: datetime | None = None
    limit: int = 20
    explain: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A memory, how well it fits, and the other half of its exchange where that comes along."""

    memory: Memory
    ranked: Ranked
    beside: Memory | None


async def search_memories(services: Services, tenant_id: str, search: MemorySearch) -> list[Found]:
    """The memories that fit best, best first, as a context ranks them.

    Raises InvalidInput, NotFound.
    """
    if not search.text.strip():
        raise InvalidInput.of("q", "must not be blank")
    snapshot = await services.snapshots.get(tenant_id, search.contact_id)
    among = None
    if search.entity is not None:
        among = frozenset(i for i, m in enumerate(snapshot.memories) if search.entity in m.entity_ids)
    ranked = rank(
        snapshot.index,
        Query(
            text=search.text,
            limit=min(search.limit, MOST),
            min_importance=search.min_importance,
            as_of=search.as_of,
            explain=search.explain,
            contact_name=snapshot.profile.display_name,
            types=None if search.type is None else frozenset((search.type,)),
            among=among,
            vector=await services.encoders.of_message(tenant_id, snapshot, search.text),
        ),
        search.as_of or services.clock(),
    )
    memories = snapshot.memories
    return [
        Found(memories[r.position], r, None if r.beside is None else memories[r.beside])
        for r in ranked
        if r.score >= search.min_score
    ]
