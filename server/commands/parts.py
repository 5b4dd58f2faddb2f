"""`kith serve`, `kith worker`, `kith gateway`, `kith migrate`: the parts singly, told by KITH_* settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(serve)
    app.command()(worker)
    app.command()(gateway)
    app.command()(migrate)


def serve(
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Worker processes.", show_default="KITH_WORKERS")
    ] = None,
) -> None:
    """Run the server: one process, or several that share its ports."""
    from server.config import Settings

    settings = Settings()
    count = workers or settings.workers
    if count == 1:
        # Becomes the server, which is above the commands and not imported by them.
        from server.embedded.ourselves import OURS

        os.execv(OURS.server[0], OURS.server)  # noqa: S606
    import asyncio

    from server.embedded.workers import run_workers

    asyncio.run(run_workers(count, settings.drain_seconds))


def worker() -> None:
    """Run the job worker."""
    from server.jobs.worker import main

    main()


def gateway(
    data_dir: Annotated[Path, typer.Option("--data-dir", help="Where Envoy's configuration is written.")] = Path(
        ".kith"
    ),
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=256, help="Envoy's worker threads.", show_default="half the cores")
    ] = None,
    print_only: Annotated[bool, typer.Option("--print", help="Print the configuration and end.")] = False,
) -> None:
    """Run Envoy before the server."""
    from gateway.render import render
    from server.commands.gateway_config import gateway_config
    from server.config import Settings

    configuration = render(gateway_config(Settings()))
    if print_only:
        typer.echo(configuration)
        return
    from server.embedded import data_dirs
    from server.embedded.envoy import envoy_argv
    from server.embedded.secrets_file import write_private

    data_dirs.make(data_dir)
    path = data_dir.resolve() / "envoy.yaml"
    write_private(path, configuration)
    argv = envoy_argv(path, concurrency or max(1, (os.cpu_count() or 1) // 2))
    # Becomes Envoy: its binary ends with the thread that started it, so nothing of ours may stand between.
    os.execv(argv[0], argv)  # noqa: S606


def migrate() -> None:
    """Bring the database to the schema of this version, as KITH_MIGRATION_DATABASE_URL's role."""
    from psycopg.conninfo import conninfo_to_dict

    from server.config import Settings
    from store.migrate import upgrade

    settings = Settings()
    app_role = conninfo_to_dict(settings.database_url.get_secret_value()).get("user")
    upgrade(settings.migration_database_url.get_secret_value(), str(app_role or "kith_app"))
    typer.echo("The database is up to date.")
