"""Processes that an earlier run left behind: recognising ours for certain, and ending them.

A process id alone says nothing, since ids are reused. A process is ours when its start time is the one we
wrote down with its id.
"""

from __future__ import annotations

import contextlib
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

# The start time is read from the kernel in ticks of 10 ms and a boot time that may be rounded differently.
_START_TOLERANCE_S = 0.05


@dataclass(frozen=True, slots=True)
class ProcessId:
    """One process for certain: its id and when it began (seconds since the epoch)."""

    pid: int
    started: float


def identify(pid: int) -> ProcessId | None:
    """Return the identity of a running process, or None when there is none (a zombie counts as none)."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return ProcessId(pid, process.create_time())
    except psutil.Error:
        return None


def is_running(process: ProcessId) -> bool:
    """Tell whether that very process, and not another with its id, still runs."""
    now = identify(process.pid)
    return now is not None and abs(now.started - process.started) <= _START_TOLERANCE_S


def end(process: ProcessId, stop_signal: signal.Signals, patience_s: float) -> bool:
    """End that very process: ask with `stop_signal`, after `patience_s` insist with SIGKILL.

    Returns True when a process was ended, False when it was gone already.

    Raises:
        PermissionError: it belongs to another account.
    """
    if not is_running(process):
        return False
    _send(process, stop_signal)
    if not wait_gone(process, patience_s):
        _send(process, signal.SIGKILL)
        wait_gone(process, 10.0)
    return True


def wait_gone(process: ProcessId, timeout_s: float) -> bool:
    """Wait until the process is gone; False when it still runs after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while is_running(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def working_in(directory: Path, program: str) -> list[ProcessId]:
    """Return the running processes named `program` whose working directory is `directory`.

    Postgres and all its backends work in their data directory, so this finds them whoever started them.
    """
    wanted = str(directory.resolve())
    found: list[ProcessId] = []
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error):
            if process.info["name"] == program and process.cwd() == wanted:
                found.append(ProcessId(process.pid, process.create_time()))
    return found


def _send(process: ProcessId, number: signal.Signals) -> None:
    try:
        psutil.Process(process.pid).send_signal(number)
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied as error:
        raise PermissionError(f"process {process.pid} belongs to another account") from error
