"""Vectors of memories: made once, made anew, used, and gone."""

from typing import Any

import pytest

from server.composition import Composition
from server.providers.errors import Refused
from server.usecases import embedding, processing, retention
from server.usecases.enrichment import Busy, Progress, enrich_contact
from server.usecases.new_providers import NewProvider
from tests.providers.fake_openai import FakeOpenAi, Reply
from tests.usecases.provider_steps import BARE, contact, rows, use_embedder


async def test_every_current_memory_gets_a_vector_once_and_a_changed_model_makes_them_anew(
    parts: Composition, tenant: str, fake: FakeOpenAi
) -> None:
    contact_id = await contact(parts, tenant, "I work as a baker", "I really love climbing", "My cat is called Miso")
    await use_embedder(parts, tenant, fake, dimensions=24)
    done = await enrich_contact(parts.services, tenant, contact_id)
    kept = (
        "SELECT count(*), min(dimensions), min(version), max(version), min(vector_dims(vector)) FROM memory_embeddings"
    )
    ((count, dimensions, version, latest, stored),) = await rows(parts, tenant, kept)
    ((memories,),) = await rows(parts, tenant, "SELECT count(*) FROM memories WHERE status = 'current'")
    assert (count, done.embedded, dimensions, stored, version) == (memories, memories, 24, 24, latest)
    asked = len(fake.asked)
    assert (await enrich_contact(parts.services, tenant, contact_id)).embedded == 0
    assert len(fake.asked) == asked

    await use_embedder(parts, tenant, fake, dimensions=32)
    assert (await enrich_contact(parts.services, tenant, contact_id)).embedded == memories
    ((again, dimensions, newer, _, stored),) = await rows(parts, tenant, kept)
    assert (again, dimensions, stored, newer) == (memories, 32, 32, version + 1)


async def test_whichever_embedder_is_set_last_makes_the_vectors(
    parts: Composition, tenant: str, fake: FakeOpenAi
) -> None:
    contact_id = await contact(parts, tenant, "I work as a baker")
    models = []
    for change in ({}, {"dimensions": 32}, None, {}):
        if change is None:
            await processing.set_embedder(parts.administration, tenant, NewProvider(kind="built_in"))
        else:
            await use_embedder(parts, tenant, fake, **change)
        await enrich_contact(parts.services, tenant, contact_id)
        models += await rows(parts, tenant, "SELECT DISTINCT model, dimensions, version FROM memory_embeddings")
    assert models == [("e", 16, 1), ("e", 32, 2), ("built-in hashed words 1", 256, 3), ("e", 16, 4)]


