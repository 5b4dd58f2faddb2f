"""One predicate of "I …": adverbs off, set phrases plain, negation found, then the first rule that fits."""

import re
from typing import Final

from server.domain.extraction.self_rules import RULES
from server.domain.extraction.set_phrases import put_plainly
from server.domain.extraction.statement import Statement
from server.domain.extraction.verbs import verb_of

_ADVERBS: Final = re.compile(
    r"^(?:(?:very much|really|also|just|still|usually|actually|always|only|even|now|currently|"
    r"absolutely|totally|simply|kinda|kind of|sort of|mostly|"
    r"definitely|truly|honestly|personally|often|sometimes|normally|generally|recently|"
    r"already|both|all|do|did|too|then|have always|honestly|totally|strongly|deeply|highly|mainly|primarily|much|"
    r"defiantly|very|obviously|clearly|"
    r"probably|especially|however|[a-z]{2,}(?:ously|ently|antly|ively|edly|ately|ingly|ually|onally)|"
    r"basically|literally|mainly|exclusively|pretty much|previously|regularly|constantly|specifically|particularly|"
    r"genuinely|continually|loyally|gladly|sure|sure do|certainly|happen to|tend to|like to go(?= \w+ing\b)|"
    r"proudly|secretly|finally|once|myself|have just)\s+)+(?=\w)",
    re.IGNORECASE,
)
_AUXILIARY: Final = re.compile(
    r"^(?P<be>am|have|was|can)\s+(?:really|also|just|still|usually|actually|always|only|"
    r"even|now|currently|absolutely|totally|definitely|kinda|kind of|sort of|pretty "
    r"much|already|happily|recently|finally)\s+",
    re.IGNORECASE,
)
_NEGATION: Final = re.compile(
    r"^(?P<aux>do|did|am|was|can|have|will|could|would|should|are)?\s*(?:really |just "
    r"|still )?(?:not|never|no longer)\s+(?:really |even |particularly |actually |ever "
    r"|much |currently |yet )*",
    re.IGNORECASE,
)
_UNREAL: Final = re.compile(r"^(?:would|could|should|might|may|will|must|had better|wish|had wished)\b", re.IGNORECASE)
_WILL: Final = re.compile(
    r"^will (?:probably |also |definitely |be (?=\w+ing\b))*(?=[a-z]+\b)(?!be\b|have\b|not\b|never\b)", re.IGNORECASE
)
_GOING: Final = re.compile(
    r"^am (?:(?:just|probably|really|also|actually|still|definitely) )*(?:going|about|ready|set) to (?P<v>[a-z]+)\b",
    re.IGNORECASE,
)
_WANTED: Final = re.compile(r"^would (?:really |absolutely |just )*(?:love|like) to\b", re.IGNORECASE)
_FOR_YOU: Final = re.compile(
    r"(?<=[a-z]) (?:you|u|him|her|them|us|everyone|people) (?=(?:some|an?|my|all) )", re.IGNORECASE
)
"""Whom something is done for stands in the way of what is done: "make you some soup"."""

_NOTHING: Final = re.compile(r"^(?:it|that|this|you|them|him|her|so|too|to)?\W*$", re.IGNORECASE)


def _agreeing(predicate: str) -> str:
    """The predicate with a verb that does not agree with "I" put right: "loves horses"."""
    first, space, rest = predicate.partition(" ")
    if not first.endswith("s") or (verb := verb_of(first.lower())) is None or verb.form != "third":
        return predicate
    return f"{verb.base}{space}{rest}"


_NO_LONGER: Final = re.compile(r"\b(?:anymore|any more|any longer)\b")


def of_predicate(predicate: str) -> list[Statement]:
    """The statements of the first rule that fits a predicate ("love hiking")."""
    predicate = _ADVERBS.sub("", predicate)
    predicate = put_plainly(_agreeing(predicate))
    if _WILL.match(predicate):
        predicate = _WILL.sub("plan to ", predicate)
    if (going := _GOING.match(predicate)) and (verb := verb_of(going["v"].lower())) and verb.form == "base":
        predicate = f"plan to {predicate[going.start('v') :]}"
    if _WANTED.match(predicate):
        predicate = _WANTED.sub("want to", predicate)
    predicate = _FOR_YOU.sub(" ", predicate, count=1)
    negated = False
    negation = _NEGATION.match(predicate)
    if negation:
        negated = True
        aux = (negation["aux"] or "").lower()
        rest = predicate[negation.end() :]
        predicate = f"{aux} {rest}" if aux in ("am", "was", "can", "have") else rest
        if aux in ("will", "would", "could", "should"):
            return []
    elif _NO_LONGER.search(predicate):
        negated = True
    if _UNREAL.match(predicate):
        return []
    predicate = _AUXILIARY.sub(r"\g<be> ", predicate)
    predicate = _ADVERBS.sub("", predicate)
    for _, (pattern, maker) in RULES.of(predicate):
        match = pattern.match(predicate)
        if match is None or _NOTHING.match(match.groupdict().get("x") or "nothing"):
            continue
        made = maker(match, negated)
        if made:
            return made
    return []
