"""How it stands with a contact: sessions, streak, stage, trust and style, moved on by one turn at a time.

Nothing here writes at a read: what silence does (a broken streak, a fading stage) is worked out from `now` when
somebody asks, in `active_streak` and `stage_now`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from server.domain.contact import State
from server.domain.turn import Turn
from server.domain.words import Energy, Mood, Stage, Style, Trust

SESSION_PAUSE: Final = timedelta(minutes=30)
"""Turns without a session id that are less than this apart belong to one session."""

GAPS_KEPT: Final = 20
"""The rhythm is the median over this many of the last gaps between sessions."""

_DAY: Final = 86_400.0

_BUILDING_SESSIONS: Final = 3
_ESTABLISHED: Final = (10, 7)
_DEEP: Final = (40, 30)

_FADING: Final = (3.0, 5.0)
"""Fading after more than max(3 gaps, 5 days) of silence; likewise dormant after max(8 gaps, 30 days)."""
_DORMANT: Final = (8.0, 30.0)

_TRUST_BY_STAGE: Final[dict[Stage, int]] = {
    "new": 0,
    "building": 1,
    "established": 2,
    "deep": 3,
    "fading": 1,
    "dormant": 0,
}
_TRUST_BY_DISCLOSURES: Final = ((25, 3), (10, 2), (3, 1))


def session_of(state: State, turn: Turn) -> str:
    """The session a turn belongs to.

    The id it came with; else the current session when the two are less than 30 minutes apart, in either order; else
    a new id made from the turn's time, so that the same turn gets the same id again.
    """
    if turn.session_id:
        return turn.session_id
    if state.session_id and state.last_active_at is not None:
        apart = abs(turn.occurred_at - state.last_active_at)
        if apart < SESSION_PAUSE:
            return state.session_id
    return f"auto-{turn.occurred_at.astimezone(UTC):%Y%m%dT%H%M%S.%f}"


def is_late(state: State, turn: Turn) -> bool:
    """Whether the turn was said a pause or more before the newest one, so that it may belong to an earlier session."""
    return state.last_active_at is not None and state.last_active_at - turn.occurred_at >= SESSION_PAUSE


def advance(
    state: State,
    turn: Turn,
    *,
    mood: Mood,
    mood_strength: float,
    energy: Energy,
    style: Style,
    zone: tzinfo,
    disclosures: int,
    known_session: bool,
    day_is_new: bool,
) -> State:
    """The state after one more turn, in whatever order turns arrive.

    `known_session`: a turn of `session_of(state, turn)` was counted before. `day_is_new`: no turn was counted on this
    turn's local day in `zone` before. Counts (messages, sessions, days, hours, disclosures) do not depend on the order
    of turns; what describes the present (mood, energy, style, session, last_active_at) only follows the newest turn.
    A late turn can lengthen a streak at its start; a gap it fills further back is seen by `streak_of` alone.
    """
    session = session_of(state, turn)
    session_is_new = not known_session and session != state.session_id
    local = turn.occurred_at.astimezone(zone)
    newest = state.last_active_at is None or turn.occurred_at >= state.last_active_at
    streak_days, streak_last_day = _streak_after(state, local.date())
    sessions = state.total_sessions + session_is_new
    days = state.active_days + day_is_new
    hours = list(state.hours)
    hours[local.hour] += 1
    moved = replace(
        state,
        streak_days=streak_days,
        streak_last_day=streak_last_day,
        total_messages=state.total_messages + 1,
        total_sessions=sessions,
        active_days=days,
        disclosures=state.disclosures + disclosures,
        first_active_at=min(filter(None, (state.first_active_at, turn.occurred_at))),
        last_wrote_at=_last_wrote(state, turn),
        stage=stage_of(sessions, days),
        hours=tuple(hours),
    )
    if newest:
        moved = replace(
            moved,
            mood=mood,
            mood_strength=mood_strength,
            energy=energy,
            style=style,
            last_active_at=turn.occurred_at,
            session_id=session,
            recent_gaps=_gaps_after(state, turn.occurred_at) if session_is_new else state.recent_gaps,
        )
    return replace(moved, trust=trust_level(moved))


def _last_wrote(state: State, turn: Turn) -> datetime | None:
    if not (turn.user_message or "").strip():
        return state.last_wrote_at
    return max(filter(None, (state.last_wrote_at, turn.occurred_at)))


def _gaps_after(state: State, at: datetime) -> tuple[float, ...]:
    if state.last_active_at is None:
        return state.recent_gaps
    gap = (at - state.last_active_at).total_seconds() / _DAY
    return (*state.recent_gaps, gap)[-GAPS_KEPT:]


def _streak_after(state: State, day: date) -> tuple[int, date]:
    last = state.streak_last_day
    if last is None or (day - last).days > 1:
        return 1, day
    if (day - last).days == 1:
        return state.streak_days + 1, day
    if (last - day).days == state.streak_days:
        return state.streak_days + 1, last
    return state.streak_days, last


def active_streak(state: State, today: date) -> int:
    """Consecutive local days with a turn, up to `today` or yesterday; 0 once a whole day was missed."""
    if state.streak_last_day is None or (today - state.streak_last_day).days > 1:
        return 0
    return state.streak_days


def streak_of(days: Iterable[date]) -> tuple[int, date | None]:
    """The streak counted anew from all days with a turn: its length and its last day (0 and None without days)."""
    known = set(days)
    if not known:
        return 0, None
    last = max(known)
    length = 1
    while last - timedelta(days=length) in known:
        length += 1
    return length, last


def stage_of(sessions: int, active_days: int) -> Stage:
    """The stage without regard to silence: never falls as sessions or days grow."""
    if sessions >= _DEEP[0] and active_days >= _DEEP[1]:
        return "deep"
    if sessions >= _ESTABLISHED[0] and active_days >= _ESTABLISHED[1]:
        return "established"
    return "building" if sessions >= _BUILDING_SESSIONS else "new"


def rhythm_days(state: State) -> float:
    """The contact's own rhythm: the median gap between its last sessions in days, at least 1."""
    if not state.recent_gaps:
        return 1.0
    gaps = sorted(state.recent_gaps)
    low, high = gaps[(len(gaps) - 1) // 2], gaps[len(gaps) // 2]
    # Not `statistics.median`: this is how Postgres' percentile_cont rounds, see `store.contacts`.
    return max(1.0, low + 0.5 * (high - low))


def stage_now(state: State, now: datetime) -> Stage:
    """The stage at `now`: fading or dormant where the silence is long against the contact's own rhythm.

    From building on, fading when silent for more than max(3 g, 5 days), dormant for more than max(8 g, 30 days), with
    g from `rhythm_days`. A contact that is still new stays new. The next turn restores the stage.
    """
    stage = stage_of(state.total_sessions, state.active_days)
    if stage == "new" or state.last_active_at is None:
        return stage
    silent = (now - state.last_active_at).total_seconds() / _DAY
    rhythm = rhythm_days(state)
    if silent > max(_DORMANT[0] * rhythm, _DORMANT[1]):
        return "dormant"
    return "fading" if silent > max(_FADING[0] * rhythm, _FADING[1]) else stage


@dataclass(frozen=True, slots=True)
class TrustParts:
    """Why trust is what it is: points from the stage (0 to 3) and from what the contact told of itself (0 to 3)."""

    stage: int
    disclosures: int

    @property
    def level(self) -> Trust:
        """High from 4 points, medium from 2."""
        points = self.stage + self.disclosures
        return "high" if points >= 4 else "medium" if points >= 2 else "low"


def trust_parts(state: State, stage: Stage | None = None) -> TrustParts:
    """The parts of trust. `stage` is the stage to count (from `stage_now` at a read), by default the state's own.

    Stage: new 0, building 1, established 2, deep 3 (fading 1, dormant 0). Facts told about oneself: 3 or more give 1,
    10 give 2, 25 give 3. So neither many messages nor one confession alone makes trust high.
    """
    told = next((points for least, points in _TRUST_BY_DISCLOSURES if state.disclosures >= least), 0)
    return TrustParts(stage=_TRUST_BY_STAGE[stage or state.stage], disclosures=told)


def trust_level(state: State, stage: Stage | None = None) -> Trust:
    """Low, medium or high; see `trust_parts`."""
    return trust_parts(state, stage).level


def preferred_hours(state: State, most: int = 3) -> list[str]:
    """Up to `most` local hours ("22:00") that hold the most turns, in the order of the clock.

    An hour counts when it holds at least half as many turns as the busiest one; equal counts go to the earlier hour.
    """
    busiest = max(state.hours, default=0)
    if busiest == 0:
        return []
    ranked = sorted(range(len(state.hours)), key=lambda hour: (-state.hours[hour], hour))
    return [f"{hour:02d}:00" for hour in sorted(h for h in ranked[:most] if 2 * state.hours[h] >= busiest)]


_EMOJI: Final = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_FORMAL: Final = re.compile(
    r"\b(?:dear (?:sir|madam|mr|ms|mrs|dr|team)|sincerely|regards|kindly|furthermore|"
    r"however|therefore|moreover|"
    r"would you (?:please|be so)|could you please|i would (?:like|appreciate)|please "
    r"find|thank you very much|regarding)\b",
    re.IGNORECASE,
)
_PLAYFUL: Final = re.compile(
    r"\b(?:(?:a?ha){2,}h?|he(?:he)+|lo+l+|lmf?ao|rofl|jk|just kidding|teasing|:p|xd)\b|"
    r"[;:]-?[pP]\b|😂|🤣|😜|😝|😛|😉",
    re.IGNORECASE,
)
_CASUAL: Final = re.compile(
    r"\b(?:gonna|wanna|gotta|kinda|yeah|yep|nah|hey|hi|dude|bro|omg|btw|idk|tbh|cool|"
    r"u|ur|ugh|lol|cuz|thx|y'all|ain't)\b",
    re.IGNORECASE,
)
_STAYS: Final = 0.75
"""What the current style scores beforehand: one odd turn does not change how somebody writes."""


def style_of(text: str, mood: Mood, current: Style) -> Style:
    """How the contact writes, after a turn that said `text` in `mood`; keeps `current` unless the text says otherwise.

    Playful: laughter, teasing, winks. Formal: set phrases of letters, full sentences without contractions. Concise:
    at most four words. Expressive: long, several exclamation marks, emoji, strong mood. Casual: the everyday rest.
    """
    words = _WORD.findall(text)
    if not words and not _EMOJI.search(text):
        return current
    emoji = len(_EMOJI.findall(text))
    loud = text.count("!") + len(re.findall(r"\b[A-Z]{4,}\b", text))
    capital = text[:1].isupper() and text.rstrip()[-1:] in (".", "?", "!")
    scores: dict[Style, float] = {
        "playful": 1.2 * min(2, len(_PLAYFUL.findall(text))) + (0.5 if mood == "playful" else 0.0),
        "formal": 1.5 * min(2, len(_FORMAL.findall(text)))
        + (0.4 if capital and "'" not in text and len(words) > 12 else 0.0),
        "concise": 0.9 if 0 < len(words) <= 4 and not emoji and loud == 0 else 0.0,
        "expressive": 0.5 * min(3, emoji) + 0.4 * min(3, loud) + (0.5 if len(words) > 40 else 0.0),
        "casual": 0.6 * min(2, len(_CASUAL.findall(text))) + 0.3 * (not capital),
    }
    scores[current] += _STAYS
    return max(scores, key=lambda style: (scores[style], style == current))
