"""The built-in understanding of one turn: what it gives to remember, to forget, and whom it speaks of."""

from server.domain.extraction.commands import FORGET_ALL, FORGET_LAST, forgotten, is_stop
from server.domain.extraction.drafts import Draft, EntityDraft, Extraction, Known
from server.domain.extraction.extractor import extract

__all__ = [
    "FORGET_ALL",
    "FORGET_LAST",
    "Draft",
    "EntityDraft",
    "Extraction",
    "Known",
    "extract",
    "forgotten",
    "is_stop",
]
