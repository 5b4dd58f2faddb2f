"""What "I …" says of turns in a life: marriages, break-ups, milestones, and what somebody once was."""

import re
from typing import Final

from server.domain.extraction.english import bare, phrase, turned
from server.domain.extraction.statement import Statement


def married(match: re.Match[str], negated: bool) -> list[Statement]:
    if negated:
        return []
    status = match["s"].lower()
    if "getting" in match[0].lower():
        if status != "married":
            # Not yet so: "getting divorced", "getting engaged".
            return []
        status = "engaged"
    ends: tuple[tuple[str, str | None], ...] = (("not_relationship_status", status),)
    if status == "divorced":
        ends = (*ends, ("partner", None))
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


_ELSEWHERE: Final = re.compile(r"(?:over|into|out|up|down|away|off|late|around|back|across|after)\b", re.IGNORECASE)
"""What makes another verb of "ran" and "broke": "ran over to the shop"."""


def life_event(match: re.Match[str], negated: bool) -> list[Statement]:
    """Things that happen once in a life and stay part of it."""
    what = phrase(match["x"], 8)
    verb = match["v"].strip()
    if _ELSEWHERE.match(what):
        return []
    if verb == "dropped out" and match["x"].lower().startswith("of "):
        verb = "dropped out of"
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
    "lot bit while mess wreck joke blast fun kid child boy girl baby teenager good time day night mistake surprise "
    "fan little "
    "shame pain thing one nightmare long".split()
)


def used_to(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 7)
    first = what.split()[0].lower() if what else ""
    if (
        negated
        or not what
        or first.endswith("ing")
        or first in ("think", "know", "believe", "feel", "say", "wonder", "hope")
    ):
        return []
    return [Statement(f"Used to {turned(what)}", "past", turned(what), weight=0.4, closes=_over(what))]


_WAS: Final = re.compile(r"(?:be (?:an? )?|live in |go to |play (?:the )?)(?P<x>.+)", re.IGNORECASE)
_STATES: Final = {
    "be": ("diet", "occupation", "belief", "trait", "relationship_status"),
    "live": ("residence", "whereabouts"),
    "go": ("school",),
    "play": ("plays",),
}


def _over(what: str) -> tuple[tuple[str, str | None], ...]:
    """What goes on no more if it once was so."""
    match = _WAS.match(what)
    if match is None:
        return ()
    return tuple((attribute, match["x"]) for attribute in _STATES[what.split(maxsplit=1)[0].lower()])
