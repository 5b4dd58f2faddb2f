"""Whom a message names: a speaker's name says who is meant, not what is talked about."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from server.domain.ranking.index import EPISODE, RankingIndex
from server.domain.ranking.postings import Found
from server.domain.text import stem, words

CONTACT: Final = 1
ASSISTANT: Final = 2

_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_CALLED_AT_LEAST: Final = 4
_CALLED_MORE_OFTEN: Final = 6


def named_speakers(
    index: RankingIndex,
    text: str,
    terms: Sequence[str],
    found: Found,
    contact_name: str | None,
    reply_name: str | None,
) -> dict[int, int]:
    """The rows of terms that are capitalised in the text and a speaker's first name, and whose: CONTACT or ASSISTANT.

    Where `reply_name` is not known, the name by which the contact calls the other side counts as one. `found` is
    where the terms are held.
    """
    capitals = {stem(folded) for word in _WORD.findall(text) if word[0].isupper() for folded in words(word)}
    rows = [row for row, term in enumerate(terms) if term in capitals]
    if not rows:
        return {}
    contact, reply = _first(contact_name), _first(reply_name)
    addressees = _addressees(index, found, len(terms)) if reply is None else frozenset[int]()
    named = {}
    for row in rows:
        if terms[row] == contact:
            named[row] = CONTACT
        elif terms[row] == reply or row in addressees:
            named[row] = ASSISTANT
    return named


def _first(name: str | None) -> str | None:
    parts = words(name or "")
    return stem(parts[0]) if parts else None


def _addressees(index: RankingIndex, found: Found, terms: int) -> frozenset[int]:
    """Rows of words that the contact may call the other side by: people say the other's name, hardly ever their own."""
    in_episode = index.type[found.docs] == EPISODE
    speakers = index.speaker[found.docs]
    by_contact = np.bincount(found.rows[in_episode & (speakers == CONTACT)], minlength=terms)
    by_assistant = np.bincount(found.rows[in_episode & (speakers == ASSISTANT)], minlength=terms)
    called = by_contact >= np.maximum(_CALLED_AT_LEAST, _CALLED_MORE_OFTEN * by_assistant)
    return frozenset(np.flatnonzero(called).tolist())
