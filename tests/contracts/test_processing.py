"""A tenant's providers as they are set and shown over REST and gRPC, and by whom."""

import json
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import psycopg
import pytest
from kith.tenant.v1 import tenant_pb2, tenant_service_pb2_grpc

from server.embedded.stores import EmbeddedStores
from tests.providers.fake_openai import FakeOpenAi, Reply, Turns, fake_openai
from tests.running import RunningProduct, running_product

KEY = "sk-contract-key-000111222"
BARE = "Got the keys for the flat in Porto, boxes everywhere, Porto it is from now on"


@pytest.fixture(scope="module")
def local(
    stores: EmbeddedStores, database_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProduct]:
    """A product whose deployment allows providers on its own machine, and has no sentence encoder."""
    nothing = tmp_path_factory.mktemp("encoder")
    with running_product(
        stores, database_name, servers=1, providers_allow_private="true", encoder_folder=nothing
    ) as running:
        yield running


@pytest.fixture
def fake() -> Iterator[FakeOpenAi]:
    with fake_openai() as running:
        yield running


OWN = "/contact-intel/processing"
"""Where a tenant's own tokens set it."""


def path(product: RunningProduct, rest: str = "") -> str:
    """Where the platform sets it for a tenant."""
    return f"/internal/tenants/{product.credentials['tenant_id']}/processing{rest}"


def platform(product: RunningProduct) -> dict[str, str]:
    return {"x-gateway-key": product.credentials["platform_key"]}


def model(fake: FakeOpenAi, **changes: Any) -> dict[str, Any]:
    return {"base_url": fake.base_url, "model": "m-1", "api_key": KEY, "timeout_seconds": 2, **changes}


def test_a_ranking_encoder_that_is_not_installed_is_refused_with_what_to_install(local: RunningProduct) -> None:
    with local.client() as rest:
        where = OWN + "/ranking-encoder"
        refused = rest.put(where, json={"encoder": "minilm"}, headers=local.bearer)
        assert refused.status_code == 400
        (field,) = refused.json()["error"]["details"]["fields"]
        assert field["field"] == "encoder"
        assert "pip install" in field["description"]
        assert rest.put(where, json={"encoder": "another"}, headers=local.bearer).status_code == 400
        none = rest.put(path(local, "/ranking-encoder"), json={"encoder": "none"}, headers=platform(local))
        assert (none.status_code, none.json()["processing"]["ranking_encoder"]) == (200, "none")


def test_what_a_tenant_sets_is_shown_without_its_keys(local: RunningProduct, fake: FakeOpenAi) -> None:
    with local.client() as rest:
        empty = rest.get(OWN, headers=local.bearer)
        assert (empty.status_code, empty.json()["processing"]) == (
            200,
            {
                "strategy": "first", "language_models": [], "embedder": None, "daily_tokens": None, "daily_cost": None,
                "raw_turn_retention_days": None, "tokens_today": 0, "cost_today": 0,
                "ranking_encoder": "none",
            },
        )  # fmt: skip
        body = {"language_models": [model(fake, name="one"), model(fake, name="two")], "strategy": "council"}
        answers = [
            rest.put(OWN + "/language-models", json=body, headers=local.bearer),
            rest.put(
                path(local, "/embedder"),
                json={"embedder": model(fake, model="e-1", dimensions=24)},
                headers=platform(local),
            ),
            rest.put(OWN + "/limits", json={"daily_tokens": 500, "raw_turn_retention_days": 90}, headers=local.bearer),
            rest.get(path(local), headers=platform(local)),
        ]
        assert [answer.status_code for answer in answers] == [200] * 4, [a.text for a in answers]
        assert all(KEY not in answer.text for answer in answers)
        shown = answers[-1].json()["processing"]
        assert [one["name"] for one in shown["language_models"]] == ["one", "two"]
        assert all(one["api_key_id"].startswith("pky_") for one in (*shown["language_models"], shown["embedder"]))
        assert (shown["strategy"], shown["embedder"]["dimensions"], shown["daily_tokens"]) == ("council", 24, 500)
        assert (shown["raw_turn_retention_days"], shown["daily_cost"]) == (90, None)
        gone = rest.delete(OWN + "/providers?role=embedder", headers=local.bearer).json()["processing"]
        assert (gone["embedder"], len(gone["language_models"]), gone["daily_tokens"]) == (None, 2, 500)
        gone = rest.delete(OWN + "/providers", headers=local.bearer).json()["processing"]
        assert (gone["language_models"], gone["daily_tokens"], gone["strategy"]) == ([], None, "first")
    for name in ("server-0", "envoy"):
        assert KEY not in local.log(name)


