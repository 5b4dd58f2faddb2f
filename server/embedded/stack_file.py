"""What a data directory remembers of its stack: the lock, and `stack.json` with ports and processes."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from server.embedded.errors import EmbeddedError
from server.embedded.leftovers import ProcessId, is_running

_STACK_FILE = "stack.json"
_LOCK_FILE = "lock"


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """One service as last seen. `since` is when it came into `state`, in seconds since the epoch."""

    state: str
    process: ProcessId | None
    restarts: int
    since: float
    stop_signal: int


@dataclass(frozen=True, slots=True)
class StackRecord:
    """The stack as last seen: `state` is starting, ready, stopping or stopped; `ports` by their names."""

    state: str
    supervisor: ProcessId
    http: str
    grpc: str
    ports: Mapping[str, int] = field(default_factory=dict)
    services: Mapping[str, ServiceRecord] = field(default_factory=dict)

    @property
    def is_running(self) -> bool:
        """Tell whether the supervisor that wrote this still runs."""
        return self.state != "stopped" and is_running(self.supervisor)


def read(data_dir: Path) -> StackRecord | None:
    """Return what the last run left in the data directory, or None when there is nothing readable."""
    try:
        record = json.loads((data_dir / _STACK_FILE).read_text())
        services = {
            name: ServiceRecord(
                state=service["state"],
                process=_process(service["process"]),
                restarts=service["restarts"],
                since=service["since"],
                stop_signal=service["stop_signal"],
            )
            for name, service in record["services"].items()
        }
        supervisor = _process(record["supervisor"])
        if supervisor is None:
            return None
        return StackRecord(
            state=record["state"],
            supervisor=supervisor,
            http=record["http"],
            grpc=record["grpc"],
            ports=record["ports"],
            services=services,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(data_dir: Path, record: StackRecord) -> None:
    """Replace what is remembered, at one stroke."""
    path = data_dir / _STACK_FILE
    building = path.with_suffix(".new")
    building.write_text(json.dumps(asdict(record), indent=2))
    building.replace(path)


@contextlib.contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Hold the data directory for this process alone. The kernel lets go when the process ends, however.

    Raises:
        EmbeddedError: another process holds it.
    """
    descriptor = os.open(data_dir / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = lock.read().strip() or "unknown"
            raise EmbeddedError(
                f"Kith already runs on the data directory {data_dir} (process {holder}).",
                "Stop it with `kith down --data-dir "
                f"{data_dir}`, or start another with other --data-dir, --http-port and --grpc-port.",
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _process(value: object) -> ProcessId | None:
    if not isinstance(value, dict):
        return None
    return ProcessId(pid=int(value["pid"]), started=float(value["started"]))
