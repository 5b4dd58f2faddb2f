"""Taking one exchange in: stored, understood, and announced, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from server import ids
from server.domain import relationship
from server.domain.churn import PRIOR, Parameters, risk_of
from server.domain.contact import State
from server.domain.errors import FieldViolation, InvalidInput, NotFound
from server.domain.extraction import FORGET_ALL, Known, extract
from server.domain.learning import Learned, learn
from server.domain.memory import Entity, Memory
from server.domain.mood import Classified, classify, energy, next_mood
from server.domain.snapshot import ContactSnapshot
from server.domain.turn import AHEAD, EARLIEST, Turn
from server.domain.warmth import ledger as ledgers
from server.domain.words import Energy, MoodSource
from server.usecases import records, warmth
from server.usecases.consolidation import AFTER_INGEST, job_after_turn, job_name
from server.usecases.forgetting import forget_everything
from server.usecases.outreach.consent import heed_stop_word
from server.usecases.services import Services
from server.usecases.snapshots import Change, build
from store import interaction_logs, turns
from store.database import Transaction
from store.queue import Job
from store.tables.interaction_log import InteractionLogRow


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
        opened = await turns.open_contact(tx, contact_id)
        if opened is None:
            raise NotFound.contact(contact_id)
        held = services.snapshots.held(tenant_id, contact_id, opened.contact.version)
        ingested, change = await _take_in(tx, opened, held, turn, now)
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
    if turn.occurred_at < EARLIEST:
        wrong.append(FieldViolation("occurred_at", "must not be before 1970"))
    if wrong:
        raise InvalidInput(wrong)


@dataclass(frozen=True, slots=True)
class _Feeling:
    """How the contact felt in this turn alone, and who said so: `none` where the contact said nothing."""

    classified: Classified
    energy: Energy
    source: MoodSource


async def _take_in(
    tx: Transaction, opened: turns.Opened, held: ContactSnapshot | None, turn: Turn, now: datetime
) -> tuple[Ingested, Change]:
    """`held` is the contact as it is, where this process has it; else only what the turn can touch is read."""
    row, zone = opened.contact, ZoneInfo(opened.zone)
    state = records.state(row)
    turn = replace(turn, session_id=await _session(tx, row.contact_id, state, turn))
    day = turn.occurred_at.astimezone(zone).date()
    before = await turns.before(
        tx,
        row.contact_id,
        turn_id=turn.turn_id,
        session_id=turn.session_id or "",
        day=day,
        job=job_name(tx.tenant_id, row.contact_id),
        memories=held is None,
    )
    if before.answered is not None:
        interaction_id, counts = before.answered
        return Ingested(interaction_id, **counts), Change(row.version, held)

    memories = held.memories if held else tuple(records.memory(m) for m in before.memories)
    entities = held.entities if held else tuple(records.entity(e) for e in before.entities)
    understood = extract(turn, _known(memories, entities, row.display_name, state.total_messages), row.language, zone)
    if FORGET_ALL in understood.forget:
        return await _forget(tx, row.contact_id, turn, now)
    if understood.stop:
        row = await heed_stop_word(tx, row, turn.occurred_at)
        held = held and replace(held, profile=records.profile(row))
    late = state.last_active_at is not None and turn.occurred_at < state.last_active_at
    if (understood.forget or late) and held is None:
        # Anything may be meant; and what is told late may lie between things that are over.
        held = await build(tx, row.contact_id)
        memories = held.memories if held else memories
    learned = learn(memories, entities, state.total_messages, turn, understood, now, new_id=lambda: ids.new("mem", now))
    feeling = _feel(turn, row.language)
    state_after = _advance(
        state,
        turn,
        feeling,
        zone,
        understood.disclosures,
        new_session=not before.session_known,
        new_day=not before.day_known,
    )
    model = Parameters(*opened.churn_model) if opened.churn_model else PRIOR
    # As of the turn: from here on the risk grows with silence, which reports add when they are read.
    at = state_after.last_active_at or turn.occurred_at
    state_after = replace(state_after, churn_risk=round(risk_of(state_after, model, at), 6))
    tenant_day = turn.occurred_at.astimezone(ZoneInfo(opened.tenant_zone)).date()
    warm = await _warm(tx, opened, state.total_messages == 0, warmth.Turned(tenant_day, turn.occurred_at), now)
    state_after = replace(state_after, touches=tuple(warm["touches"]))
    job = None if before.job_waiting else job_after_turn(tx.tenant_id, row.contact_id, now)
    ingested = Ingested(
        ids.new("int", now),
        memories_extracted=len(learned.added) + len(learned.changed),
        state_updated=state_after != state,
        triggers_created=0,
        deferred_tasks_queued=len(AFTER_INGEST) if job else 0,
    )
    log = _log_row(tx.tenant_id, row.contact_id, ingested, turn, feeling, now)
    columns = {**records.state_columns(state_after), **warm}
    version = await turns.write(tx, _writes(log, (day, tenant_day), columns, learned, job))
    if version is None:
        raise NotFound.contact(row.contact_id)
    if held is None:
        return ingested, Change(version)
    after = held.after(
        version, state_after, learned.entities,
        added=learned.added, changed={**learned.changed, **learned.repointed}, removed=learned.removed,
    )  # fmt: skip
    return ingested, Change(version, after, erases=bool(learned.removed))


async def _forget(tx: Transaction, contact_id: str, turn: Turn, now: datetime) -> tuple[Ingested, Change]:
    """The contact asked to be forgotten. Of this turn stays that it was, so that it counts once; not what it said."""
    _, change = await forget_everything(tx, contact_id, now, action="memory.delete_all")
    ingested = Ingested(ids.new("int", now), 0, state_updated=True, triggers_created=0, deferred_tasks_queued=0)
    wordless = replace(turn, user_message=None, ai_response=None, user_message_ref=None, ai_response_ref=None)
    nothing = _Feeling(Classified("neutral", 0.0), "medium", "none")
    await interaction_logs.add(tx, _log_row(tx.tenant_id, contact_id, ingested, wordless, nothing, now))
    return ingested, change


async def _session(tx: Transaction, contact_id: str, state: State, turn: Turn) -> str:
    """The turn's session; for one that comes late also an earlier session that it falls into."""
    if turn.session_id is None and relationship.is_late(state, turn):
        earlier = await turns.session_around(tx, contact_id, turn.occurred_at, relationship.SESSION_PAUSE)
        if earlier is not None:
            return earlier
    return relationship.session_of(state, turn)


