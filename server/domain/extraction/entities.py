"""Entities: who and what a turn speaks of, under ids like `pet:bruno`; "my dog" is Bruno once that is known."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.drafts import EntityDraft
from server.domain.extraction.gazetteer import PLACE
from server.domain.extraction.naming import Names
from server.domain.extraction.statement import Statement
from server.domain.memory import Entity
from server.domain.words import EntityType

_TYPES: Final[dict[str, EntityType]] = {
    "pet": "pet",
    "person": "person",
    "place": "place",
    "workplace": "workplace",
    "thing": "thing",
}
_NAME: Final = r"[A-Z][\w'-]+(?: [A-Z][\w'-]+)?"
_PERSON: Final = re.compile(
    r"\b(?:with|married to|engaged to|dating|met|meet|meeting|I called|texted|married|dating|saw|and I and|told|asked|"
    rf"visit(?:ed|ing)?|miss(?:ed)?|love|thank|hugged|helped) (?P<name>{_NAME})(?='s|"
    r"[\s,.!?;:]|$)"
)
_PLACE: Final = re.compile(
    r"\b(?:trip to|moved to|moving to|flew to|flying to|fly to|went to|going to|go to|"
    r"traveled to|travelled to|driving to|drove to|vacation in|holiday in|lives? in|"
    r"living in|"
    r"born in|raised in|grew up in|been to|visit(?:ed|ing)?|back (?:in|from|to)|arrived "
    rf"in|stay(?:ed|ing)? in) (?:the )?(?P<name>{_NAME})(?=[\s,.!?;:]|$)"
)
_NAME_INSIDE: Final = re.compile(r"[ \n\t][A-Z][\w'-]")
"""Without it no pattern of a name finds anything: each takes a name after another word."""

_KNOWN_PLACE: Final = re.compile(
    rf"\b(?:in|from|to|near|around|outside|through|of|over|leaving|left) (?P<name>{PLACE})\b", re.IGNORECASE
)
_LIKELY_PLACE: Final = re.compile(r"(?:land|ia|burg|ville|stan|town|shire|polis|berg|City|Island|Beach|Park|Valley)$")
_RELATION: Final = "|".join(sorted((re.escape(r) for r in lexicon.RELATIVES), key=len, reverse=True))
_RELATION_NAME: Final = re.compile(
    rf"\b[Mm]y (?:(?:older|younger|little|big|best|new) )?(?P<rel>{_RELATION}),? (?:(?:Dr|Mr|Mrs|Ms|Prof)\.? "
    rf")?(?P<name>[A-Z][\w'-]+)\b"
)
_LONGEST_SLUG: Final = 60


def slug(name: str) -> str:
    """A name as the second half of an entity id: lower case, words joined by hyphens, accents taken off."""
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in plain if not unicodedata.combining(c)).lower()
    return re.sub(r"[^\w]+", "-", plain).strip("-_")[:_LONGEST_SLUG] or "x"


def _in_capitals(name: str) -> str:
    """The name of a place as it is written: "south korea" becomes "South Korea"; what has capitals keeps them."""
    return name if name != name.lower() else " ".join(word.capitalize() for word in name.split())


class Mentions:
    """Gathers the entities of one turn against those already known."""

    def __init__(self, known: Iterable[Entity], own_name: str | None = None) -> None:
        self._known = {e.id: e for e in known}
        self._own = {w.lower() for w in (own_name or "").split()}
        self._by_name: dict[str, str] = {}
        for entity in self._known.values():
            for name in (entity.display_name, *entity.aliases):
                self._by_name.setdefault(name.lower(), entity.id)
        self._new: dict[str, EntityDraft] = {}
        self._names = Names(self._known.values())

    def add(self, kind: str, name: str, called: str = "") -> str:
        """The id of an entity by its name, made new where it is not known; `called` becomes an alias."""
        type_ = _TYPES[kind]
        identity = self._find(type_, name)
        words = (called.lower(), lexicon.PET_KINDS.get(called.lower(), "")) if called.lower() != name.lower() else ()
        aliases = tuple(dict.fromkeys(w for w in words if w))
        known = self._known.get(identity)
        if known is not None:
            fresh = tuple(a for a in aliases if a not in known.aliases)
            if fresh:
                self._meet(EntityDraft(identity, known.type, known.display_name, fresh))
            return identity
        before = self._new.get(identity)
        merged = tuple(dict.fromkeys((*(before.aliases if before else ()), *aliases)))
        self._meet(EntityDraft(identity, type_, before.display_name if before else name, merged))
        return identity

    def _meet(self, draft: EntityDraft) -> None:
        self._new[draft.id] = draft
        self._names.add(Entity(draft.id, draft.type, draft.display_name, draft.aliases))

    def _find(self, type_: EntityType, name: str) -> str:
        exact = f"{type_}:{slug(name)}"
        if exact in self._known or exact in self._new:
            return exact
        known = self._by_name.get(name.lower())
        if known is not None and known.startswith(f"{type_}:"):
            return known
        return exact

    def knows(self, called: str) -> bool:
        """Whether somebody of the contact's goes by this common noun ("dog", "sister") already."""
        last = called.lower().split()[-1] if called.strip() else ""
        return last in self._by_name and (last in lexicon.PETS or last in lexicon.RELATIVES)

    def called(self, name: str) -> tuple[str, str] | None:
        """The type of the known pet or person of that name and its common noun ("dog", "sister"), or None."""
        entity = self._known.get(self._by_name.get(name.lower(), ""))
        if entity is None or entity.type not in ("pet", "person"):
            return None
        nouns = [a for a in entity.aliases if a in lexicon.PETS or a in lexicon.RELATIVES]
        return entity.type, nouns[0] if nouns else entity.type

    def of_statement(self, statement: Statement) -> tuple[str, ...]:
        """Ids of the entities a statement introduces or names."""
        made = [self.add(kind, name, called) for kind, name, called in statement.named]
        return tuple(dict.fromkeys((*made, *self.known_in(statement.content, told=True))))

    def known_in(self, text: str, *, told: bool = False) -> tuple[str, ...]:
        """Ids of known entities, and of those this turn introduced, that a text speaks of.

        `told`: the text is in the third person.
        """
        return self._names.in_(text, told=told)

    def named_in(self, text: str) -> tuple[str, ...]:
        """Ids of everything a text names: what is known, and people and places it names for the first time."""
        if _NAME_INSIDE.search(text) is None:
            for match in _KNOWN_PLACE.finditer(text):
                self.add("place", _in_capitals(match["name"]))
            return self.known_in(text)
        for match in _RELATION_NAME.finditer(text):
            if self._is_name(match["name"]):
                self.add("person", match["name"], match["rel"].lower())
        for match in _KNOWN_PLACE.finditer(text):
            self.add("place", _in_capitals(match["name"]))
        for match in _PLACE.finditer(text):
            if self._is_name(match["name"]) and match["name"].lower() not in self._by_name:
                self.add("place", match["name"])
        for match in _PERSON.finditer(text):
            name = match["name"]
            fresh = name.lower() not in self._by_name and f"place:{slug(name)}" not in self._new
            if fresh and self._is_name(name) and not _LIKELY_PLACE.search(name):
                self.add("person", name)
        return self.known_in(text)

    def _is_name(self, name: str) -> bool:
        first = name.split(maxsplit=1)[0].lower()
        return first not in lexicon.NOT_NAMES and first not in self._own and len(name) > 1 and not name.isupper()

    def drafts(self) -> tuple[EntityDraft, ...]:
        """The new entities, and the known ones with new aliases."""
        return tuple(self._new.values())
