"""What is told of calls, on the real stores: repeated, late, shuffled, at once."""

import asyncio
import random

from server.composition import Composition
from server.usecases import calls
from server.usecases.tenants import NewTenant, create_tenant
from tests.usecases.call_steps import AT, history, left, rows, tell_all, told
from tests.usecases.provider_steps import number


async def test_a_thousand_repeated_and_shuffled_deliveries_end_as_the_ordered_ones(parts: Composition) -> None:
    ordered = [one for n in range(5) for one in history(f"CA{n}", f"+44207946000{n}")]
    tenants = [f"tnt_{next(number)}" for _ in range(2)]
    for tenant_id in tenants:
        await create_tenant(parts.administration, NewTenant(tenant_id))
    await tell_all(parts.services, tenants[0], ordered)
    draw = random.Random(5)
    deliveries = [*ordered, *draw.choices(ordered, k=1_000 - len(ordered))]
    draw.shuffle(deliveries)
    await tell_all(parts.services, tenants[1], deliveries)
    assert await left(parts, tenants[1]) == await left(parts, tenants[0])


async def test_fifty_webhooks_at_once_make_one_call_one_contact_and_one_touchpoint(
    parts: Composition, tenant: str
) -> None:
    event = told("CA1", 100, status="completed", duration=60.0, caller_number="+442079460018", summary="About roses.")
    results = await asyncio.gather(*(calls.tell(parts.services, tenant, event) for _ in range(50)))
    assert sum(result.created for result in results) == 1
    assert len({result.call.call_id for result in results}) == 1
    found = await left(parts, tenant)
    assert [len(found[name]) for name in ("calls", "events", "contacts", "touchpoints", "memories")] == [1, 1, 1, 1, 1]


async def test_all_that_is_told_at_once_of_one_call_ends_as_if_told_in_order(parts: Composition) -> None:
    tenants = [f"tnt_{next(number)}" for _ in range(2)]
    for tenant_id in tenants:
        await create_tenant(parts.administration, NewTenant(tenant_id))
    await tell_all(parts.services, tenants[0], history("CA1"))
    await asyncio.gather(*(calls.tell(parts.services, tenants[1], one) for one in history("CA1") * 3))
    assert await left(parts, tenants[1]) == await left(parts, tenants[0])


async def test_a_call_is_completed_before_or_without_its_start(parts: Composition, tenant: str) -> None:
    over = await calls.tell(parts.services, tenant, told("CA1", 100, status="completed"))
    assert over.created
    assert over.call.duration is None
    late = await calls.tell(parts.services, tenant, told("CA1", 0, status="in-progress", agent_id="agent-7"))
    assert not late.created
    assert (late.call.status, late.call.agent_id, late.call.started_at) == ("completed", "agent-7", AT)
    assert await rows(parts, tenant, "SELECT contact_id FROM calls") == [{"contact_id": None}]
