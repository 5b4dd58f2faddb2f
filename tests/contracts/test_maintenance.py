"""Maintenance as a client sees it, through Envoy: who may ask, for whom, and what is told of a run."""

from typing import Any

import httpx

from tests.contracts.test_analytics import Tenant, code, get, tenant
from tests.running import RunningProduct

PATH = "/internal/maintenance"

__all__ = ["tenant"]

RUN = {
    "tenant_id", "status", "started_at", "finished_at", "contacts", "churn_updated", "stages_changed", "streaks_ended",
    "memories_pruned", "memories_expired", "logs_removed", "keys_removed", "churn_fitted", "churn_parameters",
}  # fmt: skip


def run(rest: httpx.Client, headers: dict[str, str], **body: Any) -> list[dict[str, Any]]:
    answer = rest.post(PATH, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"runs"}
    runs: list[dict[str, Any]] = answer.json()["runs"]
    return runs


def platform(product: RunningProduct) -> dict[str, str]:
    return {"x-gateway-key": product.credentials["platform_key"]}


def test_a_tenants_own_key_runs_its_maintenance_and_reads_of_it(rest: httpx.Client, tenant: Tenant) -> None:
    assert get(rest, tenant.key, PATH) == {"run": None}
    tenant.turn(tenant.contact("Noor"))
    [done] = run(rest, tenant.key)
    assert set(done) == RUN
    assert (done["tenant_id"], done["status"], done["contacts"], done["churn_fitted"]) == (
        tenant.id, "completed", 1, False,
    )  # fmt: skip
    assert set(done["churn_parameters"]) == {"r", "alpha", "a", "b"}
    assert done["started_at"] <= done["finished_at"]
    assert get(rest, tenant.key, PATH) == {"run": done}


def test_who_does_not_wait_is_told_of_a_run_still_to_be_done(rest: httpx.Client, tenant: Tenant) -> None:
    [begun] = run(rest, tenant.key, wait=False)
    assert (set(begun), begun["status"], begun["finished_at"]) == (RUN, "running", None)


def test_a_platform_key_goes_through_all_tenants_or_the_one_it_names(
    rest: httpx.Client, product: RunningProduct, tenant: Tenant
) -> None:
    everywhere = {one["tenant_id"] for one in run(rest, platform(product))}
    assert everywhere >= {product.credentials["tenant_id"], tenant.id}
    assert [one["tenant_id"] for one in run(rest, platform(product), tenant_id=tenant.id)] == [tenant.id]
    assert get(rest, platform(product), PATH, tenant_id=tenant.id)["run"]["tenant_id"] == tenant.id
    assert code(rest.get(PATH, params={"tenant_id": "tnt_none"}, headers=platform(product)))[0] in (403, 404)


def test_maintenance_takes_a_key_and_a_tenants_key_only_for_its_own_tenant(
    rest: httpx.Client, product: RunningProduct, tenant: Tenant
) -> None:
    for headers in ({}, product.bearer, {"x-gateway-key": "kgk_demo_" + "0" * 64}):
        assert rest.post(PATH, json={}, headers=headers).status_code == 401
        assert rest.get(PATH, headers=headers).status_code == 401
    other = product.credentials["tenant_id"]
    assert code(rest.post(PATH, json={"tenant_id": other}, headers=tenant.key)) == (403, "PERMISSION_DENIED")
    assert code(rest.get(PATH, params={"tenant_id": other}, headers=tenant.key)) == (403, "PERMISSION_DENIED")
    assert code(rest.post(PATH, json={"wait": "perhaps"}, headers=tenant.key)) == (400, "INVALID_INPUT")
