"""One predicate of "I …": adverbs off, set phrases plain, negation found, then the first rule that fits."""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.self_rules import RULES
from server.domain.extraction.statement import Statement
from server.domain.extraction.verbs import verb_of

_ADVERBS: Final = re.compile(
    r"^(?:(?:very much|really|also|just|still|usually|actually|always|only|even|now|currently|"
    r"absolutely|totally|simply|kinda|kind of|sort of|mostly|"
    r"definitely|truly|honestly|personally|often|sometimes|normally|generally|recently|"
    r"already|both|all|do|did|too|then|have always|honestly|totally|strongly|deeply|highly|mainly|primarily|much|"
    r"defiantly|very|obviously|clearly|"
    r"probably|especially|"
    r"basically|literally|mainly|sure|sure do|certainly|happen to|tend to|like to go(?= \w+ing\b)|"
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
        (r"^(?:really |just |also |do )?can not (?:stand|bear|tolerate|handle|do)\b", "hate"),
        (
            r"^(?:really |just |also )?can not (?:get enough of|live without|resist|stop eating|wait for|survive "
            r"without)\b",
            "love",
        ),
        (
            r"^can (?:eat|drink|listen to|watch|read|play) (?=.*\b(?:all day|every day|over and over|over all day|"
            r"forever)\b)",
            "love ",
        ),
        (
            r"^(?:do |did )?not (?:really |much |at all )?care (?:much |too much |a lot |at all )?(?:for|about)\b",
            "dislike",
        ),
        (r"^(?:do )?care (?:a lot |deeply |very much |so much )?(?:for|about)\b", "love"),
        (r"^(?:do )?feel (?:very |so )?strongly about\b", "love"),
        (r"^(?:just )?(?:started|began) (?=\w+ing\b)", "am "),
        (r"^(?:just )?(?:got done|finished|got finished|am done|got through) (?=\w+ing\b)", "was "),
        (r"^would rather\b", "prefer to"),
        (r"^prefer to (?:prefer|have)\b", "prefer"),
        (r"^(?:could|would) not (?:live|be|do|survive) without\b", "love"),
        (
            r"^am not (?:really |very |too |so |much )?(?:keen on|big on|into|interested in|fond of|crazy about)\b",
            "dislike",
        ),
        (r"^am not (?:really |exactly |much of )?an? (?:(?:big|huge) )*(?:fan|lover) of\b", "dislike"),
        (
            r"^am (?:(?:really|very|so|just|kind of) )*(?:bored (?:of|with|at)|annoyed (?:by|with|at)|disgusted by)\b",
            "dislike",
        ),
        (
            r"^am (?:(?:really|very|so|like|just|kind of|still|more|totally|super|mostly|pretty) )*(?:into|obsessed "
            r"with|infatuated with|loyal to|addicted to|hooked on|"
            r"all about|in love with|down with|down for|big on|a slave to|partial to|fascinated (?:by|with)|"
            r"interested in)\b",
            "love",
        ),
        (
            r"^(?:am|have been) (?:just |so |really |like )*(?:craving|dying for|hungry for|in the mood for|wanting|"
            r"jonesing for)\b",
            "want",
        ),
        (r"^(?:could|can) (?:really |sure |totally )?(?:use|go for)\b", "want"),
        (r"^(?:sure )?would (?:really |sure |absolutely )?(?:love|like|kill for) (?!to\b|if\b|that\b|it\b)", "want "),
        (r"^(?:always |have always |have )?(?:wanted|dreamed|dreamt) (?:of|about) (?!to\b)", "want "),
        (r"^(?:am|was) employed (?:at|by|with)\b", "work at"),
        (r"^manage (?:the |a |an )(?=\w)", "manage a "),
        (r"^(?:just |recently )?(?:arrived|came|moved) (?:here )?from\b", "come from"),
        (r"^use to\b", "used to"),
        (r"^(?:am|was) (?:always |usually )?(?:wearing|dressed in)\b", "wear"),
        (r"^took up\b", "do"),
        (
            r"^(?:get|feel|am) (?:so |very |really |always )*(?:uncomfortable|nervous|anxious|uneasy|bored|angry|"
            r"annoyed|irritated|"
            r"stressed|grossed out|disgusted) (?:in|at|around|by|with|from|about|during|when it comes to)\b",
            "dislike",
        ),
        (r"^(?:just |recently )?turned (?=\d+\b)", "am "),
        (r"^(?:try|am trying|tend) not to (?=(?:eat|drink|use|smoke|watch|wear)\b)", "do not "),
        (r"^(?:am|was) (?:stationed|based|located|stuck|stranded|settled) (?=(?:in|on|at)\b)", "am "),
        (r"^(?:am|have been) new to (?=the\b)", "am in "),
        (
            r"^(?:have|got|has) (?:a |an |my )?(?:(?:part|full)[ -]?time |new |great |summer |good |small |side |"
            r"night |day |little )*(?:job|gig|position|"
            r"internship|shift) (?:working )?(?=(?:at|for|as|with)\b)",
            "work ",
        ),
        (r"^(?:have|had) been (?=(?:\w+ )?\w+ing\b)", "am "),
        (
            rf"^have been (?=(?:\w+ )?(?:{'|'.join(sorted(lexicon.KINDS | lexicon.OCCUPATIONS | {'a', 'an'}))})\b)",
            "am ",
        ),
    )
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


def of_predicate(predicate: str) -> list[Statement]:
    """The statements of the first rule that fits a predicate ("love hiking")."""
    predicate = _ADVERBS.sub("", predicate)
    for pattern, by in _FIXED:
        predicate = pattern.sub(by, predicate)
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
