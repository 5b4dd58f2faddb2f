"""What "I …" says of likes, fears, wishes, skills and of what one must not have."""

import re
from typing import Final

from server.domain.extraction.english import bare, phrase, turned
from server.domain.extraction.items import items
from server.domain.extraction.statement import Statement


def liking(match: re.Match[str], negated: bool) -> list[Statement]:
    made = []
    to = "to " if match["x"].lower().startswith("to ") else ""
    for item in items(match["x"]):
        value = bare(item)
        content = f"{'Dislikes' if negated else 'Likes'} {to}{turned(item)}"
        attribute, other = ("dislikes", "likes") if negated else ("likes", "dislikes")
        made.append(
            Statement(content, attribute, turned(value), type="preference", weight=0.55, closes=((other, value),))
        )
    return made


def disliking(match: re.Match[str], negated: bool) -> list[Statement]:
    return [] if negated else liking(match, True)


def wish(match: re.Match[str], negated: bool) -> list[Statement]:
    rest = phrase(match["x"], 7)
    if negated or not rest:
        return []
    become = (match.groupdict().get("be") or "").lower()
    plans = re.match(r"(?:plan|am (?:planning|going)|intend)", match[0], re.IGNORECASE)
    content = (
        f"{'Plans' if plans else 'Wants'} to {'be' if become in ('be', 'become') else become} {turned(rest)}".replace(
            "  ", " "
        )
    )
    if become in ("be", "become"):
        return [Statement(content, "goal", bare(rest), weight=0.65)]
    return [Statement(content, "goal", f"{become} {turned(bare(rest))}".strip(), weight=0.5, confidence=0.7)]


def ability(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 6)
    if not what or what.split()[0].lower() in _NOT_A_SKILL:
        return []
    if negated and (eaten := re.match(r"(?P<v>eat|drink) (?P<x>.+)", what)):
        return [Statement(f"Can not {what}", "avoids", bare(eaten["x"]), weight=0.7, closes=(("likes", eaten["x"]),))]
    if negated:
        return [Statement(f"Can not {turned(what)}", "weakness", turned(what), weight=0.45, closes=(("skill", what),))]
    return [Statement(f"Can {turned(what)}", "skill", turned(what), weight=0.5)]


_NOT_A_SKILL: Final = frozenset(
    "see imagine believe understand relate tell say think wait hear help get be do "
    "only not never always also just even "
    "believe have stop afford remember go come take agree feel make use totally definitely "
    "really bet still find barely complain "
    "hardly lend give show send".split()
)


def good_at(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 5)
    if not what:
        return []
    bad = negated != (match["q"].lower() in ("bad", "terrible", "awful", "horrible", "lousy", "suck"))
    if bad:
        return [Statement(f"Is bad at {turned(what)}", "weakness", turned(bare(what)), weight=0.45)]
    return [Statement(f"Is good at {turned(what)}", "skill", turned(bare(what)), weight=0.5)]


def fear(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 5)
    if negated or not what:
        return []
    return [Statement(f"Is afraid of {turned(what)}", "fear", turned(bare(what)), weight=0.6)]


def allergy(match: re.Match[str], negated: bool) -> list[Statement]:
    return [
        Statement(
            f"Is {'not ' if negated else ''}allergic to {turned(item)}",
            "no_allergy" if negated else "allergy",
            bare(item),
            weight=0.85,
            confidence=0.95,
            closes=(("allergy", bare(item)),) if negated else (),
        )
        for item in items(match["x"])
    ]
