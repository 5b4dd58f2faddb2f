"""Topics that recur, and patterns as memories that follow what supports them."""

from dataclasses import replace
from datetime import timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from server.domain.deriving import Derived, derive
from server.domain.editing import CERTAIN
from server.domain.memory import Entity, Memory
from server.domain.patterns import Pattern
from server.domain.topics import topics
from tests.unit.memories import START, a_memory

BRUNO = Entity("pet:bruno", "pet", "Bruno", ("dog",))
AT = START + timedelta(days=30)
_IDS = count()


def said(content: str, day: int, **given_: object) -> Memory:
    return a_memory(content, day, type="episode", speaker="contact", session_id=f"s{day}", **given_)


def contents(memories: list[Memory], language: str = "en") -> list[str]:
    return [p.content for p in topics(memories, [BRUNO], language)]


def test_what_three_conversations_speak_of_is_a_topic() -> None:
    memories = [said("Bruno ran off again", day, entity_ids=("pet:bruno",)) for day in range(3)]
    (found,) = topics(memories, [BRUNO])
    assert (found.content, found.entity_ids) == ("Often talks about Bruno", ("pet:bruno",))
    assert contents(memories[:2]) == []
    assert contents([replace(m, session_id="s0") for m in memories]) == []


def test_things_count_too_as_the_contact_names_them() -> None:
    memories = [said("Spent hours in my garden", 1), said("The garden is flooded", 2), said("Weeding my garden", 3)]
    assert contents(memories) == ["Often talks about their garden"]
    assert contents(memories, "de") == []
    assert contents([replace(m, speaker="assistant") for m in memories]) == []


def test_words_that_tell_nothing_are_no_topics() -> None:
    assert contents([said("Had a good time this week, what a day in the end", day) for day in range(5)]) == []
    assert contents([said("Wrote an amazing letter by hand", day) for day in range(5)]) == []


def test_a_topic_of_long_ago_or_of_hardly_any_conversation_is_none() -> None:
    memories = [said("Back in my garden", day) for day in range(3)]
    assert contents([*memories, said("Hello", 400)]) == []
    assert contents([*memories, *(said("Hello", day) for day in range(3, 40))]) == []


def a_pattern(content: str, attribute: str = "usual_hours") -> Pattern:
    return Pattern(attribute, content, content, 0.8, 0.7)


def derived(patterns: list[Pattern], memories: list[Memory], withheld: tuple[str, ...] = ()) -> Derived:
    return derive(patterns, memories, withheld, at=AT, now=AT, new_id=lambda: f"p{next(_IDS)}")


def applied(memories: list[Memory], change: Derived) -> list[Memory]:
    closed = {m.id: m for m in change.closed}
    return [*(closed.get(m.id, m) for m in memories), *change.added]


def test_a_new_pattern_takes_the_place_of_the_old_and_both_are_kept() -> None:
    first = applied([], derived([a_pattern("Usually chats between 8pm and 10pm")], []))
    old, new = applied(first, derived([a_pattern("Usually chats between 6am and 8am")], first))
    assert (old.status, old.superseded_by, old.valid_to) == ("superseded", new.id, AT)
    assert (new.type, new.status, new.content) == ("pattern", "current", "Usually chats between 6am and 8am")


def test_a_pattern_that_is_no_longer_supported_is_withdrawn() -> None:
    first = applied([], derived([a_pattern("Usually chats on Sundays", "usual_days")], []))
    (withdrawn,) = applied(first, derived([], first))
    assert (withdrawn.status, withdrawn.valid_to) == ("expired", AT)


def test_a_pattern_corrected_by_hand_stays_and_one_deleted_by_hand_does_not_come_back() -> None:
    (memory,) = applied([], derived([a_pattern("Usually chats between 8pm and 10pm")], []))
    by_hand = [replace(memory, content="Writes after the late shift", confidence=CERTAIN)]
    for wanted in ([], [a_pattern("Usually chats between 6am and 8am")]):
        change = derived(wanted, by_hand)
        assert (change.added, change.closed) == ((), ())
    assert derived([a_pattern("Usually chats on Sundays", "usual_days")], [], ("usual_days",)).added == ()


def test_patterns_of_others_and_other_memories_are_left_alone() -> None:
    memories = [a_memory("Prefers short answers", type="pattern", attribute="style"), a_memory("Has a cat")]
    assert derived([], memories).closed == ()


PATTERNS = st.lists(
    st.builds(
        a_pattern,
        st.sampled_from(["one", "two", "three"]),
        st.sampled_from(["usual_hours", "usual_days", "topic_x", "mood_evening"]),
    ),
    unique_by=lambda p: p.attribute,
)


@given(st.lists(PATTERNS, min_size=1, max_size=5))
def test_memories_tell_exactly_the_patterns_and_the_same_again_writes_nothing(rounds: list[list[Pattern]]) -> None:
    memories: list[Memory] = [a_memory("Has a cat")]
    for patterns in rounds:
        memories = applied(memories, derived(patterns, memories))
        told = {(m.attribute, m.content) for m in memories if m.type == "pattern" and m.status == "current"}
        assert told == {(p.attribute, p.content) for p in patterns}
        again = derived(patterns, memories)
        assert (again.added, again.closed) == ((), ())
        known = {m.id for m in memories}
        assert all(m.superseded_by in known for m in memories if m.superseded_by)
        assert len({m.sequence for m in memories}) == len(memories)
