"""Episodes: what was said, kept as it was said, one for each half of a turn that passes the gate."""

import re
from datetime import datetime, tzinfo
from typing import Final

from server.domain.extraction.drafts import Draft
from server.domain.extraction.gate import informative
from server.domain.extraction.times import resolve
from server.domain.mood.lexicon import emotional
from server.domain.words import Speaker

LONGEST: Final = 1_000
"""Characters of a text that an episode keeps; a longer one is cut at a word."""

_DIGIT: Final = re.compile(r"\d")
_BASE_IMPORTANCE: Final[dict[Speaker, float]] = {"contact": 0.4, "assistant": 0.3}


def episode(
    text: str, speaker: Speaker, source_ref: str | None, at: datetime, zone: tzinfo, entity_ids: tuple[str, ...]
) -> Draft | None:
    """The episode of one half of a turn, or None where it says nothing.

    Importance grows from a base of 0.4 (the contact's) or 0.3 (the reply's) with what makes a text specific: length,
    numbers, entities, a resolved time, and words of emotion.
    """
    content = trimmed(text)
    if not informative(content):
        return None
    when = resolve(content, at, zone)
    importance = (
        _BASE_IMPORTANCE[speaker]
        + 0.10 * min(1.0, len(content) / 240)
        + 0.05 * (_DIGIT.search(content) is not None)
        + 0.05 * min(2, len(entity_ids))
        + 0.05 * (when is not None)
        + 0.10 * emotional(content)
    )
    return Draft(
        type="episode",
        content=content,
        importance=round(min(importance, 0.8), 3),
        confidence=1.0,
        speaker=speaker,
        entity_ids=entity_ids,
        event_start=when.start if when else None,
        event_end=when.end if when else None,
        source_ref=source_ref,
    )


def trimmed(text: str) -> str:
    """The text with its white space tidied, cut at a word when longer than `LONGEST`."""
    tidy = " ".join(text.split())
    if len(tidy) <= LONGEST:
        return tidy
    cut = tidy[: LONGEST - 1]
    return cut[: cut.rfind(" ")] + "…" if " " in cut else cut + "…"
