"""What "I …" says of where and with whom somebody lives, works and learns."""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.english import PROPER, bare, phrase, turned
from server.domain.extraction.gazetteer import is_place
from server.domain.extraction.statement import Statement

_WIDER: Final = re.compile(r"^(?P<city>[\w' -]+?)\s*, ?(?P<land>[A-Za-z][\w']*(?: [\w']+)?)\s*$")
_NO_LAND: Final = frozenset(
    "you and but so with where i my it how what too not lol haha yes the also by right now or".split()
)


def residence(match: re.Match[str], negated: bool) -> list[Statement]:
    """Where or with whom somebody lives."""
    place = phrase(match["x"], 8)
    if not place:
        return []
    wider = _WIDER.match(match["x"])
    if (
        wider
        and match["how"].lower() == "in"
        and not _NO_LAND & set(wider["land"].lower().split())
        and wider["city"] == place
    ):
        place = f"{place}, {wider['land']}"
    where = f"{match['how']} {turned(place)}".strip()
    if negated:
        return [
            Statement(
                f"Does not live {where}",
                "former_residence",
                bare(place),
                weight=0.5,
                closes=(("residence", bare(place)),),
            )
        ]
    if match["how"].lower() in ("with", "alone"):
        inside = re.search(r"\bin (?P<x>.+)", place)
        if inside is None:
            return [Statement(f"Lives {where}", "household", bare(place), weight=0.6)]
        city, whom = phrase(inside["x"], 5), place[: inside.start()].strip()
        return [
            Statement(f"Lives {match['how']} {turned(whom)}".strip(), "household", bare(whom) or "alone", weight=0.6),
            Statement(
                f"Lives in {city}", "residence", bare(city), weight=0.8, confidence=0.9, named=_place(city, "in")
            ),
        ]
    return [
        Statement(
            f"Lives {where}",
            "residence",
            bare(place),
            weight=0.8,
            confidence=0.9,
            named=_place(place, match["how"]),
            closes=_there_again(place),
        )
    ]


def _place(words: str, how: str) -> tuple[tuple[str, str, str], ...]:
    """The place a phrase begins with, where it is written as a name."""
    if how.lower() not in ("in", "to", "near", "from", "outside of", "outside"):
        return ()
    name = PROPER.match(bare(words))
    return (("place", name[0], ""),) if name and name[0].lower() not in lexicon.NOT_NAMES else ()


def _there_again(place: str) -> tuple[tuple[str, str | None], ...]:
    """Who lives somewhere has not moved out of there any more."""
    return (("former_residence", bare(place)),)


def moved(match: re.Match[str], negated: bool) -> list[Statement]:
    place = _IN_A_YEAR.sub("", phrase(match["x"], 5))
    if (
        negated
        or not place
        or place.split()[0].lower() in ("a", "in", "next", "my", "their", "away", "out", "back", "on")
    ):
        return []
    named = _place(place, "to")
    if _MOVING.match(match[0]):
        return [_plans(f"move to {place}", named)]
    return [
        Statement(
            f"Lives in {place}", "residence", bare(place), weight=0.8, confidence=0.85, named=named,
            closes=_there_again(place),
        )
    ]  # fmt: skip


_IN_A_YEAR: Final = re.compile(r" (?:in|around|since|back in) (?:the )?(?:19|20)?\d\ds?$", re.IGNORECASE)
_MOVING: Final = re.compile(r"(?:(?:just|recently) )*am (?:moving|relocating)\b", re.IGNORECASE)
"""Who is moving has not moved: a plan, and the home stays what it is."""


def _plans(what: str, named: tuple[tuple[str, str, str], ...] = ()) -> Statement:
    return Statement(f"Plans to {turned(what)}", "plan", turned(what), weight=0.6, named=named)


def origin(match: re.Match[str], negated: bool) -> list[Statement]:
    """Where somebody comes from."""
    place = phrase(match["x"], 6)
    if negated or not place:
        return []
    wider = _WIDER.match(match["x"])
    if wider and wider["city"] == place and not _NO_LAND & set(wider["land"].lower().split()):
        place = f"{place}, {wider['land']}"
    return [Statement(f"Is from {turned(place)}", "hometown", bare(place), weight=0.7, named=_place(place, "from"))]


_HOW: Final = re.compile(r"(?:so |too |very )?(?:fast|quickly|well|right|wrong|that|this|so)$", re.IGNORECASE)


def grew_up(match: re.Match[str], negated: bool) -> list[Statement]:
    rest = phrase(match["x"], 9)
    if negated or not rest or _HOW.match(rest):
        return []
    verb = re.sub(r"^was ", "Was ", match["v"].lower())
    place = re.sub(r"^(?:in|on|near|by|at|with)\s+", "", rest)
    return [Statement(f"{verb[:1].upper()}{verb[1:]} {turned(rest)}", "upbringing", bare(place), weight=0.65)]


