"""Favorites, in whatever order they are said: "my favorite color is teal", "teal is my favorite"."""

import re
from typing import Final

from server.domain.extraction.english import bare, phrase, turned
from server.domain.extraction.items import items
from server.domain.extraction.statement import Statement

_PRONOUNS: Final = frozenset(
    "me him her it they them he she who that this these those which what i you we us one here yours mine".split()
)
_NO_VALUE: Final = (_PRONOUNS | {"because", "so", "not"}) - {"her", "me", "one"}
_KIND: Final = r"(?P<k>[\w]+(?: (?!is\b|are\b|was\b|would\b|has\b)[\w]+){0,2}?)"
_FAVORITE: Final = re.compile(
    rf"(?:\b(?:my|our) (?:(?!least\b)\w+ ){{0,2}}?|\band (?:the |all time )?|^)favorite(?:s|(?: (?!is\b|are\b|was\b|"
    rf"would\b|has\b|by\b|at\b){_KIND}))?"
    r"(?: ever| of all time| right now| at the moment| by far| to \w+| in the world)*"
    r"(?:(?: is| are| was| would be| would have to be| has to be| has always been|,|:)"
    r"(?: definitely| probably| also| still| of course| just| when)*) (?P<x>.+)",
    re.IGNORECASE,
)
_RIGHT_AFTER: Final = re.compile(
    r"\b(?:my|our) (?:all time |absolute )?favorite (?P<k>color|band|singer|artist|food|drink|movie|show|book|animal|"
    r"sport|team|song|author|place|season|game|dish|snack|dessert|subject|store|character) (?P<x>.+)",
    re.IGNORECASE,
)
_LEAST: Final = re.compile(
    r"\b(?:my|our) least favorite(?P<k> [\w ]{2,25}?)? (?:is|are|was) (?P<x>.+)|"
    r"(?:^|, ?| and | but )(?P<y>[\w' -]{2,40}?) (?:is|are) my least favorite\b",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    r"(?:^|, ?| and | but |\bso |\bthat |\bbecause |\bthink )(?P<x>[\w' -]{2,40}?),? (?:is|are|was|were|am|would be|"
    r"has "
    r"always been|will always be|be|,)?(?: also| still| definitely| one of| probably| by far| actually| always| just|"
    r" absolutely| totally| easily| hands down|"
    r" like| really| currently)* ?"
    r"\b(?:my|our) (?:all time |absolute |most |very |current |new |new found )?favorite\b(?P<k> [\w]+(?: \w+)?)?",
    re.IGNORECASE,
)
_LEAD: Final = re.compile(
    r"^.*\b(?:I think|think|well|yes|yeah|and|but|so|that|because|say|like|love|lol|watching|eating|cooking|playing|"
    r"listening to|reading|enjoy|enjoying|have|had|is|are|some)\b",
    re.IGNORECASE,
)
_NOT_KINDS: Final = frozenset(
    "of to in and for so i because right ever by with when as on at but too you it that though a the all".split()
)


_HUE: Final = (
    r"(?:red|blue|green|yellow|black|white|purple|pink|orange|brown|gr[ae]y|gold|golden|silver|teal|turquoise|violet|indigo|maroon|magenta|"
    r"lavender|lilac|crimson|scarlet|navy|beige|cyan|coral|mint)"
)
_HUES: Final = re.compile(
    rf"\b(?:(?:dark|light|bright|navy|hot|neon|pale|royal|baby|sky|deep|lime|forest) )*{_HUE}(?: {_HUE})?\b",
    re.IGNORECASE,
)
_COLOR: Final = re.compile(r"\bmy (?:\w+ )?favorite colors?\b", re.IGNORECASE)


_SAYS_NOTHING: Final = frozenset("yours what fine hit good great ok okay nice sorry hard".split())


def favorites(sentence: str) -> list[Statement]:
    """What is loved most, and of what kind; and what is loved least."""
    return _sound(_favorites(sentence))


def of_now(text: str) -> str:
    """A text with favorites of the past left out where it names those of now beside them."""
    return _NO_LONGER.sub(r"\g<mine> is \g<now>", text) if "avorite" in text else text


_NO_LONGER: Final = re.compile(
    r"(?P<mine>\b(?:my|our) (?:\w+ ){0,2}?favorite \w+(?: \w+)?) (?:was|were|used to be) [\w' ]{2,40}?[,.;]? ?"
    r"(?:and |but )?"
    r"(?:(?:right )?now|these days|nowadays|today) (?:it |they )?(?:is |are )?(?P<now>\w.*)",
    re.IGNORECASE,
)
"""What was the favorite once and what is it now: "my favorite color was blue, now it is green"."""