async def _warm(
    tx: Transaction, opened: turns.Opened, is_first: bool, turned: warmth.Turned, now: datetime
) -> dict[str, Any]:
    """The columns that keep the contact's warmth, after the turn: from the row alone, but where it comes late."""
    row, config, zone = opened.contact, warmth.config_from(opened.warmth_constants), opened.tenant_zone
    ledger = tuple(row.touches)
    if not ledger and is_first:
        ledger = ledgers.empty(config, zone)
    after = ledgers.with_turn(ledger, config, zone, turned.day, turned.at, now)
    if after is None:
        return await warmth.columns_anew(tx, row.contact_id, config, zone, now, turned)
    stored = ledgers.renewed(after, warmth.stored_of(row), now)
    last = turned.at if row.last_touch_at is None else max(row.last_touch_at, turned.at)
    return {**warmth.stored_columns(stored), "last_touch_at": last, "touches": after}


def _writes(
    log: InteractionLogRow, days: tuple[date, date], state: dict[str, Any], learned: Learned, job: Job | None
) -> turns.TurnWrites:
    """`days` are the turn's day where the contact lives, and in the tenant's zone; `state` has all columns of STATE."""
    tenant_id, contact_id, source = log.tenant_id, log.contact_id, [log.interaction_id]
    return turns.TurnWrites(
        log=log,
        day=days[0],
        tenant_day=days[1],
        mood=None if log.mood_source == "none" else log.mood,
        state=state,
        added=[records.memory_row(m, tenant_id, contact_id, source) for m in learned.added],
        # A memory that was said again has one more source; one that was superseded has not.
        changed={
            m.id: records.rewritten(m, source if m.status == "current" else [])
            for m in (*learned.changed.values(), *learned.repointed.values())
        },
        removed=sorted(learned.removed),
        entities=[records.entity_row(e, tenant_id, contact_id, log.created_at) for e in learned.met],
        job=job,
    )


def _known(
    memories: Sequence[Memory], entities: tuple[Entity, ...], display_name: str | None, turns_before: int
) -> Known:
    facts = tuple(m for m in memories if m.status == "current" and m.type in ("fact", "preference"))
    return Known(facts=facts, entities=entities, display_name=display_name, turns=turns_before)


def _feel(turn: Turn, language: str) -> _Feeling:
    text = (turn.user_message or "").strip()
    source: MoodSource
    if turn.detected_mood is not None:
        classified, source = Classified(turn.detected_mood, 1.0), "caller"
    elif text:
        classified, source = classify(text, language), "built_in"
    else:
        classified, source = Classified("neutral", 0.0), "none"
    return _Feeling(classified, turn.detected_energy or energy(text, classified.mood), source)


def _advance(
    state: State, turn: Turn, feeling: _Feeling, zone: ZoneInfo, disclosures: int, *, new_session: bool, new_day: bool
) -> State:
    """The state after the turn. A turn in which the contact said nothing leaves mood, energy and style as they were."""
    text = (turn.user_message or "").strip()
    known = feeling.source != "none"
    mood, strength = next_mood(state, feeling.classified) if known else (state.mood, state.mood_strength)
    return relationship.advance(
        state,
        turn,
        mood=mood,
        mood_strength=strength,
        energy=feeling.energy if known or turn.detected_energy else state.energy,
        style=relationship.style_of(text, feeling.classified.mood, state.style) if text else state.style,
        zone=zone,
        disclosures=disclosures,
        known_session=not new_session,
        day_is_new=new_day,
    )


def _log_row(
    tenant_id: str, contact_id: str, ingested: Ingested, turn: Turn, feeling: _Feeling, now: datetime
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
        energy=feeling.energy,
        answer={
            "memories_extracted": ingested.memories_extracted,
            "state_updated": ingested.state_updated,
            "triggers_created": ingested.triggers_created,
            "deferred_tasks_queued": ingested.deferred_tasks_queued,
        },
        created_at=now,
    )
