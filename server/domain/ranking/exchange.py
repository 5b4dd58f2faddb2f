"""Both halves of an exchange told as one: the message and the answer that came with it.

What comes back is paid for by the character, so the halves that come along may fill up only what room is left:
ROOM characters for each memory asked for. The memories themselves are told whole whatever the room.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.domain.ranking.index import EPISODE, RankingIndex

ROOM: Final = 245


@dataclass(frozen=True, slots=True)
class Placed:
    """A position of the index with what it is worth, and the other half that comes along."""

    position: int
    value: float
    beside: int | None = None


def other_half(index: RankingIndex, position: int) -> int | None:
    """The position of the other half of an episode's exchange; None where there is none."""
    if index.type[position] != EPISODE:
        return None
    exchange = index.sequence[position] >> 1
    for links in (index.previous, index.following):
        other = int(links[position])
        if other >= 0 and index.sequence[other] >> 1 == exchange:
            return other
    return None


def together(
    index: RankingIndex, candidates: Sequence[tuple[int, float]], eligible: NDArray[np.bool_], limit: int
) -> list[Placed]:
    """The best `limit` of the candidates (best first), each with its other half where that is eligible and fits."""
    chars = [int(index.chars[position]) for position, _ in candidates]
    placed: list[Placed] = []
    taken: set[int] = set()
    used = 0
    for at, (position, value) in enumerate(candidates):
        if len(placed) == limit:
            break
        if position in taken:
            continue
        taken.add(position)
        used += chars[at]
        beside = other_half(index, position)
        if beside is not None and beside not in taken and eligible[beside]:
            following = [
                size
                for (later, _), size in zip(candidates[at + 1 :], chars[at + 1 :], strict=True)
                if later not in taken and later != beside
            ]
            needed = sum(following[: limit - len(placed) - 1])
            if used + int(index.chars[beside]) + needed > ROOM * limit:
                beside = None
        else:
            beside = None
        if beside is not None:
            taken.add(beside)
            used += int(index.chars[beside])
        placed.append(Placed(position, value, beside))
    return placed
