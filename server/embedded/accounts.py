"""The account that Postgres runs under: ourselves, or, since Postgres refuses root, an unprivileged one."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from server.embedded.errors import EmbeddedError

# In order of preference; `postgres` exists where a distribution's Postgres is installed, `nobody` everywhere.
_CANDIDATES = ("postgres", "nobody", "daemon")


@dataclass(frozen=True, slots=True)
class Account:
    """An operating-system account that a child process is started under."""

    name: str
    uid: int
    gid: int


def unprivileged_account(owner_of: Path | None = None) -> Account | None:
    """Return the account to run Postgres under, or None when we are not root and run it as ourselves.

    A data directory made earlier (`owner_of`) keeps its owner, whatever accounts were added since.

    Raises:
        EmbeddedError: we are root and may not become anybody else.
    """
    if os.geteuid() != 0:
        return None
    if owner_of is not None and owner_of.exists():
        owner = owner_of.stat()
        if owner.st_uid != 0:
            return Account(_name(owner.st_uid), owner.st_uid, owner.st_gid)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        account = Account(name, entry.pw_uid, entry.pw_gid)
        if entry.pw_uid != 0 and runs_as(account, ["/bin/sh", "-c", "exit 0"]):
            return account
    raise EmbeddedError(
        "Postgres refuses to run as root, and no unprivileged account can be used instead "
        f"(tried {', '.join(_CANDIDATES)}).",
        "Run kith as an ordinary user.",
    )


def runs_as(account: Account | None, command: Sequence[str], timeout: float = 20.0) -> bool:
    """Tell whether `command` can be run by `account` (None: by us) and succeeds."""
    try:
        if account is None:
            done = subprocess.run(command, capture_output=True, cwd="/", timeout=timeout, check=False)
        else:
            done = subprocess.run(
                command,
                capture_output=True,
                cwd="/",
                timeout=timeout,
                check=False,
                user=account.uid,
                group=account.gid,
                extra_groups=[],
            )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def can_enter(account: Account | None, directory: Path) -> bool:
    """Tell whether `account` may pass through `directory` and all directories above it.

    Asked of the kernel by trying, since mode bits alone leave out access lists and mount options.
    """
    return runs_as(account, ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(directory)])


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
