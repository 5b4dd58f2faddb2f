"""Tracking over REST: what is told is queued, the graph follows, and without a queue the answer says to try again."""

import json
import sys
import time
import uuid
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest

from server.embedded.stores import EmbeddedStores
from store.migrate import upgrade
from tests.running import RunningProduct, running_product


@pytest.fixture(scope="module")
def own_stores() -> Iterator[EmbeddedStores]:
    """Stores of this module alone, as its last tests stop them."""
    with EmbeddedStores.temporary(fast=True) as stores:
        upgrade(stores.owner_url("kith"))
        yield stores


@pytest.fixture(scope="module")
def product(own_stores: EmbeddedStores) -> Iterator[RunningProduct]:
    with running_product(own_stores, "kith") as running:
        running.start("worker", sys.executable, "-P", "-m", "server.cli", "worker")
        yield running


@pytest.fixture(scope="module")
def rest(product: RunningProduct) -> Iterator[httpx.Client]:
    with product.client() as client:
        yield client


@pytest.fixture(scope="module")
def ada(product: RunningProduct) -> dict[str, str]:
    """The header of a user's own token."""
    permissions = "tracking:read,tracking:write"
    tenant = product.credentials["tenant_id"]
    token = product.kith("token", "--tenant", tenant, "--subject", "ada", "--permissions", permissions)
    return {"authorization": f"Bearer {token}"}


def now() -> float:
    return datetime.now(UTC).timestamp()


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def tell(rest: httpx.Client, headers: dict[str, str], **body: Any) -> httpx.Response:
    return rest.post("/interaction", json={"timestamp": now(), **body}, headers=headers)


def test_a_recall_and_what_became_of_it_are_told_and_shown(
    product: RunningProduct, rest: httpx.Client, ada: dict[str, str]
) -> None:
    started = tell(rest, ada, kind="recall", metadata={"query": "boats", "page": 2})
    assert started.status_code == 200
    answer = started.json()
    assert (set(answer), answer["status"], answer["message"]) == ({"status", "message", "event_id"}, "ok", None)
    event = answer["event_id"]
    assert uuid.UUID(event).version == 5
    artifact = str(uuid.uuid4())
    begun = time.monotonic()
    for kind in ("peel", "keep", "mark_good", "mark_bad"):
        told = tell(rest, ada, artifact_id=artifact, kind=kind, event_id=event, metadata=None)
        assert (told.status_code, told.json()["event_id"]) == (200, event)
    shown: dict[str, Any] = {}

    def there() -> bool:
        nonlocal shown
        shown = rest.get(f"/interaction/events/{event}", headers=ada).json()
        return len(shown.get("edges", [])) == 4

    until(there)
    # About a second behind; what else this machine does is allowed for.
    assert time.monotonic() - begun < 8
    assert (shown["event"]["user_id"], shown["event"]["kind"], shown["event"]["contact_id"]) == ("ada", "recall", None)
    assert shown["event"]["metadata"] == {"query": "boats", "page": 2}
    assert {edge["kind"] for edge in shown["edges"]} == {"peel", "keep", "mark_good", "mark_bad"}

    engaged = rest.get(f"/interaction/artifacts/{artifact}/engagement", headers=ada).json()
    assert (engaged["peels"], engaged["keeps"], engaged["events"], engaged["keep_rate"]) == (1, 1, 1, 1)
    stats = rest.get("/interaction/users/ada/stats", headers=ada).json()
    assert (stats["recalls"], stats["keeps"]) == (1, 1)
    near = rest.get("/interaction/graph/neighbors", params={"node": f"event:{event}"}, headers=ada).json()
    assert {node["node"] for node in near["nodes"]} == {f"event:{event}", f"artifact:{artifact}", "user:ada"}
    ways = rest.get(
        "/interaction/graph/paths", params={"source": "user:ada", "target": f"artifact:{artifact}"}, headers=ada
    ).json()
    assert ways["paths"][0]["nodes"] == ["user:ada", f"event:{event}", f"artifact:{artifact}"]
    along = rest.get(f"/interaction/artifacts/{artifact}/co-kept", headers=ada)
    assert (along.status_code, along.json()) == (200, {"artifacts": []})

    exported = _patiently(rest, "/interaction/graph/export", ada)
    assert exported.headers["content-type"] == "application/json"
    assert f"event:{event}" in {node["id"] for node in exported.json()["nodes"]}
    graphml = _patiently(rest, "/interaction/graph/export?format=graphml", ada)
    assert graphml.headers["content-type"] == "application/graphml+xml"
    assert ElementTree.fromstring(graphml.content).tag.endswith("graphml")  # noqa: S314 (our own)

    rebuilt = rest.post("/internal/graph/rebuild", json={}, headers=product.key)
    assert (rebuilt.status_code, rebuilt.json()["equal"], rebuilt.json()["parked"]) == (200, True, 0)
    tenant = product.credentials["tenant_id"]
    by_command = json.loads(product.kith("graph", "rebuild", "--tenant", tenant, "--json"))
    assert (by_command["hash"], by_command["equal"]) == (rebuilt.json()["hash"], True)
    file = product.directory / "graph.json"
    product.kith("graph", "export", str(file), "--tenant", tenant)
    assert json.loads(file.read_text()) == _patiently(rest, "/interaction/graph/export", ada).json()


