"""Two contacts that are one person: what is known of them together, and of each again where that was a mistake.

Rows are as the store keeps them, in JSON, without tenant and contact. An undoing is a merge of three: how it was
before, what the merge made of it, and how it is now. What is as it was made goes back to how it was; what was added
since stays with the contact that stayed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from server.domain.conflict import DATED, single_valued
from server.domain.contact import State
from server.domain.memory import Memory
from server.domain.relationship import GAPS_KEPT, stage_of, streak_of, trust_level
from server.domain.text import words

Row = Mapping[str, Any]
Span = tuple[datetime, datetime]
"""When a session began, and its last turn."""

_DAY: Final = 86_400.0


def _summed(kept: Row, other: Row) -> dict[str, Any]:
    """Counts add up; an instant is that of the first."""
    return {column: _sum(column, kept[column], other[column]) for column in kept}


def _sum(column: str, one: Any, other: Any) -> Any:
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    if column.endswith("_at") and one is not None and other is not None:
        return min(one, other, key=datetime.fromisoformat)
    return other if one is None else one


def _session(kept: Row, other: Row) -> dict[str, Any]:
    last = max(kept["last_turn_at"], other["last_turn_at"], key=datetime.fromisoformat)
    return {**_summed(kept, other), "last_turn_at": last}


def _entity(kept: Row, other: Row) -> dict[str, Any]:
    """One of two names is an alias."""
    called = [] if other["display_name"] == kept["display_name"] else [other["display_name"]]
    first = min(kept["created_at"], other["created_at"], key=datetime.fromisoformat)
    return {**kept, "aliases": _united(kept["aliases"], [*called, *other["aliases"]]), "created_at": first}


def _later_run(kept: Row, other: Row) -> dict[str, Any]:
    return dict(max(kept, other, key=lambda row: datetime.fromisoformat(row["finished_at"])))


def _stricter(kept: Row, other: Row) -> dict[str, Any]:
    """An opt-out holds; of two that say the same, what was said last; and something said goes before nothing said."""
    weight = {"opted_out": 2, "opted_in": 1}
    return dict(
        max(kept, other, key=lambda row: (weight.get(row["status"], 0), datetime.fromisoformat(row["at"])))
    )  # fmt: skip


COMBINE: Final[Mapping[str, Callable[[Row, Row], dict[str, Any]]]] = {
    "sessions": _session,
    "days": _summed,
    "daily_activity": _summed,
    "entities": _entity,
    "consolidation": _later_run,
    "consents": _stricter,
}
"""What becomes of two rows of the same key, by table: the kept contact's, and the other's."""

_REPLACED: Final = frozenset(("consolidation", "consents"))
"""Tables whose rows are said anew as a whole."""


def taken_apart(
    name: str, kept: Row | None, other: Row, made: Row, now: Row | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The rows of the kept contact and of the other after an undoing; None for no row.

    `kept` is None where only the other had one; `now` is None where it is gone, which it stays.
    """
    if now is None:
        return None, None
    if name == "entities" and kept is None:
        # Whether it stays with what was told since is for the memories to say that mention it.
        return {column: three_way(None, made.get(column), value) for column, value in now.items()}, dict(other)
    if now == made:
        return (None if kept is None else dict(kept)), dict(other)
    if name in _REPLACED:
        # Whoever said no to the one that they were said it for both.
        refused = name == "consents" and now["status"] == "opted_out"
        return dict(now), dict(now if refused else other)
    before: Row = kept or {}
    since = {column: three_way(before.get(column), made.get(column), value) for column, value in now.items()}
    if kept is None and not since["turns"]:
        return None, dict(other)
    return since, dict(other)


def three_way(before: Any, made: Any, now: Any) -> Any:
    """A value after an undoing: as before where it is as it was made; else as before with what was added since."""
    if now == made:
        return now if before is None else before
    if isinstance(now, bool) or isinstance(made, bool):
        return now
    if isinstance(now, int) and isinstance(made, int):
        return max(0, (before or 0) + now - made)
    if isinstance(now, list) and isinstance(made, list):
        gone = [value for value in made if value not in now]
        return _united([v for v in before or [] if v not in gone], [v for v in now if v not in made])
    if isinstance(now, dict) and isinstance(made, dict):
        changed = {key: value for key, value in now.items() if key not in made or made[key] != value}
        return {k: v for k, v in {**(before or {}), **changed}.items() if k in now or k not in made}
    return now


def _united(one: Sequence[Any], other: Sequence[Any]) -> list[Any]:
    both = [*one, *other]
    return [value for i, value in enumerate(both) if value not in both[:i]]


PROFILE: Final = ("display_name", "title", "time_zone", "tags", "attributes", "outreach_consent")
"""The columns of a contact's row that say who it is, and that a merge may change."""


def profile_of(kept: Row, other: Row) -> dict[str, Any]:
    """Who the contact is: the other fills gaps, tags are united, and a refusal of messages holds."""
    consents = (kept["outreach_consent"], other["outreach_consent"])
    return {
        **{name: kept[name] or other[name] for name in ("display_name", "title", "time_zone")},
        "tags": sorted({*kept["tags"], *other["tags"]}),
        "attributes": {**other["attributes"], **kept["attributes"]},
        "outreach_consent": False if False in consents else next((c for c in consents if c is not None), None),
    }


def profile_apart(before: Row, made: Row, now: Row) -> dict[str, Any]:
    """Who the kept contact is after an undoing."""
    found: dict[str, Any] = {}
    for name in PROFILE:
        if name == "tags":
            found[name] = sorted(three_way(before[name], made[name], now[name]))
        else:
            found[name] = before[name] if now[name] == made[name] else three_way(before[name], made[name], now[name])
    return found


