"""Triggers made without a hand: from silence, milestones and recurrence.

SQL narrows down to whom something may be due, the rules of the domain say what, and a trigger's occasion, unique for
the contact and for all time, makes it once however often and in how many places this runs.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from server import ids
from server.domain.errors import NotFound
from server.domain.outreach import inactivity, milestones, recurrence
from server.domain.outreach.candidate import Candidate
from server.domain.outreach.config import OutreachConfig
from server.usecases import records
from server.usecases.outreach import facts
from server.usecases.outreach.schedule import WORTH
from server.usecases.services import Services
from store import contacts, occasions, outreach_settings, triggers
from store.database import Transaction
from store.occasions import Window
from store.tables.contact import ContactRow
from store.tables.outreach import TriggerRow

PAGE: Final = 500

LOOK_BACK: Final = timedelta(days=1)
"""How long ago something may have come due and is still worth a message: so a day without a run loses nothing."""

_DAY: Final = timedelta(days=1)
_ZONES: Final = 2 * _DAY
"""Local days and UTC's are at most this apart, and the end of quiet hours can be on the next day."""

_ACTIVE: Final = 3 * _DAY
_MONTH: Final = (timedelta(days=26), timedelta(days=35))
_LEAST_MESSAGES: Final = 100

Page = Callable[[Transaction, str], Awaitable[tuple[str | None, int]]]
"""Makes the triggers of one page of contacts after an id; the page's last id, None where it was the last; how many."""


async def make_of_silence(services: Services, tenant_id: str) -> int:
    """The inactivity messages that are due. Returns how many were made."""
    now = services.clock()

    async def page(tx: Transaction, after: str) -> tuple[str | None, int]:
        config = (await facts.chosen(tx)).config
        if not config.inactivity_enabled:
            return None, 0
        found = await occasions.silent(tx, before=now - config.inactivity_days * _DAY, after=after, limit=PAGE)
        tries = await triggers.inactivity_tries(tx, [one.contact_id for one in found])
        rows = [
            trigger_of(tenant_id, one.contact_id, one.channel, candidate, config, now)
            for one in found
            for candidate in of_silence(one.last_wrote_at, tries.get(one.contact_id, ()), config, now, now)
        ]
        made = await triggers.add(tx, rows)
        return _next([one.contact_id for one in found]), len(made)

    return await _paged(services, tenant_id, page)


def of_silence(
    last_wrote_at: datetime | None, tries: Iterable[datetime], config: OutreachConfig, now: datetime, until: datetime
) -> Iterable[Candidate]:
    """The inactivity messages of one contact."""
    # What was tried and did not go out counts as tried: else it would stand in the way of the next for ever.
    return inactivity.candidates(
        last_wrote_at, tries, config.inactivity_days, config.inactivity_max_attempts, now, until
    )


async def make_of_milestones(services: Services, tenant_id: str) -> int:
    """The milestone messages that are due, and those of streaks and counts just reached. Returns how many."""
    now = services.clock()
    window = window_of(now - LOOK_BACK, now)

    async def page(tx: Transaction, after: str) -> tuple[str | None, int]:
        config = (await facts.chosen(tx)).config
        if not config.milestone_enabled:
            return None, 0
        found = await reached(tx, window, now, after=after, limit=PAGE, hold=True)
        return _next(found), await _make_milestones(tx, found, config, window, now)

    return await _paged(services, tenant_id, page)


async def make_of_contact(services: Services, tenant_id: str, contact_id: str) -> int:
    """The milestone messages of one contact. Returns how many were made. Raises NotFound."""
    now = services.clock()

    async def work(tx: Transaction) -> int:
        if await contacts.get(tx, contact_id, lock=True) is None:
            raise NotFound.contact(contact_id)
        config = (await facts.chosen(tx)).config
        if not config.milestone_enabled:
            return 0
        return await _make_milestones(tx, [contact_id], config, window_of(now - LOOK_BACK, now), now)

    return await services.database.run(tenant_id, work)


async def reached(tx: Transaction, window: Window, now: datetime, *, after: str, limit: int, hold: bool) -> list[str]:
    """Contacts that may have come to a milestone."""
    streaks = [mark + late for mark in milestones.STREAKS for late in (0, 1)]
    return await occasions.reached(
        tx, window, active_since=now - _ACTIVE, streaks=streaks, messages=_LEAST_MESSAGES, after=after, limit=limit,
        hold=hold,
    )  # fmt: skip


