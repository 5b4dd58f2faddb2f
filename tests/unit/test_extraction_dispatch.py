"""Rules are looked up by first word or by cue word: what is looked up is all that could have matched."""

import random
import re

from hypothesis import given
from hypothesis import strategies as st

from server.domain.extraction import english
from server.domain.extraction.dispatch import ByFirstWord, first_word, words_of
from server.domain.extraction.self_rules import RULES
from server.domain.extraction.set_phrases import PHRASES

_LEADING = (
    "love like enjoy dig hate avoid am was have had has got get fear live reside stay just recently moved left come "
    "originally grew work working worked used landed took joined quit lost broke split want wanted hope plan dream "
    "need decided try study studied go went attend graduated suck can know visited became turned identify married "
    "won survived retired stopped gave own adopted bought only named called care feel started finished would could "
    "prefer manage arrived use always sure not do tend trying happily finally accepted crave look soft weakness"
).split()
_FOLLOWING = (
    "to in at of for with a an the my new job married up from been not living moving allergic scared sick tired into "
    "fond fan big eating hiking nurse teacher vegan Oslo cats dog two 30 without stand get enough use rather been "
    "wearing out degree school good bad never really so very just working there here been by as on"
).split()


def _made_up(count: int) -> list[str]:
    chance = random.Random(20_260_415)
    return [
        " ".join([chance.choice(_LEADING), *(chance.choice(_FOLLOWING) for _ in range(chance.randint(1, 6)))])
        for _ in range(count)
    ]


def test_a_rule_found_by_its_first_word_is_every_rule_that_matches() -> None:
    for predicate in _made_up(3_000):
        tried = {pattern for _, (pattern, _) in RULES.of(predicate)}
        assert {pattern for pattern, _ in RULES.all if pattern.match(predicate)} <= tried, predicate
        plain = {pattern for _, (pattern, _) in PHRASES.of(predicate)}
        assert {pattern for pattern, _ in PHRASES.all if pattern.match(predicate)} <= plain, predicate


def test_rules_come_in_their_order_and_those_for_any_word_with_them() -> None:
    rules = ByFirstWord((("red blue", "colors"), ("*", "any"), ("blue", "sky")))
    assert [rule for _, rule in rules.of("Blue is the sky")] == ["colors", "any", "sky"]
    assert [rule for _, rule in rules.of("red")] == ["colors", "any"]
    assert [rule for _, rule in rules.of("?!")] == ["any"]


def test_words_are_lower_case_and_an_apostrophe_ends_one() -> None:
    assert first_word("Love hiking") == "love"
    assert first_word("") == ""
    assert words_of("I can't, WON'T") == {"i", "can", "t", "won"}


_SHORT_FORMS = st.lists(
    st.sampled_from(
        "im i'm i m Im ive I've i ve dont don't don t can't cant cannot can t won't wont wo not ain't aint ai n't been "
        "rather Dr. Mr Ana fav fave . , favourite color most liked number one go to food gonna wanna neighbour i the "
        "colours is wasn't hasnt couldn't wouldn t".split(" ")
    ),
    max_size=12,
).map(" ".join)


@given(_SHORT_FORMS)
def test_short_forms_are_opened_just_as_if_every_rule_were_tried(text: str) -> None:
    plain = english._QUOTED.sub(" ", text)
    if "'" in plain:
        for pattern, by in english._APOSTROPHES:
            plain = pattern.sub(by, plain)
    plain = english._SPACED.sub(r"\1", plain)
    for _, pattern, by in english._OPENED:
        plain = pattern.sub(by, plain)
    plain = english._SPELLINGS.sub(lambda match: english._SPELLED[match[0].lower()], plain)
    assert english.opened(text) == re.sub(" +", " ", plain).strip()
