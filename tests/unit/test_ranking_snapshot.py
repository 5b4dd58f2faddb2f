"""A snapshot that followed a contact turn by turn answers like one that was read from the store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain import snapshot_bytes
from server.domain.contact import Profile, State
from server.domain.memory import Memory
from server.domain.ranking.rank import Query, rank
from server.domain.snapshot import ContactSnapshot

START = datetime(2031, 5, 4, 18, tzinfo=UTC)
NOW = START + timedelta(days=30)
PROFILE = Profile("con_1", "ten_1", "x1", "telegram", START, display_name="Noor")
SUBJECTS = ("parrot", "mango", "harbour", "violin")


def memory(number: int) -> Memory:
    at = START + timedelta(minutes=number)
    return Memory(
        id=f"mem_{number:03}", type="fact" if number % 5 == 4 else "episode",
        content=f"{SUBJECTS[number % 4]} and {SUBJECTS[number // 3 % 4]}", importance=0.5, confidence=1.0,
        occurred_at=at, valid_from=at, created_at=at, session_id=f"s{number // 8}", sequence=number, speaker="contact",
    )  # fmt: skip


def answer(snapshot: ContactSnapshot) -> list[tuple[str, float]]:
    found = rank(snapshot.index, Query("parrot by the harbour", 10), NOW)
    return [(snapshot.memories[r.position].id, r.score) for r in found]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.booleans()), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_following_changes_answers_like_reading_anew(turns: list[tuple[int, int, bool]]) -> None:
    snapshot, made = ContactSnapshot.build(1, "UTC", PROFILE, State(), [], []), 0
    for version, (count, pick, forget) in enumerate(turns, 2):
        added = [memory(i) for i in range(made, made + count)]
        made += count
        picked = snapshot.memories[pick % len(snapshot.memories)] if snapshot.memories else None
        removed = {picked.id} if picked and forget else set()
        ended = replace(picked, status="superseded", valid_to=NOW) if picked and not forget else None
        snapshot = snapshot.after(
            version, State(), [], added=added, changed={ended.id: ended} if ended else {}, removed=removed
        )
    anew = ContactSnapshot.build(99, "UTC", PROFILE, State(), [], snapshot.memories)
    assert answer(snapshot) == answer(anew)
    shared = snapshot_bytes.load(snapshot_bytes.dump(snapshot))
    assert shared is not None
    assert answer(shared) == answer(anew)
