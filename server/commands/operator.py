"""Work on the database as its operator: what the commands for tenants, credentials and receipts have in common."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from store import identifiers

if TYPE_CHECKING:
    from server.config import Settings
    from server.usecases.credentials import Issuer
    from server.usecases.tenants import Administration

T = TypeVar("T")

Tenant = Annotated[str, typer.Option("--tenant", help="The tenant.")]
DataDir = Annotated[
    Path, typer.Option("--data-dir", help="The stack to work on, where KITH_DATABASE_URL names no other database.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def duration(text: str) -> timedelta:
    """A time such as 30s, 15m, 1h or 7d. Raises typer.BadParameter."""
    found = re.fullmatch(r"(\d{1,9})([smhd])", text.strip())
    if found is None or int(found[1]) == 0:
        raise typer.BadParameter("must be a number and s, m, h or d, e.g. 1h")
    try:
        return timedelta(seconds=int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[found[2]])
    except OverflowError as error:
        raise typer.BadParameter("is too long") from error


def checked_id(value: str) -> str:
    """An id that is well-formed. Raises typer.BadParameter."""
    if not identifiers.well_formed(value):
        raise typer.BadParameter(f"an id has {identifiers.SAID}")
    return value


def administer(action: str, data_dir: Path, work: Callable[[Administration], Awaitable[T]]) -> T:
    """Do `work` as the operator, under the name `action`; what is refused ends the command with a sentence."""
    from server.embedded.running import settings_for

    return _run(action, settings_for(data_dir.resolve()), work)


def issue(action: str, data_dir: Path, work: Callable[[Administration, Issuer], Awaitable[T]]) -> T:
    """Do `work` with the built-in issuer, under the name `action`; what is refused ends the command with a sentence."""
    from server.credentials.tokens import ClaimNames
    from server.embedded.running import settings_for
    from server.secrets import Envelope
    from server.usecases.credentials import Issuer

    settings = settings_for(data_dir.resolve())
    envelope = Envelope.of(settings.master_key.get_secret_value())
    if envelope is None:
        fail("KITH_MASTER_KEY is not set: 32 random bytes in base64, e.g. of `openssl rand -base64 32`.")
    claims = ClaimNames.of(settings)
    return _run(action, settings, lambda parts: work(parts, Issuer(parts.database, envelope, claims, parts.clock)))


def _run(action: str, settings: Settings, work: Callable[[Administration], Awaitable[T]]) -> T:
    from server import callers
    from server.domain.errors import KithError
    from server.secrets import UnreadableSecret
    from server.usecases.tenants import Administration
    from store.database import Database
    from store.errors import StoreError
    from store.redis_link import RedisLink

    async def run() -> T:
        database = Database(settings.sqlalchemy_url, pool_size=2)
        redis = RedisLink(settings.redis_url.get_secret_value(), timeout_ms=settings.redis_timeout_ms)
        try:
            await redis.start()
            with callers.operator(action):
                return await work(Administration(database, redis, lambda: datetime.now(UTC)))
        finally:
            await redis.close()
            await database.close()

    try:
        return asyncio.run(run())
    except KithError as error:
        fail(error.message)
    except UnreadableSecret as error:
        fail(f"The stored signing key cannot be read: {error}. Is KITH_MASTER_KEY the right one?")
    except StoreError as error:
        fail(f"The database does not do it: {error or type(error).__name__}. `kith doctor` says what is wrong.")


def fail(message: str) -> NoReturn:
    """End the command with a sentence and exit status 1."""
    typer.secho(message, err=True, fg=typer.colors.RED)
    raise typer.Exit(1)


def print_rows(columns: tuple[str, ...], rows: list[tuple[str | None, ...]], *, as_json: bool) -> None:
    """Print a table, or with `as_json` a list of objects."""
    import json

    from rich.console import Console
    from rich.table import Table

    if as_json:
        typer.echo(json.dumps([dict(zip(columns, row, strict=True)) for row in rows], indent=2))
        return
    table = Table()
    for column in columns:
        # An id that is cut cannot be pasted into the next command.
        table.add_column(column, no_wrap=column == "id", overflow="fold" if column == "id" else "ellipsis")
    for row in rows:
        table.add_row(*("" if value is None else value for value in row))
    Console(highlight=False).print(table)


def told(value: datetime | None) -> str | None:
    """An instant as the tables tell it: in UTC, to the second."""
    return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
