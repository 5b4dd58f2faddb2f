"""`kith bench scale` on the running product: its figures, and that nothing is left of it."""

import json
import subprocess
import sys

from tests.running import RunningProduct

FEW = (
    "--interactions",
    "2000",
    "--contacts",
    "100",
    "--edges",
    "2000",
    "--small",
    "500",
    "--rounds",
    "1",
    "--calls",
    "2",
)


def kith(product: RunningProduct, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "server.cli", *arguments],
        env=product.environment, capture_output=True, text=True, timeout=110,
    )  # fmt: skip


def bench(product: RunningProduct) -> subprocess.CompletedProcess[str]:
    credentials = str(product.directory / "credentials.json")
    return kith(product, "bench", "scale", *FEW, "--credentials", credentials, "--json")


def tenants(product: RunningProduct) -> list[str]:
    listed = kith(product, "tenant", "list", "--json", "--data-dir", str(product.directory))
    return [tenant["id"] for tenant in json.loads(listed.stdout)]


def test_both_tenants_are_asked_and_gone_afterwards(product: RunningProduct) -> None:
    done = bench(product)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    for group in ("list", "timeline", "warmth_list"):
        assert told[group]["small_p50_ms"] > 0 < told[group]["large_p50_ms"]
        for case in told[group]["cases"].values():
            assert case["ratio"] > 0
            assert case["small_items"] <= case["large_items"] > 0
    assert told["neighbors"]["edges"] == 2_000
    assert 0 < told["neighbors"]["p50_ms"] <= told["neighbors"]["p95_ms"]
    assert told["measured"]["small_interactions"] == 500
    assert not [tenant for tenant in tenants(product) if tenant.startswith("bench-scale")]


def test_a_tenant_that_is_somebodys_is_left_alone(product: RunningProduct) -> None:
    made = kith(product, "tenant", "create", "bench-scale-small", "--data-dir", str(product.directory))
    assert made.returncode == 0, made.stderr
    refused = bench(product)
    assert refused.returncode == 1
    assert "left alone" in refused.stderr
    assert "bench-scale-small" in tenants(product)
