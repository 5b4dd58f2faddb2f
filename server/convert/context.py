"""The hot path's messages: requests to use-case input, answers to protobuf."""

from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from kith.context.v1 import context_pb2 as pb

from server.convert import times
from server.domain import relationship
from server.domain.memory import Memory
from server.domain.open_threads import Call
from server.domain.ranking.exchange import sources_of_both
from server.domain.ranking.rank import Ranked
from server.domain.turn import Turn
from server.domain.words import Energy, Mood
from server.usecases.context import ContactContext, ContextQuestion
from server.usecases.ingest import Ingested


def question(request: pb.GetContactContextRequest) -> ContextQuestion:
    """What is asked, with the contract's defaults filled in."""
    return ContextQuestion(
        contact_id=request.contact_id,
        message=request.message if request.message.strip() else None,
        memory_limit=request.memory_limit if request.HasField("memory_limit") else 10,
        min_importance=request.min_importance if request.HasField("min_importance") else 0.3,
        as_of=times.from_proto(request.as_of) if request.HasField("as_of") else None,
        explain=request.explain,
        prompt_tokens=request.prompt_tokens if request.HasField("prompt_tokens") else None,
    )


def answer(context: ContactContext) -> pb.GetContactContextResponse:
    """The context as the contract shows it."""
    snapshot, now = context.snapshot, context.now
    profile, state = snapshot.profile, snapshot.state
    stage = relationship.stage_now(state, now)
    return pb.GetContactContextResponse(
        contact=pb.ContextContact(
            id=profile.id, display_name=profile.display_name, language=profile.language, channel=profile.channel
        ),
        state=pb.ContextState(
            mood=state.mood,
            energy=state.energy,
            conversation_style=state.style,
            relationship_stage=stage,
            active_streak=relationship.active_streak(state, now.astimezone(ZoneInfo(snapshot.zone)).date()),
            total_messages=state.total_messages,
            total_sessions=state.total_sessions,
            last_active_at=times.optional(state.last_active_at),
        ),
        memories=[_memory(*found) for found in zip(context.memories, context.beside, context.ranked, strict=True)],
        relationship=pb.Relationship(
            days_since_first_contact=_days_known(snapshot.profile.created_at, state.first_active_at, now),
            stage=stage,
            trust_level=relationship.trust_level(state, stage),
        ),
        prompt=context.prompt,
        warmth=pb.ContextWarmth(score=context.warmth[0], band=context.warmth[1]),
        last_call=None if context.last_call is None else _last_call(context.last_call),
        open_threads=[
            pb.OpenThread(kind=thread.kind, about=thread.about, since=times.to_proto(thread.since))
            for thread in context.threads
        ],
    )


def _last_call(call: Call) -> pb.ContextCall:
    return pb.ContextCall(
        started_at=times.to_proto(call.started_at), direction=call.direction, status=call.status, summary=call.summary
    )


def _days_known(created_at: datetime, first_active_at: datetime | None, now: datetime) -> int:
    """Whole days since the contact was first seen; history that was ingested later counts too."""
    first = created_at if first_active_at is None else min(created_at, first_active_at)
    return max(0, (now - first).days)


def _memory(memory: Memory, other: Memory | None, ranked: Ranked) -> pb.ContextMemory:
    return pb.ContextMemory(
        id=memory.id,
        type=memory.type,
        content=memory.content,
        importance=round(memory.importance, 4),
        entity_ids=memory.entity_ids,
        retrieval_score=round(ranked.score, 4),
        sources=memory.sources if other is None else sources_of_both(memory, other),
        occurred_at=times.to_proto(memory.occurred_at),
        parts=score_parts(ranked),
        beside=beside(other),
    )


def beside(other: Memory | None) -> pb.MemoryBeside | None:
    """The other half of an exchange, where it comes along."""
    if other is None:
        return None
    return pb.MemoryBeside(
        id=other.id, content=other.content, sources=other.sources, speaker=other.speaker or "contact"
    )


def score_parts(ranked: Ranked) -> pb.ScoreParts | None:
    """How a score came about, where that was asked for."""
    if ranked.parts is None:
        return None
    return pb.ScoreParts(
        relevance=ranked.parts.relevance,
        importance=ranked.parts.importance,
        strength=ranked.parts.strength,
        recency=ranked.parts.recency,
        matched_terms=ranked.parts.matched_terms,
        log_odds={name: round(value, 4) for name, value in ranked.parts.log_odds.items()},
    )


def turn(request: pb.IngestInteractionRequest, now: datetime) -> Turn:
    """The exchange that is handed back; without a time it happened now."""
    return Turn(
        occurred_at=times.from_proto(request.occurred_at) if request.HasField("occurred_at") else now,
        user_message=request.user_message or None,
        ai_response=request.ai_response or None,
        user_message_ref=request.user_message_ref or None,
        ai_response_ref=request.ai_response_ref or None,
        detected_mood=cast(Mood, request.detected_mood) if request.detected_mood else None,
        detected_energy=cast(Energy, request.detected_energy) if request.detected_energy else None,
        session_id=request.session_id or None,
        turn_id=request.turn_id or None,
    )


def ingested(result: Ingested) -> pb.IngestInteractionResponse:
    """What was done."""
    return pb.IngestInteractionResponse(
        status="accepted",
        memories_extracted=result.memories_extracted,
        state_updated=result.state_updated,
        triggers_created=result.triggers_created,
        deferred_tasks_queued=result.deferred_tasks_queued,
        interaction_id=result.interaction_id,
    )
