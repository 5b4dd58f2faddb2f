"""What goes with a turn, a contact, a tenant, and what stays."""

from datetime import timedelta

import pytest

from server.composition import Composition
from server.domain.errors import NotFound
from server.usecases import processing, retention
from server.usecases.contacts import delete_contact
from server.usecases.enrichment import enrich_contact
from server.usecases.processing import Limits
from server.usecases.tenants import NewTenant, create_tenant, delete_tenant
from tests.providers.fake_openai import FakeOpenAi
from tests.usecases.provider_steps import BARE, contact, finds, number, rows, use_embedder, use_model


async def test_raw_turns_go_by_retention_and_what_was_remembered_stays(
    parts: Composition, tenant: str, fake: FakeOpenAi
) -> None:
    contact_id = await contact(parts, tenant, "I work as a baker", BARE)
    other = f"tnt_{next(number)}"
    await create_tenant(parts.administration, NewTenant(other))
    await contact(parts, other, "I work as a baker")
    remembered = {m.id for m in (await parts.services.snapshots.get(tenant, contact_id)).memories}
    await processing.set_limits(parts.administration, tenant, Limits(raw_turn_retention_days=30))
    now = parts.services.clock()
    database = parts.services.database
    await retention.forget_old_turns(database, lambda: now + timedelta(days=29))
    count = "SELECT count(*) FROM interaction_logs"
    assert await rows(parts, tenant, count) == [(2,)]
    await retention.forget_old_turns(database, lambda: now + timedelta(days=31))
    assert await rows(parts, tenant, count) == [(0,)]
    assert await rows(parts, other, count) == [(1,)]
    assert {m.id for m in (await parts.services.snapshots.read(tenant, contact_id)).memories} == remembered
    ((sources,), *_) = await rows(parts, tenant, "SELECT interaction_ids FROM memories WHERE type = 'fact'")
    assert sources
    # What is gone cannot be read by anybody.
    fake.answer = finds("Porto")
    await use_model(parts, tenant, fake)
    await enrich_contact(parts.services, tenant, contact_id)
    assert fake.asked == []


async def test_erasing_and_deleting_take_vectors_and_readings_with_them(
    parts: Composition, tenant: str, fake: FakeOpenAi
) -> None:
    contact_id = await contact(parts, tenant, BARE, "I work as a baker")
    await use_model(parts, tenant, fake)
    await use_embedder(parts, tenant, fake)
    await enrich_contact(parts.services, tenant, contact_id)
    tables = ("memory_embeddings", "turn_readings", "enrichment_leases")
    assert [(await rows(parts, tenant, f"SELECT count(*) FROM {t}"))[0][0] > 0 for t in tables[:2]] == [True, True]
    await delete_contact(parts.services, tenant, contact_id)
    assert [(await rows(parts, tenant, f"SELECT count(*) FROM {t}"))[0][0] for t in tables] == [0, 0, 0]
    with pytest.raises(NotFound):
        await enrich_contact(parts.services, tenant, contact_id)
    deleted = await delete_tenant(parts.administration, tenant)
    assert deleted.verified
    assert deleted.rows["providers"] == 2
