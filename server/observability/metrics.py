"""Prometheus metrics. Worker processes share them through files where PROMETHEUS_MULTIPROC_DIR is set."""

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client import values as prometheus_values

RPCS: Final = Counter("kith_rpcs_total", "RPCs answered, by method and gRPC status.", ["method", "status"])

RPC_SECONDS: Final = Histogram(
    "kith_rpc_seconds",
    "Time from the first interceptor to the answer, in seconds.",
    ["method"],
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)

HTTP_REQUESTS: Final = Counter(
    "kith_http_requests_total", "Requests of raw HTTP routes answered, by route and gRPC status.", ["route", "status"]
)

HTTP_SECONDS: Final = Histogram(
    "kith_http_seconds",
    "Time of a request of a raw HTTP route with reading its body, in seconds.",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)

CONTEXT_TIER: Final = Counter(
    "kith_context_snapshots_total",
    "Contact snapshots read, by the tier that answered: process, redis or postgres.",
    ["tier"],
)

PROVIDER_CALLS: Final = Counter(
    "kith_provider_calls_total",
    "Calls of tenants' providers, by role (language_model, embedder) and outcome.",
    ["role", "outcome"],
)

PROVIDER_SECONDS: Final = Histogram(
    "kith_provider_seconds",
    "Time of a call of a tenant's provider with all its tries, in seconds.",
    ["role"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300),
)

PROVIDER_TOKENS: Final = Counter(
    "kith_provider_tokens_total",
    "Tokens that tenants' providers used, by role and direction (prompt, completion).",
    ["role", "direction"],
)


def note_provider(role: str, outcome: str, seconds: float, prompt_tokens: int, completion_tokens: int) -> None:
    """Counts a call of a provider."""
    PROVIDER_CALLS.labels(role, outcome).inc()
    PROVIDER_SECONDS.labels(role).observe(seconds)
    PROVIDER_TOKENS.labels(role, "prompt").inc(prompt_tokens)
    PROVIDER_TOKENS.labels(role, "completion").inc(completion_tokens)


DELIVERIES: Final = Counter(
    "kith_outreach_deliveries_total",
    "Tries at delivering a proactive message, by kind of channel and outcome; look-ups as looked_up_….",
    ["kind", "outcome"],
)

DELIVERY_SECONDS: Final = Histogram(
    "kith_outreach_delivery_seconds",
    "Time of one try at delivering a proactive message, in seconds.",
    ["kind"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def note_delivery(kind: str, outcome: str, seconds: float) -> None:
    """Counts a try at delivery."""
    DELIVERIES.labels(kind, outcome).inc()
    DELIVERY_SECONDS.labels(kind).observe(seconds)


def tier_counter() -> Callable[[str], None]:
    """Counts which tier answered; label look-ups are done once."""
    children = {tier: CONTEXT_TIER.labels(tier) for tier in ("process", "redis", "postgres")}
    return lambda tier: children[tier].inc()


def render() -> bytes:
    """All metrics in Prometheus' text format, of every worker process where they share them."""
    registry = CollectorRegistry()
    if prometheus_values.ValueClass.__name__ == "MmapedValue":
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
    return generate_latest()
