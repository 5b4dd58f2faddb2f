"""What the rules take from a message about its writer, and what they leave alone."""

import pytest

from server.domain.extraction.statements import statements


def contents(text: str) -> list[str]:
    return [s.content for s in statements(text)]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("I live in Berlin", "Lives in Berlin"),
        ("I just moved to Oslo last month", "Lives in Oslo"),
        ("I've got a golden retriever named Bruno!", "Has a golden retriever named Bruno"),
        ("we adopted a kitten called Luna", "Has a kitten named Luna"),
        ("I work as a nurse", "Works as a nurse"),
        ("I've been working at Infosys for six years", "Works at Infosys"),
        ("im a software engineer", "Is a software engineer"),
        ("I love hiking", "Likes hiking"),
        ("honestly I can't stand mushrooms", "Dislikes mushrooms"),
        ("I don't like sushi anymore", "Dislikes sushi"),
        ("i am vegetarian", "Is vegetarian"),
        ("I have two brothers", "Has two brothers"),
        ("My birthday is 12 May", "Birthday is 12 May"),
        ("I'm allergic to peanuts", "Is allergic to peanuts"),
        ("I want to be a marine biologist", "Wants to be a marine biologist"),
        ("I'm married with three kids", "Is married"),
        ("I'm married with three kids", "Has three kids"),
        ("My name is Arjun", "Is called Arjun"),
        ("I'm 34 years old", "Is 34 years old"),
        ("My favourite colour is teal", "Favorite color is teal"),
        ("I speak Portuguese", "Speaks Portuguese"),
        ("I'm afraid of heights", "Is afraid of heights"),
        ("I'm originally from Kerala", "Is from Kerala"),
        ("I can't eat gluten", "Can not eat gluten"),
        ("my girlfriend's name is Maria", "Has a girlfriend named Maria"),
        ("I quit my job", "Left their job"),
        ("I'm learning to play the cello", "Is learning to play the cello"),
        ("I used to live in Rome", "Used to live in Rome"),
        ("As a nurse, I see a lot", "Is a nurse"),
        ("I love cats, do you?", "Likes cats"),
        ("Do you like dolphins? I love them", "Likes dolphins"),
    ],
)
def test_a_statement_about_oneself_is_kept_in_the_third_person(said: str, kept: str) -> None:
    assert kept in contents(said)


@pytest.mark.parametrize(
    "said",
    [
        "If I lived in Paris I would eat croissants all day",
        "I wish I had a cat",
        "What if I moved to Japan?",
        "Do you think I should get a dog?",
        "Maybe I'll get a dog",
        "I might be a vegetarian one day",
        "Just kidding, I'm a billionaire",
        'He told me "I live in Lisbon"',
        "He says I am a genius",
        "Imagine I owned a yacht",
        "I would live in Madrid",
        "I'm so tired today",
        "I'm fine, thanks",
        "I think so",
        "I know, right",
        "Are you married?",
        "I thought I was allergic to cats",
    ],
)
def test_a_question_a_wish_or_a_mood_is_no_fact(said: str) -> None:
    assert contents(said) == []


def test_a_sister_in_oslo_does_not_move_the_contact_there() -> None:
    said = statements("My sister Anna lives in Oslo.")
    assert [s for s in said if s.subject == "self" and s.attribute == "residence"] == []
    other = next(s for s in said if s.attribute == "residence")
    assert (other.subject, other.content, other.value) == ("sister:anna", "Sister Anna lives in Oslo", "Oslo")


def test_leaving_a_place_closes_it_and_the_new_one_stands() -> None:
    said = statements("I don't live in Berlin anymore, I moved to Oslo")
    assert ("residence", "Berlin") in said[0].closes
    assert [s.value for s in said if s.attribute == "residence"] == ["Oslo"]


def test_a_list_of_likes_becomes_one_preference_each() -> None:
    said = statements("I love hiking, climbing and photography")
    assert [s.value for s in said] == ["hiking", "climbing", "photography"]
    assert {s.type for s in said} == {"preference"}


def test_a_job_with_its_place_gives_both() -> None:
    said = {s.attribute: s.value for s in statements("I work at Infosys as a software engineer")}
    assert said == {"workplace": "Infosys", "occupation": "software engineer"}


def test_a_break_up_closes_the_partner_whoever_it_was() -> None:
    (said,) = statements("We broke up last week")
    assert said.attribute == "relationship_status"
    assert ("partner", None) in said.closes


def test_no_message_gives_more_than_a_few_statements() -> None:
    text = ". ".join(f"I love thing{n} and I collect stamp{n}" for n in range(40))
    assert len(statements(text)) <= 8


def test_hostile_text_is_read_in_bounded_time() -> None:
    for text in (
        "I " * 2_000,
        "my " * 2_000,
        "a " * 4_000,
        "I have a " + "dog, " * 1_000,
        "(" * 4_000,
        "I like " + "x" * 4_000,
    ):
        statements(text[:4_000])