_SCHOOLS: Final = re.compile(r"\b(?:school|college|university|grade|kindergarten|grad|academy)\b", re.IGNORECASE)


_ORGANISATIONS: Final = re.compile(
    r"\b(?:council|committee|board|pta|army|navy|military|marines|air force|band|club|team|choir|church|union|guard|"
    r"society|orchestra|troupe|league|gang|fraternity|sorority)\b",
    re.IGNORECASE,
)


_NOT_A_PLACE: Final = frozenset(
    """
    my the a an your love bed trouble pain need charge shape mood middle front line good bad great hurry town home work
    school fire top vacation holiday break way it this that least all peace debt awe shock tears general fact touch time
    """.split()
)


_STATES: Final = re.compile(
    r"(?:an? )?(?:strict |low carb |keto |new |vegan |fish only )?(?:welfare|disability|medication|unemployment|food "
    r"stamps|diet|budget|probation|"
    r"parole|maternity leave|sick leave|crutches|tour)\b",
    re.IGNORECASE,
)
_AREAS: Final = re.compile(
    r"(?:the|an?|this|my) (?:\w+ )?(?:united states|states|us|usa|uk|u s|suburbs?|country|countryside|city(?! "
    r"council)|mountains|midwest|"
    r"south|north|east|west|"
    r"northwest|southwest|army|navy|military|netherlands|philippines|wheelchair|band|bay area|nursing home|hospital|"
    r"internship|apprenticeship|residency|small town|village|apartment|house|condo|dorm|cabin|farm|trailer|basement|"
    r"studio|ranch|castle|mansion|loft|tent|boat|retirement home|old folks home)\b"
    r"(?: (?:in|at) \w+)?",
    re.IGNORECASE,
)


def within(match: re.Match[str], negated: bool) -> list[Statement]:
    """What somebody is in: a school, an army or a band, or a place."""
    what = phrase(match["x"], 9)
    if negated or not what:
        return []
    how, first = match["how"].lower(), what.split()[0].lower()
    if match[0].lower().startswith("was"):
        return _was_there(how, what)
    if how == "on" and (state := _STATES.match(what)):
        return [Statement(f"Is on {state[0]}", "situation", bare(state[0]), weight=0.5, confidence=0.8)]
    if area := _AREAS.match(match["x"]):
        shown = turned(re.sub(r"^this ", "a ", area[0], flags=re.IGNORECASE))
        return [Statement(f"Is {how} {shown}", "whereabouts", bare(shown), weight=0.45, confidence=0.6)]
    if _SCHOOLS.search(what):
        return [Statement(f"Is {how} {turned(what)}", "school", turned(bare(what)), weight=0.65)]
    if _ORGANISATIONS.search(what):
        return [Statement(f"Is {how} {turned(what)}", "member_of", turned(bare(what)), weight=0.6)]
    if how != "in" or first in _NOT_A_PLACE or first.endswith("ing"):
        return []
    return [
        Statement(
            f"Is in {turned(what)}", "whereabouts", bare(what), weight=0.45, confidence=0.6, named=_place(what, "in")
        )
    ]


def _was_there(how: str, what: str) -> list[Statement]:
    """A place somebody was at, and is no more."""
    if how == "in" and (is_place(what) or what[:1].isupper()):
        return [
            Statement(f"Was in {what}", "visited", bare(what), weight=0.4, confidence=0.6, named=_place(what, "in"))
        ]
    return []


def moved_out(match: re.Match[str], negated: bool) -> list[Statement]:
    """The end of living somewhere: "moved out of Berlin", "left Berlin"."""
    place = phrase(match["x"], 4)
    if negated or not place or not (is_place(place) or place[:1].isupper() or "moved" in match[0].lower()):
        return []
    if _MOVING.match(match[0]):
        return [_plans(f"move out of {place}")]
    ends = (("residence", bare(place)), ("whereabouts", bare(place)))
    return [
        Statement(
            f"Moved out of {turned(place)}", "former_residence", bare(place), weight=0.5, confidence=0.8, closes=ends
        )
    ]


def visited(match: re.Match[str], negated: bool) -> list[Statement]:
    place = phrase(match["x"], 4)
    if not place or not match["x"].strip() or place.split()[0].lower() in ("a", "the", "bed", "my", "there"):
        return []
    said = "Has never been to" if negated else "Has been to"
    return [
        Statement(
            f"{said} {place}",
            "not_visited" if negated else "visited",
            bare(place),
            weight=0.45,
            named=_place(place, "to"),
        )
    ]
