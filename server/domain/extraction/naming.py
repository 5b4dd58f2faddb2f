"""Which known entities a text speaks of: one rule for turns as they come in and for memories looked through later."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from server.domain.extraction import lexicon
from server.domain.extraction.names import AMBIGUOUS
from server.domain.extraction.verbs import verb_of
from server.domain.memory import Entity
from server.domain.text import STOP_WORDS, words

_ONES_OWN: Final = frozenset(("my", "our", "the"))
_TOLD: Final = _ONES_OWN | {"their"}
"""In the third person, what is the contact's own is "their" dog."""

_AT_THE_START: Final = re.compile(r"(?:^|[.!?…\n]\s*)\W*$")
_BEFORE: Final = 8
"""Characters before a name in which the end of the sentence before would stand."""

_ASKING: Final = frozenset("will may can could would do did is are".split())


class Names:
    """What entities are called, found by the first word of each name.

    A name counts wherever it stands; one that is a word of the language as well ("Will") only in capitals. A common
    noun ("cat") counts only as "my cat" or "the cat", and only where one entity alone goes by it.
    """

    def __init__(self, entities: Iterable[Entity] = ()) -> None:
        self._names: dict[str, dict[tuple[tuple[str, ...], str], str]] = {}
        self._nouns: dict[str, dict[tuple[str, ...], set[str]]] = {}
        for entity in entities:
            self.add(entity)

    def add(self, entity: Entity) -> None:
        """Takes in an entity, or the new aliases of one that is there."""
        for name in (entity.display_name, *entity.aliases):
            said = tuple(words(name))
            if not said:
                continue
            if name in lexicon.PETS or name in lexicon.RELATIVES:
                self._nouns.setdefault(said[0], {}).setdefault(said, set()).add(entity.id)
            else:
                self._names.setdefault(said[0], {})[said, entity.id] = name

    def in_(self, text: str, *, told: bool = False) -> tuple[str, ...]:
        """The ids of the entities that a text speaks of, in the order said; `told` for one in the third person."""
        said = words(text)
        plain = [word.removesuffix("'s") for word in said]
        return tuple(dict.fromkeys(self._found(said, plain, text, _TOLD if told else _ONES_OWN)))

    def _found(self, said: list[str], plain: list[str], text: str, own: frozenset[str]) -> Iterator[str]:
        meant: dict[str, bool] = {}
        for at, (word, bare) in enumerate(zip(said, plain, strict=True)):
            for first in {word, bare}:
                for (name, entity_id), written in self._names.get(first, {}).items():
                    if not _stands(name, at, said, plain):
                        continue
                    if written not in meant:
                        # Looked for in the whole text, so once.
                        meant[written] = len(name) > 1 or not _is_word(name[0]) or _written(written, text)
                    if meant[written]:
                        yield entity_id
                for noun, owners in self._nouns.get(first, {}).items():
                    if len(owners) == 1 and _stands(noun, at, said, plain) and _is_own(said, at, own):
                        yield from owners


def _stands(name: tuple[str, ...], at: int, said: list[str], plain: list[str]) -> bool:
    until = at + len(name)
    return (
        until <= len(said)
        and name[:-1] == tuple(said[at : until - 1])
        and name[-1] in (said[until - 1], plain[until - 1])
    )


def _is_own(said: list[str], at: int, own: frozenset[str]) -> bool:
    """Whether "my" stands before a noun, or before one other word: "my old dog", not "my aunt's dog"."""
    if at and said[at - 1] in own:
        return True
    return at > 1 and said[at - 2] in own and "'" not in said[at - 1]


def _is_word(name: str) -> bool:
    return name in STOP_WORDS or name in AMBIGUOUS or name in lexicon.NOT_NAMES or verb_of(name) is not None


def _written(name: str, text: str) -> bool:
    """Whether a name stands in a text as it is written, and not only because a question begins with that word."""
    for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text):
        before = text[max(0, match.start() - _BEFORE) : match.start()]
        if name.lower() not in _ASKING or not (match.start() == 0 or _AT_THE_START.search(before)):
            return True
    return False
