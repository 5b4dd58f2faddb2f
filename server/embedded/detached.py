"""A stack that runs without a terminal: starting it until it is ready, and stopping it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from server.embedded import data_dirs, leftovers, stack_file
from server.embedded.errors import EmbeddedError
from server.embedded.ourselves import OURS, Programs
from server.embedded.spawn import log_tail, open_log
from server.embedded.stack_file import StackRecord
from server.embedded.stack_options import StackOptions

_READY_PATIENCE_S = 900.0  # A first start may migrate a lot; what takes long is seen in the log.
_STOP_PATIENCE_S = 120.0


def start_detached(options: StackOptions, programs: Programs = OURS) -> StackRecord:
    """Start `kith up` in a session of its own and return when it is ready.

    Raises:
        EmbeddedError: it ended before it was ready; the end of its log is in the message.
    """
    data_dirs.make(options.data_dir)
    log_path = options.data_dir / "logs" / "up.log"
    log_path.unlink(missing_ok=True)
    arguments = (
        f"--data-dir={options.data_dir}",
        f"--http-port={options.http_port}",
        f"--grpc-port={options.grpc_port}",
        f"--workers={options.workers}",
    )
    with open_log(log_path) as log:
        process = subprocess.Popen(
            [*programs.kith, "up", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        return _await_ready(process, options.data_dir, log_path)
    except BaseException:
        process.terminate()
        process.wait()
        raise


def stop_detached(data_dir: Path) -> bool:
    """Stop the stack of a data directory and wait until it is gone. False when nothing ran.

    Raises:
        EmbeddedError: it belongs to another account.
    """
    record = stack_file.read(data_dir)
    if record is None:
        return False
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise EmbeddedError(f"{data_dir} belongs to another account.", "Stop it as the one that started it.")
    was_running = record.is_running
    if was_running:
        try:
            leftovers.end(record.supervisor, signal.SIGTERM, _STOP_PATIENCE_S)
        except PermissionError as error:
            raise EmbeddedError(
                f"The stack (process {record.supervisor.pid}) belongs to another account.",
                "Stop it as the account that started it.",
            ) from error
    # Also when the supervisor was killed: its children end by themselves on Linux, elsewhere they stay.
    with stack_file.locked(data_dir):
        data_dirs.end_earlier_run(data_dir)
    return was_running


def _await_ready(process: subprocess.Popen[bytes], data_dir: Path, log: Path) -> StackRecord:
    deadline = time.monotonic() + _READY_PATIENCE_S
    while time.monotonic() < deadline:
        record = stack_file.read(data_dir)
        if record is not None and record.supervisor.pid == process.pid and record.state == "ready":
            return record
        if process.poll() is not None:
            raise EmbeddedError(f"Kith did not start:\n{log_tail(log, lines=40)}")
        time.sleep(0.1)
    raise EmbeddedError(f"Kith was not ready within {_READY_PATIENCE_S:.0f} s:\n{log_tail(log, lines=40)}")
