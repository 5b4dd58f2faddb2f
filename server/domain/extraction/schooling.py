"""Where somebody learns, said in passing: "busy with college", "my major at Leiden", "out of high school"."""

import re
from typing import Final

from server.domain.extraction.dispatch import words_of
from server.domain.extraction.english import bare, phrase, turned
from server.domain.extraction.statement import Statement

_KIND: Final = (
    r"(?:high|middle|elementary|grad|graduate|law|med|medical|nursing|art|culinary|cooking|night|trade|beauty|"
    r"business|private|public|boarding|community|state|online|bible|drama|film|flight|dental|vet|pre|"
    r"christian|catholic|all|girls|boys)"
)
_SCHOOL: Final = (
    rf"(?P<x>(?:(?:{_KIND} ){{1,4}}(?:school|college|university)|(?:university|college) of \w+(?: [A-Z]\w+)?|"
    r"college|university|uni|preschool|kindergarten|homeschool))\b"
)
_NOW: Final = re.compile(
    r"\b(?:busy (?:with|at)|start(?:ing|ed)?|finish(?:ing)?|done with|(?:first|second|third|last|final|senior|junior|"
    r"sophomore|"
    r"freshman)(?: \w+)? (?:year|semester|day|week|term) (?:of|in|at)|get out of|home from|back from|"
    r"because of|classes at|studying at|off to|heading to|headed to|help with|done at|for|through|with|in my|at my|"
    r"from my|to my|my) "
    rf"{_SCHOOL}(?! (?:sweetheart|friends?|reunion|diploma|education|student|students|teacher|professor|days|kids?)\b)",
    re.IGNORECASE,
)
_AT: Final = re.compile(
    r"\b(?P<k>major|degree|classes|studies|professors?|graduation|internship|scholarship|roommate|semester|phd|masters|"
    r"tuition) (?:at|from|to) (?P<x>(?:the )?[\w]+(?: (?:state|university|college|school))?)",
    re.IGNORECASE,
)
_OVER: Final = re.compile(
    r"\b(?:went|was|were|did|had|used to|back in|in (?:high|middle|grad) school|graduated|graduation|met|dropped|"
    r"played|since|ago|old)\b",
    re.IGNORECASE,
)
_OTHERS: Final = re.compile(
    r"\b(?:you|your|he|she|they|his|her|their|son|daughter|kids?|children|brother|sister|wife|husband|parents?|mom|"
    r"dad|if|would|should|never|teach|teacher|teaching|friend|friends|want|plan|hope|hoping|wish|not|will|in a year|"
    r"after)\b",
    re.IGNORECASE,
)
_OWN: Final = re.compile(r"\b(?:I|my|me|we)\b")
_CUES: Final = frozenset(
    "school college university uni preschool kindergarten homeschool major degree classes studies professor "
    "professors graduation "
    "internship scholarship roommate semester phd masters tuition".split()
)
_NAMES_NONE: Final = frozenset("a an the my this that home work school it now here there".split())


def schooling(sentence: str) -> list[Statement]:
    """The school a sentence about its writer takes for granted; a past one only as what lies behind."""
    lowered = sentence.lower()
    learns = not _CUES.isdisjoint(words_of(lowered))
    if not (learns or " school" in lowered) or _OWN.search(sentence) is None or _OTHERS.search(sentence) is not None:
        return []
    if ("school" in lowered or "college" in lowered or "uni" in lowered or "garten" in lowered) and (
        match := _NOW.search(sentence)
    ):
        return [_schooled(phrase(match["x"], 5), sentence)]
    if (" at " in lowered or " from " in lowered or " to " in lowered) and (match := _AT.search(sentence)):
        where = phrase(match["x"], 4)
        if where and where.split()[0].lower() not in _NAMES_NONE:
            return [_schooled(where, sentence)]
    return []


def _schooled(where: str, sentence: str) -> Statement:
    if _OVER.search(sentence):
        return Statement(f"Went to {turned(where)}", "education", bare(where), weight=0.4, confidence=0.55)
    return Statement(f"Goes to {turned(where)}", "school", bare(where), weight=0.45, confidence=0.55)
