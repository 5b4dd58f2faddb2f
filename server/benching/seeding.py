"""Contacts with memories to measure on, put straight into Postgres as the server's own role.

Row-level security holds for that role too, so this loads into the benchmark's tenant and nowhere else. COPY is
refused under row-level security; a statement that makes the rows where they are kept is as quick.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from server.benching.texts import memory_bank
from server.embedded import data_dirs, roles, stack_file
from server.embedded.postgres import role_url
from server.measuring.errors import MeasuringError

_CHUNK_ROWS: Final = 25_000
# Each contact begins elsewhere in the bank and takes every seventh memory.
_CONTACTS: Final = """
INSERT INTO contacts (
    tenant_id, contact_id, external_id, channel, display_name, language, created_at, version,
    mood, mood_strength, energy, style, stage, trust,
    streak_days, total_messages, total_sessions, active_days, disclosures,
    last_active_at, first_active_at, recent_gaps, hours, churn_risk)
SELECT %(tenant)s, %(prefix)s || c, %(prefix)s || c, 'bench', 'Contact ' || c, 'en', now() - interval '90 days',
    1, 'neutral', 0, 'medium', 'casual', 'established', 'medium', 0, %(memories)s, 12, 10, 5,
    now() - interval '1 day', now() - interval '90 days', '{}', array_fill(0, ARRAY[24]), 0.1
FROM generate_series(%(first)s::int, %(last)s::int) c
ON CONFLICT DO NOTHING
"""
_MEMORIES: Final = """
INSERT INTO memories (
    tenant_id, contact_id, memory_id, type, content, importance, confidence,
    entity_ids, sources, interaction_ids, session_id, sequence, speaker,
    occurred_at, strength, access_count, status, valid_from, created_at)
SELECT %(tenant)s, %(prefix)s || c, 'mem_bench_' || c || '_' || m, bank.type, bank.content, bank.importance, 0.8,
    '{}', ARRAY['turn-' || m], '{}', 'session-' || m / 4, m, 'contact',
    said.at, 1, 0, 'current', said.at, said.at
FROM generate_series(%(first)s::int, %(last)s::int) c
CROSS JOIN generate_series(0, %(memories)s::int - 1) m
JOIN jsonb_to_recordset(%(bank)s::jsonb) AS bank(n int, type text, content text, importance float8)
    ON bank.n = (c * 31 + m * 7) %% %(size)s
CROSS JOIN LATERAL (
    SELECT now() - interval '80 days' + m * (interval '75 days' / %(memories)s::int) AS at) said
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """How many contacts, and how many memories each has."""

    contacts: int
    memories: int

    def contact_id(self, number: int) -> str:
        """The id of a contact, 0 to `contacts` - 1. It names the number of memories, so shapes do not mix."""
        return f"{self.prefix}{number}"

    @property
    def prefix(self) -> str:
        """What the ids of this shape's contacts begin with."""
        return f"ct_bench_{self.memories}_"


@dataclass(frozen=True, slots=True)
class Postgres:
    """How to reach Postgres as the server's role, and as the owner of the tables where that is known."""

    app_url: str
    owner_url: str | None


def postgres(data_dir: Path) -> Postgres:
    """Postgres of the stack that runs on `data_dir`, else what KITH_DATABASE_URL says.

    Raises MeasuringError where there is neither.
    """
    record = stack_file.read(data_dir.resolve())
    if record is not None and record.is_running:
        secrets, port = data_dirs.secrets(data_dir.resolve()), record.ports["postgres"]
        owner_url = role_url(port, roles.OWNER, secrets.owner_password, roles.DATABASE)
        return Postgres(roles.app_url(port, secrets), owner_url)
    url = os.environ.get("KITH_DATABASE_URL")
    if not url:
        raise MeasuringError(
            f"No stack runs on {data_dir}, and KITH_DATABASE_URL names no Postgres to load contacts into."
        )
    return Postgres(url, os.environ.get("KITH_MIGRATION_DATABASE_URL"))


def settle(owner_url: str) -> None:
    """Does now what autovacuum would do in the minutes after a load, in the middle of what is measured."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) contacts, memories")


def worker_count(data_dir: Path) -> int:
    """How many server processes the stack on `data_dir` has; 1 where that is not known."""
    record = stack_file.read(data_dir.resolve())
    if record is None or not record.is_running:
        return 1
    return max(1, sum(name.startswith("server-") for name in record.services))


def seed(url: str, tenant_id: str, shape: Shape, step: Callable[[int], None]) -> int:
    """Adds the contacts of `shape` that are not there yet; how many. `step` is told of those done."""
    with psycopg.connect(url) as connection:
        # The tenant stands for this session; a commit after every chunk keeps transactions short.
        connection.execute("SELECT set_config('app.tenant', %s, false)", (tenant_id,))
        here = connection.execute(
            "SELECT count(*) FROM contacts WHERE tenant_id = %s AND contact_id LIKE %s",
            (tenant_id, shape.prefix.replace("_", r"\_") + "%"),
        ).fetchone()
        first = int(here[0]) if here else 0
        connection.commit()
        step(min(first, shape.contacts))
        added = max(0, shape.contacts - first)
        bank = memory_bank()
        chunk = max(1, _CHUNK_ROWS // max(1, shape.memories))
        while first < shape.contacts:
            last = min(first + chunk, shape.contacts) - 1
            values = {
                "tenant": tenant_id, "prefix": shape.prefix, "first": first, "last": last,
                "memories": shape.memories, "bank": json.dumps(bank), "size": len(bank),
            }  # fmt: skip
            connection.execute(_CONTACTS, values)
            connection.execute(_MEMORIES, values)
            connection.commit()
            step(last + 1 - first)
            first = last + 1
    return added