@pytest.mark.parametrize(
    "stamp", [1_767_323_045, 1_767_323_045.25, "2026-01-02T03:04:05Z", "2026-01-02T04:04:05.5+01:00"]
)
def test_a_timestamp_is_seconds_or_rfc_3339(rest: httpx.Client, ada: dict[str, str], stamp: Any) -> None:
    assert tell(rest, ada, kind="workspace", timestamp=stamp).json()["status"] == "ok"


def test_a_time_with_a_type_does_as_well(rest: httpx.Client, ada: dict[str, str]) -> None:
    body = {"kind": "recall", "occurred_at": "2026-01-02T03:04:05Z"}
    one = rest.post("/interaction", json=body, headers=ada)
    other = rest.post("/interaction", json={"kind": "recall", "timestamp": 1_767_323_045}, headers=ada)
    assert one.json() == other.json()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "recall", "timestamp": True}, "timestamp"),
        ({"kind": "recall", "timestamp": None}, "timestamp"),
        ({"kind": "recall", "timestamp": {}}, "timestamp"),
        ({"kind": "recall", "timestamp": [1]}, "timestamp"),
        ({"kind": "recall", "timestamp": "yesterday"}, "timestamp"),
        ({"kind": "recall", "timestamp": "2026-02-30T00:00:00Z"}, "timestamp"),
        ({"kind": "recall", "timestamp": "2026-01-02T03:04:05"}, "timestamp"),
        ({"kind": "recall", "timestamp": -1}, "timestamp"),
        ({"kind": "recall", "timestamp": 1e300}, "timestamp"),
        # Milliseconds.
        ({"kind": "recall", "timestamp": 1_767_323_045_000}, "timestamp"),
        ({"kind": "recall"}, "timestamp"),
        ({"kind": "recall", "timestamp": 1, "occurred_at": "2026-01-02T03:04:05Z"}, "timestamp"),
        ({"kind": "recall", "timestamp": time.time() + 600}, "timestamp"),
        ({"kind": "look", "timestamp": 1}, "kind"),
        ({"timestamp": 1}, "kind"),
        ({"kind": "keep", "timestamp": 1}, "artifact_id"),
        ({"kind": "keep", "timestamp": 1, "artifact_id": "a b"}, "artifact_id"),
        ({"kind": "recall", "timestamp": 1, "event_id": ""}, "event_id"),
        ({"kind": "recall", "timestamp": 1, "interaction_id": "x" * 129}, "interaction_id"),
        ({"kind": "recall", "timestamp": 1, "metadata": {"a": "x" * 20_000}}, "metadata"),
        ({"kind": "recall", "timestamp": 1, "metadata": {"a": [[[[[[[[1]]]]]]]]}}, "metadata"),
    ],
)
def test_what_is_wrong_is_refused_by_field(
    rest: httpx.Client, ada: dict[str, str], body: dict[str, Any], field: str
) -> None:
    answer = rest.post("/interaction", json=body, headers=ada)
    assert answer.status_code == 400, answer.text
    assert isinstance(answer.json()["error"], str)
    assert field in json.dumps(answer.json())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/interaction/events/unheard", 404),
        ("/interaction/graph/neighbors?node=event:unheard", 404),
        ("/interaction/graph/neighbors?node=planet:mars", 400),
        ("/interaction/graph/neighbors?node=event:a|b", 400),
        ("/interaction/graph/neighbors?node=user:ada&depth=4", 400),
        ("/interaction/graph/neighbors?node=user:ada&kinds=like", 400),
        ("/interaction/graph/neighbors?node=user:ada&depht=1", 400),
        ("/interaction/graph/paths?source=user:ada&target=user:nobody", 404),
        ("/interaction/graph/export?format=csv", 400),
        ("/interaction/artifacts/unheard/engagement", 200),
    ],
)
def test_questions_are_answered_or_refused(rest: httpx.Client, ada: dict[str, str], path: str, status: int) -> None:
    tell(rest, ada, kind="recall", event_id="there", timestamp=1)
    until(lambda: rest.get("/interaction/events/there", headers=ada).status_code == 200)
    assert (answer := _patiently(rest, path, ada)).status_code == status, answer.text


