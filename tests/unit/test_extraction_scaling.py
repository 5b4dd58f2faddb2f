"""How the time of a message grows with its length, whatever somebody repeats in it: it runs while a contact waits."""

import time

import pytest

from server.domain.extraction import Known, extract
from server.domain.memory import Entity
from server.domain.turn import Turn
from tests.unit.contact import NOON

_HALF = 2_000
_TOO_SHORT_TO_TELL = 0.004
"""Seconds under which a ratio is noise."""

REPEATED = (
    "a, forget ", "forget that ", "a, forget that ", "not ", "don't ", "I'", "I’", '"', "a  ", " ", "  ,", "and I ",
    "I am ", "here in ", "rain in ", "my my ", "my favorite ", "a' ", "a-b ", "is my favorite ", "named ", "who is ",
    "if ", "wish ", "no, ", "remember that ", "a.b", "? ", "my favorite color was ", "like to ", "in the ", "Ab Cd ",
    "they fired me ",
)  # fmt: skip
OPENINGS = ("", "my sister ", "remember ", "I have ")


def best_of(text: str, known: Known, tries: int = 4) -> float:
    """Seconds of this thread's own work: what others do on the machine meanwhile is no part of it."""
    turn = Turn(NOON, user_message=text)
    times = []
    for _ in range(tries):
        started = time.thread_time()
        extract(turn, known)
        times.append(time.thread_time() - started)
    return min(times)


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("repeated", REPEATED)
def test_twice_the_text_takes_less_than_three_times_as_long(opening: str, repeated: str) -> None:
    text = (opening + repeated * _HALF)[: 2 * _HALF]
    if best_of(text, Known()) <= _TOO_SHORT_TO_TELL:
        return
    # Side by side, so that a machine that slows down slows both.
    pairs = [(best_of(text, Known(), 2), best_of(text[:_HALF], Known(), 2)) for _ in range(4)]
    assert min(whole for whole, _ in pairs) / min(half for _, half in pairs) < 3


def test_many_known_names_cost_little() -> None:
    def known(many: int) -> Known:
        return Known(entities=tuple(Entity(f"person:n{i}", "person", f"Nam{i}", ("friend",)) for i in range(many)))

    said = "I met Nam7 and Nam42 at the harbour, we talked about the storm and ate soup. My friend sends love."
    assert best_of(said, known(600), 8) < best_of(said, known(100), 8) * 6
