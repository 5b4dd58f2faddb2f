"""`kith demo`: a tenant with people who have written for some weeks, to try everything out on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from server.commands.operator import AsJson, DataDir, issue

if TYPE_CHECKING:
    from server.demoing.report import Report
    from server.demoing.run import Life
    from server.measuring.credentials import Credentials

_FILE: Final = "demo.json"
_LIFETIME: Final = timedelta(days=7)
_SUBJECT: Final = "demo-user"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(demo)


def demo(
    contacts: Annotated[int, typer.Option(min=1, max=10_000, help="How many people.")] = 500,
    days: Annotated[int, typer.Option(min=7, max=365, help="For how many days up to today they write.")] = 90,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other people.")] = 7,
    tenant: Annotated[str, typer.Option(help="The tenant to make, or an earlier demo's to go on with.")] = "demo-life",
    data_dir: DataDir = Path(".kith"),
    tls_ca: Annotated[
        Path | None, typer.Option("--tls-ca", help="PEM file to trust, where the gRPC server has TLS.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fill a tenant of the running stack with people and their days, through the public gRPC API, and show its figures.

    The same again changes nothing; a run that broke off is gone on with. The days end when the tenant was made.
    """
    import asyncio
    import json
    import time

    from server.demoing import lives, run, tables, tenancy
    from server.demoing.report import as_json as plain
    from server.demoing.report import period
    from server.measuring.errors import told_in_words

    began = time.monotonic()
    with told_in_words():
        platform = _platform(data_dir)
        held = _held(data_dir / _FILE, tenant)
        made_at, key = asyncio.run(tenancy.settle(platform, tenant, held.gateway_key if held else None, tls_ca))
        known = _credentials(platform, tenant, key, data_dir)
        calendar = lives.Calendar.until(made_at, days, tenancy.ZONE)
        everybody = run.lives(seed, contacts, calendar)
        shown_days = period(calendar, datetime.now(UTC))
        found = asyncio.run(_run(known, tls_ca, everybody, shown_days))
    turns = sum(len(life.turns) for life in everybody)
    seconds = time.monotonic() - began
    if as_json:
        about = {"tenant_id": tenant, "seed": seed, "days": days, "turns": turns, "seconds": round(seconds, 1)}
        typer.echo(json.dumps({**about, **plain(found)}, ensure_ascii=False))
        return
    from rich.console import Console

    console = Console(highlight=False)
    tables.print_report(console, found)
    console.print(f"{contacts} people and their {turns} turns are in tenant {tenant}; it took {seconds:.0f} s.")
    tables.print_calls(console, known, data_dir / _FILE, shown_days)


async def _run(known: Credentials, tls_ca: Path | None, everybody: list[Life], days: int) -> Report:
    from server.demoing import run
    from server.demoing.api import connected
    from server.demoing.report import report
    from server.measuring.progress import progress

    async with connected(known, tls_ca) as api:
        with progress(sum(len(life.turns) for life in everybody)) as bar:
            bar.describe("people write")
            ids = await run.populate(api, everybody, bar.step)
            bar.describe("touchpoints with them")
            await run.note_touchpoints(api, everybody, ids)
            bar.describe("messages to them")
            scheduled = await run.reach_out(api, everybody, ids, datetime.now(UTC))
            bar.describe("maintenance")
            maintained = await run.maintain(api)
            bar.describe("what is due goes out")
            fired = await run.fire(api)
        return await report(api, days, maintained, fired, scheduled)


def _platform(data_dir: Path) -> Credentials:
    """The credentials of the stack that runs on the directory."""
    from server.embedded.data_dirs import CREDENTIALS_FILE
    from server.measuring.credentials import load
    from server.measuring.errors import MeasuringError

    path = data_dir / CREDENTIALS_FILE
    if not path.exists():
        raise MeasuringError(
            f"There is no {path}. Start the stack with `kith up`, or name its directory by --data-dir."
        )
    return load(path)


def _held(path: Path, tenant: str) -> Credentials | None:
    """The credentials of an earlier run for this tenant."""
    from server.measuring.credentials import load
    from server.measuring.errors import MeasuringError

    try:
        found = load(path)
    except MeasuringError:
        return None
    return found if found.tenant_id == tenant else None


def _credentials(platform: Credentials, tenant: str, key: str, data_dir: Path) -> Credentials:
    """Credentials of the demo's tenant with a new token, also written to a file that we alone can read."""
    import json
    from dataclasses import asdict

    from server.embedded.secrets_file import write_private
    from server.rpc.policy import permissions
    from server.usecases.credentials import issue_token

    token = issue(
        "demo.token", data_dir, lambda _, issuer: issue_token(issuer, tenant, _SUBJECT, permissions(), _LIFETIME)
    )
    known = replace(platform, tenant_id=tenant, gateway_key=key, jwt=token)
    write_private(data_dir / _FILE, json.dumps(asdict(known), indent=2) + "\n")
    return known
