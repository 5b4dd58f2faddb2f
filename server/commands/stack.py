"""`kith up`, `kith down`, `kith status`: the whole of Kith on one machine.

Like every module here, it imports what a command needs when the command runs, so that `kith --help` is quick.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from server.commands.stack_output import Reporter
    from server.embedded.stack_options import StackOptions

DataDir = Annotated[Path, typer.Option("--data-dir", help="Where the data, logs and credentials are kept.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(up)
    app.command()(down)
    app.command()(status)


def up(
    detach: Annotated[bool, typer.Option("--detach", help="Return when ready and keep running.")] = False,
    data_dir: DataDir = Path(".kith"),
    http_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the gateway; 0 takes a free one.")] = 8080,
    grpc_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the gRPC server; 0 takes a free one.")
    ] = 50051,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Server worker processes.", show_default="one per core")
    ] = None,
) -> None:
    """Start Postgres, Redis, the servers, the job worker and Envoy, and keep them running."""
    from server.commands.stack_output import Reporter, print_ready
    from server.embedded.detached import start_detached

    options = _options(data_dir, http_port, grpc_port, workers or _default_workers())
    if detach:
        print_ready(start_detached(options), options)
        return
    _run(options, Reporter())


def down(data_dir: DataDir = Path(".kith")) -> None:
    """Stop the stack of a data directory and wait until it is gone."""
    from server.embedded.detached import stop_detached

    if stop_detached(data_dir.resolve()):
        typer.echo("Stopped.")
    else:
        typer.echo(f"Nothing runs on {data_dir}.")


def status(
    data_dir: DataDir = Path(".kith"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what runs; exit status 3 when nothing does."""
    from server.commands.stack_output import print_status
    from server.embedded import stack_file

    record = stack_file.read(data_dir.resolve())
    print_status(record, as_json=as_json)
    if record is None or not record.is_running:
        raise typer.Exit(3)


def _run(options: StackOptions, reporter: Reporter) -> None:
    import asyncio

    from server.commands.stack_output import print_ready
    from server.embedded.stack import Stack
    from server.embedded.stack_file import StackRecord

    def ready(record: StackRecord) -> None:
        reporter.done()
        print_ready(record, options)

    try:
        asyncio.run(Stack(options, reporter.step).run(ready))
    finally:
        reporter.done()


def _options(data_dir: Path, http_port: int, grpc_port: int, workers: int) -> StackOptions:
    from server.config import Settings
    from server.embedded.stack_options import StackOptions

    settings = Settings()
    return StackOptions(
        data_dir=data_dir.resolve(),
        http_port=http_port,
        grpc_port=grpc_port,
        workers=workers,
        gateway_host=settings.gateway_host,
        grpc_host=settings.grpc_host,
        gateway_tls=settings.gateway_tls_cert is not None,
        grpc_tls=settings.grpc_tls_cert is not None,
        master_key=settings.master_key.get_secret_value() or None,
        drain_seconds=settings.drain_seconds,
    )


def _default_workers() -> int:
    """One per core that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux alone has it.
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
