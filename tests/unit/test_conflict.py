"""What a new statement does to the memories that are there."""

from dataclasses import replace
from datetime import UTC, datetime

from server.domain.conflict import Resolution, resolve, single_valued
from server.domain.extraction import Draft
from server.domain.memory import Memory

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


def fact(content: str, attribute: str, value: str, subject: str = "self", **other: object) -> Memory:
    made = Memory(
        id=f"{subject}/{attribute}/{value}",
        type="fact",
        content=content,
        importance=0.6,
        confidence=0.9,
        occurred_at=NOON,
        valid_from=NOON,
        created_at=NOON,
        subject=subject,
        attribute=attribute,
        value=value,
    )
    return replace(made, **other)  # type: ignore[arg-type]


def draft(
    content: str, attribute: str, value: str, subject: str = "self", closes: tuple[tuple[str, str | None], ...] = ()
) -> Draft:
    return Draft("fact", content, 0.6, 0.9, "contact", subject=subject, attribute=attribute, value=value, closes=closes)


BERLIN = fact("Lives in Berlin", "residence", "Berlin")
BRUNO = fact("Has a golden retriever named Bruno", "pet", "Bruno")
SUSHI = fact("Likes sushi", "likes", "sushi", type="preference")


def test_the_same_again_reinforces() -> None:
    assert resolve([BERLIN], draft("Lives in Berlin", "residence", "berlin")) == Resolution(False, BERLIN.id)


def test_a_new_value_of_a_single_valued_attribute_supersedes() -> None:
    assert resolve([BERLIN], draft("Lives in Oslo", "residence", "Oslo")) == Resolution(True, None, (BERLIN.id,))


def test_another_subject_is_left_alone() -> None:
    assert resolve([BERLIN], draft("Sister lives in Oslo", "residence", "Oslo", subject="sister")) == Resolution(True)


def test_both_values_of_a_multi_valued_attribute_stay() -> None:
    assert resolve([BRUNO], draft("Has a cat named Miso", "pet", "Miso")) == Resolution(True)


def test_saying_less_reinforces_and_saying_more_supersedes() -> None:
    dog = fact("Has a dog", "pet", "dog")
    assert resolve([dog], draft("Has a dog named Bruno", "pet", "Bruno")) == Resolution(True, None, (dog.id,))
    named = fact("Has a wife named Maria", "partner", "Maria")
    assert resolve([named], draft("Has a wife", "partner", "wife")) == Resolution(False, named.id)


def test_disliking_ends_the_liking() -> None:
    changed = draft("Dislikes sushi", "dislikes", "sushi", closes=(("likes", "sushi"),))
    assert resolve([SUSHI], changed) == Resolution(True, None, (SUSHI.id,))


def test_a_break_up_ends_any_partner() -> None:
    tom = fact("Has a boyfriend named Tom", "partner", "Tom")
    apart = draft("Is single after a break-up", "relationship_status", "single", closes=(("partner", None),))
    assert resolve([tom, BERLIN], apart) == Resolution(True, None, (tom.id,))


def test_the_death_of_a_pet_ends_having_it_and_no_other() -> None:
    miso = fact("Has a cat named Miso", "pet", "Miso")
    died = draft("Dog Bruno died", "lost_pet", "Bruno", closes=(("pet", "Bruno"),))
    assert resolve([BRUNO, miso], died) == Resolution(True, None, (BRUNO.id,))


def test_what_is_no_longer_current_is_passed_over() -> None:
    gone = replace(BERLIN, status="superseded")
    assert resolve([gone], draft("Lives in Berlin", "residence", "Berlin")) == Resolution(True)


def test_unknown_attributes_said_with_my_have_one_value() -> None:
    assert single_valued("appointment")
    assert single_valued("favorite_color")
    assert not single_valued("likes")
    assert not single_valued("no_pet")


def test_an_episode_is_not_stored_twice_in_a_session() -> None:
    told = fact("We hiked up the volcano on Saturday", "", "", type="episode", speaker="contact", session_id="s1")
    again = Draft("episode", "we hiked up the volcano on saturday!", 0.4, 1.0, "contact")
    assert resolve([told], again, session_id="s1") == Resolution(False, told.id)
    assert resolve([told], again, session_id="s2") == Resolution(True)
    assert resolve([told], replace(again, speaker="assistant"), session_id="s1") == Resolution(True)


def test_a_pattern_gives_way_to_its_successor() -> None:
    evening = fact("Usually chats between 8pm and 10pm", "hours", "20-22", type="pattern")
    night = Draft("pattern", "Usually chats between 10pm and midnight", 0.5, 0.8, "contact", attribute="hours")
    assert resolve([evening], night) == Resolution(True, None, (evening.id,))
