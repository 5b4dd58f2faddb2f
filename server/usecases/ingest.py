"""Taking one exchange in: stored, understood, and announced, in one transaction."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from server import ids
from server.domain import relationship
from server.domain.contact import State
from server.domain.errors import FieldViolation, InvalidInput, NotFound
from server.domain.extraction import Known, extract
from server.domain.mood import Classified, classify, energy, next_mood
from server.domain.snapshot import ContactSnapshot
from server.domain.turn import Turn
from server.domain.words import MoodSource
from server.usecases import records
from server.usecases.consolidation import queue_consolidation
from server.usecases.learning import learn
from server.usecases.services import Services
from server.usecases.snapshots import Change, build
from store import contacts, interaction_logs
from store.database import Transaction
from store.tables.contact import ContactRow
from store.tables.interaction_log import InteractionLogRow

AHEAD: Final = timedelta(minutes=5)
"""How far a caller's clock may run ahead of ours."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What was really done before answering."""

    interaction_id: str
    memories_extracted: int
    state_updated: bool
    triggers_created: int
    deferred_tasks_queued: int


async def ingest_interaction(services: Services, tenant_id: str, contact_id: str, turn: Turn) -> Ingested:
    """Stores the turn durably, with what it tells about the contact, and queues the deferred work.

    The same `turn_id` again changes nothing and is answered as the first time. Raises InvalidInput, NotFound.
    """
    now = services.clock()
    _check(turn, now)
    result: list[Ingested] = []

    async def work(tx: Transaction) -> Change:
        result.clear()
        row = await contacts.get(tx, contact_id, lock=True)
        if row is None:
            raise NotFound.contact(contact_id)
        if turn.turn_id is not None:
            known = await interaction_logs.by_turn_id(tx, contact_id, turn.turn_id)
            if known is not None:
                result.append(Ingested(known.interaction_id, **known.answer))
                return Change(row.version, services.snapshots.held(tenant_id, contact_id, row.version))
        snapshot = services.snapshots.held(tenant_id, contact_id, row.version) or await build(tx, contact_id)
        if snapshot is None:
            raise NotFound.contact(contact_id)
        ingested, change = await _take_in(tx, row, snapshot, turn, now)
        result.append(ingested)
        return change

    await services.snapshots.change(tenant_id, contact_id, work)
    return result[0]


def _check(turn: Turn, now: datetime) -> None:
    wrong: list[FieldViolation] = []
    if not (turn.user_message or "").strip() and not (turn.ai_response or "").strip():
        wrong.append(FieldViolation("user_message", "must be given where ai_response is not"))
    if turn.occurred_at > now + AHEAD:
        wrong.append(FieldViolation("occurred_at", "must be at most 5 minutes ahead"))
    if wrong:
        raise InvalidInput(wrong)


@dataclass(frozen=True, slots=True)
class _Feeling:
    """The mood of this turn alone, and who said so."""

    classified: Classified
    source: MoodSource


async def _take_in(
    tx: Transaction, row: ContactRow, snapshot: ContactSnapshot, turn: Turn, now: datetime
) -> tuple[Ingested, Change]:
    interaction_id = ids.new("int", now)
    zone = ZoneInfo(snapshot.zone)
    session_id = relationship.session_of(snapshot.state, turn)
    turn = replace(turn, session_id=session_id)
    new_session = await contacts.note_session(tx, row.contact_id, session_id, turn.occurred_at)
    new_day = await contacts.note_day(tx, row.contact_id, turn.occurred_at.astimezone(zone).date())

    understood = extract(turn, _known(snapshot), snapshot.profile.language, zone)
    feeling = _feel(turn, snapshot.profile.language)
    state = _advance(
        snapshot.state, turn, feeling, zone, understood.disclosures, new_session=new_session, new_day=new_day
    )
    learned = await learn(tx, row.contact_id, snapshot, turn, understood, interaction_id, now)
    queued = await queue_consolidation(tx, row.contact_id, now)

    ingested = Ingested(
        interaction_id,
        memories_extracted=len(learned.added) + len(learned.changed),
        state_updated=state != snapshot.state,
        triggers_created=0,
        deferred_tasks_queued=queued,
    )
    await interaction_logs.add(tx, _log_row(tx.tenant_id, row.contact_id, ingested, turn, feeling, state, now))
    version = await contacts.change(tx, row.contact_id, records.state_columns(state))
    if version is None:
        raise NotFound.contact(row.contact_id)
    after = snapshot.after(
        version, state, learned.entities, added=learned.added, changed=learned.changed, removed=learned.removed
    )
    return ingested, Change(version, after)


def _known(snapshot: ContactSnapshot) -> Known:
    facts = tuple(m for m in snapshot.memories if m.status == "current" and m.type in ("fact", "preference"))
    return Known(facts=facts, entities=snapshot.entities, display_name=snapshot.profile.display_name)


def _feel(turn: Turn, language: str) -> _Feeling:
    if turn.detected_mood is not None:
        return _Feeling(Classified(turn.detected_mood, 1.0), "caller")
    return _Feeling(classify(turn.user_message or "", language), "built_in")


def _advance(
    state: State, turn: Turn, feeling: _Feeling, zone: ZoneInfo, disclosures: int, *, new_session: bool, new_day: bool
) -> State:
    """The state after the turn. A turn in which the contact said nothing leaves mood, energy and style as they were."""
    text = (turn.user_message or "").strip()
    mood, strength = next_mood(state, feeling.classified) if text else (state.mood, state.mood_strength)
    level = energy(text, feeling.classified.mood) if text else state.energy
    return relationship.advance(
        state,
        turn,
        mood=mood,
        mood_strength=strength,
        energy=turn.detected_energy or level,
        style=relationship.style_of(text, feeling.classified.mood, state.style) if text else state.style,
        zone=zone,
        disclosures=disclosures,
        known_session=not new_session,
        day_is_new=new_day,
    )


def _log_row(
    tenant_id: str, contact_id: str, ingested: Ingested, turn: Turn, feeling: _Feeling, state: State, now: datetime
) -> InteractionLogRow:
    return InteractionLogRow(
        tenant_id=tenant_id,
        contact_id=contact_id,
        interaction_id=ingested.interaction_id,
        occurred_at=turn.occurred_at,
        session_id=turn.session_id or "",
        turn_id=turn.turn_id,
        user_message=turn.user_message,
        ai_response=turn.ai_response,
        user_message_ref=turn.user_message_ref,
        ai_response_ref=turn.ai_response_ref,
        mood=feeling.classified.mood,
        mood_confidence=feeling.classified.confidence,
        mood_source=feeling.source,
        energy=state.energy,
        answer={
            "memories_extracted": ingested.memories_extracted,
            "state_updated": ingested.state_updated,
            "triggers_created": ingested.triggers_created,
            "deferred_tasks_queued": ingested.deferred_tasks_queued,
        },
        created_at=now,
    )
