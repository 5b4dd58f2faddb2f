"""Postgres and Redis alone, started and stopped by the caller: for tests and benchmarks.

with EmbeddedStores.temporary(fast=True) as stores:
    stores.create_database("one")
    engine = connect(stores.app_url("one"))
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from server.embedded import data_dirs, roles
from server.embedded.errors import EmbeddedError
from server.embedded.ports import free_ports
from server.embedded.postgres import SHARED_PLACE, Postgres, open_cluster
from server.embedded.redis import Redis
from server.embedded.secrets_file import Secrets
from server.embedded.spawn import Command, log_tail, start

_START_PATIENCE_S = 30.0
_STOP_PATIENCE_S = 30.0
_ATTEMPTS = 3


class EmbeddedStores:
    """A Postgres and a Redis on free loopback ports, with their data in `data_dir`.

    The ports stay the same for the life of the object, so that clients can reconnect after a stop and a
    start. `fast` gives up safety against power cuts (not against killed processes). The processes end with
    the thread that started them: use it from the main thread, or another one that lives as long.
    Stopping keeps the data; a new object on the same directory finds it again.
    """

    def __init__(self, data_dir: Path, *, fast: bool = False) -> None:
        self.data_dir = data_dir.resolve()
        self._fast = fast
        self._postgres: Postgres | None = None
        self._redis: Redis | None = None
        self._postgres_process: subprocess.Popen[bytes] | None = None
        self._redis_process: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextlib.contextmanager
    def temporary(cls, *, fast: bool = False) -> Iterator[EmbeddedStores]:
        """Start stores in a new directory, and stop them and delete it all at the end.

        The directory may be entered by every account, so that the data stays in it also when we are root
        (pytest's own temporary directories may not).
        """
        data_dir = Path(tempfile.mkdtemp(prefix="kith-stores-"))
        data_dir.chmod(0o711)
        stores = cls(data_dir, fast=fast)
        try:
            with stores:
                yield stores
        finally:
            stores.destroy()

    def __enter__(self) -> EmbeddedStores:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start both and make the roles and the database `kith`.

        Raises:
            EmbeddedError: one of them does not start; its log's end is in the message.
        """
        data_dirs.make(self.data_dir)
        secrets = data_dirs.secrets(self.data_dir)
        try:
            self._start_on_free_ports(secrets)
            roles.bootstrap(self.postgres)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both. The data stays. May be repeated."""
        self.stop_redis()
        self.stop_postgres()

    def destroy(self) -> None:
        """Stop both and delete their data, also what lies outside `data_dir`."""
        self.stop()
        if self._postgres is not None:
            shutil.rmtree(self._postgres.directory, ignore_errors=True)
            with contextlib.suppress(OSError):
                SHARED_PLACE.rmdir()  # If it was the last one there.
        shutil.rmtree(self.data_dir, ignore_errors=True)

    @property
    def postgres(self) -> Postgres:
        """The Postgres cluster: port, paths, account."""
        if self._postgres is None:
            raise EmbeddedError("The stores were not started.")
        return self._postgres

    @property
    def redis(self) -> Redis:
        """The Redis server: port and paths."""
        if self._redis is None:
            raise EmbeddedError("The stores were not started.")
        return self._redis

    @property
    def superuser_url(self) -> str:
        """URL of the database `postgres` as superuser."""
        return self.postgres.superuser_url()

    @property
    def redis_url(self) -> str:
        """URL of Redis, with its password."""
        return self.redis.url

    @property
    def master_key(self) -> str:
        """A master key for these stores: 32 bytes in base64."""
        return self.postgres.secrets.master_key

    def owner_url(self, database: str = roles.DATABASE) -> str:
        """URL of `database` as the role that owns it and migrates it."""
        return roles.urls(self.postgres, database).owner

    def app_url(self, database: str = roles.DATABASE) -> str:
        """URL of `database` as the runtime role, which row-level security binds."""
        return roles.urls(self.postgres, database).app

    def create_database(self, name: str, template: str | None = None) -> None:
        """Make a database owned by the owner role: empty, or a copy of `template`, which is not in use."""
        roles.create_database(self.postgres, name, template)

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, connections and all."""
        roles.drop_database(self.postgres, name)

    def start_postgres(self) -> None:
        """Start Postgres on its port (again) and wait until it answers."""
        if self._postgres_process is None or self._postgres_process.poll() is not None:
            self.postgres.prepare()
            self._postgres_process = _start(self.postgres.command(), self.postgres.is_ready)

    def stop_postgres(self, *, kill: bool = False) -> None:
        """Stop Postgres: orderly, or with SIGKILL as a crash would."""
        process, self._postgres_process = self._postgres_process, None
        _stop(process, signal.SIGKILL if kill else signal.SIGINT)

    def start_redis(self) -> None:
        """Start Redis on its port (again), empty, and wait until it answers."""
        if self._redis_process is None or self._redis_process.poll() is not None:
            self._redis_process = _start(self.redis.command(), self.redis.is_ready)

    def stop_redis(self, *, kill: bool = False) -> None:
        """Stop Redis: orderly, or with SIGKILL as a crash would. Its content is gone either way."""
        process, self._redis_process = self._redis_process, None
        _stop(process, signal.SIGKILL if kill else signal.SIGTERM)

    def freeze_redis(self) -> None:
        """Have Redis answer nothing and keep what it holds, as behind a network that was cut, until `thaw_redis`."""
        if self._redis_process is not None:
            self._redis_process.send_signal(signal.SIGSTOP)

    def thaw_redis(self) -> None:
        """Have Redis answer again."""
        if self._redis_process is not None:
            self._redis_process.send_signal(signal.SIGCONT)

    def _start_on_free_ports(self, secrets: Secrets) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            postgres_port, redis_port = free_ports(2)
            self._postgres = open_cluster(self.data_dir, postgres_port, secrets, fast=self._fast)
            self._redis = Redis(self.data_dir, redis_port, secrets.redis_password)
            try:
                self.start_redis()
                self.start_postgres()
            except EmbeddedError as error:
                # Somebody may have taken a port between our asking for it and the server's start.
                self.stop()
                if attempt == _ATTEMPTS or "in use" not in error.message:
                    raise
            else:
                return


def _start(command: Command, is_ready: Callable[[], bool]) -> subprocess.Popen[bytes]:
    process = start(command)
    deadline = time.monotonic() + _START_PATIENCE_S
    while not is_ready():
        if process.poll() is not None:
            raise EmbeddedError(f"{command.name} ended while starting:\n{log_tail(command.log)}")
        if time.monotonic() > deadline:
            _stop(process, signal.SIGKILL)
            raise EmbeddedError(
                f"{command.name} did not answer within {_START_PATIENCE_S:.0f} s:\n{log_tail(command.log)}"
            )
        time.sleep(0.02)
    # A ready answer could be somebody else's on the same port; ours is alive only if it got the port.
    if process.poll() is not None:
        raise EmbeddedError(f"{command.name} ended while starting:\n{log_tail(command.log)}")
    return process


def _stop(process: subprocess.Popen[bytes] | None, number: signal.Signals) -> None:
    if process is None:
        return
    if process.poll() is None:
        process.send_signal(number)
    try:
        process.wait(_STOP_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