@pytest.mark.parametrize(
    ("rest_of_path", "body", "field"),
    [
        ("/embedder", {}, "embedder"),
        ("/embedder", {"embedder": {"base_url": "ftp://x", "model": "m"}}, "embedder.base_url"),
        ("/embedder", {"embedder": {"base_url": "https://api.example.com/v1"}}, "embedder.model"),
        ("/embedder", {"embedder": {"kind": "magic"}}, "embedder.kind"),
        ("/language-models", {"language_models": [{"model": "m"}]}, "language_models[0].base_url"),
        ("/language-models", {"language_models": [], "strategy": "council"}, "strategy"),
        ("/language-models", {"language_models": [{"kind": "built_in"}] * 6}, "language_models"),
        ("/limits", {"raw_turn_retention_days": 0}, "raw_turn_retention_days"),
        ("/limits", {"daily_tokens": -1}, "daily_tokens"),
    ],
)  # fmt: skip
def test_what_cannot_be_set_is_400_and_names_the_field(
    local: RunningProduct, rest_of_path: str, body: dict[str, Any], field: str
) -> None:
    with local.client() as rest:
        answer = rest.put(OWN + rest_of_path, json=body, headers=local.bearer)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_INPUT"), answer.text
    assert field in answer.json()["error"]["message"]


def test_a_deployment_lets_no_tenant_name_its_own_network(product: RunningProduct, rest: httpx.Client) -> None:
    for url in (
        "http://127.0.0.1:5432/v1",
        "https://169.254.169.254/latest",
        "https://[::1]/v1",
        "http://api.example.com",
    ):
        body = {"embedder": {"base_url": url, "model": "e"}}
        answer = rest.put(OWN + "/embedder", json=body, headers=product.bearer)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_INPUT")


def test_only_the_platform_and_the_tenants_own_tokens_may(product: RunningProduct, rest: httpx.Client) -> None:
    assert rest.get(path(product), headers=product.key).status_code == 403
    assert rest.get(path(product)).status_code == 401
    elsewhere = rest.get(f"{OWN}?tenant_id=tnt_elsewhere", headers=product.bearer)
    assert elsewhere.status_code == 403
    missing = rest.get("/internal/tenants/tnt_elsewhere/processing", headers=platform(product))
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "TENANT_NOT_FOUND")
    reading = product.kith("token", "--tenant", product.credentials["tenant_id"], "--permissions", "processing:read")
    bearer = {"authorization": f"Bearer {reading}"}
    assert rest.get(OWN, headers=bearer).status_code == 200
    assert rest.put(f"{OWN}/limits", json={}, headers=bearer).status_code == 403


@pytest.mark.parametrize(
    ("method", "rest_of_path"),
    [
        ("GET", ""), ("PUT", "/language-models"), ("PUT", "/embedder"), ("PUT", "/limits"), ("PUT", "/ranking-encoder"),
        ("DELETE", "/providers"),
    ],
)  # fmt: skip
def test_a_token_alone_is_401_under_internal_and_a_key_alone_is_outside_it(
    product: RunningProduct, rest: httpx.Client, method: str, rest_of_path: str
) -> None:
    body = {} if method == "PUT" else None
    token = rest.request(method, path(product, rest_of_path), json=body, headers=product.bearer)
    assert (token.status_code, "error" in token.json()) == (401, True), token.text
    key = rest.request(method, OWN + rest_of_path, json=body, headers=platform(product))
    assert key.status_code == 401, key.text


