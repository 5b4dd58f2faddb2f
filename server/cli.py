"""The command `kith`: every topic registers its commands from its own module in server/commands."""

from __future__ import annotations

import sys

import typer

from server.commands import bench, credentials, demo, doctor, evaluate, graph, parts, receipts, replay, stack, tenants
from server.embedded.errors import EmbeddedError

app = typer.Typer(
    name="kith",
    help="Contact intelligence: what a good friend would know, on every message.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    # Local variables in a traceback would show credentials and what contacts said.
    pretty_exceptions_show_locals=False,
)

for topic in (stack, parts, tenants, credentials, receipts, graph, doctor, replay, demo, evaluate, bench):
    topic.register(app)


def main() -> None:
    """Run `kith`. What the operator can mend is told in words, without a traceback; exit status 1."""
    try:
        app()
    except EmbeddedError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        sys.exit(1)


if __name__ == "__main__":
    main()
