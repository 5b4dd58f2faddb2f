"""What a sentence of one's own tells by the way: "an excuse to eat candy", "… while listening to jazz"."""

import re
from itertools import islice
from typing import Final

from server.domain.extraction.english import bare, phrase, turned
from server.domain.extraction.statement import Statement
from server.domain.extraction.verbs import third_person, verb_of

_EVERYDAY: Final = (
    "eat|eating|drink|drinking|sip|sipping|cook|cooking|bake|baking|watch|watching|listen|listening|read|reading|play|playing|wear|wearing|"
    "smoke|smoking|collect|collecting|paint|painting|draw|drawing|ride|riding|drive|driving|jam|jamming|munch|munching|snack|snacking|"
    "grill|grilling|sing|singing|speak|speaking|study|studying|sew|sewing|knit|knitting|brew|brewing|grow|growing|sell|selling|carry|carrying|"
    "live|living|work|working|visit|visiting|write|writing|surf|surfing|dance|dancing|swim|swimming|wearing|use|using|raise|raising|teach|teaching|own|owning|buy|buying|order|ordering|love|loving"
)
_INSIDE: Final = re.compile(
    rf"(?:^|\b(?:to|while|when|of|for|from|by|about|and|after|before|just|been|lately|always|here|now|out|day|time|"
    rf"be|despite|than|,|was|were|am|,|\.) |, )"
    rf"(?P<v>{_EVERYDAY})\b(?P<p> to| on| at| with| in| about| for| as)? (?=(?P<x>\w.*))",
    re.IGNORECASE,
)
_MOST: Final = 2
"""Of one sentence."""

_OWN: Final = re.compile(r"\b(?:I|my|me|we)\b")
_NOT_ONES_OWN: Final = re.compile(
    r"\b(?:thanks|thank|you|your|he|she|they|her|his|their|people|someone|everyone|not|never|no|if|wish|would|should|could|might|may|can|unless|hate|hates|"
    r"dislike|stop|quit|avoid|want|wants|need|used|allowed|kids?|children|son|daughter|wife|husband|mom|mother|dad|father|brother|sister|"
    r"friends?|boyfriend|girlfriend|taught|learn|learning|how|what|who|hard|before|instead)\b",
    re.IGNORECASE,
)
_SOMEBODY_SEEN: Final = re.compile(
    r"\b(?:remember|recall|saw|see|seen|heard|hear|caught|noticed|watched|spotted|filmed)\b[^,]*\b(?:my|our|the|an?|this|that|[A-Z]\w+)\b"
)
"""Whom one saw or remembers doing something: what they did is theirs."""

_SAYS_NOTHING: Final = frozenset(
    """
    is are was were makes make sounds can will would helps has it that this them something anything
    everything stuff things out up with a lot and or in on at to for
    """.split()
)


def embedded(sentence: str, found: list[Statement]) -> list[Statement]:
    """Everyday doings inside a sentence about its writer, kept with little weight; none that is told already."""
    if _OWN.search(sentence) is None:
        return []
    made: list[Statement] = []
    for match in islice(_INSIDE.finditer(sentence), _MOST):
        before = sentence[: match.start("v")]
        if not _NOT_ONES_OWN.search(before) and not _SOMEBODY_SEEN.search(before):
            made += _one(match, [*found, *made])
    return made


def _one(match: re.Match[str], found: list[Statement]) -> list[Statement]:
    if match["x"][:3].lower() == "of ":
        return []
    what = phrase(match["x"], 5)
    verb = verb_of(match["v"].lower())
    if verb is None or not what or what.split()[0].lower() in _SAYS_NOTHING:
        return []
    told = " ".join(s.content.lower() for s in found)
    if turned(bare(what)).lower().split()[-1] in told:
        return []
    joined = (match["p"] or "").lower()
    shown = f"{third_person(verb.base).capitalize()}{joined} {turned(what)}"
    return [Statement(shown, "habit", turned(bare(what)), weight=0.26, confidence=0.4)]