def _patiently(rest: httpx.Client, path: str, headers: dict[str, str]) -> httpx.Response:
    """The answer of an operation that is not to be asked often."""
    while (answer := rest.get(path, headers=headers)).status_code == 429:
        time.sleep(float(answer.headers["retry-after"]))
    return answer


def test_a_contact_must_exist(rest: httpx.Client, ada: dict[str, str]) -> None:
    answer = tell(rest, ada, kind="recall", contact_id="ct_nobody")
    assert (answer.status_code, answer.json()["code"]) == (404, "CONTACT_NOT_FOUND")


def test_whose_it_is_comes_from_the_token_and_only_some_may_name_another(
    product: RunningProduct, rest: httpx.Client, ada: dict[str, str]
) -> None:
    assert tell(rest, ada, kind="recall", user_id="ada").status_code == 200
    assert tell(rest, ada, kind="recall", user_id="ben").status_code == 403
    assert tell(rest, product.bearer, kind="recall", user_id="ben").status_code == 200
    assert tell(rest, product.key, kind="recall", user_id="ben").status_code == 200
    nobody = tell(rest, product.key, kind="recall")
    assert (nobody.status_code, "user_id" in nobody.text) == (400, True)
    assert rest.post("/interaction", json={"kind": "recall", "timestamp": 1}).status_code == 401
    assert rest.post("/internal/graph/rebuild", json={}, headers=ada).status_code == 401


def test_a_platform_key_names_the_tenant_to_rebuild(product: RunningProduct, rest: httpx.Client) -> None:
    platform = {"x-gateway-key": product.credentials["platform_key"]}
    unnamed = rest.post("/internal/graph/rebuild", json={}, headers=platform)
    assert (unnamed.status_code, "tenant_id" in unnamed.text) == (400, True)
    body = {"tenant_id": product.credentials["tenant_id"]}
    assert rest.post("/internal/graph/rebuild", json=body, headers=platform).json()["equal"] is True


def test_what_cannot_be_queued_in_time_is_to_be_sent_again(
    own_stores: EmbeddedStores, rest: httpx.Client, ada: dict[str, str]
) -> None:
    body = {"kind": "recall", "timestamp": 1_767_000_000}
    key = {**ada, "idempotency-key": "again"}
    with psycopg.connect(own_stores.owner_url("kith")) as connection:
        connection.execute("LOCK TABLE tracking_log IN ACCESS EXCLUSIVE MODE")
        refused = rest.post("/interaction", json=body, headers=key)
    assert refused.status_code == 503
    assert refused.json()["status"] == "retry"
    assert refused.json()["message"]
    # Not the kept answer: what is sent again is tried again.
    again = rest.post("/interaction", json=body, headers=key)
    assert (again.status_code, again.json()) == (
        200, {"status": "ok", "message": None, "event_id": refused.json()["event_id"]},
    )  # fmt: skip


def test_without_postgres_the_answer_says_to_try_again(
    own_stores: EmbeddedStores, product: RunningProduct, rest: httpx.Client, ada: dict[str, str]
) -> None:
    body = {"kind": "keep", "artifact_id": "a", "timestamp": 1_767_000_001}
    own_stores.stop_postgres(kill=True)
    try:
        refused = [rest.post("/interaction", json=body, headers=ada) for _ in range(4)]
        refused.append(rest.post("/interaction", json={**body, "user_id": "ada"}, headers=product.key))
    finally:
        own_stores.start_postgres()
    assert {(one.status_code, one.json()["status"], bool(one.json()["message"])) for one in refused} == {
        (503, "retry", True)
    }
    until(lambda: rest.post("/interaction", json=body, headers=ada).status_code == 200)
    event = rest.post("/interaction", json=body, headers=ada).json()["event_id"]
    # Who could not even tell whose token it is, names no event.
    assert {one.json()["event_id"] for one in refused} <= {event, None}
