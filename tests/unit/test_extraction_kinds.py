"""Kinds of statements that are made in passing, without "I", or the other way round."""

import pytest

from server.domain.extraction.statements import statements


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        # Without "I", or with it hidden.
        ("me and my husband live in a lighthouse", "Lives in a lighthouse"),
        ("I am a florist who collects old maps", "Collects old maps"),
        ("I am not a person who likes parades", "Dislikes parades"),
        ("long auburn hair and all", "Has long auburn hair"),
        ("terrified of moths", "Is afraid of moths"),
        ("mostly eat lentils", "Eats lentils"),
        ("I loves herons", "Likes herons"),
        # Answers to what was asked.
        ("whats your favorite drink mine is cider", "Favorite drink is cider"),
        ("Any favorite foods? Mine is ramen", "Favorite foods are ramen"),
        ("What color is your hair mine is auburn", "Hair is auburn"),
        ("teal is mine", "Favorite color is teal"),
        ("How about kimchi? That is my favorite", "Favorite thing is kimchi"),
        ("Do you like opera as much as I do?", "Likes opera"),
        ("Are you a vegan like me?", "Is vegan"),
        ("You like chess? I do", "Likes chess"),
        # Tastes said by comparing, and several favorites.
        ("There is nothing I like more than fresh figs", "Likes fresh figs"),
        ("I have a strong dislike for coriander", "Dislikes coriander"),
        ("I have a real passion for kites", "Likes kites"),
        ("My favorite foods are dumplings, olives and plums", "Likes olives"),
        ("I like people who keep their word", "Likes people who keep their word"),
        ("My cousin got me into falconry", "Likes falconry"),
        ("Grandpa taught me how to whittle spoons", "Can whittle spoons"),
        ("I can not bring myself to sing in public", "Can not sing in public"),
        # Places, schools and posts in passing.
        ("It rains a lot by the canal where I live", "Lives by the canal"),
        ("It was in Delft where I grew up", "Grew up in Delft"),
        ("I have lived on a houseboat all my life", "Lives on a houseboat"),
        ("I am busy with college right now", "Goes to college"),
        ("I came home late from my shift at Delhaize", "Works at Delhaize"),
        ("I sing alto in my church choir", "Belongs to a church choir"),
        # People and bodies.
        ("All three of my brothers row", "Has three brothers"),
        ("I am divorced with two kids", "Has two kids"),
        ("My doctor says I am overweight", "Is overweight"),
        ("Because of my beard I can not wear a mask", "Has a beard"),
        ("I have a teacher now, Orla, every Monday", "Has a teacher named Orla"),
        ("I am an 11 year old named Ferdy", "Is called Ferdy"),
    ],
)
def test_what_is_said_in_passing_is_kept(said: str, kept: str) -> None:
    assert kept in [s.content for s in statements(said)]


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("I play the piano at a church.", "piano at a church"),
        ("I run the desk for the evening show.", "desk for the evening show"),
        ("I teach at a school for pottery.", "school for pottery"),
    ],
)
def test_a_value_keeps_its_words_apart(said: str, value: str) -> None:
    assert value in [statement.value for statement in statements(said)]
