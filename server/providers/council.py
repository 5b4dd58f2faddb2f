"""A council: several models are asked the same at once, and what most of them say is taken.

The rule. Two items are the same if the fields that the question names as their identity have the same words (stemmed,
without stop words, in any order). An item is kept if more than half of the members that answered have it. Of its
wordings the one that is most like the others is taken (the greatest sum of shared words over all words with each of
them); the first member's where they are equal. Items come in the order of the first member to have them.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel

from server.domain.text import tokens
from server.providers.errors import NoQuorum, OverBudget, ProviderError, about_the_request
from server.providers.ports import Completion, Item, LanguageModel, Question, Usage

_QUORUM: Final = 2

Key = tuple[tuple[str, ...], ...]


class Council:
    """Asks every member; those that fail have no vote. At least two must answer."""

    def __init__(self, members: Sequence[LanguageModel], *, quorum: int = _QUORUM) -> None:
        """Raises ValueError for fewer members than the quorum."""
        if len(members) < quorum:
            raise ValueError("a council has at least as many members as its quorum")
        self._members = tuple(members)
        self._quorum = quorum

    @property
    def name(self) -> str:
        """The members' names."""
        return f"council({', '.join(member.name for member in self._members)})"

    async def complete_json(self, question: Question[Item]) -> Completion[Item]:
        """What most members say.

        Where too few answer, raises OverBudget if that kept one from it, BadAnswer or Refused if none could take the
        request, else NoQuorum.
        """
        answers = await asyncio.gather(
            *(member.complete_json(question) for member in self._members), return_exceptions=True
        )
        heard: list[Completion[Item]] = []
        failures: list[ProviderError] = []
        for answer in answers:
            if isinstance(answer, ProviderError):
                failures.append(answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                heard.append(answer)
        if len(heard) < self._quorum:
            raise self._too_few(len(heard), failures)
        return Completion(
            items=majority([answer.items for answer in heard], question),
            usage=sum((answer.usage for answer in heard), Usage()),
            dropped=sum(answer.dropped for answer in heard),
        )

    def _too_few(self, heard: int, failures: Sequence[ProviderError]) -> ProviderError:
        """What a caller can act on: the day's budget, a request that none can take, else that too few answered."""
        if over := [error for error in failures if isinstance(error, OverBudget)]:
            return over[0]
        if failures and all(map(about_the_request, failures)):
            return failures[0]
        wait = max((error.retry_after or 0.0 for error in failures), default=0.0)
        return NoQuorum(f"{heard} of {len(self._members)} answered", retry_after=wait)


def majority(answers: Sequence[Sequence[Item]], question: Question[Item]) -> tuple[Item, ...]:
    """The items that more than half of the answers have, see the module's rule."""
    supporters: dict[Key, list[Item]] = {}
    for answer in answers:
        # Saying it twice is one vote.
        for key, item in {_key(item, question): item for item in reversed(answer)}.items():
            supporters.setdefault(key, []).append(item)
    firsts = {_key(item, question): None for answer in answers for item in answer}
    return tuple(
        _most_like_the_others(supporters[key], question.wording)
        for key in firsts
        if 2 * len(supporters[key]) > len(answers)
    )


def _key(item: BaseModel, question: Question[Item]) -> Key:
    return tuple(tuple(sorted(_words(item, name))) for name in question.identity)


def _words(item: BaseModel, name: str) -> frozenset[str]:
    text = str(getattr(item, name)).replace("_", " ")
    return frozenset(tokens(text)) or frozenset([text.lower()])


def _most_like_the_others(items: Sequence[Item], wording: str) -> Item:
    said = [_words(item, wording) for item in items]
    likeness = [sum(len(one & other) / len(one | other) for other in said) for one in said]
    return items[likeness.index(max(likeness))]
