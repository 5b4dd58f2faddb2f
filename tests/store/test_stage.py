"""The stage that lists filter by, worked out in SQL, is the one that every other answer shows, worked out in Python."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, insert, select, text

from server.domain.contact import State
from server.domain.relationship import GAPS_KEPT, stage_now, stage_of
from server.embedded.stores import EmbeddedStores
from server.usecases import records
from store.contacts import _stage_now
from store.tables.contact import contacts

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TENANT = "staged"


@dataclass(frozen=True)
class Case:
    """A contact: how much it wrote, its rhythm, and for how long it has been silent."""

    sessions: int
    days: int
    gaps: tuple[float, ...]
    silent: timedelta | None

    @property
    def state(self) -> State:
        return State(
            stage=stage_of(self.sessions, self.days),
            total_sessions=self.sessions,
            active_days=self.days,
            recent_gaps=self.gaps,
            last_active_at=None if self.silent is None else NOW - self.silent,
        )


def in_days(gap: timedelta) -> float:
    """A gap as the state keeps it."""
    return gap.total_seconds() / 86_400


LONG = st.integers(0, 60 * 86_400 * 10**6).map(lambda us: timedelta(microseconds=us))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    gaps = draw(st.lists(LONG, max_size=GAPS_KEPT))
    silent = draw(st.none() | LONG | LONG.map(lambda gap: -gap))
    if gaps and draw(st.booleans()):
        # On the edge itself: silent for exactly three or eight times the median.
        middle = sorted(gaps)[(len(gaps) - 1) // 2 : len(gaps) // 2 + 1]
        silent = (draw(st.sampled_from([3, 8])) * (middle[0] + middle[-1])) / 2
    return Case(draw(st.integers(0, 60)), draw(st.integers(0, 40)), tuple(map(in_days, gaps)), silent)


@pytest.fixture(scope="module")
def connection(stores: EmbeddedStores, database_name: str) -> Iterator[Connection]:
    engine = create_engine(stores.app_url(database_name).replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as opened:
        yield opened
    engine.dispose()


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(cases(), min_size=1, max_size=25))
@example([Case(3, 3, (), timedelta(days=5)), Case(3, 3, (), timedelta(days=5, microseconds=1))])
@example([Case(3, 3, (), timedelta(days=30)), Case(3, 3, (), timedelta(days=30, microseconds=1))])
@example([Case(10, 7, (2.0, 4.0), timedelta(days=9)), Case(2, 2, (1.0,), timedelta(days=900))])
@example([Case(40, 30, (0.1, 0.7), None), Case(40, 30, (9.1, 9.7, 4.0, 30.3), timedelta(days=75.2))])
def test_sql_and_python_agree_on_every_stage(connection: Connection, case: list[Case]) -> None:
    with connection.begin() as transaction:
        connection.execute(text(f"SET LOCAL app.tenant = '{TENANT}'"))
        connection.execute(
            insert(contacts),
            [
                {
                    "tenant_id": TENANT, "contact_id": f"ct_{n}", "external_id": f"{n}", "channel": "test",
                    "language": "en", "created_at": NOW, "version": 1, **records.state_columns(each.state),
                }
                for n, each in enumerate(case)
            ],
        )  # fmt: skip
        rows = connection.execute(select(contacts.c.contact_id, _stage_now(NOW)))
        found = {row.contact_id: row[1] for row in rows}
        transaction.rollback()
    assert found == {f"ct_{n}": stage_now(each.state, NOW) for n, each in enumerate(case)}
