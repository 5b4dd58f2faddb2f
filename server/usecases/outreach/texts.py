"""The text of a message: given, made from a template, or written when it is due."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from server.domain.outreach.composer import Brief, compose
from server.domain.outreach.inactivity import days_silent
from server.domain.outreach.words import TriggerType
from server.domain.relationship import active_streak, stage_now
from server.usecases import records
from server.usecases.outreach.parts import OutreachParts
from server.usecases.outreach.templates import MOST_BYTES, TemplateFailed, render
from store.snapshots import WholeContact
from store.tables.outreach import TriggerRow
from store.triggers import FORGOTTEN

log: Final = logging.getLogger("kith.outreach")

VARIABLES: Final = frozenset({"name", "stage", "mood", "streak", "days_silent", "facts"})
"""What every template can use; `name` is empty where none is known, `facts` are sentences, the weightiest first."""

_MOST_FACTS: Final = 20


class NoText(Exception):
    """The template gives no text with what is known of the contact."""


async def text_of(parts: OutreachParts, trigger: TriggerRow, whole: WholeContact, now: datetime) -> str:
    """The text of a trigger as of `now`, 1 to 4,096 bytes. Raises NoText."""
    if trigger.message is not None:
        return trigger.message
    if trigger.template is not None:
        return _rendered(trigger.template, variables(whole, trigger.template_variables, now))
    if trigger.text_source != "generated" or trigger.failure == FORGOTTEN:
        raise NoText("there was a text, and it is forgotten")
    brief = _brief(trigger, whole, now)
    try:
        text = _fitting(await parts.writer.write(trigger.tenant_id, brief) or "")
    except Exception as error:
        # Whatever is wrong with the writer, the message is due. Its words are not logged: they may hold the brief.
        log.warning("the writer failed, the composer writes", extra={"error": type(error).__name__})
        text = ""
    return text or _fitting(compose(brief))


def _rendered(template: str, values: Mapping[str, Any]) -> str:
    try:
        return render(template, values)
    except TemplateFailed as error:
        raise NoText(str(error)) from None


def variables(whole: WholeContact, own: Mapping[str, Any] | None, now: datetime) -> dict[str, Any]:
    """The variables of a template, with the trigger's `own`."""
    state = records.state(whole.contact)
    told = sorted(
        (row for row in whole.memories if row.status == "current" and row.type in ("fact", "preference")),
        key=lambda row: (-row.importance, row.memory_id),
    )
    return {
        **(own or {}),
        "name": whole.contact.display_name or "",
        "stage": stage_now(state, now),
        "mood": state.mood,
        "streak": active_streak(state, now.astimezone(ZoneInfo(whole.zone)).date()),
        "days_silent": days_silent(state.last_wrote_at, now) if state.last_wrote_at else 0,
        "facts": [row.content for row in told[:_MOST_FACTS]],
    }


def _brief(trigger: TriggerRow, whole: WholeContact, now: datetime) -> Brief:
    return Brief(
        kind=cast(TriggerType, trigger.trigger_type),
        reason=trigger.reason,
        name=whole.contact.display_name,
        state=records.state(whole.contact),
        memories=[records.memory(row) for row in whole.memories if row.status == "current"],
        zone=ZoneInfo(whole.zone),
        now=now,
        about=trigger.llm_context,
        language=whole.contact.language,
    )


def _fitting(text: str) -> str:
    """The text without blanks around it, cut to what a message may have."""
    return text.strip().replace("\0", "").encode()[:MOST_BYTES].decode(errors="ignore")
