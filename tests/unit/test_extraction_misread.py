"""Sentences that look like one statement and make another: each is read as it is meant, or not at all."""

import pytest

from tests.unit.contact import drafts, told


@pytest.mark.parametrize(
    ("said", "held", "not_held"),
    [
        ("I'm not a fan of sushi", "Dislikes sushi", "Likes sushi"),
        ("I am no fan of jazz", "Dislikes jazz", "Likes jazz"),
        ("I'm not really a great fan of opera", "Dislikes opera", "Likes opera"),
        ("I'm no great lover of opera", "Dislikes opera", "Likes opera"),
        ("We moved from Rome to Turin", "Lives in Turin", "Is from Rome to Turin"),
        ("I moved from rome to Turin in 2019", "Lives in Turin", "Lives in Rome"),
        ("I just moved here from Rome", "Is from Rome", "Lives in Rome"),
        ("My favorite color was blue, now it's green", "Favorite color is green", "Favorite color is blue"),
        ("My favorite color used to be blue but now it is green", "Favorite color is green", "Favorite color is blue"),
        ("My favorite band was Wilco. Now it's Muse", "Favorite band is Muse", "Favorite band is Wilco"),
        ("I remember my uncle always driving trucks", "Has an uncle", "Drives trucks"),
        ("I saw my neighbor always watching birds", "", "Watches birds"),
    ],
)
def test_what_is_turned_round_is_read_as_it_is_meant(said: str, held: str, not_held: str) -> None:
    facts = told(said).facts()
    assert not_held not in facts
    assert not held or held in facts


@pytest.mark.parametrize(
    "task",
    [
        "Translate: I live in Madrid",
        "Please translate this into French: I have a dog",
        "Translate into French:\nI work at Shell",
        "Write a story where I live in Paris",
        "Can you write me a poem in which I am a knight",
        "Could you proofread this: I love my new job at Shell",
        "Make up a tale where I own a dragon",
        "Rewrite the following. I am a nurse. I live in Rome.",
    ],
)
def test_words_to_work_on_tell_nothing_of_who_sent_them(task: str) -> None:
    assert drafts(task) == []


def test_who_writes_for_a_living_is_still_understood() -> None:
    assert told("I write stories and I live in Paris").current("residence") == {"Paris"}
    assert told("Write me a poem. I live in Paris").current("residence") == {"Paris"}


@pytest.mark.parametrize("name", ["Batman", "Spiderman", "Groot", "Godzilla"])
def test_nobody_is_called_like_a_hero_of_films(name: str) -> None:
    assert told(f"I am {name}").current("name") == set()
    assert told(f"I have a dog named {name}").current("pet") == {name}


@pytest.mark.parametrize(
    ("first", "then", "attribute", "value"),
    [
        ("I'm no longer vegan", "I am vegan", "not_diet", "diet"),
        ("I am not married", "I am married", "not_relationship_status", "relationship_status"),
        ("I don't live in Rome", "I live in Rome", "former_residence", "residence"),
        ("I no longer work at Shell", "I work at Shell", "former_workplace", "workplace"),
    ],
)
def test_what_is_true_again_ends_that_it_is_not(first: str, then: str, attribute: str, value: str) -> None:
    contact = told(first, then)
    assert contact.current(attribute) == set()
    assert len(contact.current(value)) == 1


@pytest.mark.parametrize(
    "end",
    [
        "I got fired yesterday",
        "I was laid off last week",
        "I've been let go",
        "They fired me",
        "I was sacked from Shell",
    ],
)
def test_who_was_fired_works_there_no_more(end: str) -> None:
    assert told("I work at Shell", end).current("workplace") == set()


@pytest.mark.parametrize("talk", ["I was fired up about it", "I almost got fired", "I got fired from Nokia years ago"])
def test_a_job_does_not_end_by_other_fires(talk: str) -> None:
    assert told("I work at Shell", talk).current("workplace") == {"Shell"}


def test_of_two_people_with_one_name_neither_is_meant_by_it() -> None:
    contact = told("My son Tom is five", "My colleague Tom likes tea", "Tom plays the violin")
    assert not any("violin" in fact for fact in contact.facts())
    assert any("violin" in fact for fact in told("My son Tom is five", "Tom plays the violin").facts())
