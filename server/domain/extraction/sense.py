"""The last look at a statement: is it one that somebody could read and nod at, or a fragment?"""

import re
from typing import Final

from server.domain.extraction.statement import Statement

_FRAGMENTS: Final = frozenset(
    """
    it that this them they he she you we i me us him when where how what why who which if but and or so to of the a an
    very really just then than as yes yeah no not too also most more less some any all both one ones lot lots much many
    way ways thing things stuff time times everything anything something nothing someone since like is are be been
    do does did have has had get got go going doing lol haha ok okay well around about because with for at on in from
    theirs mine ha hmm ugh yay wow own other others way same here there now least yet else even only such kind sort while hi hello thanks thank
    """.split()
)
_BROKEN: Final = re.compile(
    r"\b(?:you|your|yours|yourself|i|thanks|thank|lol|haha|hi|hello)\b|\bthat$|\bto$|\bthe$|\ba$|\bof$|\bwhat$|\bnot$|\bwhen$|\bbut$",
    re.IGNORECASE,
)
_SAYS_WHO: Final = re.compile(r"^(?:Is|Has|Likes|Dislikes|Wants|Plays|Eats) (?:a |an |the )?(?:one$|it|they|them|he|she|what|how)\b")
_LONGEST: Final = 110


def sensible(statement: Statement) -> bool:
    """Whether the value is a whole, and about something."""
    value = statement.value.lower().strip()
    if not value or len(statement.content) > _LONGEST:
        return False
    words = value.split()
    if all(word.strip(".,'") in _FRAGMENTS for word in words) or words[0] in ("one" if words[1:2] == ["of"] else "but", "but", "and", "or", "yes", "except", "because"):
        return False
    return _BROKEN.search(statement.value) is None and _SAYS_WHO.match(statement.content) is None
