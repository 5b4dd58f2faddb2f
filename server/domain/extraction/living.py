"""What "I …" says of where and with whom somebody lives, works and learns."""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.english import bare, phrase, turned
from server.domain.extraction.gazetteer import is_place
from server.domain.extraction.statement import Statement


_WIDER: Final = re.compile(r"^(?P<city>[\w' -]+?)\s*, ?(?P<land>[A-Za-z][\w']*(?: [\w']+)?)\s*$")
_NO_LAND: Final = frozenset("you and but so with where i my it how what too not lol haha yes the also by right now or".split())


def residence(match: re.Match[str], negated: bool) -> list[Statement]:
    """Where or with whom somebody lives."""
    place = phrase(match["x"], 8)
    if not place:
        return []
    wider = _WIDER.match(match["x"])
    if wider and match["how"].lower() == "in" and not _NO_LAND & set(wider["land"].lower().split()) and wider["city"] == place:
        place = f"{place}, {wider['land']}"
    where = f"{match['how']} {turned(place)}".strip()
    if negated:
        return [
            Statement(
                f"No longer lives {where}",
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
            f"Lives {where}", "residence", bare(place), weight=0.8, confidence=0.9, named=_place(place, match["how"])
        )
    ]


_PROPER: Final = re.compile(r"[A-Z][\w'.-]*(?:(?: (?:de|la|of|upon|am))? [A-Z][\w'.-]*)*")


def _place(words: str, how: str) -> tuple[tuple[str, str, str], ...]:
    """The place a phrase begins with, where it is written as a name."""
    if how.lower() not in ("in", "to", "near", "from", "outside of", "outside"):
        return ()
    name = _PROPER.match(bare(words))
    return (("place", name[0], ""),) if name and name[0].lower() not in lexicon.NOT_NAMES else ()


def _workplace(words: str) -> tuple[tuple[str, str, str], ...]:
    name = _PROPER.match(words)
    return (("workplace", name[0], ""),) if name else ()


def moved(match: re.Match[str], negated: bool) -> list[Statement]:
    place = phrase(match["x"], 5)
    if (
        negated
        or not place
        or place.split()[0].lower() in ("a", "in", "next", "my", "their", "away", "out", "back", "on")
    ):
        return []
    return [
        Statement(f"Lives in {place}", "residence", bare(place), weight=0.8, confidence=0.85, named=_place(place, "to"))
    ]


def origin(match: re.Match[str], negated: bool) -> list[Statement]:
    """Where somebody comes from."""
    place = phrase(match["x"], 6)
    if negated or not place:
        return []
    wider = _WIDER.match(match["x"])
    if wider and wider["city"] == place and not _NO_LAND & set(wider["land"].lower().split()):
        place = f"{place}, {wider['land']}"
    return [Statement(f"Is from {turned(place)}", "hometown", bare(place), weight=0.7, named=_place(place, "from"))]


def grew_up(match: re.Match[str], negated: bool) -> list[Statement]:
    rest = phrase(match["x"], 7)
    if negated or not rest:
        return []
    verb = re.sub(r"^was ", "Was ", match["v"].lower())
    place = re.sub(r"^(?:in|on|near|by|at|with)\s+", "", rest)
    return [Statement(f"{verb[:1].upper()}{verb[1:]} {turned(rest)}", "upbringing", bare(place), weight=0.65)]


_AT_WORK_AGAIN: Final[tuple[tuple[str, str | None], ...]] = (("employment", None),)
"""Who has a new job has not "left their job" any more."""


def _works_at(place: str) -> Statement:
    return Statement(
        f"Works at {turned(place)}", "workplace", bare(place), weight=0.8, confidence=0.9, named=_workplace(place), closes=_AT_WORK_AGAIN
    )


def work(match: re.Match[str], negated: bool) -> list[Statement]:
    what, how = phrase(match["x"], 6), (match["how"] or "").lower()
    if not what:
        return []
    value = bare(what)
    if negated:
        return [
            Statement(
                f"No longer works {how} {what}",
                "former_workplace",
                value,
                weight=0.5,
                closes=(("workplace", value), ("occupation", value)),
            )
        ]
    if how == "as":
        place = _EMPLOYER.search(match["x"])
        role = what[: place.start()].strip() if place is not None and place.start() < len(what) else what
        # "I work as a teacher now" tells that the old place is history, wherever the new one is.
        ends = (*_AT_WORK_AGAIN, ("workplace", None)) if re.search(r"\bnow\b", match["x"]) and place is None else _AT_WORK_AGAIN
        made = [Statement(f"Works as {turned(role)}", "occupation", bare(role), weight=0.8, confidence=0.9, closes=ends)]
        return [*made, _works_at(place["x"])] if place is not None else made
    if how in ("at", "for"):
        role = re.search(r"\bas (an? [\w -]+)", match["x"])
        named = _workplace(value)
        made = [
            Statement(f"Works {how} {turned(what)}", "workplace", value, weight=0.8, confidence=0.9, named=named, closes=_AT_WORK_AGAIN)
        ]
        if role and (job := phrase(role[1], 4)):
            made.append(Statement(f"Works as {job}", "occupation", bare(job), weight=0.8))
        return made
    if how in ("in", "with"):
        return [Statement(f"Works {how} {turned(what)}", "field", value, weight=0.7)]
    return [Statement(f"Works {turned(what)}", "work", value, weight=0.5, confidence=0.6)]


_EMPLOYER: Final = re.compile(r"(?:\s(?:now)?|\s?,\s?)(?:at|for) (?P<x>[A-Z][\w&.'-]*(?: [A-Z][\w&.'-]*)*|(?:a|an|the) [\w' -]+)")


