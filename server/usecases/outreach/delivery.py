"""One claimed message: written, handed to its channel, and what became of it recorded.

Texts and deliveries happen outside of any transaction. Before a provider can have the message that is noted, so that
whoever finds the claim after a crash knows whether to ask the provider first. A message that stays here is noted as
sent and put into the outbox in one transaction.
"""

import logging
import random
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from server.domain.outreach.retry import (
    Accepted,
    Delivered,
    GiveUp,
    LookUp,
    Outcome,
    TryAgain,
    Unknown,
    next_step,
)
from server.providers.channels.ports import Adapter, Outgoing
from server.usecases.outreach.channels import UnusableChannel, adapter_of
from server.usecases.outreach.dispatch import LEASE, Claimed, give_back
from server.usecases.outreach.texts import NoText, text_of
from server.usecases.services import Services
from store import dispatching, outbox, snapshots, triggers
from store.database import Transaction
from store.tables.outreach import ChannelRow, OutboxRow

log: Final = logging.getLogger("kith.outreach")

Ending = Literal["sent", "retrying", "failed", "lost"]
"""`lost`: it is not ours to end: the contact or somebody else stopped the message, or it was given back."""


@dataclass(frozen=True, slots=True)
class _Result:
    """The columns that a try leaves in the trigger, and what it counts as."""

    ending: Ending
    columns: dict[str, Any]


async def deliver(services: Services, item: Claimed, channel: ChannelRow | None) -> Ending:
    """Brings one claimed message to its next standing. `channel` is None where it is not set up."""
    try:
        adapter = adapter_of(services.outreach, channel)
    except UnusableChannel as error:
        log.warning("a channel cannot be used", extra={"channel": item.trigger.channel, "why": str(error)})
        word = "outcome_unknown" if item.doubtful else "channel_unusable"
        return await _record(services, item, _failed(word), None)
    if item.doubtful:
        return await _ask(services, item, adapter)
    try:
        text = await _text(services, item)
    except NoText:
        return await _record(services, item, _failed("no_text"), None)
    if text is None:
        return "lost"
    if item.is_quiet(services.clock()):
        # It was decided before it was written and before others of its batch left, which can take minutes.
        await give_back(services, item)
        return "lost"
    item = replace(item, trigger=replace(item.trigger, message=text))
    if adapter.keeps_locally:
        return await _record(
            services, item, _result(item, adapter, Accepted(item.trigger.trigger_id), services), adapter
        )
    return await _send(services, item, adapter, text)


async def _text(services: Services, item: Claimed) -> str | None:
    """The text; None where the contact is gone. Raises NoText."""
    if item.trigger.message is not None:
        return item.trigger.message
    async with services.database.transaction(item.trigger.tenant_id) as tx:
        whole = await snapshots.whole(tx, item.trigger.contact_id)
    if whole is None:
        return None
    return await text_of(services.outreach, item.trigger, whole, services.clock())


async def _send(services: Services, item: Claimed, adapter: Adapter, text: str) -> Ending:
    now = services.clock()
    until = now + LEASE

    async def leaves(tx: Transaction) -> bool:
        return await dispatching.leaves(tx, item.claim, text, until)

    if not await services.database.run(item.trigger.tenant_id, leaves):
        return "lost"
    item = replace(item, claim=replace(item.claim, claimed_until=until))
    try:
        outcome = (await adapter.deliver(_outgoing(item), now)).outcome
    except Exception as error:
        # An adapter does not raise; where one does after all, nobody knows how far it came.
        log.error("an adapter failed", extra={"kind": adapter.kind, "error": type(error).__name__})
        outcome = Unknown()
    return await _record(services, item, _result(item, adapter, outcome, services), adapter)


async def _ask(services: Services, item: Claimed, adapter: Adapter) -> Ending:
    """Looks an unknown outcome up; where the provider cannot be asked it waits for a person."""
    if not adapter.looks_up:
        return await _record(services, item, _failed("outcome_unknown"), adapter)
    try:
        outcome = (await adapter.look_up(_outgoing(item), services.clock())).outcome
    except Exception as error:
        log.error("an adapter failed", extra={"kind": adapter.kind, "error": type(error).__name__})
        outcome = Unknown()
    return await _record(services, item, _result(item, adapter, outcome, services), adapter)


def _outgoing(item: Claimed) -> Outgoing:
    trigger = item.trigger
    return Outgoing(
        trigger_id=trigger.trigger_id,
        contact_id=trigger.contact_id,
        channel=trigger.channel,
        trigger_type=trigger.trigger_type,
        at=trigger.scheduled_at,
        external_id=item.contact.external_id,
        message=trigger.message or "",
    )


def _result(item: Claimed, adapter: Adapter, outcome: Outcome, services: Services) -> _Result:
    now, trigger = services.clock(), item.trigger
    draw = random.random()  # noqa: S311 (spreads load, is no secret)
    match next_step(outcome, trigger.attempts, now, draw, expires_at=trigger.expires_at):
        case Delivered(reference):
            # What went to a provider had its text stored when it left, and may have been forgotten since.
            text = {"message": trigger.message} if adapter.keeps_locally else {}
            return _Result("sent", {**_sent(reference, now), **text})
        case TryAgain(at):
            return _Result("retrying", {**_UNCLAIMED, "status": "pending", "due_at": at})
        case LookUp(at) if adapter.looks_up:
            return _Result("retrying", {"status": "claimed", "outcome_unknown": True, "claimed_until": at})
        case LookUp():
            return _failed("outcome_unknown")
        case GiveUp(failure):
            return _failed(failure)


_UNCLAIMED: Final[dict[str, Any]] = {"claimed_until": None, "outcome_unknown": False}


def _sent(reference: str | None, now: datetime) -> dict[str, Any]:
    return {
        **_UNCLAIMED,
        "status": "sent",
        "failure": None,
        "provider_message_id": reference,
        "sent_at": now,
    }


def _failed(word: str) -> _Result:
    doubt = word == "outcome_unknown"
    return _Result("failed", {**_UNCLAIMED, "status": "failed", "failure": word, "outcome_unknown": doubt})


async def _record(services: Services, item: Claimed, result: _Result, adapter: Adapter | None) -> Ending:
    trigger = item.trigger

    async def work(tx: Transaction) -> bool:
        if not await dispatching.hold(tx, item.claim):
            return False
        await triggers.change(tx, trigger.trigger_id, **result.columns)
        if result.ending == "sent" and adapter is not None and adapter.keeps_locally:
            kept = OutboxRow(
                trigger.tenant_id, trigger.trigger_id, trigger.contact_id, trigger.channel, trigger.message or "",
                result.columns["sent_at"],
            )  # fmt: skip
            await outbox.put(tx, kept)
        return True

    return result.ending if await services.database.run(trigger.tenant_id, work) else "lost"
