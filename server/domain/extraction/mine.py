"""What "mine is …" answers: the favorite or the looks that a question, or the sentence before, asked about."""

import re
from typing import Final

_NO_KIND: Final = r"(?!(?:mines?|you|to|that|of|for|at|in|is|are|and|or)\b)"
_FAVORITE: Final = re.compile(
    rf"\b(?:what|who|which|do you have|have)(?: is|s|'s| are)? (?:\w+ )?(?:is |are )?(?:your|you|a|any) "
    rf"(?P<a>(?:(?:all time|least) )?favorite(?: {_NO_KIND}\w+)?(?: {_NO_KIND}\w+)?|name|job|guilty pleasures?|hobby|"
    rf"hobbies)\b|"
    rf"\byour (?P<b>(?:least )?favorite(?: {_NO_KIND}\w+)?)\b|"
    rf"\b(?:any|a) (?P<c>favorite {_NO_KIND}\w+)|^favorite (?P<d>{_NO_KIND}\w+)$|"
    r"\bwhat (?P<e>color|drink|food|band|movie|show|music|book|animal|game|song|sport|holiday|season) do you (?:like|"
    r"love|prefer|enjoy)\b",
    re.IGNORECASE,
)
_LOOKS: Final = re.compile(
    r"\bwhat (?:color|colour) (?:are|is) your (?P<a>hair|eyes|car|house|skin)\b|"
    r"\bwhat (?:color|colour) (?P<b>hair|eyes|car|house|skin) do you have\b|"
    r"\b(?:(?:is|are) )?your (?P<c>hair|eyes|skin|house|dog|cat|car|horse|wife|husband|sister|brother|mother|mom|"
    r"dad)\b",
    re.IGNORECASE,
)
_MINE: Final = re.compile(
    r"\b(?:mines?|my own)(?: (?:is|would (?:have to )?be|are|has to be|was|will always be)|'s|s)? (?P<x>.+)|"
    r"(?:^|, ?)(?P<y>[\w' -]{2,40}?) (?:is|are|would be) (?:definitely |probably |also )?(?:mines?|my one|what mine "
    r"is)\b",
    re.IGNORECASE,
)
_HUE: Final = (
    r"(?:(?:dark|light|bright|hot|navy) )?(?:red|blue|green|yellow|black|white|purple|pink|orange|brown|gr[ae]y|gold|"
    r"silver|teal|turquoise)"
)
_MINE_IS_A_HUE: Final = re.compile(
    rf"^(?:\w+ ){{0,2}}mine is (?:also |still |definitely )*(?P<x>{_HUE})(?: too| and {_HUE})?(?:$|,| like\b)|"
    rf"^(?:\w+ )*?(?P<y>{_HUE}) is (?:definitely |also )?mine\b",
    re.IGNORECASE,
)
_MINE_IS_BLONDE: Final = re.compile(r"^mine is (?P<x>blonde?|brunette|curly|straight|wavy)\b", re.IGNORECASE)


def favorite_asked(sentence: str) -> tuple[str, int] | None:
    """The favorite, name, job or hobby a sentence asks about ("favorite color"), and where the asking ends."""
    match = _FAVORITE.search(sentence) if "avorite" in sentence or "you" in sentence.lower() else None
    if match is None:
        return None
    kind = match["a"] or match["b"] or match["c"] or f"favorite {match['d'] or match['e']}"
    return kind, match.end()


def looks_asked(sentence: str) -> tuple[str, int] | None:
    """What of somebody's looks or people a sentence speaks of ("your hair"), and where that ends."""
    match = _LOOKS.search(sentence) if "you" in sentence.lower() else None
    return None if match is None else (match["a"] or match["b"] or match["c"], match.end())


def spelled_out(sentence: str, favorite: str, looks: str, thing: str) -> str | None:
    """A sentence with its "mine" spelled out, or None where it has none that can be.

    `favorite` and `looks` are what was asked about before; a bare color is a favorite where no `thing` is spoken of.
    """
    if "mine" not in sentence.lower() and "my own" not in sentence and not (favorite or looks):
        return None
    asked = favorite_asked(sentence) or looks_asked(sentence)
    if asked is not None and (mine := _MINE.search(sentence, asked[1])):
        return f"my {asked[0]} is {mine['x'] or mine['y']}"
    kind = favorite or looks
    if not kind and not thing:
        if hue := _MINE_IS_A_HUE.search(sentence):
            return f"my favorite color is {hue['x'] or hue['y']}"
        if blonde := _MINE_IS_BLONDE.search(sentence):
            return f"my hair is {blonde['x']}"
    if kind and (mine := _MINE.search(sentence)):
        return f"{sentence[: mine.start()]}my {kind} is {mine['x'] or mine['y']}"
    return None