def _favorites(sentence: str) -> list[Statement]:
    if "favorite" not in sentence.lower():
        return []
    least = _LEAST.search(sentence)
    if least is not None:
        value = phrase(least["x"] or least["y"], 5)
        return [_dislike(value)] if value and value.lower() not in _PRONOUNS else []
    if "color" in sentence and _COLOR.search(sentence) and (hues := _HUES.findall(sentence)):
        return [_favorite("color", hues[0].lower(), 0.8)]
    match = _FAVORITE.search(sentence)
    if match is not None:
        kind = (match["k"] or "thing").strip().lower()
        value = phrase(match["x"], 7)
        # "My favorite food, the weather is nice": a comma alone joins only a short answer.
        if value and value.lower() not in _SAYS_NOTHING and value.split()[0].lower() not in _NO_VALUE:
            return [_favorite(kind, value, 0.9), *_besides(match["x"])]
    after = _AFTER.search(sentence)
    if after is not None:
        value = phrase(_LEAD.sub("", after["x"]), 5)
        if value and value.split()[-1].lower() not in _PRONOUNS and value.lower().split()[0] not in _PRONOUNS:
            return [_favorite(_kind(after["k"]), value, 0.85)]
    beside = _RIGHT_AFTER.search(sentence)
    if beside is not None and (value := phrase(beside["x"], 4)) and value.lower() not in ("is", "are", "yours"):
        return [_favorite(beside["k"].lower(), value, 0.7)]
    return []


def _besides(words: str) -> list[Statement]:
    """Of several favorites the ones after the first: liked, since only one is kept as the favorite."""
    others = items(words)[1:4]
    return [
        Statement(
            f"Likes {turned(other)}", "likes", turned(bare(other)), type="preference", weight=0.5, confidence=0.7,
            closes=(("dislikes", turned(bare(other))),),
        )
        for other in others
        if len(other.split()) <= _LONGEST_OTHER and not _SAYS_MORE.match(other)
    ]  # fmt: skip


_LONGEST_OTHER: Final = 3
"""Words of a further favorite; a longer one is a clause."""

_SAYS_MORE: Final = re.compile(
    r"(?:it|that|this|they|he|she|my|your|the|what|who|of|to|for|in|on|with|by|at|is|are|was|do|did|have|has|lol|haha|hi|yes|no|yeah|"
    r"thanks|cool|nice|too|also|so|but|mine|always|never|because|love|like|hate|especially|favorite|\w+ing)\b|.*\b(?:I|is|are|you)\b",
    re.IGNORECASE,
)


def _kind(words: str | None) -> str:
    kept = []
    for word in (words or "").lower().split():
        if word in _NOT_KINDS:
            break
        kept.append(word)
    return " ".join(kept) or "thing"


def _sound(found: list[Statement]) -> list[Statement]:
    """Without a color that is none: "his uniform is my favorite color"."""
    return [s for s in found if s.attribute != "favorite_color" or _HUES.search(s.value) or _named_color(s)]


def _named_color(statement: Statement) -> bool:
    return statement.confidence >= 0.9 and len(statement.value.split()) == 1


def _favorite(kind: str, value: str, confidence: float) -> Statement:
    verb = "are" if kind.endswith("s") and not kind.endswith("ss") else "is"
    return Statement(
        f"Favorite {kind} {verb} {turned(value)}",
        f"favorite_{kind.replace(' ', '_')}",
        bare(value),
        type="preference",
        weight=0.6,
        confidence=confidence,
    )


def _dislike(value: str) -> Statement:
    shown = turned(bare(value))
    return Statement(
        f"Dislikes {shown}",
        "dislikes",
        shown,
        type="preference",
        weight=0.5,
        confidence=0.8,
        closes=(("likes", shown),),
    )


def favorite_of_topic(sentence: str, topic: str) -> list[Statement]:
    """ "That is my favorite band": the topic of the sentence before, as a favorite; with no topic nothing."""
    match = _IT_IS.search(sentence)
    if match is None or not topic or topic.lower() in _PRONOUNS:
        return []
    return _sound([_favorite(_kind(match["k"]), topic, 0.7)])


_IT_IS: Final = re.compile(
    r"(?:^|\b(?:it|that|this|they|those|these|he|she|which)(?: is|'s|s| are| was| were)? ?)(?:also |still |actually |"
    r"one of |by far "
    r"|definitely )*\b(?:my|our) (?:all time |absolute |most |very |current |new )?favorites?\b(?P<k> \w+(?: \w+)?)?",
    re.IGNORECASE,
)