async def test_embedding_goes_on_where_it_broke_off(
    parts: Composition, tenant: str, fake: FakeOpenAi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.usecases.embedding.BATCH", 2)
    contact_id = await contact(parts, tenant, "I work as a baker", "I really love climbing", "My cat is called Miso")
    await use_embedder(parts, tenant, fake)
    usual = fake.respond
    fake.respond = lambda asked: usual(asked) if len(fake.asked) < 1 else Reply(401)  # type: ignore[method-assign]
    progress = Progress()
    with pytest.raises(Refused):
        await enrich_contact(parts.services, tenant, contact_id, progress=progress)
    assert progress.embedded == 2
    fake.respond = usual  # type: ignore[method-assign]
    await enrich_contact(parts.services, tenant, contact_id)
    sent = [text for asked in fake.asked for text in asked.body["input"]]
    assert len(sent) == len(set(sent))
    ((missing,),) = await rows(
        parts, tenant,
        "SELECT count(*) FROM memories m WHERE status = 'current'"
        " AND NOT EXISTS (SELECT FROM memory_embeddings e WHERE e.memory_id = m.memory_id)",
    )  # fmt: skip
    assert missing == 0


async def test_near_duplicates_become_one_and_keep_all_their_turns(
    parts: Composition, tenant: str, fake: FakeOpenAi
) -> None:
    contact_id = await contact(parts, tenant, "I have a cat named Miso", "I really love climbing")
    insert = (
        "INSERT INTO memories SELECT (json_populate_record(m, json_build_object('memory_id', 'mem_zz', 'content',"
        " 'Named Miso has a cat', 'interaction_ids', ARRAY['int_other'], 'sequence', 99))).*"
        " FROM memories m WHERE contact_id = :contact AND value ILIKE '%miso%' AND type <> 'episode' RETURNING 1"
    )
    assert await rows(parts, tenant, insert, contact=contact_id)
    earlier = (
        "INSERT INTO memories SELECT (json_populate_record(m, json_build_object('memory_id', 'mem_before', 'status',"
        " 'superseded', 'superseded_by', 'mem_zz', 'value', 'a cat', 'sequence', 98))).*"
        " FROM memories m WHERE contact_id = :contact AND memory_id = 'mem_zz' RETURNING 1"
    )
    assert await rows(parts, tenant, earlier, contact=contact_id)
    await processing.set_embedder(parts.administration, tenant, NewProvider(kind="built_in"))
    await enrich_contact(parts.services, tenant, contact_id)
    kept = await rows(
        parts, tenant,
        "SELECT interaction_ids, memory_id FROM memories"
        " WHERE contact_id = :contact AND value ILIKE '%miso%' AND type <> 'episode'",
        contact=contact_id,
    )  # fmt: skip
    assert len(kept) == 1
    assert "int_other" in kept[0][0]
    assert len(kept[0][0]) == 2
    before = "SELECT superseded_by FROM memories WHERE contact_id = :contact AND memory_id = 'mem_before'"
    assert await rows(parts, tenant, before, contact=contact_id) == [(kept[0][1],)]


async def test_without_an_embedder_vectors_go(parts: Composition, tenant: str, fake: FakeOpenAi) -> None:
    contact_id = await contact(parts, tenant, BARE, "I work as a baker")
    await use_embedder(parts, tenant, fake)
    await enrich_contact(parts.services, tenant, contact_id)
    ((version,),) = await rows(parts, tenant, "SELECT max(version) FROM memory_embeddings")
    await processing.delete_providers(parts.administration, tenant, "embedder")
    # One that is set before the vectors are gone does not take them for its own.
    await use_embedder(parts, tenant, fake, model="another")
    assert (await processing.get_processing(parts.administration, tenant)).embedder.revision == version + 1
    await processing.delete_providers(parts.administration, tenant, None)
    assert await retention.drop_vectors(parts.services.database, tenant) > 0
    assert await rows(parts, tenant, "SELECT count(*) FROM memory_embeddings") == [(0,)]


async def test_a_model_that_changes_the_length_of_its_vectors_stops_nothing(
    parts: Composition, tenant: str, fake: FakeOpenAi
) -> None:
    contact_id = await contact(parts, tenant, "I have a cat named Miso")
    await use_embedder(parts, tenant, fake)
    await enrich_contact(parts.services, tenant, contact_id)
    copy = (
        "INSERT INTO memories SELECT (json_populate_record(m, json_build_object('memory_id', 'mem_zz', 'content',"
        " 'Named Miso has a cat', 'interaction_ids', ARRAY['int_other'], 'sequence', 99))).*"
        " FROM memories m WHERE contact_id = :contact AND value ILIKE '%miso%' AND type <> 'episode' RETURNING 1"
    )
    assert await rows(parts, tenant, copy, contact=contact_id)
    fake.dimensions = 24
    assert (await enrich_contact(parts.services, tenant, contact_id)).embedded_all
    lengths = "SELECT DISTINCT dimensions FROM memory_embeddings ORDER BY 1"
    assert await rows(parts, tenant, lengths) == [(16,), (24,)]


async def test_what_was_edited_while_it_was_embedded_gets_no_vector_of_its_old_text(
    parts: Composition, tenant: str, fake: FakeOpenAi
) -> None:
    contact_id = await contact(parts, tenant, "I work as a baker")
    await use_embedder(parts, tenant, fake)
    embedder = (await parts.services.providers.of_tenant(tenant)).embedder
    assert embedder is not None
    page = await embedding.next_page(parts.services, tenant, contact_id, embedder)
    edit = "UPDATE memories SET content = 'Works as a potter' WHERE memory_id = :id RETURNING 1"
    assert await rows(parts, tenant, edit, id=page[0].memory_id)
    stored = await embedding.embed_batch(parts.services, tenant, contact_id, embedder, page)
    assert stored == len(page) - 1
    with_vector = [i for (i,) in await rows(parts, tenant, "SELECT memory_id FROM memory_embeddings")]
    assert page[0].memory_id not in with_vector


async def test_a_runner_renews_its_lease_with_every_batch_and_stops_where_another_took_over(
    parts: Composition, tenant: str, fake: FakeOpenAi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.usecases.embedding.BATCH", 1)
    contact_id = await contact(parts, tenant, "I work as a baker", "I really love climbing")
    await use_embedder(parts, tenant, fake)
    usual = embedding.embed_batch

    async def then_lose_it(*arguments: Any) -> int:
        count = await usual(*arguments)
        taken = "UPDATE enrichment_leases SET token = 'another', expires_at = now() + interval '1 hour' RETURNING 1"
        assert await rows(parts, tenant, taken)
        return count

    monkeypatch.setattr("server.usecases.embedding.embed_batch", then_lose_it)
    with pytest.raises(Busy):
        await enrich_contact(parts.services, tenant, contact_id)
    assert len(fake.asked) == 1
