"""What must give no fact: chatter, questions, dreams, jokes, other people's words. And what any text promises."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.domain.extraction import Known, extract
from server.domain.extraction.entities import slug
from server.domain.extraction.statements import MOST, statements
from server.domain.turn import Turn

JUNK = """
I have to go
I gotta run, talk later
I like it
I love it so much
I like that
I think so
I know, right?
I guess we will see
I mean, why not
I have no idea
I have a question
I have a feeling it will rain
I had a good time
I had so much fun
I got it
I got to go now
I see what you mean
I feel you
I feel great today
I am so tired
I'm fine, thanks
I'm good, how are you?
I am on my way
I'm back
I'm just kidding
I'm sorry to hear that
I am not sure
I was thinking about what you said
I was wondering if you could help
I wish I had a cat
I wish I could fly
If I won the lottery I would buy a yacht
If I lived in Paris I would eat croissants all day
I would live in Madrid
I could be wrong
I might move to Rome one day
Maybe I'll get a dog
Maybe I should quit my job
Should I become a vegetarian?
Do you think I should get a dog?
What if I moved to Japan?
Imagine I owned a castle
Pretend I am a pirate
Suppose I had three children
Are you married?
Do you have any pets?
Where do you live?
What is your favourite colour?
Have you ever been to Peru?
He told me "I live in Lisbon"
She said "my cat is called Miso"
They say I am a genius
He says I have a big heart
The song goes "I am a rock"
Just kidding, I'm a billionaire
I own a castle. Just kidding!
I'm an astronaut lol jk
That sounds great
That is really nice of you
It is raining
It's so nice outside
The weather is lovely today
Thanks, I appreciate it
Thank you so much for asking
You are so sweet
You should visit Rome
You have a lovely name
Your dog is adorable
He lives in Oslo
She works at Siemens
They have three kids
People love pizza
Everyone has a phone
lol same
haha yes
Good morning!
no way
I can't believe it
I can't wait
I can relate
I could not agree more
I will let you know
I'll be right back
I'll call you
I hope you feel better
I hope so
I need to think about it
I want to know more
I want you to listen
I would love to hear more
I would like that
I thought I was allergic to cats
I used to think so
I never said that
I did not know that
I do too
I am too
me too
nothing much, you?
One does not simply walk into Mordor
Have a nice day
Not my problem
""".strip().splitlines()


@pytest.mark.parametrize("said", JUNK)
def test_what_says_nothing_lasting_of_its_writer_gives_no_fact(said: str) -> None:
    assert [s.content for s in statements(said)] == []


def test_the_list_of_junk_is_long_enough_to_mean_something() -> None:
    assert len(JUNK) >= 60
    assert sum(len(lines.strip().splitlines()) for lines in MORE_JUNK.values()) >= 40


MORE_JUNK = {
    "What is cut off before it says anything": """
I got used to it
I have both
I have several
I like mine
I love those
I made up my mind
I grew up fast
I was in my own world
I have half a mind to go
My free time
""",
    'What "my" names without its being had': """
My lack of patience
My strongest subjects
My corner of the couch
My local hospital
My eight hours of sleep
My go to answer
My soon to be husband knows
My precious
My four hours of peace
""",
    'What "can" says without its being a skill': """
I can both agree
I can respect that
I can decide
I can not decide
I can comfortably do that
I can make it on Friday
I can make sense of it
I can only imagine
My doctor could see me
""",
    "What only leads up to something else": """
I want to be moving there
I plan to be moving there
I hate to say it
I have to admit it
I have been meaning to ask
I should try that
I will think about it
I would be lying
I am looking forward to it
I used to wonder
I am speaking of cooking
""",
    "What is of somebody else or of nobody": """
You own it in red
Mine too
Mine are brown
Is it yours or mine?
Do you like it as much as she does?
They taught you how to swim
Her church is nice
He got me thinking
Your major at school
I guess mine is fine
""",
    "What compares without naming a thing": """
Nothing beats that
Almost as much as you
Just as much as that
I like seven years
Sitting down hurts
Running late hurts my mood
What would you do if I were gone?
Did you know that?
""",
}
"""By kind: what each kind of line must not be taken for."""


@pytest.mark.parametrize("said", [line for lines in MORE_JUNK.values() for line in lines.strip().splitlines()])
def test_what_is_half_said_or_somebody_elses_gives_no_fact(said: str) -> None:
    assert [s.content for s in statements(said)] == []


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("I am computer programmer", ["Is a computer programmer"]),
        ("I am student", ["Is a student"]),
        ("I am pizza maker", ["Is a pizza maker"]),
        ("I like a pair of old boots", ["Likes old boots"]),
        ("I own a pair of skis", ["Has skis"]),
        ("I have a problem with my blood sugar", ["Has problems with their blood sugar"]),
        ("I have long, curly hair", ["Has long curly hair"]),
        ("I hate traffic its so loud", ["Dislikes traffic"]),
        ("I do not like jazz much", ["Dislikes jazz"]),
        ("I love soup too much", ["Likes soup"]),
        ("I like to read, favorites are crime novels", ["Likes to read"]),
    ],
)
def test_what_is_kept_reads_as_a_person_would_say_it(said: str, kept: list[str]) -> None:
    assert [s.content for s in statements(said)] == kept


SAID = st.lists(
    st.sampled_from(
        (
            "I my we our you am is are have has had like love hate live in at on with a the two dog cat Bruno Oslo "
            "sister mother "
            "named called not never don't and but because if that who which moved to from work as nurse want "
            "favorite color red "
            ", . ? ! ' \" ( ) ; : 7 2024 yesterday next Friday forget remember no actually meant it them there mine "
            "all eat"
        ).split()
    ),
    max_size=30,
).map(" ".join)
_PRONOUNS = {"i", "me", "my", "mine", "myself", "we", "us", "our", "you", "your"}


@given(st.one_of(st.text(max_size=300), SAID))
def test_any_text_gives_short_statements_in_the_third_person(text: str) -> None:
    found = statements(text)
    assert len(found) <= MOST
    for statement in found:
        assert statement.content
        assert len(statement.content) <= 110
        assert statement.value
        assert 0 < statement.weight <= 1
        assert 0 < statement.confidence <= 1
        assert not _PRONOUNS & set(statement.content.lower().split()), statement.content


@example("Left 0")
@given(st.one_of(st.text(max_size=300), SAID))
def test_any_text_gives_no_fact_that_is_the_whole_utterance_and_no_illegal_id(text: str) -> None:
    found = extract(Turn(datetime(2026, 4, 15, 12, tzinfo=UTC), user_message=text), Known())
    named = {e.id for e in found.entities}
    for memory in found.memories:
        assert set(memory.entity_ids) <= named
        if memory.type != "episode" and memory.attribute != "note":
            assert memory.content != text.strip()
    for entity in found.entities:
        kind, _, name = entity.id.partition(":")
        assert kind in ("person", "pet", "place", "workplace", "thing")
        assert name == slug(name)
        assert len(entity.id) <= 80
