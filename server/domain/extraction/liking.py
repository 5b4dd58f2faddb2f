"""What "I …" says of likes, fears, wishes, skills and of what one must not have."""

import re
from typing import Final

from server.domain.extraction.english import bare, phrase, turned
from server.domain.extraction.items import items
from server.domain.extraction.statement import Statement
from server.domain.extraction.verbs import HABITUAL, verb_of

_LONGEST_OCCASION: Final = 8
"""Words of an occasion that is liked or not: "when people are late"."""


def liking(match: re.Match[str], negated: bool) -> list[Statement]:
    if (head := _PEOPLE_WHO.match(match["x"])) is not None:
        return _taste(" ".join(head[0].split()[:_LONGEST_OCCASION]), negated, "")
    made: list[Statement] = []
    to = "to " if match["x"].lower().startswith("to ") else ""
    whole = match["x"].lower().startswith("when ")
    for item in [" ".join(match["x"].split()[:_LONGEST_OCCASION])] if whole else items(match["x"]):
        verb = verb_of(item.split()[0].lower()) if to else None
        if to and not made and item.split()[0].lower() in _SAYING:
            return []
        made += _taste(item, negated, to if not made or (verb is not None and verb.form == "base") else "")
    return made


_SAYING: Final = frozenset("say admit tell ask break interrupt bother disappoint disagree think".split())
"""What "I hate to …" and "I like to …" begin with when they only lead up to something else."""

_PEOPLE_WHO: Final = re.compile(
    r"(?:people|men|women|guys|girls|someone|anyone|those|kids|friends|folks|animals) (?:who|that) (?!I\b|is why|are "
    r"why)[\w' ]+",
    re.IGNORECASE,
)
"""Whom somebody likes is said only by all of it: "people who keep their word"."""


def _taste(item: str, negated: bool, to: str) -> list[Statement]:
    value = bare(item)
    content = f"{'Dislikes' if negated else 'Likes'} {to}{turned(item)}"
    attribute, other = ("dislikes", "likes") if negated else ("likes", "dislikes")
    return [Statement(content, attribute, turned(value), type="preference", weight=0.55, closes=((other, value),))]


_LIKENESS: Final = re.compile(r"(?:a|an|the|my) |\w+$", re.IGNORECASE)


def looking(match: re.Match[str], negated: bool) -> list[Statement]:
    """Whom or what somebody looks like."""
    what = phrase(match["x"], 5)
    if negated or not what or _LIKENESS.match(what) is None:
        return []
    return [
        Statement(f"Looks like {turned(what)}", "appearance", f"like {turned(bare(what))}", weight=0.4, confidence=0.6)
    ]


def disliking(match: re.Match[str], negated: bool) -> list[Statement]:
    return [] if negated else liking(match, True)


def wish(match: re.Match[str], negated: bool) -> list[Statement]:
    """What somebody wants or plans to do or to be."""
    rest = phrase(match["x"], 8)
    if negated or not rest:
        return []
    verb = (match.groupdict().get("be") or "be").lower().strip() or "be"
    if verb in ("be", "become"):
        being = verb_of(rest.split()[0].lower())
        if rest.split()[0].lower() in _NO_GOAL or (being is not None and being.form == "ing"):
            return []
        return [Statement(f"Wants to be {turned(rest)}", "goal", bare(rest), weight=0.65)]
    known = verb_of(verb)
    if known is not None and known.form == "ing":
        verb = known.base
    if (
        known is None
        or known.form not in ("base", "ing")
        or verb in _NO_WISH
        or re.match(r"(?:it|that|this|them|you|a lot)\b", rest)
    ):
        return []
    plans = re.match(r"(?:plan|am (?:planning|going|saving)|intend|decided)", match[0], re.IGNORECASE)
    joined = re.match(r"\s*(?P<p>to|at|on|in|with|for|from|into|as|like)\s", match["x"])
    shown = turned(f"{joined['p']} {rest}" if joined and not rest.startswith(f"{joined['p']} ") else rest)
    said = f"{'Plans' if plans else 'Is learning' if 'learning' in match[0] else 'Wants'} to {verb} {shown}"
    attribute, weight = ("plan", 0.45) if plans else ("goal", 0.5)
    return [Statement(said, attribute, f"{verb} {turned(bare(rest))}".strip(), weight=weight, confidence=0.7)]


_NO_GOAL: Final = frozenset(
    "able here there more very so too careful honest done like nice good sure alone with in on".split()
)
_NO_WISH: Final = frozenset(
    "know say tell ask talk hear see think let give thank forget remember feel seem sound come keep try stay get "
    "mention "
    "apologize respond reply answer help end stop wait hold leave look go call check find put share sit die cry".split()
) - {"see", "get", "go", "leave", "help", "stay", "stop", "find", "keep"}


def wanting(match: re.Match[str], negated: bool) -> list[Statement]:
    """What somebody would like to have."""
    if negated:
        return []
    made = []
    for item in items(match["x"]):
        value = turned(bare(item))
        if value.split()[0].lower() in _NOT_WANTED or value.split()[-1].lower() in _NOT_WANTED:
            continue
        shown = turned(item if not item.lower().startswith(("my ", "our ")) else bare(item))
        made.append(Statement(f"Wants {shown}", "wants", value, weight=0.35, confidence=0.6))
    return made


_NOT_WANTED: Final = frozenset(
    "it that this them you him her more one some time break rest help sleep nap advice know someone somebody "
    "something hug "
    "go see be do have get make find not each others friend friends people what thing things idea least way".split()
)


def ability(match: re.Match[str], negated: bool) -> list[Statement]:
    what = phrase(match["x"], 6)
    if not what or what.split()[0].lower() in _NOT_A_SKILL or what == "make" or _MADE.match(what):
        return []
    first, *more = what.lower().split()
    verb = verb_of(first)
    if (verb is not None and verb.form != "base") or first in _NO_VERB or first.endswith("ly"):
        return []
    if not more and not (verb is not None and _says_enough(verb.base)):
        return []
    if negated and (eaten := re.match(r"(?P<v>eat|drink) (?P<x>.+)", what)):
        return [Statement(f"Can not {what}", "avoids", bare(eaten["x"]), weight=0.7, closes=(("likes", eaten["x"]),))]
    if negated:
        return [Statement(f"Can not {turned(what)}", "weakness", turned(what), weight=0.45, closes=(("skill", what),))]
    return [Statement(f"Can {turned(what)}", "skill", turned(what), weight=0.5)]


def _says_enough(verb: str) -> bool:
    """Whether "can" with the verb alone says something: "can swim", not "can respect"."""
    return verb in HABITUAL or verb in _ALONE


_NO_VERB: Final = frozenset(
    "my our their his her the a an both all it that this you we they he she how what when in on at".split()
)
_ALONE: Final = frozenset("draw cook sing sew type whistle juggle drive walk hear see fly spell".split())
_NOT_A_SKILL: Final = frozenset(
    "see imagine believe understand relate tell say think wait hear help get be do "
    "only not never always also just even "
    "believe have stop afford remember go come take agree feel make use totally definitely "
    "really bet still find barely complain "
    "hardly lend give show send".split()
) - {"make"}
_MADE: Final = re.compile(
    r"make (?:it|sense|time|sure|up|me|people|them|him|her|any|that|this|money|a (?:difference|living|deal|lot|mess|"
    r"plan|change|point)|friends|"
    r"the|ends|out|do|my|your|things|something|anything)\b",
    re.IGNORECASE,
)
"""What one makes that is no skill."""


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
