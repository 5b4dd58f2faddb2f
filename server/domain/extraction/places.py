"""Where somebody is or comes from, said in passing: "here in Leeds", "hi from Canada", "it rains a lot in Oslo"."""

import re
from typing import Final

from server.domain.extraction.english import bare, phrase, turned
from server.domain.extraction.gazetteer import PLACE, is_place
from server.domain.extraction.statement import Statement

_HERE_IN: Final = re.compile(r"\b(?:here|back home|home|down|up|over|out here) in (?P<x>.+)", re.IGNORECASE)
_WHERE_I_LIVE: Final = re.compile(
    r"\b(?P<p>in|of|by|near|on|at|about|here,?) (?P<x>(?!the (?:way|whole)\b)[\w' ]{2,30}?),? (?:(?:that|this|it|"
    r"which) "
    r"is )?where I (?:now |currently )?(?P<do>live|reside|stay|am from|am(?! when)|grew up|work)\b|"
    r"(?:^|, ?|\bbut |\band )(?P<y>[\w' ]{2,30}?),? (?:is|was)(?: also)? where I (?:live|am now|stay)\b",
    re.IGNORECASE,
)
_I_LIVE_ON: Final = re.compile(
    r"\b(?:the|my) (?P<x>(?:(?:big|small|little|old|tiny) )?(?:island|house|farm|boat|apartment|ranch|town|city|"
    r"village|dorm|coast|block))"
    r"(?: that| which)? I (?:now |currently )?live (?P<p>in|on|at)\b",
    re.IGNORECASE,
)
_FROM: Final = re.compile(
    rf"^(?:(?:hi|hello|hey|hola|greetings|good \w+)\b[\s,]*)?(?:there |all )?(?:I am \w+,? (?:and )?)?(?:also |"
    rf"originally )?from (?:\w+ )?(?P<x>{PLACE}(?:, ?{PLACE})?)\b",
    re.IGNORECASE,
)
_X_HERE: Final = re.compile(rf"^(?:\w+[\s,]+)?(?P<x>{PLACE}) here\b|\bhere (?:is|in) (?P<y>{PLACE})\b", re.IGNORECASE)
_WEATHER: Final = re.compile(
    r"\b(?:weather|winters?|summers?|cold|hot|sunny|warm|rain(?:s|ing|y)?|snow(?:s|ing|y)?|humid|here)\b"
    rf"(?! (?:visit|went|was)).*\bin (?P<x>{PLACE})\b",
    re.IGNORECASE,
)
_OF_SOMEBODY: Final = re.compile(
    r"\b(?:my|our|your|his|her|their|the) (?!(?:weather|winters?|summers?|rain|snow|cold|heat)\b)\w+", re.IGNORECASE
)
"""Somebody or something else a sentence may be about: "my boss loves the weather in Rome"."""

_ONESELF: Final = re.compile(r"\b(?:I|we|us)\b")
_NOT_HERE: Final = re.compile(
    r"\b(?:you|your|want|wanted|would|visit\w*|went|was|were|vacation|trip|travel\w*|if|wish|moving|move|moved|born|grew|raised|used|"
    r"mother|father|mom|dad|sister|brother|parents?|friends?|grandma|grandparents|cousins?|aunt|uncle|he|she|they|"
    r"his|her|someday|one day|plan|"
    r"hope|once|ago|before|girlfriend|boyfriend|husband|wife|daughter|son|back|study abroad|heard|set|show|movie|"
    r"book|not|never|will)\b",
    re.IGNORECASE,
)


_AREA: Final = re.compile(
    r"the (?:big |small |little |deep )?(?:city|country|countryside|suburbs|mountains|woods|desert|midwest|south|"
    r"north|east|west|alps|tropics|bronx)\b",
    re.IGNORECASE,
)


def places(sentence: str) -> list[Statement]:
    """The place a sentence gives its writer."""
    if (
        "where I" in sentence
        and (lives := _WHERE_I_LIVE.search(sentence))
        and (place := phrase(lives["x"] or lives["y"], 4))
    ):
        return [
            _there((lives["do"] or "live").lower(), (lives["p"] or "in").lower(), re.sub(r"^(?:here )?in ", "", place))
        ]
    if "I live" in sentence and (lives := _I_LIVE_ON.search(sentence)):
        return [
            Statement(
                f"Lives {lives['p']} the {lives['x'].lower()}",
                "dwelling",
                lives["x"].lower(),
                weight=0.4,
                confidence=0.6,
            )
        ]
    here = _HERE_IN.search(sentence) if " in " in sentence else None
    if (
        here
        and (place := phrase(here["x"], 4))
        and (
            is_place(place)
            or _AREA.match(place)
            or not place.lower().startswith(("a ", "my ", "this", "bed", "the ", "it", "about"))
        )
    ):
        before = sentence[: here.start()]
        of_others = bool(_OF_SOMEBODY.search(before)) and not _ONESELF.search(before) and here[0][:4].lower() != "here"
        return [] if of_others or _NOT_HERE.search(before) else [_is_in(place)]
    if match := _FROM.search(sentence):
        return [Statement(f"Is from {match['x']}", "hometown", match["x"], weight=0.55, confidence=0.7)]
    if "here" in sentence and (match := _X_HERE.search(sentence)):
        return [_is_in(match["x"] or match["y"])]
    if " in " in sentence and (match := _WEATHER.search(sentence)):
        others = _OF_SOMEBODY.search(sentence[: match.start("x")])
        return [] if others or _NOT_HERE.search(sentence) else [_is_in(match["x"])]
    return []


_DONE_THERE: Final = {
    "grew up": ("Grew up in", "upbringing"),
    "am from": ("Is from", "hometown"),
    "work": ("Works in", "field"),
}


def _there(doing: str, where: str, place: str) -> Statement:
    """What somebody does or did at a place "where I …"."""
    said, attribute = _DONE_THERE.get(doing, (f"Lives {where if where in _BESIDE else 'in'}", "residence"))
    return Statement(f"{said} {turned(place)}", attribute, bare(place), weight=0.7 if attribute == "residence" else 0.5)


_BESIDE: Final = frozenset(("by", "near", "on", "at"))
"""Where one lives that is not "in": "by the lake where I live"."""


def _is_in(place: str) -> Statement:
    return Statement(f"Is in {turned(place)}", "whereabouts", bare(place), weight=0.45, confidence=0.6)
