"""The compact state of a contact's warmth: a few numbers, from which the warmth of every moment from then on follows.

Touches that are fresh are listed; all others are one sum, which halves as a whole. One more chat turn is added without
looking at anything else; whatever is not simply newer is worked out anew from the tables.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from server.domain.warmth import course
from server.domain.warmth.rules import (
    BANDS,
    CHAT_QUALITY,
    DAY,
    Band,
    Config,
    Counted,
    band_of,
    score_of,
    shown_from,
    stamp,
)

Ledger = tuple[float, ...]
"""The compact state as numbers, see the indices below; empty where nothing was worked out yet. Instants are seconds."""

_STAMP: Final = 0
"""Of the constants and the zone that it was worked out with, which it holds itself as far as it needs them."""
_HALF_LIFE: Final = 1
_FRESH: Final = 2
_HOT: Final = 3
_WARM: Final = 4
_COOL: Final = 5
_SETTLED: Final = 6
"""When the sum of the touches that are not listed was `_FADED`; 0 where there are none."""
_FADED: Final = 7
_CHAT_DAY: Final = 8
"""The newest day with chat turns, as an ordinal; 0 where there is none."""
_CHAT_FIRST: Final = 9
_CHAT_TURNS: Final = 10
_CHAT_POINTS: Final = 11
_MESSAGE_DAY: Final = 12
"""The newest day with a message among the interactions, which shares its cap with the turns; 0 where there is none."""
_LISTED: Final = 13
"""From here on: instant, points, and until when it counts (0 for ever), touch by touch."""

_NEVER: Final = 0.0

SOONEST: Final = timedelta(minutes=10)
"""A stored value is renewed no earlier; the schedule comes every few minutes, together less than 15."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The warmth as a contact's row holds it for lists.

    `changes_at` is when `warmth` will be another, `band_until` when it falls out of its band, without a further touch;
    null where never. `fell_at` is when it last fell from hot or warm and has not come back.
    """

    warmth: float = 0.0
    warmth_band: Band = "cold"
    warmth_changes_at: datetime | None = None
    warmth_band_until: datetime | None = None
    warmth_fell_at: datetime | None = None


def empty(config: Config, zone: str) -> Ledger:
    """That of a contact without a touch."""
    head = (stamp(config, zone), config.half_life_days, config.fresh_days)
    bands = (config.hot_from, config.warm_from, config.cool_from)
    return (*head, *bands, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def of_touches(
    touches: Sequence[Counted], chat: tuple[date, datetime, int] | None, message_day: date | None,
    config: Config, zone: str, now: datetime,
) -> Ledger:  # fmt: skip
    """That of touches that count now or later. `chat` is the newest day with turns: its first turn, and how many."""
    listed: list[float] = []
    faded, at = 0.0, now.timestamp()
    newest = None if chat is None else f"turns:{chat[0].isoformat()}"
    chat_points = 0.0
    for one in touches:
        points = config.points_of(one.touch.kind, one.touch.quality)
        when, until = one.touch.at.timestamp(), _NEVER if one.until is None else one.until.timestamp()
        if one.touch.id == newest and one.until is None:
            chat_points += points
        elif when > at - config.fresh_days * DAY or until:
            listed += (when, points, until)
        else:
            faded += points * 2.0 ** (-((at - when) / DAY - config.fresh_days) / config.half_life_days)
    day, first, turns = (date.min, None, 0) if chat is None else chat
    chat_part = (float(day.toordinal()), first.timestamp(), float(turns), chat_points) if first else (0.0,) * 4
    head = empty(config, zone)[:_SETTLED]
    return (
        *head,
        at if faded else 0.0,
        faded,
        *chat_part,
        float(message_day.toordinal() if message_day else 0),
        *listed,
    )


def lists_from(ledger: Ledger, config: Config, zone: str, since: datetime) -> bool:
    """Whether every touch from a moment on is listed, so that those may be replaced."""
    if not of_these(ledger, config, zone):
        return False
    return not ledger[_FADED] or since.timestamp() > ledger[_SETTLED] - ledger[_FRESH] * DAY


def replaced(ledger: Ledger, anew: Ledger, since: datetime, now: datetime) -> Ledger:
    """The ledger with all touches from the start of a day on replaced by those of `anew`, which has no older ones."""
    start, chat = since.timestamp(), ledger[_CHAT_DAY : _CHAT_POINTS + 1]
    listed: list[float] = []
    for at, points, until in zip(*[iter(ledger[_LISTED:])] * 3, strict=True):
        if at < start:
            listed += (at, points, until)
    if anew[_CHAT_DAY]:
        if chat[0] and chat[1] < start and chat[0] < anew[_CHAT_DAY]:
            listed += (chat[1], chat[3], _NEVER)
        chat = anew[_CHAT_DAY : _CHAT_POINTS + 1]
    elif chat[1] >= start:
        chat = (0.0,) * 4
    message_day = anew[_MESSAGE_DAY] or ledger[_MESSAGE_DAY]
    settled, faded, kept = _settle(ledger, (*listed, *anew[_LISTED:]), now.timestamp())
    return (*ledger[:_SETTLED], settled, faded, *chat, message_day, *kept)


def with_turn(ledger: Ledger, config: Config, zone: str, day: date, at: datetime, now: datetime) -> Ledger | None:
    """The same after a chat turn on a day of the tenant's; None where that cannot be told from the ledger alone."""
    if not ledger or ledger[_STAMP] != stamp(config, zone):
        return None
    number, when = float(day.toordinal()), at.timestamp()
    chat_day, first, turns, points = ledger[_CHAT_DAY : _CHAT_POINTS + 1]
    if number < chat_day:
        return None
    a_turn, shared = config.points_of("message", CHAT_QUALITY), ledger[_MESSAGE_DAY] >= number
    listed = ledger[_LISTED:]
    if number == chat_day:
        if when >= first and turns >= config.daily_cap:
            chat = (chat_day, first, turns + 1, points)
        elif shared:
            return None
        else:
            chat = (chat_day, min(first, when), turns + 1, min(turns + 1, config.daily_cap) * a_turn)
    elif shared:
        return None
    else:
        if chat_day:
            listed = (*listed, first, points, _NEVER)
        chat = (number, when, 1.0, a_turn)
    settled, faded, listed = _settle(ledger, listed, now.timestamp())
    return (*ledger[:_SETTLED], settled, faded, *chat, ledger[_MESSAGE_DAY], *listed)


