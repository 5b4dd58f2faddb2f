"""Warmth: how alive the relationship with a contact is, 0 to 100, from the touches with it.

    rules.py     what a touch is worth, which touches count, the bands: the tenant's constants
    course.py    the warmth over time, from a list of touches that count
    ledger.py    the same from a few numbers that a contact's row holds, for every moment from then on
    report.py    the warmth with its reasons

A touch of age `a` days with points `p` is worth `p` for `a` up to `fresh_days`, then halves every `half_life_days`.
The warmth is min(100, the sum), with one decimal.
"""

from server.domain.warmth.ledger import Ledger, Stored
from server.domain.warmth.rules import (
    CHAT_QUALITY,
    DEFAULT,
    KINDS,
    MODEL_VERSION,
    Band,
    Config,
    Kind,
    Touch,
    band_of,
    chat_touches,
    quality,
    score_of,
)

__all__ = [
    "CHAT_QUALITY",
    "DEFAULT",
    "KINDS",
    "MODEL_VERSION",
    "Band",
    "Config",
    "Kind",
    "Ledger",
    "Stored",
    "Touch",
    "band_of",
    "chat_touches",
    "quality",
    "score_of",
]
