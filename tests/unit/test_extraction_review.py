"""What a contact takes back or says of the past, of what is to come and of others: no wrong fact stays of it."""

import pytest

from tests.unit.contact import Contact, drafts, told


@pytest.mark.parametrize(
    ("said", "asked", "gone"),
    [
        ("I'm allergic to walnuts", "forget my allergy", "walnut"),
        ("I can't have any of that, I'm allergic to walnuts", "please forget about my allergies", "walnut"),
        ("I work at Siemens", "forget my job", "Siemens"),
        ("I work at Siemens", "please forget where I work", "Siemens"),
        ("I'm a plumber", "forget what I do for a living", "plumber"),
        ("I live in Porto", "Forget where I live", "Porto"),
        ("I live in Porto", "could you forget my address?", "Porto"),
        ("My sister Ada lives in Porto", "forget where my sister lives", "Porto"),
        ("I have a puppy named Rex", "forget about my dog", "Rex"),
        ("I live in Porto", "Forget that I live in Porto", "Porto"),
        ("My birthday is on June 3rd", "forget when my birthday is", "June"),
        ("I am 34 years old", "forget how old I am", "34"),
    ],
)
def test_what_is_to_be_forgotten_goes_with_the_words_it_was_told_in(said: str, asked: str, gone: str) -> None:
    contact = told(said, "The harbour was full of sails this morning", asked)
    assert gone not in contact.words()
    assert "harbour" in contact.words()
    assert "orget" not in contact.words()


def test_an_answer_that_repeats_what_is_to_be_forgotten_goes_too() -> None:
    contact = Contact().says("I'm allergic to walnuts", "Noted: no walnuts in the cake for you then")
    contact.says("We walked along the canal", "Canals are calm on a Sunday morning").says("forget my allergy")
    assert "walnut" not in contact.words()
    assert "Canals are calm" in contact.words()


def test_forgetting_one_matter_keeps_the_others() -> None:
    contact = told("I live in Porto", "I work at Siemens", "My brother works at Bosch", "forget where I work")
    assert contact.current("residence") == {"Porto"}
    assert "Bosch" in contact.words()
    assert "Siemens" not in contact.words()


def test_every_turn_that_said_it_is_forgotten() -> None:
    contact = told("I live in Porto", "It rained all week", "As I said, I live in Porto", "forget where I live")
    assert "Porto" not in contact.words()


@pytest.mark.parametrize(
    "talk", ["forget it", "forget how it ended", "I forgot where I work out", "forget who said so"]
)
def test_forget_as_an_idiom_removes_nothing(talk: str) -> None:
    assert told("I live in Porto", "I work at Siemens", talk).current("residence") == {"Porto"}


def test_forget_that_takes_both_halves_of_the_turn_before() -> None:
    contact = Contact().says("I live in Porto", "Porto has lovely bridges over the river").says("forget that")
    assert contact.memories == {}


@pytest.mark.parametrize("joke", ["Just kidding!", "haha jk", "I was only joking"])
def test_a_joke_takes_back_the_turn_before_and_no_other(joke: str) -> None:
    assert told("I live in Porto", "I live on the Moon", joke).current("residence") == {"Porto"}
    # Nothing was understood of the turn before, so nothing of it can be meant; what was told earlier stays.
    contact = told("I live in Porto", "The moon is made of old green cheese", joke)
    assert contact.current("residence") == {"Porto"}
    assert "green cheese" in contact.words()


@pytest.mark.parametrize(
    "coming",
    [
        "I'm moving to Oslo next month",
        "We are moving to Oslo in June",
        "I am relocating to Oslo soon",
        "I will move to Oslo in autumn",
        "I'm going to move to Oslo",
        "I live in Berlin but I'm moving to Oslo next month",
    ],
)
def test_a_move_to_come_is_a_plan_and_leaves_the_home_as_it_is(coming: str) -> None:
    contact = told("I live in Berlin", coming)
    assert contact.current("residence") == {"Berlin"}
    assert any("Oslo" in value for value in contact.current("plan"))


