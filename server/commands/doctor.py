"""`kith doctor`: says what is wrong and how to mend it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from server.config import Settings
    from server.embedded.checkup import Finding, Patient


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(doctor)


def doctor(
    data_dir: Annotated[Path, typer.Option("--data-dir", help="The data directory of `kith up`.")] = Path(".kith"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Examine this machine and the running stack, or what KITH_* points at.

    The exit status is 1 when something is red.
    """
    from pydantic import ValidationError

    from server.config import Settings
    from server.embedded.checkup import Finding, Level, examine

    try:
        settings = Settings()
    except ValidationError as error:
        findings = [
            Finding("settings", Level.FAIL, f"KITH_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}")
            for fault in error.errors(include_input=False, include_url=False)
        ]
    else:
        findings = examine(_patient(data_dir.resolve(), settings))
    _print(findings, as_json=as_json)
    if any(finding.level is Level.FAIL for finding in findings):
        raise typer.Exit(1)


def _patient(data_dir: Path, settings: Settings) -> Patient:
    """A running stack is examined before what the environment points at."""
    from server.embedded.checkup import Patient
    from server.embedded.running import running_settings

    stack = running_settings(data_dir)
    running = stack is not None
    chosen = stack or settings
    database_url = chosen.database_url.get_secret_value() if running or "KITH_DATABASE_URL" in os.environ else None
    redis_url = chosen.redis_url.get_secret_value() if running or "KITH_REDIS_URL" in os.environ else None
    return Patient(
        data_dir=data_dir,
        running=running,
        database_url=database_url,
        redis_url=redis_url,
        has_master_key=running or bool(settings.master_key.get_secret_value()),
        ports=(
            ("--http-port", settings.gateway_port, settings.gateway_host),
            ("--grpc-port", settings.grpc_port, settings.grpc_host),
        ),
        tls=(
            ("gRPC", settings.grpc_tls_cert, settings.grpc_tls_key),
            ("gateway", settings.gateway_tls_cert, settings.gateway_tls_key),
        ),
    )


def _print(findings: list[Finding], *, as_json: bool) -> None:
    import json
    from dataclasses import asdict

    from rich.console import Console

    console = Console(highlight=False)
    if as_json:
        console.print(json.dumps([asdict(finding) for finding in findings], indent=2), markup=False, soft_wrap=True)
        return
    marks = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "fail": "[red]✗[/]"}
    for finding in findings:
        console.print(f"{marks[finding.level]} {finding.name}: ", end="")
        console.print(finding.detail, markup=False, soft_wrap=True)
        if finding.mend:
            console.print(f"    {finding.mend}", markup=False, soft_wrap=True)
