"""A snapshot as bytes, for the cache that processes share. Not a format to keep: a reader of another build drops it."""

import struct
from dataclasses import fields
from datetime import date, datetime
from typing import Any, Final

import orjson

from server.domain.contact import Profile, State
from server.domain.memory import Entity, Memory
from server.domain.open_threads import Call, Thread
from server.domain.ranking.index import RankingIndex
from server.domain.snapshot import ContactSnapshot

_LAYOUT: Final = "1:" + ",".join(f.name for c in (Profile, State, Entity, Memory, Call, Thread) for f in fields(c))
"""Changes when a field comes or goes, so that two builds side by side never misread each other."""

_NAMES: Final = {kind: [f.name for f in fields(kind)] for kind in (Profile, State, Entity, Memory, Call, Thread)}
_HEAD: Final = struct.Struct("<I")
_PROFILE_TIMES: Final = [i for i, f in enumerate(fields(Profile)) if f.name == "created_at"]
_STATE_TIMES: Final = [i for i, f in enumerate(fields(State)) if f.name.endswith("_at")]
_STATE_DAY: Final = [f.name for f in fields(State)].index("streak_last_day")
_STATE_TUPLES: Final = [i for i, f in enumerate(fields(State)) if f.name in ("recent_gaps", "hours", "touches")]
_CALL_TIMES: Final = [_NAMES[Call].index("started_at")]
_THREAD_TIMES: Final = [_NAMES[Thread].index("since")]
_MEMORY_NAMES: Final = _NAMES[Memory]
_MEMORY_TIMES: Final = [
    _MEMORY_NAMES.index(n)
    for n in ("occurred_at", "valid_from", "created_at", "event_start", "event_end", "strength_at", "valid_to")
]
_MEMORY_TUPLES: Final = [_MEMORY_NAMES.index(n) for n in ("entity_ids", "sources")]


def dump(snapshot: ContactSnapshot) -> bytes:
    """The snapshot as bytes."""
    document = orjson.dumps(
        [
            _LAYOUT,
            snapshot.version,
            snapshot.zone,
            _values(snapshot.profile),
            _values(snapshot.state),
            [_values(e) for e in snapshot.entities],
            [_values(m) for m in snapshot.memories],
            _values(snapshot.last_call) if snapshot.last_call else None,
            [_values(t) for t in snapshot.threads],
        ]
    )
    return _HEAD.pack(len(document)) + document + snapshot.index.to_bytes()


def load(data: bytes) -> ContactSnapshot | None:
    """The snapshot; None where the bytes were written by another build or are damaged."""
    try:
        (length,) = _HEAD.unpack_from(data)
        document = orjson.loads(data[_HEAD.size : _HEAD.size + length])
        if document[0] != _LAYOUT:
            return None
        _, version, zone, profile, state, entities, memories, call, threads = document
        _times(profile, _PROFILE_TIMES)
        _times(state, _STATE_TIMES)
        state[_STATE_DAY] = date.fromisoformat(state[_STATE_DAY]) if state[_STATE_DAY] else None
        _tuples(state, _STATE_TUPLES)
        _times(call or [None], _CALL_TIMES)
        for thread in threads:
            _times(thread, _THREAD_TIMES)
        for memory in memories:
            _times(memory, _MEMORY_TIMES)
            _tuples(memory, _MEMORY_TUPLES)
        return ContactSnapshot(
            version=version,
            zone=zone,
            profile=Profile(*profile),
            state=State(*state),
            entities=tuple(Entity(i, t, name, tuple(aliases), count) for i, t, name, aliases, count in entities),
            memories=tuple(Memory(*memory) for memory in memories),
            index=RankingIndex.from_bytes(data[_HEAD.size + length :]),
            last_call=Call(*call) if call else None,
            threads=tuple(Thread(*thread) for thread in threads),
        )
    except (ValueError, TypeError, KeyError, IndexError, struct.error):
        return None


def _values(value: Profile | State | Entity | Memory | Call | Thread) -> list[Any]:
    # Not `astuple`, which copies deeply.
    return [getattr(value, name) for name in _NAMES[type(value)]]


def _times(values: list[Any], at: list[int]) -> None:
    for i in at:
        if values[i] is not None:
            values[i] = datetime.fromisoformat(values[i])


def _tuples(values: list[Any], at: list[int]) -> None:
    for i in at:
        values[i] = tuple(values[i])