def new_job(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 5)
    if negated or not what:
        return []
    value = bare(what)
    if match["how"].lower() == "as":
        return [Statement(f"Works as {turned(what)}", "occupation", value, weight=0.8, closes=_AT_WORK_AGAIN)]
    return [_works_at(what)]


def quit(_match: re.Match[str], negated: bool) -> list[Statement]:
    if negated:
        return []
    return [
        Statement(
            "Left their job",
            "employment",
            "left job",
            weight=0.7,
            closes=(("workplace", None), ("occupation", None), ("field", None)),
        )
    ]


def study(match: re.Match[str], negated: bool) -> list[Statement]:
    """What somebody studies or studied; "studying to be a nurse" is a goal instead."""
    what = phrase(match["x"], 8)
    if negated or not what or re.match(r"(?:to )?(?:be|become) ", match["x"]):
        return []
    past = match[0].lower().startswith(("studied", "majored"))
    said, attribute = ("Studied", "education") if past else ("Studies", "studies")
    return [Statement(f"{said} {turned(what)}", attribute, bare(what), weight=0.7)]


def school(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 8)
    if negated or not what:
        return []
    verb = match["v"].lower()
    said = _SCHOOLING.get(verb, "Goes to")
    attribute = "school" if said == "Goes to" else "education"
    return [Statement(f"{said} {turned(what)}", attribute, bare(what), weight=0.65)]


_SCHOOLING: Final = {"graduated": "Graduated from", "went": "Went to", "attended": "Went to"}


_SCHOOLS: Final = re.compile(r"\b(?:school|college|university|grade|kindergarten|grad|academy)\b", re.IGNORECASE)


_ORGANISATIONS: Final = re.compile(
    r"\b(?:army|navy|military|marines|air force|band|club|team|choir|church|union|guard|"
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
    r"(?:an? )?(?:strict |low carb |keto |new |vegan |fish only )?(?:welfare|disability|medication|unemployment|food stamps|diet|budget|probation|"
    r"parole|maternity leave|sick leave|crutches|tour)\b",
    re.IGNORECASE,
)
_AREAS: Final = re.compile(
    r"(?:the|an?) (?:\w+ )?(?:united states|states|us|usa|uk|u s|suburbs?|country|countryside|city|mountains|midwest|south|north|east|west|"
    r"northwest|southwest|army|navy|military|netherlands|philippines|wheelchair|band|bay area|nursing home|hospital|internship|apprenticeship|residency|small town|village|apartment|house|condo|dorm|cabin|farm|trailer|basement|studio|ranch|castle|mansion|loft|tent|boat|retirement home|old folks home)\b"
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
    if (area := _AREAS.match(match["x"])):
        return [Statement(f"Is {how} {area[0]}", "whereabouts", bare(area[0]), weight=0.45, confidence=0.6)]
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
        return [Statement(f"Was in {what}", "visited", bare(what), weight=0.4, confidence=0.6, named=_place(what, "in"))]
    return []


def moved_out(match: re.Match[str], negated: bool) -> list[Statement]:
    """The end of living somewhere: "moved out of Berlin", "left Berlin"."""
    place = phrase(match["x"], 4)
    if negated or not place or not (is_place(place) or place[:1].isupper() or "moved" in match[0].lower()):
        return []
    ends = (("residence", bare(place)), ("whereabouts", bare(place)))
    return [Statement(f"Moved out of {turned(place)}", "former_residence", bare(place), weight=0.5, confidence=0.8, closes=ends)]


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


def married(match: re.Match[str], negated: bool) -> list[Statement]:
    if negated:
        return []
    status = "engaged" if "getting" in match[0].lower() else match["s"].lower()
    ends: tuple[tuple[str, str | None], ...] = (("partner", None),) if status == "divorced" else ()
    return [Statement(f"Is {status}", "relationship_status", status, weight=0.85, confidence=0.9, closes=ends)]


def apart(_match: re.Match[str], negated: bool) -> list[Statement]:
    if negated:
        return []
    return [
        Statement(
            "Is single after a break-up", "relationship_status", "single", weight=0.85, closes=(("partner", None),)
        )
    ]


def married_someone(_match: re.Match[str], negated: bool) -> list[Statement]:
    return [] if negated else [Statement("Is married", "relationship_status", "married", weight=0.85, confidence=0.85)]


def life_event(match: re.Match[str], negated: bool) -> list[Statement]:
    """Things that happen once in a life and stay part of it."""
    what = phrase(match["x"], 6)
    verb = match["v"].strip()
    if (
        negated
        or not (what or verb == "retired")
        or (verb in ("lost", "started", "ran", "beat") and len(what.split()) < 2)
    ):
        return []
    return [
        Statement(
            f"{verb.capitalize()} {turned(what)}".strip(),
            "life_event",
            turned(bare(what)) or verb,
            weight=0.45,
            confidence=0.6,
        )
    ]


def was_once(match: re.Match[str], negated: bool) -> list[Statement]:
    """What somebody was: "I was a cheerleader in school"."""
    what = phrase(match["x"], 7)
    if negated or not what or what.split()[-1].lower() in _NOT_BEEN:
        return []
    return [Statement(f"Was {match['a']} {turned(what)}", "past", turned(what), weight=0.4, confidence=0.6)]


_NOT_BEEN: Final = frozenset(
    "lot bit while mess wreck joke blast fun kid child boy girl baby teenager good time day night mistake surprise fan little "
    "shame pain thing one nightmare long".split()
)


def used_to(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 7)
    first = what.split()[0].lower() if what else ""
    if negated or not what or first.endswith("ing") or first in ("think", "know", "believe", "feel", "say", "wonder", "hope"):
        return []
    return [Statement(f"Used to {turned(what)}", "past", turned(what), weight=0.4)]
