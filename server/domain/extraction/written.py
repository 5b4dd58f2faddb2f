"""What a memory that somebody wrote down states, read by the rules that read what a contact says."""

import re
from typing import Final

from server.domain.extraction.statement import Statement
from server.domain.extraction.statements import statements
from server.domain.text import words

_FIRST_PERSON: Final = re.compile(r"\b(?:I|I'm|my|we|our)\b", re.IGNORECASE)
_IRREGULAR: Final = {"is": "am", "isn't": "am not", "has": "have", "does": "do", "doesn't": "do not", "was": "was"}
_LONGEST: Final = 300
"""Characters of a text that can be a plain statement; a longer one tells more than one thing."""


def stated(content: str) -> Statement | None:
    """The one statement that a text makes, "Lives in Porto" or "I live in Porto"; None where it makes none, or several.

    In the third person the text must be the very words in which the rules put the statement: what says more than that
    is nothing they understood.
    """
    if len(content) > _LONGEST:
        return None
    if _FIRST_PERSON.search(content):
        found = statements(content)
        return found[0] if len(found) == 1 else None
    return next((s for s in statements(_said_by_oneself(content)) if words(s.content) == words(content)), None)


def _said_by_oneself(content: str) -> str:
    """ "Lives in Porto" as the contact would say it: "I live in Porto"."""
    verb, _, rest = content.strip().partition(" ")
    return f"I {_plain(verb.lower())} {rest}"


def _plain(verb: str) -> str:
    """A verb of the third person in its plain form."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("ies") and len(verb) > 4:
        return f"{verb[:-3]}y"
    if verb.endswith(("sses", "shes", "ches", "xes", "zes", "oes")):
        return verb[:-2]
    return verb.removesuffix("s")
