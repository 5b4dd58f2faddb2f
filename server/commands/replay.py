"""`kith replay`: a conversation goes in as a chat engine would send it, then its questions are asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.measuring.credentials import Credentials
    from server.replaying.conversation import Conversation
    from server.replaying.run import Manner, Replayed

CREDENTIALS: Final = Path(".kith/credentials.json")
"""Where `kith up` writes them by default."""

CredentialsFile = Annotated[Path, typer.Option("--credentials", help="The credentials file that `kith up` wrote.")]
TlsCa = Annotated[Path | None, typer.Option("--tls-ca", help="PEM file to trust, where the gRPC server has TLS.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Captions = Annotated[bool, typer.Option("--captions", help="Send a shared photo's caption with the message.")]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(replay)


def replay(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE…", help="Conversation files; without any, the sample that ships with Kith."),
    ] = None,
    fresh: Annotated[
        bool,
        typer.Option("--fresh/--keep", help="A new contact each time, or one kept: again changes nothing then."),
    ] = True,
    ask_first: Annotated[
        bool, typer.Option("--ask/--no-ask", help="Ask for the context of each message before its exchange.")
    ] = True,
    captions: Captions = False,
    top: Annotated[int, typer.Option(min=1, max=10, help="Memories shown for each question.")] = 3,
    prompt_tokens: Annotated[int, typer.Option(min=50, max=8000, help="Most tokens of the text block.")] = 300,
    credentials: CredentialsFile = CREDENTIALS,
    tls_ca: TlsCa = None,
    as_json: AsJson = False,
) -> None:
    """Send conversations through the public gRPC API, ask their questions, show what came back."""
    import asyncio

    from rich.console import Console

    from server.measuring.credentials import load
    from server.measuring.errors import told_in_words
    from server.replaying import conversation, report, tables
    from server.replaying.run import Manner

    with told_in_words():
        known = load(credentials)
        conversations = [conversation.load(path) for path in files] if files else [conversation.sample()]
        manner = Manner(ask_first=ask_first, captions=captions)
        runs, prompts = asyncio.run(_run(known, tls_ca, conversations, manner, fresh, prompt_tokens))
    if as_json:
        print_json(report.details(runs, prompts))
        return
    console = Console(highlight=False)
    for run in runs:
        tables.print_questions(console, run, top)
    if len(runs) > 1:
        for run in runs:
            tables.print_figures(console, run.conversation.name, report.figures([run]))
    tables.print_figures(console, "What was found", report.figures(runs))
    for run, prompt in zip(runs, prompts, strict=True):
        tables.print_calls(console, run, known)
        tables.print_briefing(console, run, prompt)


async def _run(
    credentials: Credentials,
    tls_ca: Path | None,
    conversations: list[Conversation],
    manner: Manner,
    fresh: bool,
    prompt_tokens: int,
) -> tuple[list[Replayed], list[str]]:
    import secrets

    from server.measuring.connection import connected
    from server.measuring.progress import progress
    from server.replaying.run import briefing, replay, steps_of

    runs, prompts = [], []
    suffix = secrets.token_hex(4) if fresh else "kept"
    async with connected(credentials, tls_ca) as api:
        with progress(sum(map(steps_of, conversations))) as bar:
            for conversation in conversations:
                bar.describe(conversation.name)
                run = await replay(api, conversation, f"{conversation.name}-{suffix}", manner, bar.step)
                runs.append(run)
                prompts.append(await briefing(api, run, prompt_tokens))
    return runs, prompts


def print_json(value: Mapping[str, object]) -> None:
    """Print one JSON object, as `--json` promises."""
    import json

    typer.echo(json.dumps(value, ensure_ascii=False))
