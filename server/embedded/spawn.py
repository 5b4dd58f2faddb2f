"""How every child of the stack is started: in its own session, logging to a file, ending with its parent."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from server.embedded.accounts import Account

_LARGEST_LOG = 20_000_000
_LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True)
class Command:
    """What to run and how to end it.

    `log` is appended to; without one the child writes where we do. `stop_signal` asks for a clean end;
    `death_signal` is what the kernel sends when the parent is gone.
    `environment` is added to ours.
    """

    name: str
    argv: tuple[str, ...]
    log: Path | None
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    cwd: str = "/"
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM


def launcher_argv(command: Command) -> list[str]:
    """Return the argument list that starts `command` from this process."""
    account = f"{command.account.uid}:{command.account.gid}" if command.account else "-"
    return [
        sys.executable,
        "-I",
        "-S",
        str(_LAUNCHER),
        str(os.getpid()),
        str(int(command.death_signal)),
        account,
        *command.argv,
    ]


def child_environment(command: Command) -> dict[str, str]:
    """Return the environment of the child: ours and what the command adds."""
    environment = {**os.environ, **command.environment}
    # A notice socket or such of the supervisor's own service manager is not the children's business.
    environment.pop("NOTIFY_SOCKET", None)
    return environment


def open_log(log: Path) -> IO[bytes]:
    """Open a child's log for appending, readable by us alone.

    One that grew past 20 MB is put aside first, in the place of the one put aside before.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > _LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "ab", buffering=0)


def start(command: Command) -> subprocess.Popen[bytes]:
    """Start the child and return at once.

    Call it from a thread that lives as long as the child should: on Linux the death signal is sent when
    the starting thread ends, not only when the process does.
    """
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(open_log(command.log)) if command.log is not None else None
        return subprocess.Popen(
            launcher_argv(command),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT if log is not None else None,
            env=child_environment(command),
            cwd=command.cwd,
            start_new_session=True,
        )


def log_tail(log: Path | None, lines: int = 20) -> str:
    """Return the last `lines` of a log, or an empty text when there is none (yet)."""
    if log is None:
        return ""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
