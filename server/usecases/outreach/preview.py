"""What would go out in the days to come, and what would not and why: foreseen by the rule that sends."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from server.domain.errors import NotFound
from server.domain.outreach import recurrence
from server.domain.outreach.candidate import Candidate
from server.domain.outreach.config import OutreachConfig
from server.domain.outreach.dispatch import History, Recipient, Send
from server.domain.outreach.foresight import Due, Foreseen, Party, due_of, in_order
from server.domain.outreach.words import TriggerType
from server.usecases.contacts import MOST
from server.usecases.outreach import facts, occasions
from server.usecases.services import Services
from store import consents, contacts, dispatching, triggers
from store import occasions as found_in
from store.database import Transaction
from store.tables.contact import ContactRow
from store.tables.outreach import TriggerRow

LOOKED_AT: Final = 500
"""Contacts that a preview of a whole tenant looks at of each kind: with triggers, silent, at milestones, agreeing."""

DECISIONS: Final = 2_000
"""How often a preview asks the rule; about a third of a second of one processor."""

_WEEK: Final = timedelta(days=9)
_SLOTS: Final = 200
_SPARE_SLOTS: Final = 10
"""Slots of a contact beyond those that the decisions suffice for, in place of slots that it had."""


@dataclass(frozen=True, slots=True)
class PreviewQuery:
    """What to foresee: `days` 1 to 31; `limit` at least 1 and taken as at most 100 of each list."""

    days: int = 7
    contact_id: str | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Coming:
    """One message and what would become of it; `why` is None where it would go out. `at`: when, UTC."""

    contact_id: str
    trigger_id: str | None
    kind: TriggerType
    channel: str
    at: datetime
    reason: str | None
    why: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """The next first."""

    would_fire: list[Coming]
    would_not_fire: list[Coming]


async def preview_outreach(services: Services, tenant_id: str, query: PreviewQuery) -> Preview:
    """What would become of what is planned, if nobody writes and nothing is changed. Makes and sends nothing.

    It looks ahead until both lists are full or `DECISIONS` were made; what would come later is not told.
    For one contact also what the tenant has turned off is shown, as held back by that. Raises NotFound.
    """
    now = services.clock().astimezone(UTC)
    until = now + timedelta(days=query.days)
    async with services.database.transaction(tenant_id, isolation="REPEATABLE READ") as tx:
        config = (await facts.chosen(tx)).config
        if query.contact_id is None:
            contact_ids = await _worth_a_look(tx, config, now, until)
        elif await contacts.get(tx, query.contact_id) is None:
            raise NotFound.contact(query.contact_id)
        else:
            contact_ids = [query.contact_id]
        known = await _known(tx, config, contact_ids, now, until, show_disabled=query.contact_id is not None)
    return await asyncio.to_thread(_foreseen, known, config, now, until, min(query.limit, MOST))


async def _worth_a_look(tx: Transaction, config: OutreachConfig, now: datetime, until: datetime) -> list[str]:
    found = set(await found_in.planned(tx, until, LOOKED_AT))
    if config.inactivity_enabled:
        before = until - timedelta(days=config.inactivity_days)
        found |= set(await found_in.just_silent(tx, before=before, limit=LOOKED_AT))
    if config.milestone_enabled:
        window = occasions.window_of(now - occasions.LOOK_BACK, until)
        found |= set(await occasions.reached(tx, window, now, after="", limit=LOOKED_AT, hold=False))
    if config.recurring_enabled:
        found |= {one for one, _ in await found_in.agreeing(tx, "", after="", limit=LOOKED_AT, hold=False)}
    return sorted(found)


@dataclass(frozen=True, slots=True)
class _Person:
    """What a preview has read of a contact; `stored` by trigger, `made` by occasion."""

    contact: ContactRow
    recipient: Recipient
    history: History
    stored: dict[str, TriggerRow]
    made: dict[str, Candidate]


async def _known(
    tx: Transaction,
    config: OutreachConfig,
    contact_ids: Sequence[str],
    now: datetime,
    until: datetime,
    *,
    show_disabled: bool,
) -> dict[str, _Person]:
    people = await contacts.by_ids(tx, contact_ids)
    said = await consents.of_contacts(tx, contact_ids)
    had = await found_in.had(tx, contact_ids)
    waiting = await _waiting(tx, contact_ids, until)
    histories: defaultdict[str, History] = defaultdict(History)
    for gone in await dispatching.history(tx, contact_ids, now, since=now - _WEEK, but=()):
        before = histories[gone.contact_id]
        silent = (*before.inactivity, gone.at) if gone.trigger_type == "inactivity" else before.inactivity
        histories[gone.contact_id] = History((*before.sent, gone.at), silent)
    # What is turned off is looked for as if it were on, and then held back by the rule itself.
    sought = replace(config, inactivity_enabled=True, milestone_enabled=True) if show_disabled else config
    fresh = await _candidates(tx, sought, people, now, until, show_disabled=show_disabled)
    return {
        contact_id: _Person(
            contact=person,
            recipient=facts.recipient(person, said.get(contact_id, ()), config),
            history=histories[contact_id],
            stored={row.trigger_id: row for row in waiting[contact_id]},
            made={one.occasion: one for one in fresh[contact_id] if (contact_id, one.occasion) not in had},
        )
        for contact_id, person in people.items()
    }


def _foreseen(known: dict[str, _Person], config: OutreachConfig, now: datetime, until: datetime, limit: int) -> Preview:
    parties = [
        Party(
            contact_id,
            person.recipient,
            person.history,
            [
                *(Due(row.trigger_id, row.due_at, facts.planned(row)) for row in person.stored.values()),
                *(due_of(one, person.contact.channel, held=config.requires_approval) for one in person.made.values()),
            ],
        )
        for contact_id, person in sorted(known.items())
    ]
    seen = Preview([], [])
    for contact_id, one in in_order(parties, config, now, until, decisions=DECISIONS):
        person = known[contact_id]
        coming = _coming(one, contact_id, person.stored.get(one.due.key), person.made.get(one.due.key))
        column = seen.would_fire if coming.why is None else seen.would_not_fire
        if len(column) < limit:
            column.append(coming)
        if len(seen.would_fire) == len(seen.would_not_fire) == limit:
            break
    for column in (seen.would_fire, seen.would_not_fire):
        column.sort(key=lambda one: (one.at, one.contact_id, one.reason or ""))
    return seen


async def _waiting(tx: Transaction, contact_ids: Sequence[str], until: datetime) -> defaultdict[str, list[TriggerRow]]:
    found: defaultdict[str, list[TriggerRow]] = defaultdict(list)
    for row in await triggers.waiting(tx, contact_ids, until):
        found[row.contact_id].append(row)
    return found


async def _candidates(
    tx: Transaction,
    config: OutreachConfig,
    people: dict[str, ContactRow],
    now: datetime,
    until: datetime,
    *,
    show_disabled: bool,
) -> defaultdict[str, list[Candidate]]:
    found: defaultdict[str, list[Candidate]] = defaultdict(list)
    if config.inactivity_enabled:
        tries = await triggers.inactivity_tries(tx, list(people))
        for person in people.values():
            found[person.contact_id] += occasions.of_silence(
                person.last_wrote_at, tries.get(person.contact_id, ()), config, now, until
            )
    if config.milestone_enabled:
        after = now - occasions.LOOK_BACK
        window = occasions.window_of(after, until)
        for person, candidates in await occasions.of_milestones(
            tx, list(people), config, window, now, after, until
        ):  # fmt: skip
            found[person.contact_id] += candidates
    if config.recurring_cron is not None and (config.recurring_enabled or show_disabled):
        # The same for everybody, so that no more of them can be decided on.
        most = min(_SLOTS, DECISIONS // max(1, len(people)) + _SPARE_SLOTS)
        slots = _first(recurrence.candidates(config.recurring_cron, config.zone, now, until), most)
        for contact_id in people:
            found[contact_id] += slots
    return found


def _first(candidates: Iterable[Candidate], most: int) -> list[Candidate]:
    return list(islice(candidates, most))


def _coming(one: Foreseen, contact_id: str, stored: TriggerRow | None, made: Candidate | None) -> Coming:
    planned = one.due.planned
    return Coming(
        contact_id=contact_id,
        trigger_id=stored.trigger_id if stored else None,
        kind=planned.kind,
        channel=planned.channel,
        at=one.at,
        reason=stored.reason if stored else made.reason if made else None,
        why=None if isinstance(one.decision, Send) else one.decision.why,
    )
