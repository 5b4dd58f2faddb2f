"""What "I …ed" says of something that happened once: kept with little weight, as it was told."""

import re
from typing import Final

from server.domain.extraction.english import phrase, turned
from server.domain.extraction.statement import Statement
from server.domain.extraction.verbs import is_event

EVENT: Final = re.compile(
    r"(?:have |had |just |recently |finally |once |then |also |actually |already |accidentally |never |ai |got to )*"
    r"(?P<v>[a-z]+)(?P<x> .+)",
    re.IGNORECASE,
)
_PASSIVE: Final = re.compile(
    r"(?:was|got|have been|am being|was being|had been) (?:just |recently |once |also |actually |even )*"
    r"(?P<v>[a-z]+ed|held|shot|hit|hurt|born|bitten|stung|taken|chosen|sent|told|taught|given|robbed|fired|laid off)\b(?P<x>.*)",
    re.IGNORECASE,
)
_PARTICIPLES: Final = frozenset("eaten gone been seen written ridden flown sung given taken broken grown driven".split())
_NO_OBJECT: Final = re.compile(
    r"\s*(?:you|your|it|that|this|them|him|her|his|the same|so|to (?!school|the|a|church|college)|me|like|about|if|how|"
    r"what|when|up$|off$|out$|on$|over$|my (?:mind|way|best)|back|lots?|a lot$|through|from you|well|much|more|"
    r"better|here|there|home|late|early|no |not )\b",
    re.IGNORECASE,
)
_LONGEST: Final = 8


def event(match: re.Match[str], negated: bool) -> list[Statement]:
    """One event from a past form and its object."""
    verb, rest = match["v"].lower(), match["x"]
    if negated or not (is_event(verb) or verb in _PARTICIPLES) or _NO_OBJECT.match(rest):
        return []
    what = _object(rest)
    if not what or re.search(r"\byou(?:r|rs)?\b", what):
        return []
    said = f"Has {verb}" if verb in _PARTICIPLES else verb.capitalize()
    return [Statement(f"{said} {turned(what)}", "event", turned(what), weight=0.28, confidence=0.6)]


def passive(sentence: str) -> list[Statement]:
    """What was done to somebody: "was held hostage", "got promoted"."""
    match = _PASSIVE.match(sentence)
    if match is None or match["v"].lower() in _FEELINGS:
        return []
    what = phrase(match["x"], _LONGEST) if match["x"].strip() else ""
    if not what and match["v"].lower() not in _ALONE:
        return []
    said = f"Was {match['v'].lower()} {turned(what)}".strip()
    return [Statement(said, "event", turned(what) or match["v"].lower(), weight=0.3, confidence=0.6)]


_ALONE: Final = frozenset("promoted fired robbed arrested diagnosed adopted injured evicted".split())
_FEELINGS: Final = frozenset(
    """
    tired bored excited worried scared interested surprised confused amazed supposed used married divorced engaged
    retired raised separated relaxed concerned annoyed disappointed thrilled pleased hooked stuffed finished done
    obsessed ready fed added told inspired blessed stressed named called exhausted swamped overwhelmed motivated
    determined impressed prepared touched moved honored psyched stoked pumped reminded born
    """.split()
)


def _object(rest: str) -> str:
    """The object with the preposition it hangs on: "to the zoo", "a new bike"."""
    joined = re.match(r"\s*(?P<p>to|at|on|in|with|for|from|into|by|as|through|of|over)\s+", rest)
    what = phrase(rest[joined.end() :] if joined else rest, _LONGEST)
    return f"{joined['p']} {what}" if joined and what else what
