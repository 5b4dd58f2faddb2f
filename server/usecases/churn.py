"""Who is about to leave: the churn model over every contact's life, evaluated when asked."""

import asyncio
from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from server.domain import churn
from server.domain.churn import Parameters
from server.domain.relationship import stage_now
from server.domain.words import Mood, Stage
from server.usecases import paging, records
from server.usecases.churn_model import parameters
from server.usecases.contacts import MOST
from server.usecases.services import Services
from store import analytics, contacts, outreach, pagination
from store.analytics import Lives
from store.tables.contact import ContactRow

OutreachStatus = Literal["none_sent", "pending", "sent", "opted_out"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ChurnQuery:
    """Who to report: a risk of at least `threshold`, in [0, 1]; `limit` is at least 1."""

    threshold: float
    limit: int
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class AtRisk:
    """One contact, its risk in [0, 1], and what was tried in this silence."""

    contact_id: str
    display_name: str | None
    churn_risk: float
    last_active_at: datetime | None
    days_inactive: int
    stage: Stage
    mood: Mood
    outreach_status: OutreachStatus


@dataclass(frozen=True, slots=True)
class ChurnPage:
    """One page, the highest risk first."""

    threshold: float
    at_risk_count: int
    contacts: list[AtRisk]
    next_cursor: str | None


def risks(model: Parameters, lives: Lives, now: datetime) -> npt.NDArray[np.float64]:
    """The churn risk of every life, in [0, 1], shape (n,)."""
    return np.asarray(churn.churn_risk(model, *history_of(lives, now)))


def history_of(lives: Lives, now: datetime) -> tuple[npt.NDArray[np.intp], FloatArray, FloatArray]:
    """What the model takes of each life: repeat days, recency and age in days, each of shape (n,)."""
    first, last = ([instant.timestamp() for instant in of] for of in (lives.first_active_at, lives.last_active_at))
    return churn.histories(lives.active_days, first, last, now.timestamp())


async def get_churn_report(services: Services, tenant_id: str, query: ChurnQuery) -> ChurnPage:
    """Who is at risk: as of now, and on further pages as of the first one. Raises InvalidInput for a bad cursor."""
    bound = {"list": "churn", "threshold": query.threshold}
    now, limit = services.clock(), min(query.limit, MOST)
    after: tuple[float, str] | None = None
    if (reached := paging.position(bound, query.cursor, (float, str, datetime))) is not None:
        risk, contact_id, now = reached
        after = (-risk, contact_id)
    async with services.database.transaction(tenant_id, isolation="REPEATABLE READ") as tx:
        # In a thread: a fifth of a second at 100,000 contacts, in which other calls would wait.
        lives, model = await analytics.lives(tx), await parameters(tx)
        ranked = await asyncio.to_thread(_ranked, model, lives, now, query.threshold)
        rest = ranked if after is None else ranked[bisect_right(ranked, after) :]
        page = rest[:limit]
        rows = await contacts.by_ids(tx, [contact_id for _, contact_id in page])
        tried = await outreach.in_silence(tx, list(rows))
    return ChurnPage(
        threshold=query.threshold,
        at_risk_count=len(ranked),
        contacts=[
            _at_risk(rows[contact_id], -risk, cast(OutreachStatus, tried.get(contact_id, "none_sent")), now)
            for risk, contact_id in page
        ],
        next_cursor=pagination.encode(bound, (-page[-1][0], page[-1][1], now)) if len(rest) > limit else None,
    )


def _ranked(model: Parameters, lives: Lives, now: datetime, threshold: float) -> list[tuple[float, str]]:
    """(−risk, contact) of everybody at the threshold or above it, the highest risk first."""
    found = risks(model, lives, now)
    return sorted((-float(found[int(i)]), lives.contact_ids[int(i)]) for i in np.flatnonzero(found >= threshold))


def _at_risk(row: ContactRow, risk: float, tried: OutreachStatus, now: datetime) -> AtRisk:
    state = records.state(row)
    return AtRisk(
        contact_id=row.contact_id,
        display_name=row.display_name,
        churn_risk=risk,
        last_active_at=row.last_active_at,
        days_inactive=max(0, (now - (row.last_active_at or row.created_at)).days),
        stage=stage_now(state, now),
        mood=state.mood,
        outreach_status=tried,
    )
