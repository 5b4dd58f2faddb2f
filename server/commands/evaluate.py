"""`kith eval`: how well conversations are remembered, moods told, facts found and departures foreseen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.commands.replay import CREDENTIALS, AsJson, Captions, CredentialsFile, TlsCa, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from server.measuring.credentials import Credentials
    from server.replaying.conversation import Conversation
    from server.replaying.run import Manner, Replayed


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    group = typer.Typer(help="Score Kith on labelled data.", no_args_is_help=True)
    group.command()(locomo)
    group.command()(mood)
    group.command()(facts)
    group.command()(churn)
    app.add_typer(group, name="eval")


def locomo(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Conversation files with questions.")],
    captions: Captions = False,
    consolidate: Annotated[
        bool, typer.Option("--consolidate", help="Run the deferred pass before the questions.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the contacts; else they are erased again.")] = False,
    credentials: CredentialsFile = CREDENTIALS,
    tls_ca: TlsCa = None,
    as_json: AsJson = False,
) -> None:
    """Recall of long conversations, through the public gRPC API."""
    import asyncio

    from rich.console import Console

    from server.measuring.credentials import load
    from server.measuring.errors import told_in_words
    from server.replaying import conversation, report, tables
    from server.replaying.run import Manner

    with told_in_words():
        known = load(credentials)
        conversations = [conversation.load(path) for path in files]
        runs = asyncio.run(_replay_all(known, tls_ca, conversations, Manner(False, captions, consolidate), keep=keep))
    if as_json:
        print_json(report.evaluation(runs))
        return
    console = Console(highlight=False)
    for run in runs:
        tables.print_figures(console, run.conversation.name, report.figures([run]))
    if len(runs) > 1:
        tables.print_figures(console, f"all {len(runs)} conversations", report.figures(runs))


def mood(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Lines of `label<TAB>text`.")],
    as_json: AsJson = False,
) -> None:
    """Macro-F1 of the built-in mood classifier. Needs no server."""
    from server.measuring.moods import evaluate, read

    _score("Moods", lambda: evaluate(read(file)), as_json=as_json)


def facts(
    file: Annotated[Path, typer.Argument(metavar="FILE", help='Lines of {"utterance", "facts": [{"value"}]}.')],
    as_json: AsJson = False,
) -> None:
    """How many of the facts that utterances state are extracted. Needs no server."""
    from server.measuring.facts import evaluate, read

    _score("Facts", lambda: evaluate(read(file)), as_json=as_json)


def churn(as_json: AsJson = False) -> None:
    """Fit of the churn model on CDNOW, and how well it tells who stays silent later. Needs no server."""
    from server.measuring.churn import evaluate, locate, read

    _score("Churn on CDNOW", lambda: evaluate(read(locate())), as_json=as_json)


async def _replay_all(
    credentials: Credentials,
    tls_ca: Path | None,
    conversations: list[Conversation],
    manner: Manner,
    *,
    keep: bool,
) -> list[Replayed]:
    import secrets

    from server.measuring.connection import connected
    from server.measuring.progress import progress
    from server.replaying.run import replay, steps_of

    runs = []
    async with connected(credentials, tls_ca) as api:
        with progress(sum(map(steps_of, conversations))) as bar:
            for conversation in conversations:
                bar.describe(conversation.name)
                name = f"{conversation.name}-{secrets.token_hex(4)}"
                run = await replay(api, conversation, name, manner, bar.step)
                runs.append(run)
                if not keep:
                    await api.delete_contact(run.contact_id)
    return runs


def _score(title: str, measure: Callable[[], Mapping[str, object]], *, as_json: bool) -> None:
    """Measure, print."""
    from server.measuring.errors import told_in_words

    with told_in_words():
        figures = measure()
    if as_json:
        print_json(figures)
    else:
        _print_table(title, figures)


def _print_table(title: str, figures: Mapping[str, object]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "", title=title, title_justify="left", show_header=False)
    for name, value in figures.items():
        for label, figure in value.items() if isinstance(value, dict) else ((name, value),):
            shown = ", ".join(f"{k} {v}" for k, v in figure.items()) if isinstance(figure, dict) else str(figure)
            table.add_row(str(label), shown)
    Console(highlight=False).print(table)
