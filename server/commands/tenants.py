"""`kith tenant …`, `kith key …`, `kith token`, `kith demo-credentials`: whoever may use the database, as its operator.

Each prints what it made alone on standard output, so that a script can take it.
"""

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
Holder = Annotated[str, typer.Option("--tenant", help="The tenant.", show_default=False)]
Platform = Annotated[bool, typer.Option("--platform", help="For the platform itself instead of a tenant.")]
DataDir = Annotated[
    Path, typer.Option("--data-dir", help="The stack to work on, where KITH_DATABASE_URL names no other database.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    tenant = typer.Typer(help="Make, suspend, resume, delete and list tenants.", no_args_is_help=True)
    for command in (create, suspend, resume, delete):
        tenant.command()(command)
    tenant.command("list")(list_all)
    key = typer.Typer(help="Make, rotate, revoke and list gateway keys.", no_args_is_help=True)
    key.command("create")(create_key)
    key.command("rotate")(rotate_key)
    key.command("revoke")(revoke_key)
    key.command("list")(list_keys)
    app.add_typer(tenant, name="tenant")
    app.add_typer(key, name="key")
    app.command()(token)
    app.command("rotate-signing-key")(rotate_signing_key)
    app.command("demo-credentials")(demo_credentials)


def create(
    tenant_id: Annotated[
        str | None, typer.Argument(metavar="[TENANT]", help="Its id; made here where none is given.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="IANA time zone of its days.", show_default="UTC")] = None,
    data_dir: DataDir = Path(".kith"),
) -> None:
    """Make a tenant and print its id; the same again changes nothing."""
    from server.usecases.tenants import NewTenant, create_tenant

    new = NewTenant(checked_id(tenant_id) if tenant_id is not None else None, name, time_zone)
    row, _ = administer("tenant.create", data_dir, lambda parts: create_tenant(parts, new))
    typer.echo(row.tenant_id)


def suspend(tenant_id: Annotated[str, typer.Argument(metavar="TENANT")], data_dir: DataDir = Path(".kith")) -> None:
    """Refuse every credential of a tenant."""
    from server.usecases.tenants import suspend_tenant

    typer.echo(
        administer("tenant.suspend", data_dir, lambda parts: suspend_tenant(parts, checked_id(tenant_id))).status
    )


def resume(tenant_id: Annotated[str, typer.Argument(metavar="TENANT")], data_dir: DataDir = Path(".kith")) -> None:
    """Let a suspended tenant in again."""
    from server.usecases.tenants import resume_tenant

    typer.echo(administer("tenant.resume", data_dir, lambda parts: resume_tenant(parts, checked_id(tenant_id))).status)


def delete(
    tenant_id: Annotated[str, typer.Argument(metavar="TENANT")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data_dir: DataDir = Path(".kith"),
) -> None:
    """Delete a tenant and everything that is its, and verify that nothing is left."""
    from server.usecases.tenants import delete_tenant

    if not yes:
        typer.confirm(f"Delete everything of {tenant_id} for good?", abort=True, err=True)
    deleted = administer("tenant.delete", data_dir, lambda parts: delete_tenant(parts, checked_id(tenant_id)))
    for table, count in sorted(deleted.rows.items()):
        if count:
            typer.echo(f"{table}: {count}", err=True)
    if not deleted.verified:
        fail("Something of the tenant is still there: work that was under way. Run it again.")
    typer.echo("deleted")


def list_all(as_json: AsJson = False, data_dir: DataDir = Path(".kith")) -> None:
    """List every tenant."""
    from server.usecases.tenants import list_tenants

    rows = administer("tenant.list", data_dir, list_tenants)
    _table(
        ("id", "name", "time_zone", "status", "created_at"),
        [(row.tenant_id, row.name, row.time_zone, row.status, _time(row.created_at)) for row in rows],
        as_json=as_json,
    )


def create_key(
    tenant: Holder = "",
    platform: Platform = False,
    name: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    ttl: Annotated[str | None, typer.Option(help="How long it is good, e.g. 90d.", show_default="for ever")] = None,
    data_dir: DataDir = Path(".kith"),
) -> None:
    """Make a gateway key and print it; it is shown this once."""
    from server.usecases.credentials import create_gateway_key

    holder = _holder(tenant, platform)
    expires_at = None if ttl is None else datetime.now(UTC) + duration(ttl)
    made = administer(
        "key.create", data_dir, lambda parts: create_gateway_key(parts, holder, name=name, expires_at=expires_at)
    )
    typer.echo(made.secret)


def rotate_key(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID")],
    tenant: Holder = "",
    platform: Platform = False,
    overlap: Annotated[str, typer.Option(help="How long the old key stays good.")] = "1h",
    data_dir: DataDir = Path(".kith"),
) -> None:
    """Make a key in the place of another one and print it."""
    from server.usecases.credentials import rotate_gateway_key

    holder, both = _holder(tenant, platform), duration(overlap)
    made = administer(
        "key.rotate", data_dir, lambda parts: rotate_gateway_key(parts, holder, checked_id(key_id), overlap=both)
    )
    typer.echo(made.secret)


def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID")],
    tenant: Holder = "",
    platform: Platform = False,
    data_dir: DataDir = Path(".kith"),
) -> None:
    """End a key everywhere within a second."""
    from server.usecases.credentials import revoke_gateway_key

    holder = _holder(tenant, platform)
    administer("key.revoke", data_dir, lambda parts: revoke_gateway_key(parts, holder, checked_id(key_id)))
    typer.echo("revoked")


def list_keys(
    tenant: Holder = "", platform: Platform = False, as_json: AsJson = False, data_dir: DataDir = Path(".kith")
) -> None:
    """List the keys of a tenant, newest first, without their secrets."""
    from server.usecases.credentials import list_gateway_keys

    holder = _holder(tenant, platform)
    rows = administer("key.list", data_dir, lambda parts: list_gateway_keys(parts, holder))
    _table(
        ("id", "name", "created_at", "expires_at", "revoked_at"),
        [(r.key_id, r.name, _time(r.created_at), _time(r.expires_at), _time(r.revoked_at)) for r in rows],
        as_json=as_json,
    )


def token(
    tenant: Tenant,
    permissions: Annotated[str, typer.Option(help="Comma-separated; `all` for every one.")] = "all",
    ttl: Annotated[str, typer.Option(help="How long it is good: 30s, 15m, 1h, 7d.")] = "1h",
    subject: Annotated[str, typer.Option(help="Who it is for.")] = "operator",
    data_dir: DataDir = Path(".kith"),
) -> None:
    """Sign a bearer token of the built-in issuer and print it."""
    from server.rpc.policy import permissions as every_permission
    from server.usecases.credentials import issue_token

    known = every_permission()
    wanted = known if permissions == "all" else [part.strip() for part in permissions.split(",") if part.strip()]
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)} is none of {', '.join(known)}")
    lifetime = duration(ttl)
    typer.echo(
        issue(
            "token.issue",
            data_dir,
            lambda _, issuer: issue_token(issuer, checked_id(tenant), subject, wanted, lifetime),
        )
    )


def rotate_signing_key(
    retire: Annotated[bool, typer.Option("--retire", help="End the older keys, and every token they signed.")] = False,
    data_dir: DataDir = Path(".kith"),
) -> None:
    """Give the built-in issuer a new signing key and print its id."""
    from server.usecases.credentials import rotate_signing_key as rotate

    typer.echo(issue("signing_key.rotate", data_dir, lambda _, issuer: rotate(issuer, retire=retire)))


def demo_credentials(
    out: Annotated[Path, typer.Option("--out", help="Where they are written, readable by us alone.")],
    http: Annotated[str | None, typer.Option(help="URL of the gateway.", show_default="from the settings")] = None,
    grpc: Annotated[str | None, typer.Option(help="Address of the gRPC server.", show_default="from settings")] = None,
    data_dir: DataDir = Path(".kith"),
) -> None:
    """Make the demo tenant, and write credentials for it; those that are still good stay."""
    import json

    from server.config import Settings
    from server.embedded.secrets_file import write_private
    from server.rpc.policy import permissions
    from server.usecases.demo import demo_credentials as make

    try:
        held = json.loads(out.read_text())
    except (OSError, ValueError):
        held = {}
    found = issue(
        "demo.credentials",
        data_dir,
        lambda parts, issuer: make(parts, issuer, permissions(), held if isinstance(held, dict) else {}),
    )
    settings = Settings()
    scheme = "https" if settings.gateway_tls_cert else "http"
    written = {
        "tenant_id": found.tenant_id,
        "gateway_key": found.gateway_key,
        "platform_key": found.platform_key,
        "jwt": found.jwt,
        "http": http or f"{scheme}://{_reachable(settings.gateway_host)}:{settings.gateway_port}",
        "grpc": grpc or f"{_reachable(settings.grpc_host)}:{settings.grpc_port}",
    }
    write_private(out, json.dumps(written, indent=2) + "\n")
    typer.echo(str(out))


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


def _holder(tenant: str, platform: bool) -> str:
    from store.tables.tenant import PLATFORM

    if bool(tenant) == platform:
        raise typer.BadParameter("give either --tenant or --platform")
    return PLATFORM if platform else checked_id(tenant)


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
    typer.secho(message, err=True, fg=typer.colors.RED)
    raise typer.Exit(1)


def _table(columns: tuple[str, ...], rows: list[tuple[str | None, ...]], *, as_json: bool) -> None:
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


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _reachable(host: str) -> str:
    """An address to connect to, where the server listens on all of them."""
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 (compared, not bound)
