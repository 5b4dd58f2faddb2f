"""The hot path: what a good friend would know about a contact at this moment. Reads only."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from server.domain import briefing
from server.domain.memory import Memory
from server.domain.open_threads import Call, Thread, open_at
from server.domain.ranking.rank import Query, Ranked, rank
from server.domain.snapshot import ContactSnapshot
from server.domain.warmth import Band
from server.domain.warmth.ledger import warmth_at
from server.usecases import warmth
from server.usecases.services import Services

_KNOWN: Final = 12
_KNOWN_IMPORTANCE: Final = 0.4
"""How many facts and preferences a briefing tells at most without a reason in the message, and how important."""


@dataclass(frozen=True, slots=True)
class ContextQuestion:
    """What is asked; defaults are the contract's. `message` and `as_of` are optional, the ranges are validated."""

    contact_id: str
    message: str | None = None
    memory_limit: int = 10
    min_importance: float = 0.3
    as_of: datetime | None = None
    explain: bool = False
    prompt_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ContactContext:
    """The answer. `ranked[i]` tells how well `memories[i]` fits; `rank_us` is how long ranking took, in µs.

    The sentence encoder's time is part of it, where there is one. `beside[i]` is the other half of its exchange, where
    that comes along. `warmth` is the score, 0 to 100, and its band; `threads` is what is open with the contact.
    """

    snapshot: ContactSnapshot
    memories: tuple[Memory, ...]
    beside: tuple[Memory | None, ...]
    ranked: tuple[Ranked, ...]
    now: datetime
    prompt: str | None
    rank_us: int
    warmth: tuple[float, Band]
    last_call: Call | None
    threads: tuple[Thread, ...]


async def get_contact_context(services: Services, tenant_id: str, question: ContextQuestion) -> ContactContext:
    """Returns the contact's state and the memories that matter now. Raises NotFound."""
    snapshot = await services.snapshots.get(tenant_id, question.contact_id)
    now = question.as_of or services.clock()
    began = time.perf_counter()
    vector = await services.encoders.of_message(tenant_id, snapshot, question.message)
    ranked = rank(
        snapshot.index,
        Query(
            text=question.message,
            limit=question.memory_limit,
            min_importance=question.min_importance,
            as_of=question.as_of,
            explain=question.explain,
            contact_name=snapshot.profile.display_name,
            vector=vector,
        ),
        now,
    )
    rank_us = int((time.perf_counter() - began) * 1e6)
    found = [snapshot.memories[r.position] for r in ranked]
    beside = [None if r.beside is None else snapshot.memories[r.beside] for r in ranked]
    others = [m for m in beside if m is not None]
    if question.as_of is None:
        services.accesses.note(tenant_id, question.contact_id, (m.id for m in (*found, *others)))
    threads = tuple(open_at(snapshot.threads, now))
    last_call = snapshot.last_call
    if last_call is not None and question.as_of is not None and last_call.started_at > question.as_of:
        last_call = None
    prompt = None
    if question.prompt_tokens is not None:
        prompt = briefing.compose(
            snapshot.profile,
            snapshot.state,
            # A briefing says who said what, so the halves stay apart; those that came along fill up what room is left.
            (*found, *others),
            now,
            max_tokens=question.prompt_tokens,
            zone=snapshot.zone,
            known=_known(snapshot, question, now),
            last_call=last_call,
            threads=threads,
        )
    warm = warmth_at(snapshot.state.touches, now)
    if question.as_of is not None:
        warm = await warmth.warmth_as_of(services.database, tenant_id, question.contact_id, now)
    return ContactContext(
        snapshot, tuple(found), tuple(beside), tuple(ranked), now, prompt, rank_us, warm, last_call, threads
    )


def _known(snapshot: ContactSnapshot, question: ContextQuestion, now: datetime) -> list[Memory]:
    """The facts and preferences that a briefing tells whatever the message is about."""
    query = Query(
        text=None,
        limit=_KNOWN,
        min_importance=max(question.min_importance, _KNOWN_IMPORTANCE),
        as_of=question.as_of,
        types=frozenset(("fact", "preference")),
    )
    return [snapshot.memories[r.position] for r in rank(snapshot.index, query, now)]
