"""Texts as the pieces of words that BERT's uncased models read (Devlin et al. 2019; Wu et al. 2016)."""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

_LONGEST_WORD: Final = 100
_WORDS_KEPT: Final = 20_000
_ASCII_MARKS: Final = frozenset(range(33, 48)) | frozenset(range(58, 65)) | set(range(91, 97)) | set(range(123, 127))
_IDEOGRAPHS: Final = (
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2CEAF), (0x2F800, 0x2FA1F),
)  # fmt: skip


class WordPieces:
    """Splits texts by a vocabulary: the longest piece that is known, again and again."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        """The vocabulary maps pieces to their numbers. Raises KeyError without `[CLS]`, `[SEP]` and `[UNK]`."""
        self._vocabulary = vocabulary
        self._first, self._last, self._unknown = (vocabulary[name] for name in ("[CLS]", "[SEP]", "[UNK]"))
        self._pieces = lru_cache(_WORDS_KEPT)(self._split)

    def numbers(self, text: str, most: int) -> list[int]:
        """The numbers of a text's pieces between those of its beginning and its end; at most `most` in all."""
        found: list[int] = []
        for word in _words(text):
            found += self._pieces(word)
            if len(found) >= most - 2:
                break
        return [self._first, *found[: most - 2], self._last]

    def _split(self, word: str) -> tuple[int, ...]:
        if len(word) > _LONGEST_WORD:
            return (self._unknown,)
        found: list[int] = []
        begin = 0
        while begin < len(word):
            for end in range(len(word), begin, -1):
                number = self._vocabulary.get(("##" if begin else "") + word[begin:end])
                if number is not None:
                    found.append(number)
                    begin = end
                    break
            else:
                return (self._unknown,)
        return tuple(found)


def _words(text: str) -> list[str]:
    """Words in small letters without accents; each mark and each ideograph is a word of its own."""
    plain = unicodedata.normalize("NFD", text.lower())
    if plain.isascii():
        return "".join(
            f" {c} " if ord(c) in _ASCII_MARKS else c for c in plain if c.isprintable() or c.isspace()
        ).split()
    return "".join(map(_apart, plain)).split()


def _apart(character: str) -> str:
    kind = unicodedata.category(character)
    if character.isspace():
        return " "
    if kind in ("Mn", "Cc", "Cf", "Cn", "Co", "Cs") or character == "\ufffd":
        return ""
    code = ord(character)
    if kind.startswith("P") or code in _ASCII_MARKS or any(low <= code <= high for low, high in _IDEOGRAPHS):
        return f" {character} "
    return character