def test_over_grpc_the_tenant_is_that_of_the_credential(product: RunningProduct) -> None:
    with product.channel() as channel:
        stub = tenant_service_pb2_grpc.TenantServiceStub(channel)
        token = [("authorization", f"Bearer {product.credentials['jwt']}")]
        shown = stub.GetProcessing(tenant_pb2.GetProcessingRequest(), metadata=token)
        assert shown.processing.strategy == "first"
        with pytest.raises(grpc.RpcError) as caught:
            key = [("x-gateway-key", product.credentials["platform_key"])]
            stub.GetProcessing(tenant_pb2.GetProcessingRequest(), metadata=key)
        assert caught.value.code() in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)


def test_a_configured_tenants_turns_are_read_and_embedded_by_the_worker_after_a_failure(
    local: RunningProduct, stores: EmbeddedStores, database_name: str, fake: FakeOpenAi
) -> None:
    def answer(turns: Turns) -> list[dict[str, Any]]:
        found = {"type": "fact", "subject": "self", "attribute": "residence", "value": "Porto", "confidence": 0.9}
        return [{**found, "turn": t["turn"], "content": "Lives in Porto"} for t in turns if "Porto" in t["text"]]

    fake.answer = answer
    # The first call of each meets a provider that is down; a later job goes on.
    fake.replies = [Reply(401), Reply(401)]
    with local.client() as rest:
        for where, body in (
            ("/language-models", {"language_models": [model(fake)]}),
            ("/embedder", {"embedder": model(fake, model="e-1", dimensions=24)}),
        ):
            assert rest.put(OWN + where, json=body, headers=local.bearer).status_code == 200
        new = {"external_id": f"wa_{uuid.uuid4().hex}", "channel": "whatsapp"}
        contact_id = rest.post("/contact-intel/contacts", json=new, headers=local.key).json()["id"]
        said = {"contact_id": contact_id, "user_message": BARE, "user_message_ref": "m1"}
        assert rest.post("/contact-intel/ingest", json=said, headers=local.key).status_code == 202
        assert fake.asked == []
        local.start("worker", sys.executable, "-P", "-m", "server.cli", "worker")
        address = stores.superuser_url.rsplit("/", 1)[0] + f"/{database_name}"
        deadline = time.monotonic() + 60
        while True:
            assert time.monotonic() < deadline, local.log("worker")[-3000:]
            with psycopg.connect(address) as connection:
                connection.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
                left = connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchone()
                vectors = connection.execute("SELECT count(*) FROM memory_embeddings").fetchone()
            if left == (0,) and vectors and vectors[0] >= 2:
                break
            time.sleep(0.1)
        listed = rest.get(f"/contact-intel/contacts/{contact_id}/memories", headers=local.bearer).json()["memories"]
        read = [m for m in listed if m["origin"] == "llm"]
        assert [(m["content"], m["sources"]) for m in read] == [("Lives in Porto", ["m1"])]
        context = rest.get(f"/contact-intel/context/{contact_id}?message=where+do+I+live+now", headers=local.key)
        assert "Lives in Porto" in context.text
        body = {"contact_id": contact_id, "tasks": ["embed_memories", "extract_entities"]}
        done = rest.post("/internal/memory/consolidate", json=body, headers=local.key).json()
        assert {task["task"]: task["status"] for task in done["tasks"]} == {
            "embed_memories": "done", "extract_entities": "done",
        }  # fmt: skip
    worker = local.log("worker")
    assert KEY not in worker
    assert "Porto" not in worker
    assert json.dumps(fake.base_url) not in worker
