"""Statements the contact makes about itself and its people, found by rules in English text."""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.clauses import asks, joking, predicates, real, told_beside
from server.domain.extraction.dispatch import words_of
from server.domain.extraction.ellipsis import with_subject
from server.domain.extraction.embedded import embedded
from server.domain.extraction.english import bare, opened, sentences
from server.domain.extraction.events import passive
from server.domain.extraction.favorites import favorite_of_topic, of_now
from server.domain.extraction.goals import goals, wished
from server.domain.extraction.inverted import compared, inverted
from server.domain.extraction.opinions import opinions
from server.domain.extraction.places import places
from server.domain.extraction.possessions import possessions, presupposed
from server.domain.extraction.predicate import of_predicate
from server.domain.extraction.roles import like_me, roles
from server.domain.extraction.schooling import schooling
from server.domain.extraction.sense import sensible
from server.domain.extraction.statement import Statement
from server.domain.extraction.tasks import task_in
from server.domain.extraction.topic import Topic

MOST: Final = 8
"""Statements kept of one text: the weightiest."""

_MOST_SENTENCES: Final = 60
_LONGEST_SENTENCE: Final = 600
"""Bounds on the work one message can ask for: sentences, and characters of each."""


def statements(text: str) -> list[Statement]:
    """What the text states about its writer and its people, at most `MOST`, in the order said.

    Questions, hypotheses, wishes, jokes, quotations and other people's lives are not facts about the writer.
    """
    found: list[Statement] = []
    topic = Topic()
    before = 0
    for sentence, question in sentences(of_now(opened(text)))[:_MOST_SENTENCES]:
        if joking(sentence):
            del found[before:]
            continue
        task = task_in(sentence)
        if task == "text":
            # What follows are the words that are to be worked on.
            break
        if task == "tale":
            continue
        written = topic.written_out(with_subject(sentence[:_LONGEST_SENTENCE]))
        asking = (question or asks(sentence)) and not _ANSWERED.match(written)
        said = real(told_beside(written, question) if asking else written)
        if said and said != written and written.endswith(said):
            # The question comes first: what it asks about is what the answer is about.
            topic.follow(written[: -len(said)].rstrip(" ,"), True, [])
        made = _in_sentence(said, topic) if said else []
        if said != written:
            # What is asked or imagined is not so, but who is "my sister" in it is had all the same.
            made = [*made, *presupposed(written), *wished(written), *likened(written)]
        made = [s for s in made if sensible(s)]
        before = len(found)
        found += made
        topic.follow(sentence, question or asks(sentence), made)
    return _weightiest(found)


_ANSWERED: Final = re.compile(r"my (?:[\w]+ ){1,4}is ")
"""How a question begins that its writer has answered in the same breath: "what is your favorite drink, mine is tea"."""


def _in_sentence(sentence: str, topic: Topic) -> list[Statement]:
    owned = possessions(sentence)
    if not any(s.attribute.startswith("favorite_") for s in owned) and "favorite" in sentence:
        owned = [*owned, *favorite_of_topic(sentence, topic.latest)]
    for favorite in owned:
        if favorite.attribute.startswith("favorite_"):
            topic.thing = bare(favorite.value)
    found: list[Statement] = []
    made: list[Statement] = []
    for before, predicate in predicates(sentence):
        (topic.said_of if made else topic.said_before)(before)
        made = of_predicate(topic.with_object(predicate))
        found += made or passive(predicate)
        if not made:
            topic.said_of(predicate)
        elif made[-1].subject == "self" and made[-1].value:
            topic.thing = topic.thing if made[-1].attribute in ("trait", "occupation", "age") else bare(made[-1].value)
    found += beside(sentence)
    for predicate in inverted(sentence):
        found += of_predicate(predicate)
    if not any(s.attribute == "goal" for s in found):
        found += goals(sentence)
    if not any(s.type == "preference" for s in (*owned, *found)):
        found += opinions(sentence, topic.thing)
    found += [*owned, *places(sentence), *roles(sentence)]
    if not any(s.attribute in ("school", "education") for s in found):
        found += schooling(sentence)
    return found + embedded(sentence, found)


def likened(sentence: str) -> list[Statement]:
    """What a question tells of its writer by the way: "do you love jazz as much as I do", "are you vegan like me"."""
    if " I do" in sentence:
        return [s for predicate in compared(sentence) for s in of_predicate(predicate)]
    return like_me(sentence)


_WITH: Final = re.compile(
    r"\bI (?:am|was|live)\b[^,]*? (?:with|and have|has) (?P<x>(?:an?|no|one|two|three|four|five|six|\d+|long|short|"
    r"red|blue|green|brown|"
    r"black|curly|blonde|pink|purple) .+)",
    re.IGNORECASE,
)
_BROOD: Final = re.compile(
    rf"\b(?:I am|and|am)[^,]*?(?:married|single|divorced|widowed|engaged),? (?:and )?(?P<x>{lexicon.NUMBER_WORDS} "
    r"(?:\w+ )?(?:kids|children|boys|girls|sons|daughters|dogs|cats))\b",
    re.IGNORECASE,
)
_STATUS: Final = frozenset("married single divorced widowed engaged".split())
_BESIDE: Final = frozenset("with and has".split())
_HAD_BESIDE: Final = frozenset(
    "children pet siblings partner appearance no_children no_pet no_siblings no_owns no_people".split()
)


def beside(sentence: str) -> list[Statement]:
    """Who and what comes along with somebody: "I am single with two kids"."""
    words = words_of(sentence)
    if not _STATUS.isdisjoint(words) and (brood := _BROOD.search(sentence)):
        return [s for s in of_predicate(f"have {brood['x']}") if s.attribute in _HAD_BESIDE]
    match = _WITH.search(sentence) if not _BESIDE.isdisjoint(words) else None
    return [s for s in of_predicate(f"have {match['x']}") if s.attribute in _HAD_BESIDE] if match else []


def _weightiest(found: list[Statement]) -> list[Statement]:
    kept: list[Statement] = []
    for statement in sorted(found, key=lambda s: (-s.weight * s.confidence, -len(s.content))):
        if len(kept) == MOST:
            break
        if not any(_covers(other, statement) for other in kept):
            kept.append(statement)
    order = {id(s): place for place, s in enumerate(found)}
    return sorted(kept, key=lambda s: order[id(s)])


def _covers(kept: Statement, other: Statement) -> bool:
    """Whether `other` says nothing that `kept` does not: the same words about the same subject."""
    if kept.subject != other.subject:
        return False
    words = set(other.content.lower().split()) - {"a", "an", "the", "has", "is"}
    return words <= set(kept.content.lower().split()) or (kept.attribute, kept.value.lower()) == (
        other.attribute,
        other.value.lower(),
    )
