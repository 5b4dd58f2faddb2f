"""The same said in other words becomes one memory; alike vectors alone do not make two things the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from server.domain.memory import Memory
from server.domain.near_duplicates import NearMerged, candidates, merge_near_duplicates
from server.providers.built_in import BuiltInEmbedder

AT = datetime(2026, 3, 1, tzinfo=UTC)
SAME = np.ones(4, dtype=np.float32) / 2


def merge(*memories: Memory, **vectors: np.ndarray) -> NearMerged:
    """Merged where all vectors are the same but those given by memory id."""
    return merge_near_duplicates(candidates(memories), {m.id: vectors.get(m.id, SAME) for m in memories})


def memory(n: int, content: str, **changes: Any) -> Memory:
    usual: dict[str, Any] = {
        "type": "fact", "subject": "self", "attribute": "pet", "value": "Bruno", "sources": (f"m{n}",),
        "importance": n / 10, "entity_ids": (f"e{n}",), "confidence": 0.9,
    }  # fmt: skip
    return Memory(
        id=f"mem_{n}", content=content, occurred_at=AT, valid_from=AT, created_at=AT,
        **{**usual, **changes},
    )  # fmt: skip


def test_the_oldest_takes_over_sources_entities_and_importance() -> None:
    merged = merge(
        memory(1, "Has a dog named Bruno"), memory(2, "Owns a dog called Bruno"), memory(3, "Bruno is the dog")
    )
    (kept,) = merged.grown
    assert (kept.id, kept.sources, kept.entity_ids) == ("mem_1", ("m1", "m2", "m3"), ("e1", "e2", "e3"))
    assert kept.importance == 0.3
    assert merged.into == {"mem_2": "mem_1", "mem_3": "mem_1"}


def test_what_the_oldest_takes_over_is_all_that_the_others_were_worth() -> None:
    wish = {"attribute": "wants", "strength": 0.2, "strength_at": AT, "access_count": 1}
    later = AT + timedelta(days=9)
    merged = merge(
        memory(1, "Wants a dog like Bruno", **wish, valid_to=AT + timedelta(days=30)),
        replace(memory(2, "Would like a dog like Bruno", **{**wish, "strength": 0.8, "strength_at": later}),
                confidence=1.0, valid_to=later + timedelta(days=30)),
    )  # fmt: skip
    (kept,) = merged.grown
    assert (kept.confidence, kept.access_count, kept.strength, kept.strength_at) == (1.0, 2, 0.8, later)
    assert kept.valid_to == later + timedelta(days=30)


def test_what_differs_in_anything_that_matters_stays_apart() -> None:
    first = memory(1, "Has a dog named Bruno")
    for other in (
        memory(2, "Has a dog named Milo", value="Milo"),
        memory(2, "Has a dog named Bruno", subject="sister"),
        memory(2, "Lost a dog named Bruno", attribute="lost_pet"),
        memory(2, "Has no dog named Bruno"),
        memory(2, "Has 2 dogs named Bruno"),
        memory(2, "Has a dog named Bruno", type="preference"),
        memory(2, "Has a dog named Bruno", value=None),
        memory(2, "Has a dog named Bruno", event_start=AT),
        memory(2, "Has a dog named Bruno", status="superseded"),
    ):
        assert merge(first, other).into == {}
    again = memory(2, "Owns a dog called Bruno")
    assert merge(first, again).into == {"mem_2": "mem_1"}
    far = np.asarray([1, 0, 0, 0], dtype=np.float32)
    assert merge(first, again, mem_2=far).into == {}
    assert merge_near_duplicates(candidates([first, again]), {"mem_1": SAME}).into == {}


async def test_built_in_vectors_see_shared_words_and_need_no_network() -> None:
    texts = ["Has a dog named Bruno", "Has the dog, named Bruno", "Works at the harbour", "", "the"]
    made = (await BuiltInEmbedder(1).embed(texts)).vectors
    assert made.shape == (5, 256)
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    assert made[0] @ made[1] > 0.99
    assert abs(made[0] @ made[2]) < 0.3


def test_what_somebody_wrote_by_hand_keeps_its_wording_and_is_taken_in_by_none() -> None:
    written = memory(2, "Owns a dog called Bruno", origin="caller", confidence=1.0)
    corrected = memory(3, "Bruno is the dog", confidence=1.0)
    assert merge(memory(1, "Has a dog named Bruno"), written).into == {"mem_1": "mem_2"}
    assert merge(memory(1, "Has a dog named Bruno"), corrected).into == {"mem_1": "mem_3"}
    assert merge(written, corrected).into == {}
