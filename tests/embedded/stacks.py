"""Builders for the tests of the one-machine stack."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from server.embedded import stack_file
from server.embedded.leftovers import ProcessId, end
from server.embedded.ourselves import Programs
from server.embedded.stack_file import StackRecord

PATIENCE_SECONDS = 60.0
"""Far more than anything takes."""

_SCRIPT = Path(__file__).with_name("up_with_fakes.py")
FAKES = Programs(kith=(sys.executable, str(_SCRIPT)), server=())


@dataclass
class RunningStack:
    """A stack with real stores and fake parts of ours, in a process of its own."""

    data_dir: Path
    http_port: int = 0
    grpc_port: int = 0
    workers: int = 1
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.output = self.data_dir.with_suffix(f".{time.monotonic_ns()}.out")
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    str(_SCRIPT),
                    "up",
                    f"--data-dir={self.data_dir}",
                    f"--http-port={self.http_port}",
                    f"--grpc-port={self.grpc_port}",
                    f"--workers={self.workers}",
                ],
                stdout=output,
                stderr=output,
                env={**os.environ, **self.environment},
            )

    @property
    def text(self) -> str:
        return self.output.read_text()

    @property
    def record(self) -> StackRecord:
        record = stack_file.read(self.data_dir)
        assert record is not None
        return record

    def ready(self) -> RunningStack:
        until(lambda: "READY" in self.text or self.process.poll() is not None)
        assert "READY" in self.text, self.text
        return self

    def process_of(self, service: str) -> ProcessId:
        process = self.record.services[service].process
        assert process is not None
        return process

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it however it is, and whatever it left behind."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE_SECONDS)
        record = stack_file.read(self.data_dir)
        for service in record.services.values() if record is not None else ():
            if service.process is not None and number is not signal.SIGKILL:
                end(service.process, signal.SIGKILL, 0)
        return code


def until(condition: Callable[[], bool], timeout_s: float = PATIENCE_SECONDS) -> None:
    """Wait until something is so; fail when it is not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
