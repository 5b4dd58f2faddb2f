"""Envoy: how it is run, when it is ready, how it is emptied before it stops."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import httpx

from server.embedded.binaries import find_envoy
from server.embedded.ports import LOOPBACK

_ACTIVE = re.compile(r"^http\.(?!admin\.)\S*downstream_rq_active: (\d+)$", re.MULTILINE)
# Listeners stay open this long after a drain begins, telling clients by `connection: close` and GOAWAY.
_DRAIN_TIME_S = 5


def envoy_argv(config: Path, concurrency: int, log_level: str = "warning") -> tuple[str, ...]:
    """Return the command line that runs Envoy on `config` with that many worker threads."""
    return (
        str(find_envoy()),
        "--config-path",
        str(config),
        "--concurrency",
        str(concurrency),
        "--log-level",
        log_level,
        # Two stacks on one machine would share the hot-restart memory otherwise, and we restart cold.
        "--disable-hot-restart",
        "--drain-time-s",
        str(_DRAIN_TIME_S),
        "--drain-strategy",
        "immediate",
    )


async def drain(admin_port: int, at_most_s: float) -> None:
    """Let go of clients before Envoy is ended: its SIGTERM cuts off what is in flight.

    Fails the health check, tells clients to go elsewhere, and waits until no request is active, or
    `at_most_s` have passed, since streams may never end by themselves.
    """
    deadline = time.monotonic() + at_most_s
    admin = f"http://{LOOPBACK}:{admin_port}"
    async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
        try:
            await client.post(f"{admin}/healthcheck/fail")
            await client.post(f"{admin}/drain_listeners?graceful")
            while time.monotonic() < deadline:
                stats = await client.get(f"{admin}/stats", params={"filter": "downstream_rq_active"})
                if sum(int(count) for count in _ACTIVE.findall(stats.text)) == 0:
                    return
                await asyncio.sleep(0.1)
        except httpx.HTTPError:
            return  # It hangs or is gone; the signal that follows settles it.
