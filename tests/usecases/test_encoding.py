"""A tenant that ranks with the sentence encoder: turned on, used as vectors get ready, turned off."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from server.composition import Composition
from server.config import Settings
from server.domain.errors import InvalidInput
from server.domain.turn import Turn
from server.embedded.stores import EmbeddedStores
from server.usecases import processing, retention
from server.usecases.consolidation import ALL_TASKS
from server.usecases.context import ContextQuestion, get_contact_context
from server.usecases.enrichment import consolidate_now, enrich_contact
from server.usecases.ingest import ingest_interaction
from server.usecases.memory_search import MemorySearch, search_memories
from tests.providers import tiny_encoder
from tests.usecases.provider_steps import contact, rows

AS_OF = datetime.now(UTC) + timedelta(days=1)
"""A time of its own, so that recency is the same each time it is asked."""


@pytest.fixture(scope="module")
async def parts(
    stores: EmbeddedStores, database_name: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Composition]:
    settings = Settings(
        database_url=SecretStr(stores.app_url(database_name)),
        redis_url=SecretStr(stores.redis_url),
        master_key=SecretStr(stores.master_key),
        encoder_folder=tiny_encoder.write(tmp_path_factory.mktemp("encoder")),
    )
    async with Composition(settings) as running:
        yield running


async def asked(parts: Composition, tenant: str, contact_id: str) -> dict[str, tuple[float, dict[str, float]]]:
    """Scores and log-odds by the memory's text."""
    question = ContextQuestion(contact_id, "Is the cat asleep?", min_importance=0.0, as_of=AS_OF, explain=True)
    context = await get_contact_context(parts.services, tenant, question)
    return {
        memory.content: (ranked.score, dict(ranked.parts.log_odds) if ranked.parts else {})
        for memory, ranked in zip(context.memories, context.ranked, strict=True)
    }


def with_encoder(found: dict[str, tuple[float, dict[str, float]]]) -> set[str]:
    return {text for text, (_, log_odds) in found.items() if "encoder" in log_odds}


async def turn_on(parts: Composition, tenant: str) -> None:
    await processing.set_ranking_encoder(parts.administration, tenant, "minilm")
    await heard(parts, tenant, wanted=True)


async def heard(parts: Composition, tenant: str, *, wanted: bool) -> None:
    """Until this process has been notified."""
    for _ in range(200):
        if await parts.services.encoders.wanted(tenant) == wanted:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the change was not heard of")


async def test_vectors_made_by_the_deferred_pass_rank_the_next_message(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant, "I work as a baker", "I really love climbing", "My cat is called Miso")
    before = await asked(parts, tenant, contact_id)
    await turn_on(parts, tenant)
    assert await asked(parts, tenant, contact_id) == before
    done = await enrich_contact(parts.services, tenant, contact_id)
    ((memories,),) = await rows(parts, tenant, "SELECT count(*) FROM memories WHERE status <> 'deleted'")
    assert (done.encoded, done.encoded_all) == (memories, True)
    after = await asked(parts, tenant, contact_id)
    assert with_encoder(after) == set(after) == set(before)
    assert {text: score for text, (score, _) in after.items()} != {text: score for text, (score, _) in before.items()}
    assert (await enrich_contact(parts.services, tenant, contact_id)).encoded == 0


async def test_a_search_ranks_with_it_as_a_context_does(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant, "I work as a baker", "My cat is called Miso")
    await turn_on(parts, tenant)
    await enrich_contact(parts.services, tenant, contact_id)
    found = await search_memories(parts.services, tenant, MemorySearch(contact_id, "Is the cat asleep?", explain=True))
    assert found
    assert all("encoder" in one.ranked.parts.log_odds for one in found if one.ranked.parts)


async def test_what_was_said_since_is_found_before_it_has_a_vector(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant, "I work as a baker", "My cat is called Miso")
    await turn_on(parts, tenant)
    await enrich_contact(parts.services, tenant, contact_id)
    old = set(await asked(parts, tenant, contact_id))
    turn = Turn(datetime.now(UTC), user_message="The cat slept all day", ai_response="Lucky cat")
    await ingest_interaction(parts.services, tenant, contact_id, turn)
    found = await asked(parts, tenant, contact_id)
    assert any("slept all day" in text for text in found)
    assert with_encoder(found) <= old
    assert with_encoder(found)
    await enrich_contact(parts.services, tenant, contact_id)
    found = await asked(parts, tenant, contact_id)
    assert with_encoder(found) == set(found)


async def test_turned_off_the_same_scores_come_back_to_the_last_bit(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant, "I work as a baker", "My cat is called Miso")
    before = await asked(parts, tenant, contact_id)
    await turn_on(parts, tenant)
    await enrich_contact(parts.services, tenant, contact_id)
    assert await asked(parts, tenant, contact_id) != before
    shown = await processing.set_ranking_encoder(parts.administration, tenant, "none")
    assert shown.ranking_encoder == "none"
    await heard(parts, tenant, wanted=False)
    assert await asked(parts, tenant, contact_id) == before
    assert await retention.drop_vectors(parts.services.database, tenant) > 0
    assert await rows(parts, tenant, "SELECT count(*) FROM memory_encodings") == [(0,)]
    assert (await enrich_contact(parts.services, tenant, contact_id)).encoded is None


async def test_a_vector_of_another_text_counts_as_none_and_is_made_anew(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant, "My cat is called Miso")
    await turn_on(parts, tenant)
    await enrich_contact(parts.services, tenant, contact_id)
    changed = "UPDATE memory_encodings SET content_hash = md5('another') WHERE contact_id = :contact RETURNING 1"
    stale = await rows(parts, tenant, changed, contact=contact_id)
    await ingest_interaction(parts.services, tenant, contact_id, Turn(datetime.now(UTC), user_message="Forget my job"))
    read = await parts.services.snapshots.read(tenant, contact_id)
    assert read.index.encoded is not None
    assert not read.index.encoded.any()
    assert (await enrich_contact(parts.services, tenant, contact_id)).encoded >= len(stale)


async def test_who_asks_for_consolidation_hears_how_many_were_encoded(parts: Composition, tenant: str) -> None:
    contact_id = await contact(parts, tenant, "My cat is called Miso")
    await turn_on(parts, tenant)
    results = {r.task: r for r in await consolidate_now(parts.services, tenant, contact_id, ALL_TASKS)}
    assert results["embed_memories"].status == "done"
    assert results["embed_memories"].counts["encoded"] > 0


async def test_more_messages_than_may_wait_are_ranked_without_it(
    parts: Composition, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact_id = await contact(parts, tenant, "My cat is called Miso")
    await turn_on(parts, tenant)
    await enrich_contact(parts.services, tenant, contact_id)
    snapshot = await parts.services.snapshots.get(tenant, contact_id)
    monkeypatch.setattr("server.usecases.encoders._MOST_WAITING", 0)
    assert await parts.services.encoders.of_message(tenant, snapshot, "a message never asked before") is None


async def test_a_deployment_without_the_model_refuses_and_says_what_to_install(
    stores: EmbeddedStores, database_name: str, tenant: str, tmp_path: Path
) -> None:
    settings = Settings(
        database_url=SecretStr(stores.app_url(database_name)),
        redis_url=SecretStr(stores.redis_url),
        encoder_folder=tmp_path,
    )
    async with Composition(settings) as bare:
        with pytest.raises(InvalidInput, match="pip install"):
            await processing.set_ranking_encoder(bare.administration, tenant, "minilm")
        assert (await processing.set_ranking_encoder(bare.administration, tenant, "none")).ranking_encoder == "none"