def _settle(ledger: Ledger, listed: tuple[float, ...], now: float) -> tuple[float, float, tuple[float, ...]]:
    """When, how much, and what is listed still, after those that are no longer fresh have joined the sum."""
    settled, faded, fresh = ledger[_SETTLED], ledger[_FADED], ledger[_FRESH] * DAY
    if now <= settled or all(
        at + fresh > now and not 0 < until <= now for at, _, until in zip(*[iter(listed)] * 3, strict=True)
    ):
        return settled, faded, listed
    half_life = ledger[_HALF_LIFE] * DAY
    faded *= 2.0 ** (-(now - settled) / half_life)
    kept: list[float] = []
    for at, points, until in zip(*[iter(listed)] * 3, strict=True):
        if 0 < until <= now:
            continue
        if at + fresh > now or until:
            kept += (at, points, until)
        else:
            faded += points * 2.0 ** (-(now - at - fresh) / half_life)
    return now, faded, tuple(kept)


def value_at(ledger: Ledger, at: float) -> float:
    """The sum of worths at a moment, in seconds, from when the ledger was worked out."""
    if not ledger:
        return 0.0
    half_life, fresh = ledger[_HALF_LIFE] * DAY, ledger[_FRESH] * DAY
    total = ledger[_FADED]
    if total:
        total *= 2.0 ** (min(0.0, ledger[_SETTLED] - at) / half_life)
    first, points = ledger[_CHAT_FIRST], ledger[_CHAT_POINTS]
    if points and first <= at:
        total += points if at - first <= fresh else points * 2.0 ** (-(at - first - fresh) / half_life)
    for i in range(_LISTED, len(ledger), 3):
        when, until = ledger[i], ledger[i + 2]
        if when <= at and (not until or at < until):
            points, age = ledger[i + 1], at - when
            total += points if age <= fresh else points * 2.0 ** (-(age - fresh) / half_life)
    return total


