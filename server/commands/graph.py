"""`kith graph …`: the event graph, for its operator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from server.commands.operator import AsJson, DataDir, Tenant, administer, checked_id, fail

if TYPE_CHECKING:
    from server.usecases.graph_rebuild import Rebuilt
    from server.usecases.tenants import Administration


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    graph = typer.Typer(help="The graph of tracked interactions.", no_args_is_help=True)
    graph.command()(rebuild)
    graph.command()(export)
    app.add_typer(graph, name="graph")


def rebuild(
    tenant: Annotated[str | None, typer.Option(help="The tenant.", show_default="every active tenant")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = Path(".kith"),
) -> None:
    """Make the graph anew from the log and compare it with the one in use, which it replaces.

    Exit status 1 where they were not the same; the new one is in use either way.
    """
    import json

    from server.usecases.graph_rebuild import rebuild_graph
    from server.usecases.tenants import list_tenants

    chosen = None if tenant is None else checked_id(tenant)

    async def work(parts: Administration) -> dict[str, Rebuilt]:
        named = [chosen] if chosen else [row.tenant_id for row in await list_tenants(parts) if row.status == "active"]
        return {one: await rebuild_graph(parts.database, one, parts.clock()) for one in named}

    found = administer("graph.rebuild", data_dir, work)
    if as_json:
        told = [
            {
                "tenant_id": tenant_id,
                "generation": one.generation,
                "events": one.content.events,
                "edges": one.content.edges,
                "parked": one.content.parked,
                "hash": one.content.hash,
                "equal": one.equal,
            }
            for tenant_id, one in found.items()
        ]
        typer.echo(json.dumps(told if chosen is None else told[0], indent=2))
    else:
        for tenant_id, one in found.items():
            content = one.content
            same = "the same as before" if one.equal else "NOT the same as before"
            typer.echo(
                f"{tenant_id}: {content.events} events, {content.edges} edges, {content.parked} parked,"
                f" {content.hash}, {same}"
            )
    raise typer.Exit(0 if all(one.equal for one in found.values()) else 1)


def export(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where to write it.")],
    tenant: Tenant,
    format_: Annotated[Literal["json", "graphml"], typer.Option("--format", help="How.")] = "json",
    data_dir: DataDir = Path(".kith"),
) -> None:
    """Write a tenant's whole graph to a file."""
    from server.usecases.graph_export import export_graph

    holder = checked_id(tenant)
    # Only a whole document takes the file's place.
    part = file.with_name(f"{file.name}.part")

    async def work(parts: Administration) -> None:
        with part.open("w", encoding="utf-8") as out:
            async for piece in export_graph(parts.database, holder, format_):
                out.write(piece)

    try:
        administer("graph.export", data_dir, work)
        part.replace(file)
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}")
    finally:
        part.unlink(missing_ok=True)
    typer.echo(str(file))
