"""Scheduling one message by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from server import ids
from server.domain.errors import Conflict, FieldViolation, InvalidInput, NotFound
from server.domain.outreach.config import OutreachConfig
from server.domain.outreach.consent import refusal
from server.domain.outreach.inactivity import attempts_in_silence
from server.domain.outreach.words import TriggerType
from server.usecases import audit
from server.usecases.outreach import facts
from server.usecases.outreach.templates import check
from server.usecases.outreach.texts import VARIABLES
from server.usecases.services import Services
from store import consents, contacts, outreach_settings, triggers
from store.database import Transaction
from store.tables.contact import ContactRow
from store.tables.outreach import TriggerRow

LATE: Final = timedelta(minutes=1)
"""How far a time may lie in the past: clocks differ, and requests take their time."""

AHEAD: Final = timedelta(days=366)
"""A year ahead, leap years included."""

WORTH: Final = timedelta(days=1)
"""How long a message is worth sending where nobody says otherwise."""

_MOST_VARIABLES: Final = 16_384
_ADDRESSED: Final = frozenset({"whatsapp_cloud", "telegram", "email"})
"""Kinds of channels that need the contact's own address there; others hand the message to the tenant."""


@dataclass(frozen=True, slots=True)
class NewTrigger:
    """A message to schedule, as the contract has it; ranges of single fields are validated by the contract."""

    contact_id: str
    scheduled_at: datetime
    trigger_type: TriggerType = "scheduled"
    channel: str | None = None
    message: str | None = None
    template: str | None = None
    template_variables: Mapping[str, Any] | None = None
    generate: bool = False
    about: str | None = None
    defer: bool = False
    dedupe_key: str | None = None
    requires_approval: bool | None = None
    expire_on_reply: bool | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The trigger as it is stored; `created` is False where it was open under its key before."""

    trigger: TriggerRow
    created: bool
    deferred: bool


async def schedule_outreach(services: Services, tenant_id: str, new: NewTrigger) -> Scheduled:
    """Stores the message, or nothing at all.

    Raises InvalidInput, which names every wrong field; NotFound; Conflict: OUTREACH_DISABLED, MAX_ATTEMPTS_REACHED,
    QUIET_HOURS. Where a trigger is open under the dedupe key already, that one is returned whatever else was asked.
    """
    now = services.clock()
    _check(new, now)

    async def work(tx: Transaction) -> Scheduled:
        # Held, so that a STOP comes before this or finds it; and two of one key come one after the other.
        contact = await contacts.get(tx, new.contact_id, lock=True)
        if contact is None:
            raise NotFound.contact(new.contact_id)
        if new.dedupe_key is not None:
            known = await triggers.open_under(tx, contact.contact_id, new.dedupe_key)
            if known is not None:
                return Scheduled(known, created=False, deferred=new.defer and known.scheduled_at > new.scheduled_at)
        config = (await facts.chosen(tx)).config
        channel = await _channel(tx, new, contact)
        await _refuse_unwanted(tx, new, contact, channel, config)
        at = _time(new, contact, config, now)
        row = _row(tenant_id, new, channel, at, config, now)
        if row.expires_at <= at:
            raise InvalidInput.of("expires_at", "must be after the time at which the message goes out")
        await triggers.add(tx, [row])
        await audit.record(tx, target=row.trigger_id)
        return Scheduled(row, created=True, deferred=at != new.scheduled_at)

    return await services.database.run(tenant_id, work)


def _check(new: NewTrigger, now: datetime) -> None:
    wrong: list[FieldViolation] = []
    if new.scheduled_at < now - LATE:
        wrong.append(FieldViolation("scheduled_at", "is more than a minute in the past; give a time from now on"))
    if new.scheduled_at > now + AHEAD:
        wrong.append(FieldViolation("scheduled_at", "is more than a year ahead; give an earlier time"))
    if new.expires_at is not None and new.expires_at <= max(new.scheduled_at, now):
        wrong.append(FieldViolation("expires_at", "must be after scheduled_at and after now"))
    wrong += _wrong_text(new)
    if wrong:
        raise InvalidInput(wrong)


def _wrong_text(new: NewTrigger) -> list[FieldViolation]:
    wrong: list[FieldViolation] = []
    texts = {
        "message": new.message is not None,
        "template": new.template is not None,
        "generate_with_llm": new.generate,
    }
    given = [name for name, is_given in texts.items() if is_given]
    if not given:
        wrong.append(FieldViolation("message", "give one of message, template and generate_with_llm"))
    wrong += [FieldViolation(name, f"cannot be combined with {given[0]}; give one of them") for name in given[1:]]
    if new.message is not None and not new.message.strip():
        wrong.append(FieldViolation("message", "must not be blank"))
    if new.about is not None and not new.generate:
        wrong.append(FieldViolation("llm_context", "is only for a text that is written, with generate_with_llm"))
    own = new.template_variables or {}
    if new.template is None:
        if own:
            wrong.append(FieldViolation("template_variables", "are only for a template"))
        return wrong
    taken = sorted(VARIABLES & own.keys())
    if taken:
        wrong.append(
            FieldViolation("template_variables", f"cannot be named {', '.join(taken)}: every template has these")
        )
    if len(orjson.dumps(dict(own))) > _MOST_VARIABLES:
        wrong.append(FieldViolation("template_variables", f"must have at most {_MOST_VARIABLES} bytes as JSON"))
    wrong += [FieldViolation("template", problem) for problem in check(new.template, VARIABLES | own.keys())]
    return wrong


async def _channel(tx: Transaction, new: NewTrigger, contact: ContactRow) -> str:
    if new.channel is None or new.channel == contact.channel:
        return contact.channel
    known = await outreach_settings.channel(tx, new.channel)
    if known is None:
        raise InvalidInput.of(
            "channel",
            f"is neither the contact's own, {contact.channel}, nor one that is set up: leave it out or set it up",
        )
    if known.kind in _ADDRESSED:
        raise InvalidInput.of("channel", f"has no address of this contact, which is known on {contact.channel} alone")
    return new.channel


async def _refuse_unwanted(
    tx: Transaction, new: NewTrigger, contact: ContactRow, channel: str, config: OutreachConfig
) -> None:
    said = facts.recipient(contact, await consents.of_contact(tx, contact.contact_id), config)
    status = said.channels.get(channel, "unknown")
    why = refusal(contact.outreach_consent, status, new.trigger_type, by_hand=True)
    if why is not None:
        wanted = "opted out of it" if why == "opted_out" else "does not agree to messages"
        raise Conflict(
            f"Contact {contact.contact_id} {wanted}; its consent must change first.",
            reason="OUTREACH_DISABLED",
            details={"withheld_because": why, "channel": channel},
        )
    if new.trigger_type == "inactivity":
        tries = await triggers.inactivity_since(tx, contact.contact_id, contact.last_wrote_at)
        if attempts_in_silence(tries, contact.last_wrote_at) >= config.inactivity_max_attempts:
            raise Conflict(
                f"This silence had its {config.inactivity_max_attempts} messages, sent or planned;"
                " they count anew once the contact writes.",
                reason="MAX_ATTEMPTS_REACHED",
                details={"inactivity_max_attempts": str(config.inactivity_max_attempts)},
            )


def _time(new: NewTrigger, contact: ContactRow, config: OutreachConfig, now: datetime) -> datetime:
    """When it goes out: as asked, or at the end of quiet hours. Raises Conflict."""
    zone = facts.zone_of(contact, config)
    asked = max(new.scheduled_at, now)
    end = config.quiet_hours.end_of(asked, zone)
    if end == asked:
        return new.scheduled_at
    if new.defer:
        return end
    ends = end.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise Conflict(
        f"scheduled_at falls into the contact's quiet hours ({zone.key}); give a time from {ends} on, or set defer.",
        reason="QUIET_HOURS",
        details={"quiet_hours_end": ends, "time_zone": zone.key},
    )


def _row(
    tenant_id: str, new: NewTrigger, channel: str, at: datetime, config: OutreachConfig, now: datetime
) -> TriggerRow:
    # A message that is given was approved by whoever wrote it, unless they say otherwise.
    held = new.requires_approval if new.requires_approval is not None else new.generate and config.requires_approval
    return TriggerRow(
        tenant_id=tenant_id,
        trigger_id=ids.new("trg", now),
        contact_id=new.contact_id,
        trigger_type=new.trigger_type,
        channel=channel,
        status="held" if held else "pending",
        text_source="generated" if new.generate else "template" if new.template is not None else "given",
        message=new.message,
        template=new.template,
        template_variables=dict(new.template_variables) if new.template_variables else None,
        llm_context=new.about,
        scheduled_at=at,
        expires_at=new.expires_at or at + WORTH,
        expire_on_reply=new.generate if new.expire_on_reply is None else new.expire_on_reply,
        reason=None,
        occasion=None,
        dedupe_key=new.dedupe_key,
        due_at=at,
        claimed_until=None,
        attempts=0,
        outcome_unknown=False,
        provider_message_id=None,
        failure=None,
        sent_at=None,
        created_at=now,
    )
