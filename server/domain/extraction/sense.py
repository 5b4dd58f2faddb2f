"""The last look at a statement: is it one that somebody could read and nod at, or a fragment?"""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.statement import Statement

_FRAGMENTS: Final = frozenset(
    """
    whole bit it that this them they he she you we i me us him when where how what why who which if but and or so
    to of the a an
    very really just then than as yes yeah no not too also most more less some any all both one ones lot lots much many
    way ways thing things stuff time times everything anything something nothing someone since like is are be been
    do does did have has had get got go going doing lol haha ok okay well around about because with for at on in from
    theirs mine ha hmm ugh yay wow own other others way same here there now least yet else even only such kind sort
    while hi hello thanks thank especially seems seem mostly grr good
    """.split()
)
_BROKEN: Final = re.compile(
    r"\b(?:you|your|yours|yourself|i|thanks|thank|lol|haha|hi|hello)\b|\bthat$|\bto$|\bthe$|\ba$|\bof$|\bwhat$|\bnot$|\bwhen$|\bbut$",
    re.IGNORECASE,
)
_WHOSE: Final = re.compile(r"\b(?:I|me|my|mine|myself|our|we|you|your|yours|yourself)\b", re.IGNORECASE)
_SAYS_WHO: Final = re.compile(
    r"^(?:Is|Has|Likes|Dislikes|Wants|Plays|Eats) (?:a |an |the )?(?:one$|it|they|them|he|she|what|how)\b"
)
_STARTS_BADLY: Final = frozenset(
    """
    but and or yes except because sometimes with where oh etc along em tham last next every second almost more less
    likes loves have has
    am is was are were do does did gets got whose which that if though although while until during not also too ugh
    lol well
    """.split()
)
_NAMELESS: Final = re.compile(
    r"(?:her|him|it)(?: (?:down|up|out|in|back|off|home|around|away|over|there|to))*$|every \w+$"
)
"""Whom a statement is about is not said: "Carries her down"; or when is all it says: "Spent every summer"."""

_NEVER_FIRST: Final = frozenset("is are was were am dyed hates hated loved".split())
_HALF_SAID: Final = frozenset(("Grew up", "Makes up", "Made up", "Takes off", "Gets up"))
_ENDS_BADLY: Final = frozenset(
    "where those also because with and or if though than like his their own such very too while until there".split()
)
_BARE_NUMBER: Final = re.compile(
    rf"^(?:Has|Plays|Speaks|Owns|Wants) (?:{lexicon.NUMBER_WORDS}|some|lots|plenty|many)$", re.IGNORECASE
)
_A_WHILE: Final = re.compile(
    rf"(?:{lexicon.NUMBER_WORDS} )?(?:more |whole |long )*(?:years?|months?|weeks?|days?|hours?|minutes?)$"
)
_TWICE: Final = re.compile(r"^(\w+) \1\b", re.IGNORECASE)
_LONGEST: Final = 110
"""Characters of a statement; a longer one is a whole utterance."""


_TOLD_WITH_A_VERB: Final = frozenset(
    "goal plan event habit life_event activity past never avoids household education studies work field "
    "skill weakness".split()
)


_TO_DO: Final = re.compile(r"(?:Likes|Dislikes|Is \w+ed) to ")


def _hangs_on_a_verb(statement: Statement) -> bool:
    """Whether the value may begin with a preposition or a verb: "Celebrated with cake", "Likes to have tea"."""
    return statement.attribute in _TOLD_WITH_A_VERB or _TO_DO.match(statement.content) is not None


def sensible(statement: Statement) -> bool:
    """Whether the value is a whole, and about something."""
    value = statement.value.lower().strip()
    if not value or len(statement.content) > _LONGEST:
        return False
    words = value.split()
    if all(word.strip(".,'") in _FRAGMENTS for word in words) or (
        words[0] in _STARTS_BADLY and not _hangs_on_a_verb(statement)
    ):
        return False
    if words[:2] == ["one", "of"] or (words[-1] in _ENDS_BADLY and statement.attribute != "age"):
        return False
    if _NAMELESS.match(value) or words[0] in _NEVER_FIRST or statement.content in _HALF_SAID:
        return False
    if _A_WHILE.match(value) and statement.attribute in ("likes", "dislikes", "owns", "wants"):
        return False
    if _BARE_NUMBER.match(statement.content) or _TWICE.match(statement.content):
        return False
    return (
        _BROKEN.search(statement.value) is None
        and _WHOSE.search(statement.content) is None
        and _SAYS_WHO.match(statement.content) is None
    )
