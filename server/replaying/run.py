"""One replay: the conversation goes in exchange by exchange, then its questions are asked."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from kith.context.v1 import context_pb2

from server.measuring.connection import Api, Context, timestamp
from server.replaying.conversation import Conversation, Said
from server.replaying.exchanges import Exchange, end_of, exchanges
from server.replaying.scoring import HIT_LIMIT, LIMITS, Asked, Returned

CHANNEL: Final = "webchat"
"""The channel of replayed contacts."""

_PAUSE_S: Final = 1.0
_ROUNDS: Final = 120
"""How often the deferred pass is asked for, at most, until all of it is done."""

Step = Callable[[], None]
"""Called after each exchange, or each question."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How to replay.

    `ask_first`: ask for the context of every message before its exchange is ingested, as a chat engine does.
    `captions`: a shared photo's caption is part of the message that shared it. `consolidate`: the deferred pass runs
    before the questions.
    """

    ask_first: bool = True
    captions: bool = False
    consolidate: bool = False


@dataclass(slots=True)
class Replayed:
    """What a replay gave. Times are the caller's, in ms; `rank_ms` the server's, with 10 memories."""

    conversation: Conversation
    contact_id: str
    as_of: datetime
    exchanges: int = 0
    memories_extracted: int = 0
    asked: list[Asked] = field(default_factory=list)
    ingest_ms: list[float] = field(default_factory=list)
    context_ms: list[float] = field(default_factory=list)
    rank_ms: list[float] = field(default_factory=list)


async def replay(api: Api, conversation: Conversation, external_id: str, manner: Manner, step: Step) -> Replayed:
    """Sends all of the conversation for the contact `external_id`, and asks every question that counts.

    One call at a time, so that each time is that of a call alone. Raises grpc.RpcError where a call fails.
    """
    contact_id = await api.create_contact(external_id, CHANNEL, conversation.speaker_a)
    run = Replayed(conversation, contact_id, end_of(conversation))
    for exchange in exchanges(conversation):
        await _send(api, run, exchange, manner)
        step()
    if manner.consolidate:
        for _ in range(_ROUNDS):
            if await api.consolidate(contact_id):
                break
            # A job is at it, or the rest took longer than a call may.
            await asyncio.sleep(_PAUSE_S)
    for question in conversation.scored:
        # The one that is timed comes first: what it leaves in caches would make it quicker.
        order = sorted(LIMITS, key=lambda limit: limit != HIT_LIMIT)
        answers = {limit: await _ask(api, run, question.text, limit) for limit in order}
        run.asked.append(Asked(question, answers))
        step()
    return run


def steps_of(conversation: Conversation) -> int:
    """How many steps a replay of it has."""
    return len(exchanges(conversation)) + len(conversation.scored)


async def briefing(api: Api, run: Replayed, tokens: int) -> str:
    """The ready text block of at most `tokens` tokens, as of the conversation's end."""
    request = context_pb2.GetContactContextRequest(
        contact_id=run.contact_id, prompt_tokens=tokens, memory_limit=25, as_of=timestamp(run.as_of)
    )
    return (await api.context(request)).response.prompt


async def _send(api: Api, run: Replayed, exchange: Exchange, manner: Manner) -> None:
    message, answer = (_text(said, manner) for said in (exchange.message, exchange.answer))
    if manner.ask_first and message is not None:
        # As of the message's own time, the caller's now in a replayed past; so it also is no access that
        # renews a memory.
        asked = await api.context(
            context_pb2.GetContactContextRequest(
                contact_id=run.contact_id, message=message, as_of=timestamp(exchange.occurred_at)
            )
        )
        run.context_ms.append(asked.took_ms)
    ingested = await api.ingest(
        context_pb2.IngestInteractionRequest(
            contact_id=run.contact_id,
            user_message=message,
            ai_response=answer,
            user_message_ref=exchange.message.id if exchange.message else None,
            ai_response_ref=exchange.answer.id if exchange.answer else None,
            session_id=exchange.session_id,
            turn_id=exchange.turn_id,
            occurred_at=timestamp(exchange.occurred_at),
        )
    )
    run.exchanges += 1
    run.memories_extracted += ingested.response.memories_extracted
    run.ingest_ms.append(ingested.took_ms)


async def _ask(api: Api, run: Replayed, question: str, limit: int) -> tuple[Returned, ...]:
    context = await api.context(
        context_pb2.GetContactContextRequest(
            contact_id=run.contact_id,
            message=question,
            memory_limit=limit,
            min_importance=0.0,
            as_of=timestamp(run.as_of),
        )
    )
    run.context_ms.append(context.took_ms)
    if limit == HIT_LIMIT and context.rank_ms is not None:
        run.rank_ms.append(context.rank_ms)
    return _returned(context)


def _returned(context: Context) -> tuple[Returned, ...]:
    return tuple(
        Returned(
            memory.id,
            memory.type,
            memory.content,
            memory.retrieval_score,
            tuple(memory.sources),
            memory.beside.content if memory.HasField("beside") else None,
        )
        for memory in context.response.memories
    )


def _text(said: Said | None, manner: Manner) -> str | None:
    if said is None:
        return None
    return f"{said.text} [photo: {said.caption}]" if manner.captions and said.caption else said.text
