"""Which rules are worth trying on a text: those whose first word it begins with, or whose cue word it holds."""

import re
from collections.abc import Iterable
from typing import Final, Generic, TypeVar

Rule = TypeVar("Rule")

ANY: Final = "*"
"""In place of first words: the rule is tried on every text."""

_FIRST: Final = re.compile(r"\w+")


def first_word(text: str) -> str:
    """The word a text begins with, in lower case; "" where it begins with none."""
    match = _FIRST.match(text)
    return match[0].lower() if match else ""


def words_of(text: str) -> frozenset[str]:
    """The words of a text in lower case; an apostrophe ends one, so "can't" has "can" and "t"."""
    return frozenset(_FIRST.findall(text.lower()))


class ByFirstWord(Generic[Rule]):
    """Rules in order, found by the word a text begins with.

    Each rule comes with the words that what it matches may begin with, separated by spaces, or with `ANY`.
    """

    def __init__(self, rules: Iterable[tuple[str, Rule]]) -> None:
        numbered = [(number, cues.split(), rule) for number, (cues, rule) in enumerate(rules)]
        words = {word for _, cues, _ in numbered for word in cues}
        self._by_word = {
            word: tuple((number, rule) for number, cues, rule in numbered if word in cues or ANY in cues)
            for word in words | {ANY}
        }
        self.all: tuple[Rule, ...] = tuple(rule for _, _, rule in numbered)

    def of(self, text: str) -> tuple[tuple[int, Rule], ...]:
        """The rules to try on a text, each with its place in the order."""
        return self._by_word.get(first_word(text), self._by_word[ANY])