def window_of(after: datetime, until: datetime) -> Window:
    """Where SQL looks for what the rules may find due in a time: a little further on both sides."""
    start, end = after - _ZONES, until + _ZONES
    days = {f"{start + n * _DAY:%m-%d}" for n in range((end - start).days + 1)}
    if "02-28" in days:
        # Whoever was born on the 29th has it on the 28th in other years.
        days.add("02-29")
    return Window(start, end, sorted(days), start - _MONTH[1], end - _MONTH[0])


async def _make_milestones(
    tx: Transaction, contact_ids: Sequence[str], config: OutreachConfig, window: Window, now: datetime
) -> int:
    if not contact_ids:
        return 0
    found = await of_milestones(tx, contact_ids, config, window, now, now - LOOK_BACK, now)
    rows = [
        trigger_of(tx.tenant_id, contact.contact_id, contact.channel, candidate, config, now)
        for contact, candidates in found
        for candidate in candidates
    ]
    return len(await triggers.add(tx, rows))


async def of_milestones(
    tx: Transaction,
    contact_ids: Sequence[str],
    config: OutreachConfig,
    window: Window,
    now: datetime,
    after: datetime,
    until: datetime,
) -> list[tuple[ContactRow, tuple[Candidate, ...]]]:
    """The milestones of contacts that are due after `after` and not after `until`."""
    rows = await contacts.by_ids(tx, contact_ids)
    dated = await occasions.dated_memories(tx, contact_ids, window.start, window.end)
    found = []
    for contact_id, row in sorted(rows.items()):
        life = milestones.Life(
            state=records.state(row),
            memories=[records.memory(memory) for memory in dated.get(contact_id, ())],
            zone=facts.zone_of(row, config),
            quiet=config.quiet_hours,
        )
        found.append((row, milestones.candidates(life, now, after, until)))
    return found


async def make_of_recurrence(services: Services, tenant_id: str) -> int:
    """The recurring messages whose time has come, to every contact that agreed. Returns how many were made."""
    now = services.clock()
    async with services.database.transaction(tenant_id) as tx:
        known = await facts.chosen(tx)
    config = known.config
    if not config.recurring_enabled or config.recurring_cron is None:
        return 0
    since = max(known.recurring_until or now, now - LOOK_BACK)
    made = 0
    for candidate in recurrence.candidates(config.recurring_cron, config.zone, since, now):
        made += await _make_slot(services, tenant_id, config, candidate, now)
        # Only when everybody has theirs: a run that breaks off is taken up where it was.
        await services.database.run(tenant_id, lambda tx, at=candidate.at: outreach_settings.recurred(tx, at))  # type: ignore[misc]
    return made


async def _make_slot(
    services: Services, tenant_id: str, config: OutreachConfig, candidate: Candidate, now: datetime
) -> int:
    async def page(tx: Transaction, after: str) -> tuple[str | None, int]:
        found = await occasions.agreeing(tx, candidate.occasion, after=after, limit=PAGE, hold=True)
        rows = [trigger_of(tenant_id, contact_id, channel, candidate, config, now) for contact_id, channel in found]
        made = await triggers.add(tx, rows)
        return _next([contact_id for contact_id, _ in found]), len(made)

    return await _paged(services, tenant_id, page)


def trigger_of(
    tenant_id: str, contact_id: str, channel: str, candidate: Candidate, config: OutreachConfig, now: datetime
) -> TriggerRow:
    """A candidate as a trigger, held where the tenant wants to approve what nobody wrote."""
    template = config.template_for(candidate.kind)
    return TriggerRow(
        tenant_id=tenant_id,
        trigger_id=ids.new("trg", now),
        contact_id=contact_id,
        trigger_type=candidate.kind,
        channel=channel,
        status="held" if config.requires_approval else "pending",
        text_source="generated" if template is None else "template",
        message=None,
        template=template,
        template_variables=None,
        llm_context=None,
        scheduled_at=candidate.at,
        expires_at=candidate.at + WORTH,
        expire_on_reply=candidate.expire_on_reply,
        reason=candidate.reason,
        occasion=candidate.occasion,
        dedupe_key=None,
        due_at=candidate.at,
        claimed_until=None,
        attempts=0,
        outcome_unknown=False,
        provider_message_id=None,
        failure=None,
        sent_at=None,
        created_at=now,
    )


def _next(contact_ids: Sequence[str]) -> str | None:
    return contact_ids[-1] if len(contact_ids) == PAGE else None


async def _paged(services: Services, tenant_id: str, page: Page) -> int:
    made, after = 0, ""
    while True:
        reached_id, some = await services.database.run(tenant_id, lambda tx, last=after: page(tx, last))  # type: ignore[misc]
        made += some
        if reached_id is None:
            return made
        after = reached_id
