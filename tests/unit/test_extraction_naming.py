"""Known names in a text: found in the same way as a turn comes in and in the deferred pass."""

import pytest

from server.domain.consolidation import link_entities
from server.domain.extraction import Known, extract
from server.domain.extraction.naming import Names
from server.domain.memory import Entity
from server.domain.turn import Turn
from tests.unit.contact import NOON
from tests.unit.memories import a_memory

MILO, OTIS = Entity("pet:milo", "pet", "Milo", ("cat",)), Entity("pet:otis", "pet", "Otis", ("cat",))
REX = Entity("pet:rex", "pet", "Rex", ("puppy", "dog"))
WILL, ANNE = Entity("person:will", "person", "Will"), Entity("person:anne-marie", "person", "Anne-Marie", ("sister",))
KNOWN = [MILO, OTIS, REX, WILL, ANNE]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Milo's bowl is empty", ("pet:milo",)),
        ("my neighbour's dog barked at Otis", ("pet:otis",)),
        ("My neighbour's cat keeps visiting", ()),
        ("the cat sleeps", ()),
        ("my old dog sleeps", ("pet:rex",)),
        ("dogs are loud, a dog barked", ()),
        ("I will go home", ()),
        ("Will you come?", ()),
        ("Fine. Will you come?", ()),
        ("I saw Will at the pier", ("person:will",)),
        ("Called anne-marie and my sister", ("person:anne-marie",)),
    ],
)
def test_a_text_names_whom_it_speaks_of_at_ingest_and_later(text: str, ids: tuple[str, ...]) -> None:
    assert Names(KNOWN).in_(text) == ids
    (linked,) = link_entities([a_memory(text, type="episode")], KNOWN).relinked or [a_memory(text)]
    assert linked.entity_ids == tuple(sorted(ids))
    for draft in extract(
        Turn(NOON, user_message=f"{text} - it was a grey harbour day"), Known(entities=tuple(KNOWN))
    ).memories:
        if draft.type == "episode":
            assert set(ids) == set(draft.entity_ids) & {e.id for e in KNOWN}


def test_what_is_told_of_the_contact_is_theirs() -> None:
    assert Names(KNOWN).in_("Walks their dog every day", told=True) == ("pet:rex",)
    assert Names(KNOWN).in_("I walk their dog every day") == ()
