"""Pets by name, and their loss: "my dog Bruno", "our cat died"."""

import re
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.english import sentence_case
from server.domain.extraction.statement import Statement

_KIND: Final = "|".join(sorted(lexicon.PETS, key=len, reverse=True))
_NAME: Final = r"[A-Z][\w'-]+"
_PET: Final = re.compile(
    rf"\b(?:[Mm]y|[Oo]ur) (?P<about>(?:\w+ ){{0,2}}?)(?P<kind>{_KIND})(?P<of>'s name)?(?:,? (?:is )?"
    rf"(?:named |called )?|'s name is |s name is )(?P<name>{_NAME})"
)
_PET_LOWER: Final = re.compile(
    rf"\b(?:my|our) (?P<about>(?:\w+ ){{0,2}}?)(?P<kind>{_KIND})(?:'s name is|s name is| is (?:named|"
    r"called)| named| called| name is) (?P<name>[\w'-]+)",
    re.IGNORECASE,
)
_LOSS: Final = (
    r"(?:(?:has|have|just|sadly|had|recently|suddenly|unfortunately|finally) )*"
    r"(?:died|dies|is dead|passed(?: away)?|was put down|had to be put (?:down|to sleep)|was put to sleep|crossed the "
    r"rainbow bridge|ran away|got run over)\b"
)
_DIED: Final = re.compile(rf"\b(?:[Mm]y|[Oo]ur) (?:\w+ ){{0,2}}?(?P<kind>{_KIND})(?:,? (?P<name>{_NAME}),?)? {_LOSS}")
_NAMED_DIED: Final = re.compile(rf"(?<![\w'-])(?P<name>{_NAME}) {_LOSS}")
_LOST: Final = re.compile(
    rf"\b(?:[Ww]e|I) (?:(?:just|recently|sadly|also|have|had to) )*(?:lost|put down|had to put down|gave away|rehomed|"
    rf"buried|said goodbye to) (?:my|our) (?:\w+ ){{0,2}}?(?P<kind>{_KIND})(?:,? (?P<name>{_NAME}))?"
)
_FOREIGN: Final = frozenset(
    "sister brother mother father mom dad friend neighbor aunt uncle boss roommate cousin".split()
)


def pets(sentence: str) -> list[Statement]:
    """The pet a sentence names as "my …", or its loss."""
    gone = _DIED.search(sentence) or _LOST.search(sentence)
    if gone is not None:
        return [loss(gone["kind"].lower(), gone["name"])]
    match = _PET.search(sentence) or _PET_LOWER.search(sentence)
    if match is None or match["kind"].lower().endswith("s"):
        return []
    if match["name"].lower() in lexicon.PASSING | lexicon.NOT_NAMES:
        return []
    if any(word.removesuffix("'s") in _FOREIGN for word in match["about"].lower().split()):
        return []
    kind, name = match["kind"].lower(), sentence_case(match["name"])
    return [
        Statement(f"Has a {kind} named {name}", "pet", name, weight=0.85, confidence=0.9, named=(("pet", name, kind),))
    ]


def named_loss(sentence: str) -> str | None:
    """The name of whoever a sentence says is gone: "Bruno passed away"."""
    match = _NAMED_DIED.search(sentence)
    return match["name"] if match is not None else None


def loss(kind: str, name: str | None) -> Statement:
    """The end of having a pet, by name where it has one."""
    base = lexicon.PET_KINDS.get(kind, kind)
    shown = f"{sentence_case(kind)} {name}" if name else sentence_case(kind)
    ends: tuple[tuple[str, str | None], ...] = (("pet", name or kind),)
    if not name and base != kind:
        ends = (*ends, ("pet", base))
    return Statement(f"{shown} died", "lost_pet", name or kind, weight=0.85, confidence=0.9, closes=ends)
