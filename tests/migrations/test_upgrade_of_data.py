"""A database of version 0002 with people in it becomes one of today, and nothing that was known is lost."""

import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine

from server.composition import Composition
from server.config import Settings
from server.domain.turn import Turn
from server.embedded.stores import EmbeddedStores
from server.usecases.consolidation import consolidate_memories
from server.usecases.context import ContextQuestion, get_contact_context
from server.usecases.ingest import ingest_interaction
from server.usecases.memories import MemoryQuery, list_memories
from server.usecases.portability import export_contact
from store import identities
from store.migrate import current, head, upgrade

SAID = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOW = datetime.now(UTC)
TENANTS = ("bakers", "sailors")

CONTACT = """
    INSERT INTO contacts (
        tenant_id, contact_id, external_id, channel, display_name, language, created_at, version, mood, mood_strength,
        energy, style, stage, trust, streak_days, total_messages, total_sessions, active_days, disclosures,
        recent_gaps, hours, churn_risk, last_active_at, first_active_at
    ) VALUES (
        %(tenant)s, 'con_1', 'ext_1', 'whatsapp', 'Noor', 'en', %(said)s, 7, 'neutral', 0, 'medium', 'casual', 'new',
        'low', 1, 1, 1, 1, 0, '{}', array_fill(0, ARRAY[24]), 0, %(said)s, %(said)s
    )
"""
MEMORY = """
    INSERT INTO memories (
        tenant_id, contact_id, memory_id, type, content, importance, confidence, subject, attribute, value, entity_ids,
        sources, interaction_ids, session_id, sequence, speaker, occurred_at, event_start, event_end, strength,
        access_count, status, valid_from, valid_to, superseded_by, created_at
    ) VALUES (
        %(tenant)s, 'con_1', %(id)s, 'fact', %(content)s, 0.7, 0.8, 'self', %(attribute)s, %(value)s, '{}', '{msg_1}',
        '{int_1}', 's', 0, 'contact', %(said)s, %(event)s, %(over)s, 1, 0, 'current', %(said)s, NULL, NULL, %(said)s
    )
"""
MEMORIES = {
    "mem_home": ("Lives in Porto", "residence", "Porto", None),
    "mem_dated": ("Is going to a concert", "plan", "concert", SAID + timedelta(days=10)),
    "mem_undated": ("Is going to paint the boat", "plan", "paint the boat", None),
    "mem_wish": ("Wants a kayak", "wants", "kayak", None),
}


@pytest.fixture(scope="module")
def url(stores: EmbeddedStores) -> Iterator[str]:
    """A database of version 0002, with the same contact in two tenants, brought to the version of today."""
    name = f"kith_{uuid.uuid4().hex[:12]}"
    stores.create_database(name)
    upgrade(stores.owner_url(name), revision="0002")
    with psycopg.connect(stores.app_url(name)) as connection:
        for tenant in TENANTS:
            connection.execute("SELECT set_config('app.tenant', %s, true)", [tenant])
            connection.execute(
                "INSERT INTO tenants (tenant_id, name, time_zone, status, created_at)"
                " VALUES (%s, 'T', 'UTC', 'active', %s)",
                [tenant, SAID],
            )
            connection.execute(CONTACT, {"tenant": tenant, "said": SAID})
            for memory_id, (content, attribute, value, event) in MEMORIES.items():
                connection.execute(
                    MEMORY,
                    {
                        "tenant": tenant, "id": memory_id, "content": content, "attribute": attribute, "value": value,
                        "said": SAID, "event": event, "over": event and event + timedelta(days=1),
                    },
                )  # fmt: skip
    upgrade(stores.owner_url(name))
    yield name
    stores.drop_database(name)


@pytest.fixture(scope="module")
async def running(stores: EmbeddedStores, url: str) -> AsyncIterator[Composition]:
    settings = Settings(
        database_url=SecretStr(stores.app_url(url)),
        redis_url=SecretStr(stores.redis_url),
        master_key=SecretStr(stores.master_key),
    )
    async with Composition(settings) as composition:
        yield composition


def test_it_is_at_the_version_of_today(stores: EmbeddedStores, url: str) -> None:
    engine = create_engine(stores.owner_url(url).replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        assert current(connection) == head()
    engine.dispose()


@pytest.mark.parametrize("tenant", TENANTS)
async def test_what_was_known_is_known_and_ends_when_it_would_today(running: Composition, tenant: str) -> None:
    snapshot = await running.services.snapshots.get(tenant, "con_1")
    assert {m.id: m.valid_to for m in snapshot.memories} == {
        "mem_home": None, "mem_dated": SAID + timedelta(days=11), "mem_undated": SAID + timedelta(days=90),
        "mem_wish": SAID + timedelta(days=30),
    }  # fmt: skip
    assert {m.origin for m in snapshot.memories} == {"rules"}
    assert snapshot.profile.display_name == "Noor"
    # Whatever cached the contact before reads it anew.
    assert snapshot.version > 7


@pytest.mark.parametrize("tenant", TENANTS)
async def test_it_is_read_and_goes_on(running: Composition, tenant: str) -> None:
    services = running.services
    then = ContextQuestion("con_1", "kayak concert", as_of=SAID + timedelta(days=5))
    told = {m.id for m in (await get_contact_context(services, tenant, then)).memories}
    assert told == set(MEMORIES)
    now = ContextQuestion("con_1", "kayak concert", as_of=SAID + timedelta(days=400))
    assert {m.id for m in (await get_contact_context(services, tenant, now)).memories} == {"mem_home"}
    listed = await list_memories(services, tenant, MemoryQuery("con_1", as_of=SAID + timedelta(days=40)))
    assert {m.id for m in listed.memories} == {"mem_home", "mem_undated"}
    await ingest_interaction(services, tenant, "con_1", Turn(NOW, "I moved to Turin", session_id="new"))
    assert {t.status for t in await consolidate_memories(services, tenant, "con_1", ())} <= {"done", "skipped"}
    homes = [m for m in (await services.snapshots.get(tenant, "con_1")).memories if m.attribute == "residence"]
    assert {(m.value, m.status) for m in homes} == {("Porto", "superseded"), ("Turin", "current")}
    assert len((await export_contact(services, tenant, "con_1")).archive.tables["memories"]) >= len(MEMORIES) + 1


@pytest.mark.parametrize("tenant", TENANTS)
async def test_a_contact_has_the_identity_that_its_id_on_its_channel_is(running: Composition, tenant: str) -> None:
    async with running.services.database.transaction(tenant) as tx:
        known = (await identities.of_contacts(tx, ["con_1"]))["con_1"]
    assert [(one.kind, one.system, one.value, one.raw, one.unreadable) for one in known] == [
        ("external", "whatsapp", "ext_1", "ext_1", False)
    ]
