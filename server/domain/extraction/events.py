"""What was done to somebody: "was held hostage", "got promoted"."""

import re
from typing import Final

from server.domain.extraction.english import phrase, turned
from server.domain.extraction.statement import Statement

_PASSIVE: Final = re.compile(
    r"(?:was|got|have been|am being|was being|had been|have had|have gotten) (?:just |recently |once |also |actually "
    r"|even )*"
    r"(?P<v>[a-z]+ed|held|shot|hit|hurt|born|bitten|stung|taken|chosen|sent|told|taught|given|robbed|fired|laid off|"
    r"struck)\b(?P<x>.*)",
    re.IGNORECASE,
)
_LONGEST: Final = 8
_ALONE: Final = frozenset("homeschooled promoted fired robbed arrested diagnosed adopted injured evicted".split())
_FEELINGS: Final = frozenset(
    """
    tired bored excited worried scared interested surprised confused amazed supposed used married divorced engaged
    retired raised separated relaxed concerned annoyed disappointed thrilled pleased hooked stuffed finished done
    obsessed ready fed added told inspired blessed stressed named called exhausted swamped overwhelmed motivated
    determined impressed prepared touched moved honored psyched stoked pumped reminded born
    """.split()
)


def passive(predicate: str) -> list[Statement]:
    """One statement of what befell somebody, or none."""
    match = _PASSIVE.match(predicate)
    if match is None or match["v"].lower() in _FEELINGS:
        return []
    what = phrase(match["x"], _LONGEST) if match["x"].strip() else ""
    if not what and match["v"].lower() not in _ALONE:
        return []
    said = f"Was {match['v'].lower()} {turned(what)}".strip()
    return [Statement(said, "event", turned(what) or match["v"].lower(), weight=0.3, confidence=0.6)]
