"""The embedded Postgres and Redis, for real."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from server.embedded import binaries, leftovers
from server.embedded.accounts import Account, runs_as, unprivileged_account
from server.embedded.data_dirs import SECRETS_FILE
from server.embedded.errors import EmbeddedError
from server.embedded.postgres import LOCATION_FILE
from server.embedded.stores import EmbeddedStores


@pytest.fixture(scope="module")
def stores() -> Iterator[EmbeddedStores]:
    with EmbeddedStores.temporary(fast=True) as running:
        yield running


def ask(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement).fetchone()
        return row[0] if row is not None else None


def write(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def test_neither_role_can_pass_row_level_security(stores: EmbeddedStores) -> None:
    statement = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert ask(stores.owner_url(), statement) is False
    assert ask(stores.app_url(), statement) is False


def test_the_runtime_role_can_make_nothing(stores: EmbeddedStores) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        write(stores.app_url(), "CREATE TABLE mine (id int)")


def test_a_wrong_password_is_refused(stores: EmbeddedStores) -> None:
    wrong = stores.app_url().replace(stores.postgres.secrets.app_password, "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=stores.redis.port, retry=Retry(NoBackoff(), 0)).ping()


def test_a_database_is_a_copy_of_its_template(stores: EmbeddedStores) -> None:
    stores.create_database("pattern")
    write(stores.owner_url("pattern"), "CREATE TABLE kept AS SELECT 7 AS number")
    stores.create_database("copy", template="pattern")
    assert ask(stores.owner_url("copy"), "SELECT number FROM kept") == 7
    stores.drop_database("copy")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(stores.owner_url("copy"))


def test_vectors_are_there(stores: EmbeddedStores) -> None:
    assert ask(stores.owner_url(), "SELECT '[1,2]'::vector <-> '[1,3]'::vector") == 1.0


def test_committed_rows_survive_a_kill_of_postgres(stores: EmbeddedStores) -> None:
    write(stores.owner_url(), "CREATE TABLE survivors AS SELECT 1 AS id")
    stores.stop_postgres(kill=True)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(stores.owner_url(), connect_timeout=2)
    stores.start_postgres()
    assert ask(stores.owner_url(), "SELECT count(*) FROM survivors") == 1


def test_redis_comes_back_empty_on_the_same_port(stores: EmbeddedStores) -> None:
    client = redis.Redis.from_url(stores.redis_url)
    client.set("key", "value")
    stores.stop_redis(kill=True)
    stores.start_redis()
    assert client.get("key") is None


def test_data_is_found_again_and_an_abandoned_postgres_is_ended(data_dir: Path) -> None:
    abandoned = EmbeddedStores(data_dir, fast=True)
    abandoned.start()
    write(abandoned.owner_url(), "CREATE TABLE kept AS SELECT 5 AS number")
    first = leftovers.working_in(abandoned.postgres.pgdata, "postgres")
    assert first
    # Nobody stops the first; the second must not run beside it on the same files.
    with EmbeddedStores(data_dir, fast=True) as stores:
        assert not any(leftovers.is_running(process) for process in first)
        assert ask(stores.owner_url(), "SELECT number FROM kept") == 5
    abandoned.stop()


def test_a_lock_that_names_a_stranger_does_not_stop_postgres_nor_the_stranger(data_dir: Path) -> None:
    with EmbeddedStores(data_dir, fast=True) as stores:
        account = stores.postgres.account
        stores.stop_postgres(kill=True)
        who = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
        stranger = subprocess.Popen(["sleep", "60"], cwd="/", **who)  # type: ignore[call-overload]
        try:
            lock = stores.postgres.pgdata / "postmaster.pid"
            lines = lock.read_text().splitlines() if lock.exists() else [""]
            lock.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
            stores.start_postgres()
            assert stranger.poll() is None
            assert ask(stores.owner_url(), "SELECT 1") == 1
        finally:
            stranger.kill()
            stranger.wait()


def test_data_without_its_secrets_is_not_opened(data_dir: Path) -> None:
    (data_dir / "postgres" / "18").mkdir(parents=True)
    with pytest.raises(EmbeddedError, match=SECRETS_FILE):
        EmbeddedStores(data_dir).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs Postgres under another account")
def test_a_data_directory_that_only_root_can_enter_keeps_postgres_elsewhere() -> None:
    private = Path(tempfile.mkdtemp(prefix="kith-private-"))  # mode 0700
    stores = EmbeddedStores(private / "data", fast=True)
    try:
        with stores:
            write(stores.owner_url(), "CREATE TABLE kept AS SELECT 5 AS number")
            place = stores.postgres.directory
            assert not place.is_relative_to(private)
            assert (private / "data" / LOCATION_FILE).read_text().strip() == str(place)
        with EmbeddedStores(private / "data", fast=True) as again:
            assert again.postgres.directory == place
            assert ask(again.owner_url(), "SELECT number FROM kept") == 5
    finally:
        stores.destroy()
        shutil.rmtree(private, ignore_errors=True)
    assert not place.exists()


def test_the_secrets_are_for_our_eyes_only(stores: EmbeddedStores) -> None:
    for name in (SECRETS_FILE, "redis.conf"):
        assert (stores.data_dir / name).stat().st_mode & 0o077 == 0
    arguments = Path(f"/proc/{leftovers.working_in(stores.postgres.pgdata, 'postgres')[0].pid}/cmdline")
    if arguments.exists():
        assert stores.postgres.secrets.superuser_password not in arguments.read_text()


def test_a_process_id_that_was_given_to_another_is_left_alone() -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        impostor = leftovers.ProcessId(stranger.pid, started=1.0)
        assert leftovers.end(impostor, signal.SIGTERM, 1) is False
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs Postgres under another account")
def test_programs_that_the_account_cannot_reach_are_copied_once(monkeypatch: pytest.MonkeyPatch) -> None:
    package = binaries.find_postgres().bin.parent.parent
    account = unprivileged_account()
    private = Path(tempfile.mkdtemp(prefix="kith-private-"))  # mode 0700, as /root is
    copy = None
    try:
        unreachable = private / package.name
        shutil.copytree(package / "pginstall18", unreachable / "pginstall18", copy_function=os.link)
        libraries = package.parent / f"{package.name}.libs"
        shutil.copytree(libraries, private / libraries.name, copy_function=os.link)
        monkeypatch.setattr(binaries, "_package_directory", lambda _: unreachable)
        install = binaries.find_postgres(account)
        copy = install.bin.parents[2]
        assert not install.bin.is_relative_to(private)
        assert runs_as(account, [str(install.bin / "initdb"), "--version"])
        made = copy.stat().st_ctime_ns
        assert binaries.find_postgres(account) == install
        assert copy.stat().st_ctime_ns == made
        # A copy that others could have changed is not run.
        copy.chmod(0o777)
        assert binaries.find_postgres(account).bin.parents[2] != copy
    finally:
        shutil.rmtree(private, ignore_errors=True)
        for parent in binaries.COPY_PLACES:
            for directory in parent.glob(f"{copy.name}*") if copy is not None else ():
                shutil.rmtree(directory, ignore_errors=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="it is about becoming an ordinary account")
def test_the_stores_run_as_an_ordinary_account(data_dir: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    if not runs_as(Account("nobody", nobody.pw_uid, nobody.pw_gid), [sys.executable, "-c", "import server"]):
        pytest.skip("this Python lies where an ordinary account cannot enter")
    data_dir.mkdir()
    shutil.chown(data_dir, "nobody")
    script = (
        "import pathlib\n"
        "from server.embedded.stores import EmbeddedStores\n"
        f"with EmbeddedStores(pathlib.Path({str(data_dir)!r}), fast=True) as stores:\n"
        "    stores.create_database('one')\n"
        "    print('ran', stores.postgres.account)\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, user="nobody", extra_groups=[], capture_output=True, text=True, cwd="/")
    assert done.stdout == "ran None\n", done.stderr
