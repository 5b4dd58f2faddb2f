"""Where a statement belongs among those of the same matter: turns may arrive in another order than they were said."""

from collections.abc import Sequence
from dataclasses import replace

from server.domain.memory import Memory


def placed(memory: Memory, rivals: Sequence[Memory], memories: Sequence[Memory]) -> tuple[Memory, dict[str, Memory]]:
    """The memory as it is to be stored, and what it ends, by id.

    `rivals` are the current memories that cannot be true along with it; `memories` are all that are known of the
    contact. A rival from before is over. Where one is from later the memory was told late: it was true from its own
    time until the next one of its matter began, and ends only what was held to be true at its own time.
    """
    newer = [old for old in rivals if old.valid_from > memory.valid_from]
    ended = [old for old in rivals if old.valid_from <= memory.valid_from]
    if not newer:
        return memory, {old.id: _ended(old, memory) for old in ended}
    over = [m for m in memories if m.status == "superseded" and _same_matter(m, memory)]
    ended += [m for m in over if m.valid_to is not None and m.valid_from <= memory.valid_from < m.valid_to]
    newer += [m for m in over if m.valid_from > memory.valid_from]
    return _ended(memory, min(newer, key=lambda m: m.valid_from)), {old.id: _ended(old, memory) for old in ended}


def _ended(old: Memory, by: Memory) -> Memory:
    # What was over by itself before, such as a plan, ended then.
    until = by.valid_from if old.valid_to is None else min(old.valid_to, by.valid_from)
    return replace(old, status="superseded", valid_to=until, superseded_by=by.id)


def _same_matter(one: Memory, other: Memory) -> bool:
    return (one.type, one.subject, one.attribute) == (other.type, other.subject, other.attribute)