def warmth_at(ledger: Ledger, at: datetime) -> tuple[float, Band]:
    """The score, 0 to 100 with one decimal, and its band at a moment from when the ledger was worked out."""
    if not ledger:
        return 0.0, "cold"
    score = score_of(value_at(ledger, at.timestamp()))
    return score, band_of(score, ledger[_HOT], ledger[_WARM], ledger[_COOL])


def of_these(ledger: Ledger, config: Config, zone: str) -> bool:
    """Whether it was worked out with these constants and this zone of days."""
    return bool(ledger) and ledger[_STAMP] == stamp(config, zone)


def below(ledger: Ledger, least: float, now: float) -> float | None:
    """When the score will be less than `least`, which it is not at `now`, without a further touch; None where never."""
    half_life, fresh = ledger[_HALF_LIFE] * DAY, ledger[_FRESH] * DAY
    threshold = shown_from(least)
    if threshold <= 0:
        return None
    entries = sorted(_entries(ledger))
    # From when the last touch is due nothing rises.
    at = max([now, *(max(when, until) for when, _, until in entries)])
    if value_at(ledger, at) < threshold:
        return at
    keeping = [(when + fresh, points) for when, points, until in entries if not until and when + fresh > at]
    keeps = sum(points for _, points in keeping)
    fading = value_at(ledger, at) - keeps
    for ends, points in (*keeping, (math.inf, 0.0)):
        left = 0.0 if ends == math.inf else fading * 2.0 ** (-(ends - at) / half_life)
        if keeps + left < threshold:
            return at + half_life * math.log2(max(1.0, fading / (threshold - keeps)))
        at, fading, keeps = ends, left + points, keeps - points
    return None


def _entries(ledger: Ledger) -> Iterator[tuple[float, float, float]]:
    if ledger[_CHAT_POINTS]:
        yield ledger[_CHAT_FIRST], ledger[_CHAT_POINTS], _NEVER
    yield from zip(*[iter(ledger[_LISTED:])] * 3, strict=True)


def falls_to(ledger: Ledger, now: datetime) -> tuple[Band, datetime] | None:
    """The band below, and when the warmth falls to it without a further touch; None in the lowest."""
    _, band = warmth_at(ledger, now)
    if band == "cold":
        return None
    least = {"hot": ledger[_HOT], "warm": ledger[_WARM], "cool": ledger[_COOL]}[band]
    when = below(ledger, least, now.timestamp())
    return None if when is None else (BANDS[BANDS.index(band) - 1], _instant(when))


def stored(ledger: Ledger, now: datetime, fell_at: datetime | None) -> Stored:
    """What lists show of it. `fell_at` is when it last fell from hot or warm, as far as is known."""
    score, band = warmth_at(ledger, now)
    at = now.timestamp()
    due = min((when for when, _, _ in _entries(ledger) if when > at), default=None) if ledger else None
    change = below(ledger, score, at) if score > 0 else None
    changes = [when for when in (due, change) if when is not None]
    falls = falls_to(ledger, now)
    return Stored(
        warmth=score,
        warmth_band=band,
        warmth_changes_at=max(_instant(min(changes)), now + SOONEST) if changes else None,
        warmth_band_until=None if falls is None else falls[1],
        warmth_fell_at=fell_at,
    )


def renewed(ledger: Ledger, before: Stored, now: datetime) -> Stored:
    """What lists show, after time or a turn. It fell when it was to, unless it is back in hot or warm."""
    fell = before.warmth_fell_at
    was_high, until = before.warmth_band in ("hot", "warm"), before.warmth_band_until
    if was_high and until is not None and until <= now:
        fell = until
    _, band = warmth_at(ledger, now)
    rank, rank_before = BANDS.index(band), BANDS.index(before.warmth_band)
    if band in ("hot", "warm") and (rank > rank_before or (rank == rank_before and fell != before.warmth_fell_at)):
        fell = None
    return stored(ledger, now, fell)


def anew(touches: Sequence[Counted], ledger: Ledger, config: Config, now: datetime) -> Stored:
    """What lists show, from the touches themselves."""
    return stored(ledger, now, course.fell_at(touches, config, now))


def _instant(seconds: float) -> datetime:
    # Nothing is told beyond what a date can hold.
    return datetime.fromtimestamp(min(seconds, 253_000_000_000.0), UTC)
