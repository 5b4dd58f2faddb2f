"""A replay for a person at a terminal: questions with what came back, figures, calls to go on with."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from server.measuring.credentials import Credentials
from server.replaying.conversation import CATEGORIES
from server.replaying.run import Replayed
from server.replaying.scoring import HIT_LIMIT, LIMITS, Asked

_SHOWN_CHARS: Final = 90


def print_questions(console: Console, run: Replayed, top: int) -> None:
    """Every question with its evidence, found or missing, and the `top` first memories of ten."""
    table = Table(
        "question", "evidence", f"best {top} of {HIT_LIMIT} memories", show_lines=True, expand=True,
        title=f"{run.conversation.name}: {len(run.asked)} questions", title_justify="left",
    )  # fmt: skip
    table.columns[0].ratio, table.columns[2].ratio = 4, 7
    for asked in run.asked:
        table.add_row(_question(asked), _evidence(asked), _memories(asked, top))
    console.print(table)


def print_figures(console: Console, title: str, figures: Mapping[str, object]) -> None:
    """Recall over all questions and by category, then lengths and times."""
    names = [f"recall@{limit}" for limit in LIMITS] + [f"hit@{HIT_LIMIT}"]
    table = Table("category", "questions", *names, title=title, title_justify="left")
    by_category = figures["by_category"]
    rows = list(by_category.values()) if isinstance(by_category, dict) else []
    for row in (*rows, {"name": "all", **figures}):
        table.add_row(str(row["name"]), str(row["questions"]), *(f"{row[name]:.3f}" for name in names))
    console.print(table)
    console.print(
        f"{figures['exchanges']} exchanges in, {figures['memories_extracted']} memories made; "
        f"an answer's {HIT_LIMIT} memories have {figures['mean_chars']} characters on average."
    )
    times = Table("", "p50 ms", "p95 ms")
    for label, name in (
        ("GetContactContext, at the caller", "context_ms"),
        ("IngestInteraction, at the caller", "ingest_ms"),
        ("ranking, in the server", "rank_ms"),
    ):
        times.add_row(label, str(figures[f"{name}_p50"]), str(figures[f"{name}_p95"]))
    console.print(times)


def print_calls(console: Console, run: Replayed, credentials: Credentials) -> None:
    """First calls through the gateway for the contact of the replay, ready to paste."""
    curl = "curl -sk" if credentials.http.startswith("https") else "curl -s"
    base, contact = f"{credentials.http}/contact-intel", run.contact_id
    body = json.dumps({"contact_id": contact, "user_message": "Good morning!", "ai_response": "Hello again!"})
    key, token = '-H "x-gateway-key: $KEY"', '-H "authorization: Bearer $TOKEN"'
    console.print(f"\nThe same contact through the gateway ({contact}); paste the first line once:")
    # Plain and unwrapped: these lines are copied.
    for line in (
        f"KEY='{credentials.gateway_key}' TOKEN='{credentials.jwt}'",
        f"{curl} '{base}/context/{contact}?message=how+are+you&memory_limit=5' {key}",
        f"{curl} {base}/contacts/{contact}/profile {token}",
        f"{curl} '{base}/contacts/{contact}/memories?limit=5' {token}",
        f"{curl} {base}/contacts/{contact}/export {token}",
        f"{curl} {base}/ingest {key} -H 'content-type: application/json' -d '{body}'",
    ):
        console.print(f"  {line}", markup=False, soft_wrap=True)


def print_briefing(console: Console, run: Replayed, text: str) -> None:
    """The ready text block."""
    title = f"what to know about {run.conversation.speaker_a}, as a prompt block"
    console.print(Panel(Text(text or "(empty)"), title=title, title_align="left"))


def _question(asked: Asked) -> Text:
    category = CATEGORIES.get(asked.question.category, str(asked.question.category))
    return Text.assemble(asked.question.text, (f"\n{asked.question.answer}", "italic"), (f"\n{category}", "dim"))


def _evidence(asked: Asked) -> Text:
    found = asked.found(HIT_LIMIT)
    marks: Sequence[tuple[str, str]] = [
        (f"✓ {turn}\n", "green") if turn in found else (f"✗ {turn}\n", "red") for turn in asked.question.evidence
    ]
    text = Text.assemble(*marks)
    text.rstrip()
    return text


def _memories(asked: Asked, top: int) -> Text:
    evidence = frozenset(asked.question.evidence)
    text = Text()
    for memory in asked.answers[HIT_LIMIT][:top]:
        content = " ".join(f"{memory.content} {memory.beside or ''}".split())
        shown = content if len(content) <= _SHOWN_CHARS else f"{content[: _SHOWN_CHARS - 1]}…"
        text.append(f"{memory.score:.2f} ", "bold")
        text.append(shown, "green" if evidence.intersection(memory.sources) else "")
        text.append(f"  {' '.join(memory.sources)}\n", "dim")
    text.rstrip()
    return text
