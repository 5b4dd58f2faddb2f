"""Maintenance does its work once, whoever runs it and however often it breaks off."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from server.composition import Composition
from server.config import Settings
from server.domain.turn import Turn
from server.embedded.stores import EmbeddedStores
from server.usecases import maintenance as use_case
from server.usecases.churn import ChurnQuery, get_churn_report
from server.usecases.contacts import ContactQuery, NewContact, create_contact, get_contact_profile, list_contacts
from server.usecases.ingest import ingest_interaction
from server.usecases.maintenance import last_run, request_maintenance, run_maintenance
from server.usecases.services import Services
from server.usecases.tenants import NewTenant, create_tenant

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = START + timedelta(days=200)


@pytest.fixture(scope="module")
async def workers(stores: EmbeddedStores, database_name: str) -> AsyncIterator[list[Composition]]:
    settings = Settings(
        database_url=SecretStr(stores.app_url(database_name)),
        redis_url=SecretStr(stores.redis_url),
        master_key=SecretStr(stores.master_key),
    )
    async with Composition(settings) as one, Composition(settings) as other:
        yield [one, other]


async def tenant(process: Composition, name: str, now: datetime = TODAY) -> Services:
    await create_tenant(process.administration, NewTenant(name))
    return replace(process.services, clock=lambda: now)


async def people(services: Services, tenant_id: str, count: int) -> list[str]:
    found = []
    for n in range(count):
        who = (await create_contact(services, tenant_id, NewContact(f"p{n}", "webchat"))).profile.id
        for day in range(5):
            await ingest_interaction(services, tenant_id, who, Turn(START + timedelta(days=day), "My day was long."))
        found.append(who)
    return found


async def test_a_run_brings_the_risks_of_lists_to_those_of_the_report(workers: list[Composition]) -> None:
    services = await tenant(workers[0], "risks")
    await people(services, "risks", 3)
    run = await run_maintenance(services, "risks", batch=2)
    assert (run.row.status, run.row.contacts, run.row.churn_updated) == ("completed", 3, 3)
    report = await get_churn_report(services, "risks", ChurnQuery(0.0, 10))
    listed = await list_contacts(services, "risks", ContactQuery(sort="churn_risk"))
    assert {c.contact_id: pytest.approx(c.churn_risk, abs=0.002) for c in report.contacts} == {
        profile.id: state.churn_risk for profile, state in listed.contacts
    }
    again = await run_maintenance(services, "risks")
    assert (again.row.churn_updated, again.row.stages_changed, again.row.streaks_ended) == (0, 0, 0)


async def test_a_profile_shows_the_risk_of_now_whenever_maintenance_ran(workers: list[Composition]) -> None:
    services = await tenant(workers[0], "profile")
    [who] = await people(services, "profile", 1)
    early = replace(services, clock=lambda: START + timedelta(days=5))
    late = replace(services, clock=lambda: START + timedelta(days=60))
    shown = [await get_contact_profile(at, "profile", who) for at in (early, late)]
    risks = [one.snapshot.state.churn_risk for one in shown]
    assert risks[0] < 0.5 < risks[1]


async def test_faded_memories_go_and_what_matters_stays(workers: list[Composition]) -> None:
    services = await tenant(workers[0], "faded")
    [who] = await people(services, "faded", 1)
    await ingest_interaction(services, "faded", who, Turn(START, "I live in Berlin with my dog Bruno."))
    async with services.database.transaction("faded") as tx:
        await tx.execute(text("UPDATE memories SET importance = 0.1 WHERE type = 'episode'"))
    run = await run_maintenance(replace(services, clock=lambda: START + timedelta(days=400)), "faded")
    assert run.row.memories_pruned > 0
    snapshot = await workers[1].services.snapshots.get("faded", who)
    assert not [m for m in snapshot.memories if m.type == "episode"]
    assert any("Berlin" in m.content for m in snapshot.memories)


async def test_a_plan_is_over_when_its_day_is(workers: list[Composition]) -> None:
    services = await tenant(workers[0], "plans")
    [who] = await people(services, "plans", 1)
    async with services.database.transaction("plans") as tx:
        await tx.execute(
            text("UPDATE memories SET valid_to = :day WHERE memory_id = (SELECT min(memory_id) FROM memories)"),
            {"day": START + timedelta(days=20)},
        )
    run = await run_maintenance(services, "plans")
    assert run.row.memories_expired == 1
    snapshot = await workers[1].services.snapshots.get("plans", who)
    assert [m.status for m in snapshot.memories].count("expired") == 1


async def test_two_at_once_do_the_work_once(workers: list[Composition]) -> None:
    services = [await tenant(worker, "twice") for worker in workers]
    await people(services[0], "twice", 5)
    runs = await asyncio.gather(*(run_maintenance(each, "twice", batch=1) for each in services))
    assert len({run.row.run_id for run in runs}) == 1
    done = await last_run(services[0], "twice")
    assert done is not None
    assert (done.row.status, done.row.contacts) == ("completed", 5)


async def test_a_run_that_broke_off_is_taken_up_where_it_stopped(
    workers: list[Composition], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = await tenant(workers[0], "broken")
    await people(services, "broken", 5)
    step, steps = use_case.step, []

    async def failing(*arguments: object) -> object:
        if len(steps) == 2:
            raise ConnectionError("the process died")
        steps.append(arguments)
        return await step(*arguments)

    monkeypatch.setattr(use_case, "step", failing)
    with pytest.raises(ConnectionError):
        await run_maintenance(services, "broken", batch=2)
    monkeypatch.undo()
    held = await run_maintenance(services, "broken", batch=2)
    assert (held.row.status, held.row.contacts) == ("running", 4)
    later = replace(services, clock=lambda: TODAY + timedelta(minutes=2))
    taken_up = await run_maintenance(later, "broken", batch=2)
    assert (taken_up.row.status, taken_up.row.contacts, taken_up.row.run_id) == ("completed", 5, held.row.run_id)


async def test_a_call_that_does_not_wait_leaves_the_work_to_the_job_worker(workers: list[Composition]) -> None:
    services = await tenant(workers[0], "background")
    await people(services, "background", 2)
    [run] = await request_maintenance(services, ["background"], wait=False)
    assert run.row.status == "running"
    async with services.database.transaction("background") as tx:
        jobs = await tx.execute(text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'maintain_tenant'"))
        assert jobs.scalar_one() == 1


async def test_whoever_asks_while_the_work_waits_for_the_job_worker_adds_nothing_to_it(
    workers: list[Composition],
) -> None:
    services = await tenant(workers[0], "again")
    await people(services, "again", 1)
    asked = [replace(process.services, clock=lambda: TODAY) for process in workers * 2]
    for _ in range(2):
        runs = await asyncio.gather(*(request_maintenance(one, ["again"], wait=False) for one in asked))
        assert {run.row.status for [run] in runs} == {"running"}
        await use_case.maintain_everywhere(services)
    async with services.database.transaction("again") as tx:
        jobs = await tx.execute(
            text("SELECT count(*) FROM procrastinate_jobs WHERE queueing_lock = 'maintain_tenant/again'")
        )
        assert jobs.scalar_one() == 1


async def queued(services: Services, tenant_id: str, task: str) -> list[tuple[dict[str, Any], datetime | None]]:
    async with services.database.transaction(tenant_id) as tx:
        found = await tx.execute(
            text("SELECT args, scheduled_at FROM procrastinate_jobs WHERE task_name = :task AND status = 'todo'"),
            {"task": task},
        )
        rows = [(args, at) for args, at in found]
    return rows if task == "maintain_everywhere" else [row for row in rows if row[0]["tenant_id"] == tenant_id]


@pytest.mark.parametrize("wait", [False, True])
async def test_past_its_patience_a_call_begins_nothing_and_leaves_a_run_that_anybody_may_take_up(
    workers: list[Composition], monkeypatch: pytest.MonkeyPatch, wait: bool
) -> None:
    name = f"patience_{wait}".lower()
    services = await tenant(workers[0], name)
    await people(services, name, 1)

    async def forbidden(*_: object) -> None:
        raise AssertionError("began to fit")

    with monkeypatch.context() as patched:
        patched.setattr(use_case, "_PATIENCE_SECONDS", 0.0)
        patched.setattr(use_case, "fit", forbidden)
        [left] = await request_maintenance(services, [name], wait=wait)
        assert (left.row.status, left.row.contacts) == ("running", 0)
        # A run that found its time over before its first batch ends as quietly.
        late = await run_maintenance(services, name, ends_at=0.0)
        assert (late.row.run_id, late.row.status) == (left.row.run_id, "running")
    assert len(await queued(services, name, "maintain_tenant")) == 1
    done = await run_maintenance(services, name)
    assert (done.row.run_id, done.row.status, done.row.contacts) == (left.row.run_id, "completed", 1)


async def test_what_a_call_over_all_tenants_has_no_time_even_to_queue_is_left_to_one_job(
    workers: list[Composition], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = await tenant(workers[0], "manytenants")
    monkeypatch.setattr(use_case, "_TELLING_SECONDS", 0.0)
    for _ in range(2):
        assert await request_maintenance(services, None, wait=True) == []
    assert len(await queued(services, "manytenants", "maintain_everywhere")) == 1
    # One tenant is always told of.
    assert len(await request_maintenance(services, ["manytenants"], wait=True)) == 1


async def test_a_job_that_finds_the_run_held_comes_again_when_it_is_free(workers: list[Composition]) -> None:
    services = await tenant(workers[0], "held")
    await people(services, "held", 1)
    async with services.database.transaction("held") as tx:
        held, _ = await use_case._enter(tx, TODAY)
    await use_case.maintain(services, "held")
    [(_, again)] = await queued(services, "held", "maintain_tenant")
    assert again == held.held_until
    later = replace(services, clock=lambda: TODAY + timedelta(minutes=2))
    await use_case.maintain(later, "held")
    done = await last_run(services, "held")
    assert done is not None
    assert (done.row.run_id, done.row.status) == (held.run_id, "completed")


def test_a_server_does_not_load_the_optimiser_before_it_fits() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import sys, server.main; print('iminuit' in sys.modules)"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert said.stdout.strip() == "False"


async def test_a_tenant_of_a_hundred_contacts_gets_a_churn_model_of_its_own(workers: list[Composition]) -> None:
    services = await tenant(workers[0], "fitted", START + timedelta(days=90))
    rows = [
        {"tenant": "fitted", "id": f"ct_{n:03}", "first": START, "days": 1 + n % 12,
         "last": START + timedelta(days=7 * (n % 12))}
        for n in range(150)
    ]  # fmt: skip
    [template] = await people(services, "fitted", 1)
    async with services.database.transaction("fitted") as tx:
        for row in rows:
            await tx.execute(
                text(
                    "INSERT INTO contacts SELECT (json_populate_record(c, json_build_object("
                    " 'contact_id', CAST(:id AS text), 'external_id', CAST(:id AS text),"
                    " 'active_days', CAST(:days AS int), 'first_active_at', CAST(:first AS text),"
                    " 'last_active_at', CAST(:last AS text)))).* FROM contacts c WHERE contact_id = :template"
                ),
                {**row, "first": row["first"].isoformat(), "last": row["last"].isoformat(), "template": template},
            )
    run = await run_maintenance(services, "fitted")
    assert run.row.contacts == 151
    assert run.fitted
    assert min(run.model.r, run.model.alpha, run.model.a, run.model.b) > 0


async def test_a_call_that_joins_a_run_waits_for_its_end(workers: list[Composition]) -> None:
    services = [await tenant(worker, "joined") for worker in workers]
    await people(services[0], "joined", 6)
    runs = await asyncio.gather(*(request_maintenance(each, ["joined"], wait=True) for each in services))
    assert {run.row.status for each in runs for run in each} == {"completed"}
    assert len({run.row.run_id for each in runs for run in each}) == 1
