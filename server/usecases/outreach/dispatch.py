"""Claiming what is due, and deciding again whether it goes out: in one transaction, with its contacts held.

Holding the contacts keeps the caps: of two runners the second one sees what the first one claimed. A claim that ran out
belonged to a runner that died. Where a provider may have its message it is looked up, else it is decided anew.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from server.domain.outreach import dispatch as rules
from server.domain.outreach.config import OutreachConfig
from server.domain.outreach.dispatch import Expire, History, Postpone, Recipient, Send, Withhold
from server.usecases.outreach import facts
from server.usecases.services import Services
from store import consents, contacts, dispatching, merges
from store.database import Transaction
from store.dispatching import Claim, Gone, Settled
from store.tables.contact import ContactRow
from store.tables.outreach import TriggerRow

BATCH: Final = 50

LEASE: Final = timedelta(minutes=3)
"""How long a claim holds. Every try is bounded to seconds; a text by a language model may take longer."""

_WEEK: Final = timedelta(days=9)
"""A local week, with room for the longest one."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A trigger that is ours to send by `config`; `doubtful` where a provider may have it and must be asked first."""

    trigger: TriggerRow
    contact: ContactRow
    config: OutreachConfig
    doubtful: bool
    claim: Claim

    def is_quiet(self, now: datetime) -> bool:
        """Whether it is now an hour at which nothing is sent to the contact."""
        return self.config.quiet_hours.is_quiet(now, facts.zone_of(self.contact, self.config))


@dataclass(slots=True)
class Batch:
    """What was claimed, and what became of the rest; `busy`: there is more, which another runner holds just now."""

    claimed: list[Claimed] = field(default_factory=list)
    withheld: int = 0
    postponed: int = 0
    expired: int = 0
    busy: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found due."""
        return not (self.claimed or self.withheld or self.postponed or self.expired)


async def claim_due(services: Services, tenant_id: str) -> Batch:
    """Claims some of what is due now."""
    now = services.clock()
    return await services.database.run(tenant_id, lambda tx: _claim(tx, now))


async def _claim(tx: Transaction, now: datetime) -> Batch:
    taken = await dispatching.take(tx, now, BATCH)
    if not taken.triggers:
        return Batch(busy=taken.busy)
    config = (await facts.chosen(tx)).config
    contact_ids = sorted({row.contact_id for row in taken.triggers})
    people = await contacts.by_ids(tx, contact_ids)
    elsewhere = await merges.addresses(tx, contact_ids)
    said = await consents.of_contacts(tx, contact_ids)
    undecided = [row.trigger_id for row in taken.triggers if not _is_doubtful(row)]
    gone = await dispatching.history(tx, contact_ids, now, since=now - _WEEK, but=undecided)
    histories = _histories(gone)
    until, batch, settled = now + LEASE, Batch(), []
    for row in taken.triggers:
        person = _reached(people[row.contact_id], row.channel, elsewhere)
        if _is_doubtful(row):
            batch.claimed.append(_ours(row, person, config, until, doubtful=True))
            continue
        recipient = facts.recipient(person, said.get(row.contact_id, ()), config)
        ending = _decided(row, recipient, config, histories[row.contact_id], now)
        if ending is None:
            histories[row.contact_id] = _after(histories[row.contact_id], row, now)
            batch.claimed.append(_ours(row, person, config, until, doubtful=False))
            continue
        settled.append(ending)
        batch.postponed += ending.status == "pending"
        batch.withheld += ending.status == "cancelled"
        batch.expired += ending.status == "expired"
    await dispatching.settle(tx, settled)
    await dispatching.claim(tx, [one.trigger.trigger_id for one in batch.claimed], until)
    return batch


def _reached(person: ContactRow, channel: str, elsewhere: Mapping[tuple[str, str], str]) -> ContactRow:
    """The contact as it is written to on a channel: by the id of a contact of that channel that was merged into it."""
    if person.channel == channel:
        return person
    return replace(person, external_id=elsewhere.get((person.contact_id, channel), person.external_id))


def _is_doubtful(row: TriggerRow) -> bool:
    return row.status == "claimed" and row.outcome_unknown


def _decided(
    row: TriggerRow, recipient: Recipient, config: OutreachConfig, history: History, now: datetime
) -> Settled | None:
    """What becomes of it instead of going out; None where it goes out."""
    match rules.decide(facts.planned(row), recipient, config, history, now):
        case Send():
            return None
        case Postpone(until=later):
            return Settled(row.trigger_id, "pending", due_at=later)
        case Withhold(why=why):
            return Settled(row.trigger_id, "cancelled", failure=why)
        case Expire(why=why):
            return Settled(row.trigger_id, "expired", failure=why)


def _histories(gone: Sequence[Gone]) -> defaultdict[str, History]:
    found: defaultdict[str, History] = defaultdict(History)
    for one in gone:
        found[one.contact_id] = _with(found[one.contact_id], one.trigger_type, one.at)
    return found


def _after(history: History, row: TriggerRow, now: datetime) -> History:
    return _with(history, row.trigger_type, now)


def _with(history: History, trigger_type: str, at: datetime) -> History:
    silent = (*history.inactivity, at) if trigger_type == "inactivity" else history.inactivity
    return History(sent=(*history.sent, at), inactivity=silent)


def _ours(row: TriggerRow, contact: ContactRow, config: OutreachConfig, until: datetime, *, doubtful: bool) -> Claimed:
    claimed = replace(row, status="claimed", attempts=row.attempts + 1, claimed_until=until)
    claim = Claim(row.trigger_id, row.contact_id, claimed.attempts, until)
    return Claimed(claimed, contact, config, doubtful, claim)


async def give_back(services: Services, item: Claimed) -> None:
    """Gives back what was claimed and did not leave; whoever finds it decides it anew."""
    now = services.clock()
    await services.database.run(item.trigger.tenant_id, lambda tx: dispatching.release(tx, item.claim, now))
