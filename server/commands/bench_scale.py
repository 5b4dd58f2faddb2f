"""`kith bench scale`: what pages and graph queries cost with much data, beside the same with little."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from server.commands.operator import administer, issue
from server.commands.replay import CREDENTIALS, AsJson, CredentialsFile

if TYPE_CHECKING:
    from server.benching.scale_run import Taken
    from server.benching.scale_sizes import Sizes
    from server.benching.seeding import Postgres
    from server.measuring.credentials import Credentials
    from server.measuring.progress import Bar
    from server.usecases.tenants import Administration

_ACTION: Final = "bench.scale"
_LIFETIME: Final = timedelta(hours=6)


def scale(
    interactions: Annotated[
        int, typer.Option(min=100, max=20_000_000, help="Interactions of the large tenant.")
    ] = 1_000_000,
    contacts: Annotated[int, typer.Option(min=2, max=5_000_000, help="Contacts of the large tenant.")] = 100_000,
    edges: Annotated[int, typer.Option(min=100, max=20_000_000, help="Edges of the large tenant's graph.")] = 1_000_000,
    small: Annotated[
        int, typer.Option(min=50, help="Interactions of the small tenant; of all else it has as much less.")
    ] = 10_000,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Interleaved rounds over all questions.")] = 5,
    calls: Annotated[
        int, typer.Option(min=1, max=1_000, help="Calls of each question to each tenant in a round.")
    ] = 20,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the tenants there, to look into them.")] = False,
    credentials: CredentialsFile = CREDENTIALS,
    as_json: AsJson = False,
) -> None:
    """Lists, timelines and graph queries over much data beside the same over little, in one run.

    Two tenants of one shape are made and filled, asked in turn through the public gRPC API, and deleted again.
    """
    import json

    from server.benching.scale_figures import figures, print_scale
    from server.benching.scale_seeding import rows_of
    from server.benching.scale_sizes import Sizes
    from server.benching.seeding import postgres
    from server.measuring.credentials import load
    from server.measuring.errors import told_in_words
    from server.measuring.progress import progress

    with told_in_words():
        known, data_dir = load(credentials), credentials.parent
        sizes = Sizes.of(interactions, contacts, edges, small)
        pair, store = (sizes.small, sizes.large), postgres(data_dir)
        now = datetime.now(UTC)
        try:
            with progress(sum(rows_of(size) for size in pair)) as bar:
                seconds = _filled(sizes, store, data_dir, now, bar)
            taken = _measured(sizes, known, data_dir, now, rounds, calls)
        finally:
            if not keep:
                administer(_ACTION, data_dir, lambda parts: _remove(parts, sizes))
    about = {
        "interactions": interactions, "contacts": contacts, "edges": edges,
        "small_interactions": sizes.small.interactions, "small_contacts": sizes.small.contacts,
        "rounds": rounds, "calls": calls, "seed_seconds": round(seconds, 1),
    }  # fmt: skip
    told = {**figures(taken, sizes), "measured": about}
    if as_json:
        typer.echo(json.dumps(told))
    else:
        print_scale(told)


def _filled(sizes: Sizes, store: Postgres, data_dir: Path, now: datetime, bar: Bar) -> float:
    """Makes and fills both tenants; how many seconds it took, but for the deletion of what an earlier run left."""
    from server.benching import scale_seeding as seeding
    from server.benching.scale_tenants import make_anew, store_warmth

    pair = (sizes.small, sizes.large)
    bar.describe("tenants")
    administer(_ACTION, data_dir, lambda parts: make_anew(parts, pair))
    began = time.monotonic()
    for size in pair:
        bar.describe(f"filling {size.tenant_id}")
        seeding.fill(store.app_url, size, now, bar.step)
        bar.describe("warmth")
        administer(_ACTION, data_dir, partial(store_warmth, size=size, now=now))
        seeding.share_warmth(store.app_url, size)
    if store.owner_url:
        bar.describe("vacuum")
        seeding.settle(store.owner_url)
    return time.monotonic() - began


def _measured(
    sizes: Sizes, known: Credentials, data_dir: Path, now: datetime, rounds: int, calls: int
) -> dict[tuple[str, str], Taken]:
    import uvloop
    from rich.console import Console

    from server.benching.plans import Target
    from server.benching.scale_cases import cases
    from server.benching.scale_run import Asker, measure
    from server.rpc.policy import permissions
    from server.usecases.credentials import issue_token

    def target(tenant_id: str) -> Target:
        token = issue(
            _ACTION, data_dir, lambda _, issuer: issue_token(issuer, tenant_id, "bench", permissions(), _LIFETIME)
        )
        host, _, port = known.grpc.rpartition(":")
        return Target("grpc", host, int(port), (("authorization", f"Bearer {token}"),))

    asker = Asker(target(sizes.small.tenant_id), target(sizes.large.tenant_id))
    with Console(stderr=True).status("…") as status:
        return uvloop.run(measure(asker, cases(sizes, now), rounds, calls, status.update))


async def _remove(parts: Administration, sizes: Sizes) -> None:
    from server.benching.scale_tenants import remove

    for size in (sizes.small, sizes.large):
        await remove(parts, size)
