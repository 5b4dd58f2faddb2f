"""What is due goes out once, whatever happens meanwhile."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import text

from server.composition import Composition
from server.domain.errors import Conflict
from server.domain.outreach.retry import Rejected, Throttled, Unavailable, Unknown
from server.embedded.stores import EmbeddedStores
from server.providers.channels.ports import Answer
from server.usecases.outreach.channels import list_outbox
from server.usecases.outreach.fire import fire_all, fire_tenant
from server.usecases.outreach.manage import approve_trigger, replay_trigger
from tests.usecases.conftest import settings_for
from tests.usecases.outreach_setting import place

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def test_a_message_that_is_due_goes_to_the_outbox_and_not_before(parts: Composition) -> None:
    here = await place(parts, "outbox")
    who = await here.contact()
    planned = (await here.schedule(who, in_=HOUR)).trigger
    assert (await here.fire()).sent == 0
    here.clock.forward(hours=1)
    assert (await here.fire()).sent == 1
    assert (await here.fire()).sent == 0
    sent = await here.trigger(planned.trigger_id)
    assert (sent.status, sent.sent_at, sent.attempts) == ("sent", here.clock.now, 1)
    (kept,) = (await list_outbox(here.services, "outbox", who, 20, None)).messages
    assert (kept.trigger_id, kept.message, kept.channel) == (planned.trigger_id, "How did it go?", "webchat")


async def test_two_runners_at_once_deliver_two_hundred_messages_once_each(
    parts: Composition, stores: EmbeddedStores, database_name: str
) -> None:
    here = await place(parts, "runners")
    adapter = await here.through_adapter()
    people = [await here.contact(f"p{n}") for n in range(100)]
    planned = [(await here.schedule(who)).trigger.trigger_id for who in people for _ in range(2)]
    async with Composition(settings_for(stores, database_name)) as other:
        first, second = await asyncio.gather(here.fire(), here.beside(other).fire())
    assert first.sent + second.sent == 200
    assert adapter.taken == dict.fromkeys(planned, 1)
    assert {row.status for row in await here.triggers()} == {"sent"}


async def test_caps_hold_with_two_runners_at_once(
    parts: Composition, stores: EmbeddedStores, database_name: str
) -> None:
    here = await place(parts, "caps")
    adapter = await here.through_adapter()
    await here.configure(max_per_day=3, max_per_week=5)
    who = await here.contact()
    for _ in range(10):
        await here.schedule(who, expires_at=here.clock.now + 20 * DAY)
    async with Composition(settings_for(stores, database_name)) as other:
        runs = await asyncio.gather(here.fire(), here.beside(other).fire())
    assert (sum(run.sent for run in runs), sum(run.postponed for run in runs)) == (3, 7)
    counts = []
    for _ in range(8):
        here.clock.forward(days=1)
        counts.append((await here.fire()).sent)
    # Monday had three, so that Tuesday has what the week still allows, and the next Monday three again.
    assert counts == [2, 0, 0, 0, 0, 0, 3, 2]
    assert set(adapter.taken.values()) == {1}


async def test_a_runner_that_dies_after_the_provider_took_a_message_has_it_looked_up_and_not_sent_again(
    parts: Composition,
) -> None:
    here = await place(parts, "crash")
    adapter = await here.through_adapter()
    planned = (await here.schedule(await here.contact())).trigger.trigger_id
    adapter.hangs_after_taking = True
    runner = asyncio.create_task(here.fire())
    await adapter.took_one.wait()
    runner.cancel()
    await asyncio.gather(runner, return_exceptions=True)
    adapter.hangs_after_taking = False
    assert (await here.trigger(planned)).status == "claimed"
    assert (await here.fire()).sent == 0
    here.clock.forward(minutes=10)
    assert (await here.fire()).sent == 1
    assert (adapter.taken[planned], adapter.looked_up[planned]) == (1, 1)
    assert (await here.trigger(planned)).status == "sent"


async def test_a_runner_that_dies_before_anything_left_has_its_work_done_anew_without_asking(
    parts: Composition,
) -> None:
    here = await place(parts, "early")
    adapter = await here.through_adapter()
    planned = (await here.schedule(await here.contact(), generate=True)).trigger.trigger_id
    began = asyncio.Event()

    class Hangs:
        async def write(self, tenant_id: str, brief: object) -> str:
            began.set()
            await asyncio.Event().wait()
            raise AssertionError("unreachable")

    as_it_was = here.services
    here.services = replace(here.services, outreach=replace(here.services.outreach, writer=Hangs()))
    runner = asyncio.create_task(here.fire())
    await began.wait()
    runner.cancel()
    await asyncio.gather(runner, return_exceptions=True)
    here.services = as_it_was
    here.clock.forward(minutes=10)
    assert (await here.fire()).sent == 1
    assert (adapter.taken[planned], adapter.looked_up[planned]) == (1, 0)


async def test_after_a_crash_a_message_that_the_provider_does_not_have_is_sent_after_all(
    parts: Composition,
) -> None:
    here = await place(parts, "nothad")
    adapter = await here.through_adapter()
    planned = (await here.schedule(await here.contact())).trigger.trigger_id
    adapter.answer = lambda _: Answer(Unknown())
    assert (await here.fire()).retrying == 1
    adapter.found = lambda _: Answer(Unavailable())
    here.clock.forward(minutes=1)
    assert (await here.fire()).retrying == 1
    adapter.answer = type(adapter)().answer
    here.clock.forward(minutes=5)
    assert (await here.fire()).sent == 1
    assert (adapter.taken[planned], adapter.looked_up[planned]) == (1, 1)


async def test_where_a_provider_cannot_be_asked_an_unknown_outcome_waits_for_a_person(
    parts: Composition,
) -> None:
    here = await place(parts, "parked")
    adapter = await here.through_adapter()
    adapter.looks_up = False
    planned = (await here.schedule(await here.contact())).trigger.trigger_id
    adapter.answer = lambda _: Answer(Unknown())
    assert (await here.fire()).failed == 1
    here.clock.forward(hours=2)
    assert (await here.fire()).sent == 0
    parked = await here.trigger(planned)
    assert (parked.status, parked.failure) == ("failed", "outcome_unknown")
    adapter.answer = type(adapter)().answer
    assert (await replay_trigger(here.services, "parked", planned)).status == "pending"
    assert (await here.fire()).sent == 1
    assert adapter.taken[planned] == 1


async def test_a_provider_that_refuses_ends_it_at_once_and_one_that_is_away_is_tried_again(
    parts: Composition,
) -> None:
    here = await place(parts, "classes")
    adapter = await here.through_adapter()
    await here.configure(quiet_hours_start="07:00")
    who = await here.contact()
    refused = (await here.schedule(who)).trigger.trigger_id
    adapter.answer = lambda _: Answer(Rejected())
    assert (await here.fire()).failed == 1
    assert (await here.trigger(refused)).failure == "provider_rejected"
    throttled = (await here.schedule(who)).trigger.trigger_id
    adapter.answer = lambda _: Answer(Throttled(timedelta(minutes=7)))
    assert (await here.fire()).retrying == 1
    waiting = await here.trigger(throttled)
    assert waiting.status == "pending"
    assert waiting.due_at >= here.clock.now + timedelta(minutes=7)
    adapter.answer = lambda _: Answer(Unavailable())
    for _ in range(12):
        here.clock.forward(hours=1)
        await here.fire()
    dead = await here.trigger(throttled)
    assert (dead.status, dead.failure, dead.attempts) == ("failed", "provider_unavailable", 12)
    adapter.answer = type(adapter)().answer
    await replay_trigger(here.services, "classes", throttled)
    assert (await here.fire()).sent == 1


async def test_an_adapter_that_raises_leaves_a_doubt_that_is_looked_up(parts: Composition) -> None:
    here = await place(parts, "raises")
    adapter = await here.through_adapter()

    def fails(_: object) -> Answer:
        raise RuntimeError("out of order")

    adapter.answer = fails
    planned = (await here.schedule(await here.contact())).trigger.trigger_id
    assert (await here.fire()).retrying == 1
    here.clock.forward(minutes=1)
    assert (await here.fire()).sent == 1
    assert (adapter.looked_up[planned], adapter.taken[planned]) == (1, 0)


async def test_what_time_does_not_suffice_for_is_left_whole_for_the_next_run(parts: Composition) -> None:
    here = await place(parts, "time")
    adapter = await here.through_adapter()
    planned = [(await here.schedule(await here.contact(f"p{n}"))).trigger.trigger_id for n in range(40)]
    adapter.seconds = 0.02
    first = await fire_tenant(here.services, "time", seconds=0.1)
    waiting = await here.triggers(status="pending")
    assert len(waiting) == 40 - first.sent
    assert {(row.attempts, row.claimed_until) for row in waiting} <= {(0, None)}
    adapter.seconds = 0.0
    assert (await here.fire()).sent == len(waiting)
    assert adapter.taken == dict.fromkeys(planned, 1)


async def test_a_writer_that_fails_leaves_the_text_to_the_composer(parts: Composition) -> None:
    here = await place(parts, "writer")

    class Broken:
        async def write(self, tenant_id: str, brief: object) -> str:
            raise RuntimeError("no answer")

    here.services = replace(here.services, outreach=replace(here.services.outreach, writer=Broken()))
    planned = (await here.schedule(await here.contact(), generate=True)).trigger.trigger_id
    assert (await here.fire()).sent == 1
    assert (await here.trigger(planned)).message == "Hi Noor, I was thinking of you. How are you?"


async def test_the_platform_goes_through_all_tenants_and_one_that_fails_does_not_stop_the_others(
    parts: Composition, caplog: pytest.LogCaptureFixture
) -> None:
    here, broken, there = [await place(parts, f"all-{name}") for name in "abc"]
    for one in (here, broken, there):
        await one.schedule(await one.contact(), message="Between us.")
    await broken.configure(inactivity_enabled=True)
    async with broken.services.database.transaction(broken.tenant_id) as tx:
        await tx.execute(text("UPDATE outreach_configs SET quiet_hours_start = 'late'"))
    done = await fire_all(here.services)
    assert done.sent >= 2
    assert done.tenants >= 3
    assert [row.status for one in (here, broken, there) for row in await one.triggers()] == ["sent", "pending", "sent"]
    (said,) = [record for record in caplog.records if record.message == "outreach of a tenant failed"]
    assert said.__dict__["error"] == "ValueError"
    assert "Between us." not in caplog.text


async def test_what_waits_for_approval_is_written_after_what_is_due_was_sent_and_only_while_there_is_time(
    parts: Composition,
) -> None:
    here = await place(parts, "heldafter")
    adapter = await here.through_adapter()
    who = await here.contact()
    held = (await here.schedule(who, generate=True, requires_approval=True)).trigger.trigger_id
    due = (await here.schedule(who)).trigger.trigger_id
    sent_when_writing = []

    class Looks:
        async def write(self, tenant_id: str, brief: object) -> str:
            sent_when_writing.append(adapter.taken[due])
            return "How is it?"

    here.services = replace(here.services, outreach=replace(here.services.outreach, writer=Looks()))
    await fire_tenant(here.services, "heldafter", seconds=0)
    assert sent_when_writing == []
    assert (await here.fire()).sent == 1
    assert sent_when_writing == [1]
    assert (await here.trigger(held)).message == "How is it?"


async def test_two_runners_at_once_write_what_waits_for_approval_once_each(
    parts: Composition, stores: EmbeddedStores, database_name: str
) -> None:
    here = await place(parts, "heldonce")
    who = await here.contact()
    held = [(await here.schedule(who, generate=True, requires_approval=True)).trigger.trigger_id for _ in range(20)]
    texts = count()

    class Slow:
        async def write(self, tenant_id: str, brief: object) -> str:
            await asyncio.sleep(0.02)
            return f"Text {next(texts)}."

    here.services = replace(here.services, outreach=replace(here.services.outreach, writer=Slow()))
    async with Composition(settings_for(stores, database_name)) as other:
        await asyncio.gather(here.fire(), here.beside(other).fire())
    assert next(texts) == len(held)
    assert len({(await here.trigger(one)).message for one in held}) == len(held)


async def test_a_text_whose_writer_died_is_written_again_once_its_claim_ran_out(parts: Composition) -> None:
    here = await place(parts, "helddied")
    held = (
        await here.schedule(await here.contact(), generate=True, requires_approval=True, in_=DAY)
    ).trigger.trigger_id
    began = asyncio.Event()

    class Hangs:
        async def write(self, tenant_id: str, brief: object) -> str:
            began.set()
            await asyncio.Event().wait()
            raise AssertionError("unreachable")

    as_it_was = here.services
    here.services = replace(here.services, outreach=replace(here.services.outreach, writer=Hangs()))
    runner = asyncio.create_task(here.fire())
    await began.wait()
    runner.cancel()
    await asyncio.gather(runner, return_exceptions=True)
    here.services = as_it_was
    await here.fire()
    assert (await here.trigger(held)).message is None
    here.clock.forward(minutes=10)
    await here.fire()
    assert (await here.trigger(held)).message is not None
    approved = await approve_trigger(here.services, "helddied", held, None)
    assert (approved.status, (await here.trigger(held)).claimed_until) == ("pending", None)


async def test_a_message_that_may_have_arrived_counts_for_caps_and_attempts(parts: Composition) -> None:
    here = await place(parts, "mayhave")
    adapter = await here.through_adapter()
    adapter.looks_up = False
    adapter.answer = lambda _: Answer(Unknown())
    await here.configure(max_per_day=1, inactivity_max_attempts=1)
    who = await here.contact()
    await here.schedule(who, trigger_type="inactivity")
    assert (await here.fire()).failed == 1
    here.clock.forward(minutes=1)
    with pytest.raises(Conflict, match="This silence had its 1 messages"):
        await here.schedule(who, trigger_type="inactivity")
    planned = (await here.schedule(who, expires_at=here.clock.now + 2 * DAY)).trigger.trigger_id
    assert (await here.fire()).postponed == 1
    assert (await here.trigger(planned)).due_at >= here.clock.now + 12 * HOUR
