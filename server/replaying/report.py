"""The figures of replays, as plain values for JSON."""

from collections.abc import Sequence

from server.measuring.percentiles import percentile
from server.replaying.run import Replayed
from server.replaying.scoring import HIT_LIMIT, Asked, Returned, summary


def figures(runs: Sequence[Replayed]) -> dict[str, object]:
    """Recall, hits, lengths and times over all runs together; times in ms."""
    rank_ms = [ms for run in runs for ms in run.rank_ms]
    return {
        **summary([asked for run in runs for asked in run.asked]),
        "rank_ms_p50": round(percentile(rank_ms, 50), 3),
        "rank_ms_p95": round(percentile(rank_ms, 95), 3),
        "exchanges": sum(run.exchanges for run in runs),
        "memories_extracted": sum(run.memories_extracted for run in runs),
        **_times("ingest", [ms for run in runs for ms in run.ingest_ms]),
        **_times("context", [ms for run in runs for ms in run.context_ms]),
    }


def evaluation(runs: Sequence[Replayed]) -> dict[str, object]:
    """What `kith eval locomo` prints: the figures over all conversations, and of each."""
    each = [{"conversation": run.conversation.name, **figures([run])} for run in runs]
    return {**figures(runs), "conversations": each}


def details(runs: Sequence[Replayed], briefings: Sequence[str]) -> dict[str, object]:
    """What `kith replay` prints: the figures, and every question of each conversation with its memories."""
    conversations = [
        {
            "conversation": run.conversation.name,
            "contact_id": run.contact_id,
            **figures([run]),
            "asked": [_asked(asked) for asked in run.asked],
            "prompt": prompt,
        }
        for run, prompt in zip(runs, briefings, strict=True)
    ]
    return {**figures(runs), "conversations": conversations}


def _asked(asked: Asked) -> dict[str, object]:
    found = asked.found(HIT_LIMIT)
    return {
        "question": asked.question.text,
        "answer": asked.question.answer,
        "category": asked.question.category,
        "found": [turn for turn in asked.question.evidence if turn in found],
        "missing": [turn for turn in asked.question.evidence if turn not in found],
        "memories": [_memory(memory) for memory in asked.answers[HIT_LIMIT]],
    }


def _memory(memory: Returned) -> dict[str, object]:
    return {
        "id": memory.id,
        "type": memory.type,
        "content": memory.content,
        "retrieval_score": memory.score,
        "sources": list(memory.sources),
        **({} if memory.beside is None else {"beside": memory.beside}),
    }


def _times(name: str, values: Sequence[float]) -> dict[str, float]:
    return {
        f"{name}_ms_p50": round(percentile(values, 50), 2),
        f"{name}_ms_p95": round(percentile(values, 95), 2),
    }
