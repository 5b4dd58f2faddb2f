"""`kith bench`: what a request costs beside a bare echo, and the latencies at a given rate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.commands.bench_scale import scale
from server.commands.replay import CREDENTIALS, AsJson, CredentialsFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.benching.payloads import Payloads
    from server.benching.plans import Request, Target
    from server.benching.seeding import Shape
    from server.benching.suites import Bench, Effort
    from server.measuring.credentials import Credentials

Contacts = Annotated[int, typer.Option(min=1, max=1_000_000, help="Contacts to measure on, made if absent.")]
Memories = Annotated[int, typer.Option(min=1, max=10_000, help="Memories of each.")]
Rate = Annotated[float, typer.Option(min=1, max=20_000, help="Requests a second offered in the SLA's run.")]
Seconds = Annotated[float, typer.Option(min=1, max=600, help="How long the SLA's run is measured.")]
InFlight = Annotated[int, typer.Option(min=1, max=1024, help="Callers in the runs at the highest rate.")]
Rounds = Annotated[int, typer.Option(min=1, max=50, help="Interleaved rounds; medians are told.")]
RoundSeconds = Annotated[float, typer.Option(min=0.5, max=60, help="How long each run of a round is measured.")]
Generators = Annotated[int, typer.Option(min=1, max=64, help="Load generator processes.")]
WorkingSet = Annotated[int, typer.Option(min=1, help="Contacts in the runs beside the echo: few are cached.")]


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    group = typer.Typer(help="Measure the running stack.", no_args_is_help=True)
    context = _against_echo("context", "GetContactContext", lambda payloads, count: payloads.questions(count))
    ingest = _against_echo("ingest", "IngestInteraction", lambda payloads, count: payloads.exchanges(count))
    group.command("context", help="GetContactContext beside a bare echo, then at a rate over all contacts.")(context)
    group.command(
        "ingest",
        help="IngestInteraction beside a bare echo, then at a rate over all contacts. It adds to their memories.",
    )(ingest)
    group.command()(mix)
    group.command()(gateway)
    group.command()(scale)
    app.add_typer(group, name="bench")


def _against_echo(name: str, title: str, calls: Callable[[Payloads, int], list[Request]]) -> Callable[..., None]:
    """The command that measures one RPC beside a bare echo, then at a rate; `calls` are so many calls."""

    def command(
        contacts: Contacts = 10_000,
        memories: Memories = 50,
        rate: Rate = 200,
        seconds: Seconds = 20,
        in_flight: InFlight = 32,
        rounds: Rounds = 3,
        round_seconds: RoundSeconds = 4,
        generators: Generators = 1,
        working_set: WorkingSet = 500,
        credentials: CredentialsFile = CREDENTIALS,
        as_json: AsJson = False,
    ) -> None:
        from server.benching.suites import Effort

        effort = Effort(in_flight, rounds, round_seconds, rate, seconds, generators)

        def measure(bench: Bench, shape: Shape) -> dict[str, object]:
            few = min(working_set, shape.contacts)
            return bench.against_echo(name, calls(bench.payloads, few), calls(bench.payloads, shape.contacts))

        _bench(title, credentials, contacts, memories, effort, measure, as_json=as_json)

    return command


def mix(
    contacts: Contacts = 10_000,
    memories: Memories = 50,
    rate: Rate = 200,
    seconds: Seconds = 20,
    ingest_share: Annotated[float, typer.Option(min=0.01, max=0.99, help="Share of ingests.")] = 0.5,
    credentials: CredentialsFile = CREDENTIALS,
    as_json: AsJson = False,
) -> None:
    """Contexts and ingests together, at a rate for both, over all contacts."""
    from server.benching.suites import Effort

    def measure(bench: Bench, shape: Shape) -> dict[str, object]:
        questions = bench.payloads.questions(shape.contacts)
        exchanges = bench.payloads.exchanges(shape.contacts)
        return bench.mix({"context": (questions, 1 - ingest_share), "ingest": (exchanges, ingest_share)})

    effort = Effort(rate=rate, sla_seconds=seconds, generators=2)
    _bench("Contexts and ingests", credentials, contacts, memories, effort, measure, as_json=as_json)


def gateway(
    contacts: Contacts = 10_000,
    memories: Memories = 50,
    in_flight: InFlight = 32,
    rounds: Rounds = 3,
    round_seconds: RoundSeconds = 4,
    generators: Generators = 1,
    working_set: WorkingSet = 500,
    credentials: CredentialsFile = CREDENTIALS,
    as_json: AsJson = False,
) -> None:
    """GetContactContext through Envoy, as gRPC and as REST, beside direct gRPC."""
    from dataclasses import replace

    from server.benching.suites import Effort

    effort = Effort(in_flight, rounds, round_seconds, generators=generators)
    envoy = _gateway_address(credentials)

    def measure(bench: Bench, shape: Shape) -> dict[str, object]:
        few = min(working_set, shape.contacts)
        calls, paths = bench.payloads.questions(few), bench.payloads.rest_questions(few)
        there = replace(bench.target, host=envoy[0], port=envoy[1])
        return bench.through_gateway(
            {
                "direct": (bench.target, calls),
                "grpc": (there, calls),
                "rest_h2": (replace(there, wire="rest_h2"), paths),
                "rest_h1": (replace(there, wire="rest_h1"), paths),
            }
        )

    _bench("Through the gateway", credentials, contacts, memories, effort, measure, as_json=as_json)


def _bench(
    title: str,
    credentials_file: Path,
    contacts: int,
    memories: int,
    effort: Effort,
    measure: Callable[[Bench, Shape], dict[str, object]],
    *,
    as_json: bool,
) -> None:
    """Prepare the contacts, measure, print."""
    import asyncio
    import json

    from rich.console import Console

    from server.benching.accounts import TENANT, gateway_key
    from server.benching.seeding import Shape, postgres, seed, settle, worker_count
    from server.benching.suites import Bench
    from server.benching.tables import print_figures
    from server.measuring.credentials import load
    from server.measuring.errors import told_in_words
    from server.measuring.progress import progress

    with told_in_words():
        known = load(credentials_file)
        data_dir = credentials_file.parent
        shape = Shape(contacts, memories)
        key = asyncio.run(gateway_key(known, data_dir))
        with progress(contacts) as bar:
            bar.describe(f"contacts with {memories} memories")
            store = postgres(data_dir)
            if seed(store.app_url, TENANT, shape, bar.step) and store.owner_url:
                bar.describe("vacuum")
                settle(store.owner_url)
        console = Console(stderr=True)
        with console.status("…") as status:
            bench = Bench(
                target=_direct(known, key),
                payloads=asyncio.run(_payloads(known, key, shape)),
                effort=effort,
                server_processes=worker_count(data_dir),
                say=status.update,
            )
            figures = measure(bench, shape)
    if as_json:
        typer.echo(json.dumps(figures))
    else:
        print_figures(title, figures)


def _direct(credentials: Credentials, key: str) -> Target:
    from server.benching.plans import Target

    host, _, port = credentials.grpc.rpartition(":")
    return Target("grpc", host, int(port), (("x-gateway-key", key),))


def _gateway_address(credentials_file: Path) -> tuple[str, int]:
    from urllib.parse import urlsplit

    from server.measuring.credentials import load
    from server.measuring.errors import MeasuringError, told_in_words

    with told_in_words():
        url = urlsplit(load(credentials_file).http)
        if url.scheme != "http" or not url.hostname:
            raise MeasuringError("The gateway is measured in clear text; start the stack without TLS for it.")
        return url.hostname, url.port or 80


async def _payloads(credentials: Credentials, key: str, shape: Shape) -> Payloads:
    from dataclasses import replace

    from server.benching.payloads import payloads
    from server.measuring.connection import connected

    async with connected(replace(credentials, gateway_key=key)) as api:
        return await payloads(api, shape)