def state_of(
    kept: State, other: State, *, shared: tuple[int, int], days: Sequence[date], spans: Sequence[Span]
) -> State:
    """How it stands with both as one.

    `shared` are how many sessions and local days both had. `days` are all days with a turn, `spans` the last sessions
    of both. What describes the present is that of whoever was active last.
    """
    if not other.total_messages or not kept.total_messages:
        return kept if kept.total_messages or kept.last_active_at else other
    newer = other if _active(other) > _active(kept) else kept
    streak, last_day = streak_of(days)
    return _settled(
        replace(
            newer,
            streak_days=streak,
            streak_last_day=last_day,
            total_messages=kept.total_messages + other.total_messages,
            total_sessions=kept.total_sessions + other.total_sessions - shared[0],
            active_days=kept.active_days + other.active_days - shared[1],
            disclosures=kept.disclosures + other.disclosures,
            first_active_at=min(filter(None, (kept.first_active_at, other.first_active_at)), default=None),
            last_wrote_at=max(filter(None, (kept.last_wrote_at, other.last_wrote_at)), default=None),
            recent_gaps=gaps_of(spans),
            hours=tuple(a + b for a, b in zip(kept.hours, other.hours, strict=True)),
        )
    )


def state_apart(
    before: State, made: State, now: State, *, new: tuple[int, int], days: Sequence[date], spans: Sequence[Span]
) -> State:
    """How it stands with the kept contact after an undoing.

    `new` are how many sessions and days it has more than before the merge, `days` and `spans` those that it has.
    """
    # Risk and touches are worked out anew, whether anything happened or not.
    if replace(now, churn_risk=made.churn_risk, touches=made.touches) == made:
        return before
    if now.total_messages < made.total_messages:
        # It was forgotten since, and begins anew.
        return now
    spoke = now.last_active_at != made.last_active_at
    streak, last_day = streak_of(days)
    return _settled(
        replace(
            now if spoke else before,
            streak_days=streak,
            streak_last_day=last_day,
            total_messages=before.total_messages + now.total_messages - made.total_messages,
            total_sessions=max(0, before.total_sessions + new[0]),
            active_days=max(0, before.active_days + new[1]),
            disclosures=max(0, before.disclosures + now.disclosures - made.disclosures),
            first_active_at=_unless_new(before.first_active_at, made.first_active_at, now.first_active_at),
            last_wrote_at=_unless_new(before.last_wrote_at, made.last_wrote_at, now.last_wrote_at),
            recent_gaps=gaps_of(spans),
            hours=tuple(
                max(0, b + n - m) for b, n, m in zip(before.hours, now.hours, made.hours, strict=True)
            ),
        )
    )  # fmt: skip


def _unless_new(before: datetime | None, made: datetime | None, now: datetime | None) -> datetime | None:
    return before if now == made else now


def _active(state: State) -> float:
    return state.last_active_at.timestamp() if state.last_active_at else float("-inf")


def _settled(state: State) -> State:
    staged = replace(state, stage=stage_of(state.total_sessions, state.active_days))
    return replace(staged, trust=trust_level(staged))


def gaps_of(spans: Sequence[Span]) -> tuple[float, ...]:
    """The last gaps between sessions in days; sessions that overlap are one stretch of talk, without a gap."""
    gaps: list[float] = []
    ended: datetime | None = None
    for began, last in sorted(spans):
        if ended is not None and began > ended:
            gaps.append((began - ended).total_seconds() / _DAY)
        ended = last if ended is None else max(ended, last)
    return tuple(gaps[-GAPS_KEPT:])


def superseded(kept: Sequence[Memory], other: Sequence[Memory]) -> dict[str, Memory]:
    """Which current memories of either end because the other contact's say so later, by id, as they are then.

    Of what somebody has one of at a time the newer holds, and the older one ended when it began; so does what both say
    in the same words. What one contact said twice is its own affair.
    """
    ended: dict[str, Memory] = {}
    told = [(side, m) for side, all_of in enumerate((other, kept)) for m in all_of if m.status == "current"]
    groups: dict[tuple[Any, ...], list[tuple[int, Memory]]] = {}
    for side, memory in told:
        matter = _matter(memory)
        if matter is not None:
            groups.setdefault(matter, []).append((side, memory))
    for rivals in groups.values():
        for side, memory in rivals:
            newer = [r for r in rivals if r[0] != side and _age(*r) > _age(side, memory)]
            if newer:
                ended[memory.id] = _ended(memory, min(newer, key=lambda r: _age(*r))[1])
    return ended


def _age(side: int, memory: Memory) -> tuple[datetime, datetime, int]:
    # Of the same age, that of the contact that stays holds.
    return memory.valid_from, memory.occurred_at, side


def _matter(memory: Memory) -> tuple[Any, ...] | None:
    """What a memory is about, such that two of the same cannot both hold; None for an episode."""
    if memory.type == "episode":
        return None
    if memory.type == "pattern":
        return "pattern", memory.attribute
    subject, attribute = memory.subject or "self", memory.attribute
    if attribute is not None and memory.value is not None and single_valued(attribute):
        return "one", subject, attribute
    day = memory.event_start if attribute in DATED else None
    return "same", subject, attribute, tuple(words(memory.content)), day


def _ended(old: Memory, by: Memory) -> Memory:
    # What was over by itself before, such as a plan, ended then.
    until = by.valid_from if old.valid_to is None else min(old.valid_to, by.valid_from)
    return replace(old, status="superseded", valid_to=until, superseded_by=by.id)
