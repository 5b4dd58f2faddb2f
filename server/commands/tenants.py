"""`kith tenant …`: whoever may use the database makes, suspends, resumes, deletes and lists tenants.

What is made is printed alone on standard output, so that a script can take it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from server.commands.operator import AsJson, DataDir, administer, checked_id, fail, print_rows, told


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    tenant = typer.Typer(help="Make, suspend, resume, delete and list tenants.", no_args_is_help=True)
    for command in (create, suspend, resume, delete):
        tenant.command()(command)
    tenant.command("list")(list_all)
    app.add_typer(tenant, name="tenant")


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
    print_rows(
        ("id", "name", "time_zone", "status", "created_at"),
        [(row.tenant_id, row.name, row.time_zone, row.status, told(row.created_at)) for row in rows],
        as_json=as_json,
    )
