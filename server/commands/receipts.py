"""`kith receipts …`: the receipts of erasures, for whoever must answer for them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from server.commands.operator import AsJson, DataDir, Tenant, administer, checked_id


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    receipts = typer.Typer(help="Receipts of what was erased.", no_args_is_help=True)
    receipts.callback()(lambda: None)
    receipts.command()(verify)
    app.add_typer(receipts, name="receipts")


def verify(
    tenant: Tenant,
    known_head: Annotated[
        str | None, typer.Option(help="A head that was noted before and must still be in the chain.")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = Path(".kith"),
) -> None:
    """Check a tenant's chain of receipts and print its head, to be noted elsewhere; exit status 1 where it breaks."""
    import json

    from server.usecases.receipts import verify_receipts

    head = None if known_head is None else _hash(known_head)
    holder = checked_id(tenant)
    found = administer("receipts.verify", data_dir, lambda parts: verify_receipts(parts.database, holder, head))
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "intact": found.problem is None,
                    "receipts": found.receipts,
                    "head": found.head.hex(),
                    "broken_at": found.broken_at,
                    "problem": found.problem,
                },
                indent=2,
            )
        )
    elif found.problem is None:
        typer.echo(f"{found.receipts} receipts, each as it was written. Head: {found.head.hex()}")
    else:
        where = "" if found.broken_at is None else f" at {found.broken_at}"
        typer.secho(f"Broken after {found.receipts} receipts{where}: {found.problem}.", err=True, fg=typer.colors.RED)
    raise typer.Exit(0 if found.problem is None else 1)


def _hash(value: str) -> bytes:
    try:
        found = bytes.fromhex(value)
    except ValueError as error:
        raise typer.BadParameter("must be in hex") from error
    if len(found) != 32:
        raise typer.BadParameter("must be 64 hex digits")
    return found
