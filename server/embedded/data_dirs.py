"""The data directory of a stack: making it, and ending what an earlier run on it left behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from server.embedded import leftovers, stack_file
from server.embedded.errors import EmbeddedError
from server.embedded.postgres import cluster_directory, end_leftovers
from server.embedded.secrets_file import Secrets, load_or_make

CREDENTIALS_FILE = "credentials.json"
SECRETS_FILE = "secrets.json"

_PATIENCE_S = 10.0


def make(data_dir: Path) -> None:
    """Make the data directory: others may pass through it (Postgres' account must), but not list it.

    Raises:
        EmbeddedError: it cannot be made or written.
    """
    try:
        data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        (data_dir / "logs").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"The data directory {data_dir} cannot be made: {error.strerror}.",
            "Choose another with --data-dir, or give yourself the right to write there.",
        ) from error
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise EmbeddedError(
            f"The data directory {data_dir} may not be written by this account.",
            "Choose another with --data-dir, or change its owner.",
        )


def secrets(data_dir: Path) -> Secrets:
    """Read the secrets of a data directory, or make them when it is new.

    Raises:
        EmbeddedError: there is data, but no secrets to read it with.
    """
    path = data_dir / SECRETS_FILE
    if not path.exists() and any(cluster_directory(data_dir).glob("[0-9]*")):
        raise EmbeddedError(
            f"{path} is missing, but there is data that was made with it.",
            "Restore it from a backup, or move the data directory away to start afresh.",
        )
    return load_or_make(path)


def end_earlier_run(data_dir: Path) -> None:
    """End what an earlier supervisor of this data directory left running, Envoy first, Postgres last.

    Call it with the data directory locked: then that supervisor is gone for certain.
    """
    record = stack_file.read(data_dir)
    if record is None:
        return
    for name, service in reversed(list(record.services.items())):
        if service.process is not None and name != "postgres":
            leftovers.end(service.process, signal.Signals(service.stop_signal), _PATIENCE_S)
    for pgdata in cluster_directory(data_dir).glob("[0-9]*"):
        end_leftovers(pgdata)
