"""What `kith doctor` looks at: each check says what it found and how to mend it."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import psycopg
import redis
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from psycopg.conninfo import conninfo_to_dict

from server.embedded import binaries, probes
from server.embedded.accounts import unprivileged_account
from server.embedded.errors import EmbeddedError
from server.embedded.ports import is_free
from server.embedded.postgres import LOCATION_FILE, cluster_directory
from store import migrate

_OLDEST_POSTGRES = 15
_OLDEST_REDIS = (6, 2)
_CLOCK_TOLERANCE_S = 2.0


class Level(StrEnum):
    """How bad a finding is: only `fail` makes the doctor's exit status 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; `mend` is what to do about it, empty when all is well."""

    name: str
    level: Level
    detail: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined. A URL is None when nothing was said about it and nothing runs."""

    data_dir: Path
    running: bool
    database_url: str | None
    redis_url: str | None
    has_master_key: bool
    ports: tuple[tuple[str, int, str], ...]
    tls: tuple[tuple[str, Path | None, Path | None], ...]


def examine(patient: Patient) -> list[Finding]:
    """Do all checks. None of them changes anything, and one that fails does not stop the others."""
    checks: tuple[Callable[[Patient], Iterator[Finding]], ...] = (
        _python,
        _programs,
        _data_dir,
        _ports,
        _master_key,
        _postgres,
        _redis,
        _tls,
    )
    return [finding for check in checks for finding in check(patient)]


def _python(patient: Patient) -> Iterator[Finding]:
    del patient
    level = Level.OK if sys.version_info >= (3, 11) else Level.FAIL
    mend = "" if level is Level.OK else "Install Python 3.11 or newer and make the virtual environment anew."
    yield Finding("python", level, platform.python_version(), mend)


def _programs(patient: Patient) -> Iterator[Finding]:
    """The embedded programs; without them Kith still runs against a Postgres and a Redis of your own."""
    missing = Level.FAIL if patient.running else Level.WARN
    finders: dict[str, Callable[[], Path]] = {
        "postgres program": lambda: binaries.find_postgres(unprivileged_account()).bin,
        "redis program": binaries.find_redis,
        "envoy program": binaries.find_envoy,
    }
    for name, find in finders.items():
        try:
            yield Finding(name, Level.OK, str(find()))
        except EmbeddedError as error:
            yield Finding(name, missing, error.message, error.mend)


def _data_dir(patient: Patient) -> Iterator[Finding]:
    data_dir = patient.data_dir
    nearest = next(path for path in (data_dir, *data_dir.parents) if path.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        yield Finding("data directory", Level.FAIL, f"{nearest} may not be written.", "Use another --data-dir.")
        return
    place = cluster_directory(data_dir)
    if (data_dir / LOCATION_FILE).exists() and not place.exists():
        yield Finding(
            "data directory",
            Level.FAIL,
            f"Postgres' data was in {place}, which is gone.",
            f"Restore it from a backup, or move {data_dir} away to start afresh.",
        )
        return
    yield Finding("data directory", Level.OK, f"{data_dir} (Postgres in {place})")


def _ports(patient: Patient) -> Iterator[Finding]:
    if patient.running:
        return
    for option, port, host in patient.ports:
        if is_free(port, host):
            yield Finding(f"port {port}", Level.OK, "free")
        else:
            detail = f"in use{probes.listener(port)}"
            yield Finding(f"port {port}", Level.WARN, detail, f"Free it, or use `kith up {option} …`.")


def _master_key(patient: Patient) -> Iterator[Finding]:
    if patient.has_master_key:
        yield Finding("master key", Level.OK, "set")
    elif patient.database_url is not None:
        mend = "Set KITH_MASTER_KEY to 32 random bytes in base64, and keep it safe."
        yield Finding("master key", Level.FAIL, "not set", mend)


def _postgres(patient: Patient) -> Iterator[Finding]:
    if patient.database_url is None:
        yield Finding("postgres", Level.WARN, "not running", "Start it with `kith up`, or set KITH_DATABASE_URL.")
        return
    try:
        with psycopg.connect(patient.database_url, connect_timeout=5, autocommit=True) as connection:
            yield from _postgres_version(connection)
            yield from _postgres_role(connection)
            yield from _postgres_schema(connection)
            yield from _clock(connection)
    except psycopg.OperationalError as error:
        where = conninfo_to_dict(patient.database_url)
        yield Finding(
            "postgres",
            Level.FAIL,
            f"{where.get('host')}:{where.get('port', 5432)} is not reachable: {str(error).splitlines()[-1]}",
            "Start Postgres, or mend KITH_DATABASE_URL.",
        )


def _postgres_version(connection: psycopg.Connection) -> Iterator[Finding]:
    version = connection.info.server_version
    told = f"version {version // 10_000}.{version % 10_000}"
    if version // 10_000 < _OLDEST_POSTGRES:
        yield Finding("postgres", Level.FAIL, told, f"Upgrade Postgres to {_OLDEST_POSTGRES} or newer.")
    else:
        yield Finding("postgres", Level.OK, told)


def _postgres_role(connection: psycopg.Connection) -> Iterator[Finding]:
    """Row-level security does not bind superusers, and would not bind owners were it not forced."""
    row = connection.execute(
        """
        SELECT current_user, rolsuper, rolbypassrls,
               EXISTS (SELECT 1 FROM pg_class WHERE relowner = pg_roles.oid AND relkind IN ('r', 'p'))
        FROM pg_roles WHERE rolname = current_user
        """
    ).fetchone()
    if row is None:
        return
    name, is_superuser, passes_rls, is_owner = row
    faults = [
        fault
        for fault, found in (
            ("is a superuser", is_superuser),
            ("may bypass row-level security", passes_rls),
            ("owns tables", is_owner),
        )
        if found
    ]
    if faults:
        mend = "Point KITH_DATABASE_URL at a plain role; only KITH_MIGRATION_DATABASE_URL names the owner."
        yield Finding("runtime role", Level.FAIL, f"{name} {' and '.join(faults)}", mend)
    else:
        yield Finding("runtime role", Level.OK, f"{name}, bound by row-level security")


def _postgres_schema(connection: psycopg.Connection) -> Iterator[Finding]:
    wanted = migrate.head()
    mend = "Run `kith migrate`."
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
        row = None
    if row is None:
        yield Finding("schema", Level.FAIL, "never migrated, or migrated for another role", mend)
    elif row[0] != wanted:
        yield Finding("schema", Level.FAIL, f"at {row[0]}, this version needs {wanted}", mend)
    else:
        yield Finding("schema", Level.OK, f"at {wanted}")


def _clock(connection: psycopg.Connection) -> Iterator[Finding]:
    before = time.time()
    row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
    if row is None:
        return
    skew = row[0] - (before + time.time()) / 2
    if abs(skew) > _CLOCK_TOLERANCE_S:
        mend = "Keep both machines' clocks right with NTP: tokens and quiet hours go by them."
        yield Finding("clock", Level.FAIL, f"{skew:+.1f} s from Postgres' clock", mend)
    else:
        yield Finding("clock", Level.OK, f"{skew * 1000:+.0f} ms from Postgres' clock")


def _redis(patient: Patient) -> Iterator[Finding]:
    if patient.redis_url is None:
        yield Finding("redis", Level.WARN, "not running", "Start it with `kith up`, or set KITH_REDIS_URL.")
        return
    # The scheme of a cluster is ours; any of its nodes answers the question.
    url = patient.redis_url.replace("redis+cluster://", "redis://", 1)
    client = redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3)
    try:
        version = str(client.info("server")["redis_version"])
    except (redis.RedisError, OSError) as error:
        mend = "Start Redis, or mend KITH_REDIS_URL. Kith works without it, slower."
        yield Finding("redis", Level.FAIL, f"not reachable: {type(error).__name__}", mend)
        return
    finally:
        client.close()
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST_REDIS:
        yield Finding("redis", Level.FAIL, f"version {version}", "Upgrade Redis to 6.2 or newer.")
    else:
        yield Finding("redis", Level.OK, f"version {version}")


def _tls(patient: Patient) -> Iterator[Finding]:
    for name, certificate_file, key_file in patient.tls:
        if certificate_file is None and key_file is None:
            continue
        if certificate_file is None or key_file is None:
            mend = "Set both the certificate and the key, or neither."
            yield Finding(f"{name} TLS", Level.FAIL, "only one of the two files is set", mend)
            continue
        yield _certificate(f"{name} TLS", certificate_file, key_file)


def _certificate(name: str, certificate_file: Path, key_file: Path) -> Finding:
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = load_pem_private_key(key_file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        mend = f"Give PEM files that this account can read: {certificate_file}, {key_file}."
        return Finding(name, Level.FAIL, f"cannot be read: {type(error).__name__}", mend)
    if certificate.public_key() != key.public_key():
        return Finding(name, Level.FAIL, "the key is not the certificate's", "Give the key that belongs to it.")
    expiry = certificate.not_valid_after_utc
    if expiry < datetime.now(UTC):
        return Finding(name, Level.FAIL, f"expired on {expiry:%Y-%m-%d}", "Renew the certificate.")
    return Finding(name, Level.OK, f"valid until {expiry:%Y-%m-%d}")
