"""Several server processes that share their ports, kept running: `kith serve --workers N`."""

from __future__ import annotations

import os
import tempfile

from server.embedded.ourselves import OURS
from server.embedded.process import Service, settled
from server.embedded.supervisor import Supervisor


async def run_workers(count: int, drain_seconds: float) -> None:
    """Run `count` server processes until a stop signal; one that dies is started again.

    They log where we do. Their metrics are put together through a directory of files, unless the
    environment names one already.

    Raises:
        EmbeddedError: one of them does not start.
    """
    with tempfile.TemporaryDirectory(prefix="kith-metrics-") as metrics_dir:
        environment = {"PROMETHEUS_MULTIPROC_DIR": os.environ.get("PROMETHEUS_MULTIPROC_DIR", metrics_dir)}
        services = [
            Service(
                OURS.worker_process(f"server-{number}", environment, log=None),
                settled(1.0),
                stop_within_s=drain_seconds + 5,
            )
            for number in range(1, count + 1)
        ]
        supervisor = Supervisor()

        async def start() -> None:
            await supervisor.start(services)

        await supervisor.run(start)
