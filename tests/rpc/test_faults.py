"""When a store goes away: a clear answer, nothing stale, and recovery without a restart."""

import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from server.embedded.stores import EmbeddedStores
from store.migrate import upgrade
from tests.running import RunningProduct, running_product


@pytest.fixture(scope="module")
def own_stores() -> Iterator[EmbeddedStores]:
    """Stores of this module alone, as its tests stop them."""
    with EmbeddedStores.temporary(fast=True) as stores:
        upgrade(stores.owner_url("kith"))
        yield stores


@pytest.fixture(scope="module")
def product(own_stores: EmbeddedStores) -> Iterator[RunningProduct]:
    with running_product(own_stores, "kith") as running:
        yield running


@pytest.fixture(scope="module")
def contact_id(product: RunningProduct) -> str:
    with product.client() as rest:
        body = {"external_id": "wa_fault", "channel": "whatsapp"}
        return str(rest.post("/contact-intel/contacts", json=body, headers=product.key).json()["id"])


def ingest(product: RunningProduct, contact_id: str, text: str) -> httpx.Response:
    with product.client() as rest:
        return rest.post(
            "/contact-intel/ingest", json={"contact_id": contact_id, "user_message": text}, headers=product.key
        )


def context(product: RunningProduct, contact_id: str, message: str = "") -> httpx.Response:
    # A connection each time, so that both server processes are asked.
    with product.client() as rest:
        return rest.get(f"/contact-intel/context/{contact_id}", params={"message": message}, headers=product.key)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_redis_may_go_and_come_back_and_no_read_is_stale(
    own_stores: EmbeddedStores, product: RunningProduct, contact_id: str
) -> None:
    turns = 0

    def turn_and_read() -> None:
        nonlocal turns
        turns += 1
        assert ingest(product, contact_id, f"I saw comet{turns} over the lake").status_code == 202
        for _ in range(4):
            seen = context(product, contact_id, f"comet{turns}")
            assert seen.status_code == 200
            assert seen.json()["state"]["total_messages"] == turns
            assert f"comet{turns}" in seen.json()["memories"][0]["content"]

    turn_and_read()
    own_stores.stop_redis(kill=True)
    for _ in range(3):
        turn_and_read()
    with product.client() as rest:
        until(lambda: rest.get("/readyz").json()["redis"] != "up")
        assert rest.get("/readyz").status_code == 200
    own_stores.start_redis()
    for _ in range(10):
        turn_and_read()
    with product.client() as rest:
        until(lambda: rest.get("/readyz").json()["redis"] == "up")
    turn_and_read()

    # Cut off and back with all that it held: what changed meanwhile must not be served as it was.
    own_stores.freeze_redis()
    try:
        for _ in range(3):
            turn_and_read()
    finally:
        own_stores.thaw_redis()
    for _ in range(10):
        turn_and_read()
    with product.client() as rest:
        until(lambda: rest.get("/readyz").json()["redis"] == "up")
    for _ in range(3):
        turn_and_read()


def test_without_postgres_the_answer_is_unavailable_and_recovery_needs_no_restart(
    own_stores: EmbeddedStores, product: RunningProduct, contact_id: str
) -> None:
    before = context(product, contact_id).json()["state"]["total_messages"]
    own_stores.stop_postgres(kill=True)
    try:
        refused = ingest(product, contact_id, "nobody hears this")
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "UNAVAILABLE")
        with product.client() as rest:
            until(lambda: rest.get("/readyz").status_code == 503)
            assert rest.get("/healthz").status_code == 200
    finally:
        own_stores.start_postgres()
    until(lambda: ingest(product, contact_id, "and we are back").status_code == 202)
    assert context(product, contact_id).json()["state"]["total_messages"] == before + 1


def test_a_killed_server_loses_nothing_that_was_acknowledged(product: RunningProduct, contact_id: str) -> None:
    before = context(product, contact_id).json()["state"]["total_messages"]
    for number in range(5):
        assert ingest(product, contact_id, f"remember the number {number}").status_code == 202
    product.processes["server-0"].kill()
    product.processes["server-0"].wait()
    until(lambda: context(product, contact_id).status_code == 200)
    assert context(product, contact_id).json()["state"]["total_messages"] == before + 5
