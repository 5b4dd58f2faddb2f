"""Both halves of an exchange told together: the message and the answer that came with it.

An answer by itself often says nothing ("Since I was six"); with the question before it, it does.

What comes back is paid for by the character, so the halves that come along may fill up only what room is left:
ROOM characters for each memory asked for. The memories themselves are told whole whatever the room.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.domain.memory import Memory
from server.domain.ranking.index import RankingIndex

ROOM: Final = 250


@dataclass(frozen=True, slots=True)
class Placed:
    """A position of the index with what it is worth, and the other half that comes along."""

    position: int
    value: float
    beside: int | None = None


def sources_of_both(memory: Memory, other: Memory) -> tuple[str, ...]:
    """The sources of a memory and the other half of its exchange: the first of each, the contact's message before."""
    earlier, later = sorted((memory, other), key=lambda half: half.sequence)
    firsts = (*earlier.sources[:1], *later.sources[:1])
    return tuple(dict.fromkeys((*firsts, *earlier.sources, *later.sources)))


def together(
    index: RankingIndex,
    candidates: Sequence[tuple[int, float]],
    eligible: NDArray[np.bool_],
    limit: int,
    room: int = ROOM,
) -> list[Placed]:
    """The best `limit` of the candidates (best first), each with its other half where that is eligible and fits.

    `room` is in characters a memory.
    """
    if not candidates:
        return []
    at = np.array([position for position, _ in candidates])
    positions, chars = at.tolist(), index.chars[at].tolist()
    halves = _other_halves(index, at)
    allowed = ((halves >= 0) & eligible[halves]).tolist()
    half_chars = index.chars[halves].tolist()
    placed: list[Placed] = []
    taken: set[int] = set()
    used = 0
    for row, half in enumerate(halves.tolist()):
        if len(placed) == limit:
            break
        if positions[row] in taken:
            continue
        taken.add(positions[row])
        used += chars[row]
        beside = None
        if allowed[row] and half not in taken:
            taken.add(half)
            needed = _chars_of_next(positions, chars, taken, row + 1, limit - len(placed) - 1)
            if used + half_chars[row] + needed <= room * limit:
                beside = half
                used += half_chars[row]
            else:
                taken.discard(half)
        placed.append(Placed(positions[row], candidates[row][1], beside))
    return placed


def _other_halves(index: RankingIndex, at: NDArray[np.intp]) -> NDArray[np.int32]:
    """The position of the other half of each one's exchange; -1 where there is none, as for all but episodes."""
    exchange = index.sequence[at] >> 1
    found = np.full(len(at), -1, np.int32)
    for links in (index.previous, index.following):
        other = links[at]
        found = np.where((other >= 0) & (index.sequence[other] >> 1 == exchange), other, found)
    return found


def _chars_of_next(positions: list[int], chars: list[int], taken: set[int], row: int, count: int) -> int:
    """The characters of the next `count` candidates from a row on that are not taken."""
    needed = 0
    while count and row < len(positions):
        if positions[row] not in taken:
            needed += chars[row]
            count -= 1
        row += 1
    return needed
