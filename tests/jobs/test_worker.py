"""Deferred work is queued with the turn, done by the worker, and lost by nobody."""

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from server.embedded.stores import EmbeddedStores
from tests.running import RunningProduct, running_product


@pytest.fixture(scope="module")
def product(stores: EmbeddedStores, database_name: str) -> Iterator[RunningProduct]:
    with running_product(stores, database_name, servers=1) as running:
        yield running


def jobs(stores: EmbeddedStores, name: str) -> list[tuple[str, str]]:
    with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{name}") as connection:
        return connection.execute("SELECT status::text, args::text FROM procrastinate_jobs").fetchall()


def start_worker(product: RunningProduct) -> None:
    if "worker" not in product.processes:
        product.start("worker", sys.executable, "-P", "-m", "server.cli", "worker")


def test_a_turn_queues_one_consolidation_whose_arguments_are_ids_and_the_worker_does_it(
    stores: EmbeddedStores, database_name: str, product: RunningProduct
) -> None:
    with product.client() as rest:
        body = {"external_id": "wa_job", "channel": "whatsapp"}
        contact_id = rest.post("/contact-intel/contacts", json=body, headers=product.key).json()["id"]
        counts = [
            rest.post(
                "/contact-intel/ingest",
                json={"contact_id": contact_id, "user_message": f"My secret hobby number {n} is falconry"},
                headers=product.key,
            ).json()["deferred_tasks_queued"]
            for n in range(2)
        ]
    assert counts == [3, 0]
    ((status, arguments),) = jobs(stores, database_name)
    assert status == "todo"
    assert contact_id in arguments
    assert "falconry" not in arguments
    with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{database_name}") as connection:
        connection.execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
    start_worker(product)
    deadline = time.monotonic() + 30
    while jobs(stores, database_name):
        assert time.monotonic() < deadline, product.log("worker")[-2000:]
        time.sleep(0.05)


def test_the_scheduled_job_sends_what_is_due(
    stores: EmbeddedStores, database_name: str, product: RunningProduct
) -> None:
    now = datetime.now(UTC).isoformat()
    with product.client() as rest:
        body = {"external_id": "wa_due", "channel": "whatsapp"}
        contact_id = rest.post("/contact-intel/contacts", json=body, headers=product.key).json()["id"]
        awake = {"quiet_hours_start": "00:00", "quiet_hours_end": "00:00"}
        rest.patch("/contact-intel/outreach/config", json=awake, headers=product.bearer)
        planned = {"contact_id": contact_id, "message": "How was it?", "scheduled_at": now}
        trigger_id = rest.post("/contact-intel/outreach", json=planned, headers=product.bearer).json()["id"]
        with psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{database_name}") as connection:
            # As the schedule would within the minute.
            connection.execute(
                "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('outreach', 'send_outreach', 0, NULL, NULL,"
                " '{\"timestamp\": 0}', NULL)::procrastinate_job_to_defer_v1])"
            )
        start_worker(product)
        deadline = time.monotonic() + 30
        while True:
            path = f"/contact-intel/outreach/{trigger_id}"
            trigger = rest.get(path, headers=product.bearer).json()["trigger"]
            if trigger["status"] == "sent":
                break
            assert time.monotonic() < deadline, product.log("worker")[-2000:]
            time.sleep(0.05)
