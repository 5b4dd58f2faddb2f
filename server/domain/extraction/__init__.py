"""The built-in understanding of one turn: what it gives to remember, to forget, and whom it speaks of."""

from server.domain.extraction.commands import FORGET_ALL, FORGET_LAST, is_stop
from server.domain.extraction.drafts import Draft, EntityDraft, Extraction, Known
from server.domain.extraction.extractor import extract
from server.domain.extraction.forgetting import forgotten

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