def test_a_job_to_come_leaves_the_present_one() -> None:
    contact = told("I work at Shell", "I start at Nokia next month")
    assert contact.current("workplace") == {"Shell"}
    assert contact.current("plan") == {"start at Nokia"}


def test_leaving_a_place_some_day_is_not_having_left() -> None:
    assert told("I live in Berlin", "I'm moving out of Berlin in May").current("residence") == {"Berlin"}
    assert told("I live in Berlin", "I moved out of Berlin").current("residence") == set()


@pytest.mark.parametrize(
    ("said", "attribute", "value"),
    [
        ("I lived in Rome for years. I live in Berlin. I have moved to Oslo", "residence", "Oslo"),
        ("I am single. I got married last week", "relationship_status", "married"),
    ],
)
def test_of_what_one_has_one_at_a_time_the_last_of_a_turn_stands(said: str, attribute: str, value: str) -> None:
    assert told(said).current(attribute) == {value}


@pytest.mark.parametrize(
    "past",
    [
        "I used to work at IBM",
        "I worked at IBM for ten years",
        "I worked for IBM back then",
        "We used to work for IBM",
        "I used to work with children at IBM",
        "I previously worked at IBM",
        "I was employed by IBM until spring",
        "I was working for IBM at the time",
        "I had worked at IBM before that",
    ],
)
def test_a_past_job_is_no_present_one_and_ends_none(past: str) -> None:
    for contact in (told("I work at Shell", past), told(past, "I work at Shell"), told(f"I work at Shell. {past}")):
        assert contact.current("workplace") == {"Shell"}
        assert not any(fact.startswith("Works") and "IBM" in fact for fact in contact.facts())


def test_past_jobs_stand_side_by_side() -> None:
    assert told("I worked at IBM", "I used to work at Nokia").current("former_workplace") == {"IBM", "Nokia"}


def test_used_to_ends_what_it_speaks_of() -> None:
    assert told("I work at IBM", "I used to work at IBM").current("workplace") == set()
    assert told("I am vegan", "I used to be vegan").current("diet") == set()
    assert told("I live in Rome", "I used to live in Rome").current("residence") == set()


_OTHERS = "ex boss teacher neighbor landlord doctor sister cousin friend roommate company flight bank".split(" ")
_PLACES_OF_OTHERS = (
    "lives in Rome", "is in Rome", "has an office in Rome", "said I live in Rome", "works in Rome", "moved to Rome",
    "was born in Rome", "is from Rome", "has a layover in Rome", "spends the winter in Rome", "got a house in Rome",
    "is down in Rome", "is over in Rome right now", "used to live in Rome", "thinks I live in Rome",
    "loves the weather in Rome", "has family in Rome", "grew up in Rome", "and her family live in Rome",
)  # fmt: skip
_WHERE_ONE_IS = frozenset("residence whereabouts hometown upbringing dwelling workplace field occupation".split())


@pytest.mark.parametrize("other", _OTHERS)
@pytest.mark.parametrize("does", _PLACES_OF_OTHERS)
@pytest.mark.parametrize("whose", ["My", "Our", "Yesterday my"])
def test_where_others_are_is_not_where_the_contact_is(whose: str, other: str, does: str) -> None:
    assert not {d.attribute for d in drafts(f"{whose} {other} {does}") if d.subject == "self"} & _WHERE_ONE_IS
    assert not [d for d in drafts(f"{whose} {other} {does}") if d.content.startswith(("Is ", "Lives "))]


@pytest.mark.parametrize(
    "said", ["It is so hot here in Madrid", "The winters in Oslo are cold", "It's raining again in Leeds"]
)
def test_the_weather_still_tells_where_somebody_is(said: str) -> None:
    assert [d.attribute for d in drafts(said)] == ["whereabouts"]
