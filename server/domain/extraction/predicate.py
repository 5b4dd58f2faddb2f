"""One predicate of "I …": adverbs off, set phrases plain, negation found, then the first rule that fits."""

import re
from typing import Final

from server.domain.extraction.self_rules import RULES
from server.domain.extraction.statement import Statement

_ADVERBS: Final = re.compile(
    r"^(?:(?:really|also|just|still|usually|actually|always|only|even|now|currently|"
    r"absolutely|totally|simply|kinda|kind of|sort of|mostly|"
    r"definitely|truly|honestly|personally|often|sometimes|normally|generally|recently|"
    r"already|both|all|do|did|too|then|have always|"
    r"have been(?! to| in| a| an|\s+\w+ (?:deaf|blind|single|married))|probably|especially|"
    r"basically|literally|mainly|sure|sure do|certainly|happen to|tend to|like to go|"
    r"proudly|secretly|finally|once|myself|have just)\s+)+(?=\w)",
    re.IGNORECASE,
)
_AUXILIARY: Final = re.compile(
    r"^(?P<be>am|have|was|can)\s+(?:really|also|just|still|usually|actually|always|only|"
    r"even|now|currently|absolutely|totally|definitely|kinda|kind of|sort of|pretty "
    r"much|already|happily|recently|finally)\s+",
    re.IGNORECASE,
)
_FIXED: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), by)
    for pattern, by in (
        (r"^(?:really |just |also )?can not stand\b", "hate"),
        (r"^(?:really |just |also )?can not (?:get enough of|live without|resist|stop eating)\b", "love"),
        (r"^(?:do|did) not (?:really |much )?care (?:much |too much |a lot |about )?(?:for)?\b", "dislike"),
        (r"^(?:just )?(?:got done|finished|got finished|am done|got through) (?=\w+ing\b)", ""),
        (r"^would rather\b", "prefer to"),
        (r"^(?:could|would) not (?:live|be|do|survive) without\b", "love"),
        (r"^am not (?:really |very |too |so )?(?:keen on|big on|into)\b", "dislike"),
    )
)
_NEGATION: Final = re.compile(
    r"^(?P<aux>do|did|am|was|can|have|will|could|would|should|are)?\s*(?:really |just "
    r"|still )?(?:not|never|no longer)\s+(?:really |even |particularly |actually |ever "
    r"|much |currently |yet )*",
    re.IGNORECASE,
)
_UNREAL: Final = re.compile(r"^(?:would|could|should|might|may|will|must|had better|wish|had wished)\b", re.IGNORECASE)
_WANTED: Final = re.compile(r"^would (?:really |absolutely |just )*(?:love|like) to\b", re.IGNORECASE)
_NOTHING: Final = re.compile(r"^(?:it|that|this|you|them|him|her|so|too|to)?\W*$", re.IGNORECASE)


def of_predicate(predicate: str) -> list[Statement]:
    """The statements of the first rule that fits a predicate ("love hiking")."""
    predicate = _ADVERBS.sub("", predicate)
    for pattern, by in _FIXED:
        predicate = pattern.sub(by, predicate)
    if _WANTED.match(predicate):
        predicate = _WANTED.sub("want to", predicate)
    negated = False
    negation = _NEGATION.match(predicate)
    if negation:
        negated = True
        aux = (negation["aux"] or "").lower()
        rest = predicate[negation.end() :]
        predicate = f"{aux} {rest}" if aux in ("am", "was", "can", "have") else rest
        if aux in ("will", "would", "could", "should"):
            return []
    elif re.search(r"\b(?:anymore|any more|any longer)\b", predicate):
        negated = True
    if _UNREAL.match(predicate):
        return []
    predicate = _AUXILIARY.sub(r"\g<be> ", predicate)
    predicate = _ADVERBS.sub("", predicate)
    for pattern, maker in RULES:
        match = pattern.match(predicate)
        if match is None or _NOTHING.match(match.groupdict().get("x") or "nothing"):
            continue
        made = maker(match, negated)
        if made:
            return made
    return []
