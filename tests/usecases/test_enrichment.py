"""Providers at work: once, within their budget, and never in the way of anything else."""

import asyncio
import json
from typing import Any

import pytest

from server.composition import Composition
from server.providers.errors import OverBudget, ProviderError
from server.usecases import processing
from server.usecases.consolidation import consolidation_status
from server.usecases.contacts import delete_contact
from server.usecases.enrichment import Busy, consolidate_now, enrich_contact, enrich_tenant, queue_enrichment
from server.usecases.processing import Limits
from tests.providers.fake_openai import FakeOpenAi, Reply, fake_openai
from tests.usecases.provider_steps import (
    BARE,
    contact,
    finds,
    rows,
    statements,
    use_embedder,
    use_model,
)


async def test_two_runners_at_once_do_the_work_once(parts: Composition, tenant: str, fake: FakeOpenAi) -> None:
    contact_id = await contact(parts, tenant, BARE, "I work as a baker")
    usual = fake.respond

    def slowly(asked: Any) -> Reply:
        reply = usual(asked)
        reply.wait_seconds = 0.2
        return reply

    fake.respond, fake.answer = slowly, finds("Porto")  # type: ignore[method-assign]
    await use_model(parts, tenant, fake)
    await use_embedder(parts, tenant, fake)
    runs = await asyncio.gather(
        *(enrich_contact(parts.services, tenant, contact_id) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(run, Busy) for run in runs) == 3
    sent = [text for asked in fake.asked if "input" in asked.body for text in asked.body["input"]]
    assert fake.paths().count("completions") == 1
    assert len(sent) == len(set(sent))
    assert sum(m.origin == "llm" for m in await statements(parts, tenant, contact_id)) == 1


async def test_a_lease_of_a_runner_that_died_ends_by_itself(parts: Composition, tenant: str, fake: FakeOpenAi) -> None:
    contact_id = await contact(parts, tenant, BARE)
    await use_embedder(parts, tenant, fake)
    hold = (
        "INSERT INTO enrichment_leases VALUES (:t, :contact, 'dead', now() + CAST(:left AS interval))"
        " ON CONFLICT (tenant_id, contact_id) DO UPDATE SET expires_at = excluded.expires_at RETURNING 1"
    )
    await rows(parts, tenant, hold, t=tenant, contact=contact_id, left="1 minute")
    with pytest.raises(Busy):
        await enrich_contact(parts.services, tenant, contact_id)
    await rows(parts, tenant, hold, t=tenant, contact=contact_id, left="-1 second")
    assert (await enrich_contact(parts.services, tenant, contact_id)).embedded


async def test_a_model_that_fails_stops_neither_vectors_nor_rules(
    parts: Composition, tenant: str, fake: FakeOpenAi
) -> None:
    contact_id = await contact(parts, tenant, BARE, "I work as a baker")
    with fake_openai() as broken:
        broken.always = Reply(401)
        await use_model(parts, tenant, broken)
        await use_embedder(parts, tenant, fake)
        results = await consolidate_now(parts.services, tenant, contact_id, ())
    status = {result.task: result.status for result in results}
    expected = {"embed_memories": "done", "merge_duplicates": "done", "extract_entities": "failed"}
    assert {task: status[task] for task in expected} == expected
    noted = await consolidation_status(parts.services, tenant, contact_id)
    kept = {t.task: t.result.status for t in noted.tasks if t.result}
    assert {task: kept[task] for task in expected} == expected
    jobs = await rows(
        parts, tenant, "SELECT queue_name FROM procrastinate_jobs WHERE task_name = 'enrich_memories'"
        " AND args ->> 'contact_id' = :contact", contact=contact_id,
    )  # fmt: skip
    assert jobs == [("providers",)]
    ((vectors,),) = await rows(parts, tenant, "SELECT count(*) FROM memory_embeddings")
    assert vectors > 0


async def test_the_endpoint_says_what_providers_did(parts: Composition, tenant: str, fake: FakeOpenAi) -> None:
    contact_id = await contact(parts, tenant, BARE)
    before = {r.task: r.status for r in await consolidate_now(parts.services, tenant, contact_id, ())}
    assert before["embed_memories"] == "skipped"
    fake.answer = finds("Porto")
    await use_model(parts, tenant, fake)
    await use_embedder(parts, tenant, fake)
    results = {r.task: r for r in await consolidate_now(parts.services, tenant, contact_id, ())}
    assert (results["embed_memories"].status, results["extract_entities"].status) == ("done", "done")
    assert results["extract_entities"].changed >= 1
    assert results["embed_memories"].changed >= 2
    again = await consolidate_now(parts.services, tenant, contact_id, ())
    assert sum(result.changed for result in again) == 0


async def test_a_used_up_budget_sends_nothing_and_is_counted(parts: Composition, tenant: str, fake: FakeOpenAi) -> None:
    contact_id = await contact(parts, tenant, BARE)
    await use_model(parts, tenant, fake, prompt_price=1_000_000.0)
    for limits in (Limits(daily_tokens=50), Limits(daily_cost=0.5)):
        await processing.set_limits(parts.administration, tenant, limits)
        with pytest.raises(OverBudget) as caught:
            await enrich_contact(parts.services, tenant, contact_id)
        assert caught.value.retry_after is not None
        assert 0 < caught.value.retry_after <= 86_400
    assert fake.asked == []
    await processing.set_limits(parts.administration, tenant, Limits(daily_tokens=100_000))
    await enrich_contact(parts.services, tenant, contact_id)
    used = await processing.get_processing(parts.administration, tenant)
    assert (used.tokens_today, used.cost_today) == (110, 100.0)


async def test_every_try_of_a_call_is_set_aside_and_what_may_have_been_worked_on_counts(
    parts: Composition, tenant: str, fake: FakeOpenAi
) -> None:
    contact_id = await contact(parts, tenant, BARE)
    await use_model(parts, tenant, fake, timeout_seconds=0.3)
    fake.always = Reply(wait_seconds=1.0)
    await processing.set_limits(parts.administration, tenant, Limits(daily_tokens=7_000))
    with pytest.raises(OverBudget):
        await enrich_contact(parts.services, tenant, contact_id)
    used = (await processing.get_processing(parts.administration, tenant)).tokens_today
    # What one call may use at most is between 2,000 and 3,500 tokens.
    assert len(fake.asked) == 2
    assert 4_000 < used <= 7_000


async def test_calls_at_once_cannot_overdraw_the_budget(parts: Composition, tenant: str, fake: FakeOpenAi) -> None:
    people = [await contact(parts, tenant, BARE) for _ in range(6)]
    await use_model(parts, tenant, fake)
    await processing.set_limits(parts.administration, tenant, Limits(daily_tokens=8_000))
    fake.usage = {"prompt_tokens": 1_500, "completion_tokens": 1_500}
    await asyncio.gather(*(enrich_contact(parts.services, tenant, c) for c in people), return_exceptions=True)
    assert (await processing.get_processing(parts.administration, tenant)).tokens_today <= 8_000
    assert len(fake.asked) < len(people)


async def test_setting_a_provider_brings_every_contact_up_to_it(
    parts: Composition, tenant: str, fake: FakeOpenAi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.usecases.enrichment._PAGE", 2)
    people = {await contact(parts, tenant, BARE) for _ in range(3)}
    await use_embedder(parts, tenant, fake)
    query = (
        "SELECT task_name, args FROM procrastinate_jobs WHERE queue_name = 'providers' AND args ->> 'tenant_id' = :t"
    )
    ((task, arguments),) = await rows(parts, tenant, query, t=tenant)
    assert (task, arguments["after"]) == ("enrich_tenant", "")
    done: set[str] = set()
    while fresh := {a["after"] for _, a in await rows(parts, tenant, query, t=tenant) if "after" in a} - done:
        for after in fresh:
            await enrich_tenant(parts.services, tenant, after)
            done.add(after)
    assert len(done) == 3
    queued = {a["contact_id"] for name, a in await rows(parts, tenant, query, t=tenant) if name == "enrich_memories"}
    assert queued == people


def test_errors_of_providers_have_outcomes_of_their_own() -> None:
    kinds = ProviderError.__subclasses__()
    assert len({kind.outcome for kind in kinds}) == len(kinds)
    assert json.dumps([kind.outcome for kind in kinds])


async def test_no_job_is_queued_that_names_an_erased_contact(parts: Composition, tenant: str, fake: FakeOpenAi) -> None:
    contact_id = await contact(parts, tenant, BARE)
    await use_model(parts, tenant, fake)
    await delete_contact(parts.services, tenant, contact_id)
    await queue_enrichment(parts.services, tenant, contact_id)
    named = "SELECT count(*) FROM procrastinate_jobs WHERE args ->> 'contact_id' = :contact"
    assert await rows(parts, tenant, named, contact=contact_id) == [(0,)]
