"""A contact: who it is (profile) and how it stands with them (state)."""

from dataclasses import dataclass, field
from datetime import date, datetime

from server.domain.words import Energy, Mood, Stage, Style, Trust


@dataclass(frozen=True, slots=True)
class Profile:
    """Who a contact is. `time_zone` is an IANA name or None (then the tenant's, else UTC)."""

    id: str
    tenant_id: str
    external_id: str
    channel: str
    created_at: datetime
    display_name: str | None = None
    language: str = "en"
    time_zone: str | None = None
    outreach_consent: bool | None = None


@dataclass(frozen=True, slots=True)
class State:
    """How it stands with a contact, as of its last turn.

    `mood_strength` in [0, 1] says how strongly the mood showed (it fades as flat turns follow).
    `streak_days` is the streak up to `streak_last_day`, a local day; read it with
    `relationship.active_streak`. `stage` is the stage at the last turn; read it with
    `relationship.stage_now`, which knows about silence. `last_active_at` is the newest
    turn of either side, `last_wrote_at` the newest in which the contact said something. `recent_gaps` are the last gaps
    between sessions in days. `hours` counts turns by local hour. `touches` is what the warmth follows from, see
    `server.domain.warmth.ledger`.
    """

    mood: Mood = "neutral"
    mood_strength: float = 0.0
    energy: Energy = "medium"
    style: Style = "casual"
    stage: Stage = "new"
    trust: Trust = "low"
    streak_days: int = 0
    streak_last_day: date | None = None
    total_messages: int = 0
    total_sessions: int = 0
    active_days: int = 0
    disclosures: int = 0
    last_active_at: datetime | None = None
    first_active_at: datetime | None = None
    last_wrote_at: datetime | None = None
    session_id: str | None = None
    recent_gaps: tuple[float, ...] = ()
    hours: tuple[int, ...] = field(default=(0,) * 24)
    churn_risk: float = 0.0
    touches: tuple[float, ...] = ()
