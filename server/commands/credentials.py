"""`kith key …`, `kith token`, `kith rotate-signing-key`, `kith demo-credentials`: what callers show, and what signs it.

Each prints what it made alone on standard output, so that a script can take it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from server.commands.operator import (
    AsJson,
    DataDir,
    Tenant,
    administer,
    checked_id,
    duration,
    issue,
    print_rows,
    told,
)

Holder = Annotated[str, typer.Option("--tenant", help="The tenant.", show_default=False)]
Platform = Annotated[bool, typer.Option("--platform", help="For the platform itself instead of a tenant.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    key = typer.Typer(help="Make, rotate, revoke and list gateway keys.", no_args_is_help=True)
    key.command("create")(create_key)
    key.command("rotate")(rotate_key)
    key.command("revoke")(revoke_key)
    key.command("list")(list_keys)
    app.add_typer(key, name="key")
    app.command()(token)
    app.command("rotate-signing-key")(rotate_signing_key)
    app.command("demo-credentials")(demo_credentials)


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
    print_rows(
        ("id", "name", "created_at", "expires_at", "revoked_at"),
        [(r.key_id, r.name, told(r.created_at), told(r.expires_at), told(r.revoked_at)) for r in rows],
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
    from server.embedded.ports import reachable
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
        "http": http or f"{scheme}://{reachable(settings.gateway_host)}:{settings.gateway_port}",
        "grpc": grpc or f"{reachable(settings.grpc_host)}:{settings.grpc_port}",
    }
    write_private(out, json.dumps(written, indent=2) + "\n")
    typer.echo(str(out))


def _holder(tenant: str, platform: bool) -> str:
    from store.tables.tenant import PLATFORM

    if bool(tenant) == platform:
        raise typer.BadParameter("give either --tenant or --platform")
    return PLATFORM if platform else checked_id(tenant)
