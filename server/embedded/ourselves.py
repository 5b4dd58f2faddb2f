"""How our own programs are run: the server's worker process, and the `kith` commands that run as children."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from server.embedded.spawn import Command


@dataclass(frozen=True, slots=True)
class Programs:
    """The beginnings of the command lines of `kith` and of one server process."""

    kith: tuple[str, ...]
    server: tuple[str, ...]

    def command(self, name: str, environment: Mapping[str, str], log: Path | None, *arguments: str) -> Command:
        """Return how to run `kith` with `arguments`, under the name `name`."""
        return _command(name, (*self.kith, *arguments), environment, log)

    def worker_process(self, name: str, environment: Mapping[str, str], log: Path | None) -> Command:
        """Return how to run one server process."""
        return _command(name, self.server, environment, log)


# This very Python; -P because a directory named `server` where we happen to stand is not ours.
OURS = Programs(
    kith=(sys.executable, "-P", "-m", "server.cli"),
    server=(sys.executable, "-P", "-m", "server.main"),
)


def _command(name: str, argv: tuple[str, ...], environment: Mapping[str, str], log: Path | None) -> Command:
    # In our working directory, since settings may name files relative to it.
    return Command(name=name, argv=argv, log=log, environment=environment, cwd=str(Path.cwd()))
