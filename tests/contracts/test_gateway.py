"""What the gateway refuses by itself comes in the surface's own shape."""

import httpx
import pytest

from tests.running import RunningProduct


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/contact-intel/nothing", 404, "NOT_FOUND"),
        ("GET", "/elsewhere", 404, "NOT_FOUND"),
        ("PUT", "/contact-intel/contacts", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/contact-intel/contacts", 401, "UNAUTHENTICATED"),
        ("GET", "/contact-intel/context/ct_a", 401, "UNAUTHENTICATED"),
        ("POST", "/contact-intel/ingest", 401, "UNAUTHENTICATED"),
        ("POST", "/internal/memory/consolidate", 401, "UNAUTHENTICATED"),
    ],
)
def test_a_refusal_has_the_surfaces_shape(rest: httpx.Client, method: str, path: str, status: int, code: str) -> None:
    answer = rest.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "details"}
    assert error["code"] == code
    assert error["details"]["request_id"] == answer.headers["x-request-id"]


def test_the_wrong_kind_of_credential_is_401(rest: httpx.Client, product: RunningProduct) -> None:
    assert rest.get("/contact-intel/contacts", headers=product.key).status_code == 401
    assert rest.get("/contact-intel/context/ct_a", headers=product.bearer).status_code == 401
    assert rest.post("/internal/memory/consolidate", json={}, headers=product.bearer).status_code == 401


@pytest.mark.parametrize("key", ["", "nonsense", "kgk_demo_" + "0" * 64])
def test_a_forged_key_is_401(rest: httpx.Client, key: str) -> None:
    answer = rest.get("/contact-intel/context/ct_a", headers={"x-gateway-key": key})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHENTICATED")


def test_a_forged_token_is_401(rest: httpx.Client, product: RunningProduct) -> None:
    head, body, signature = product.credentials["jwt"].split(".")
    forged = f"{head}.{body}.{signature[::-1]}"
    answer = rest.get("/contact-intel/contacts", headers={"authorization": f"Bearer {forged}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHENTICATED")


def test_a_token_without_the_permission_is_403(rest: httpx.Client, product: RunningProduct) -> None:
    token = product.kith("token", "--tenant", product.credentials["tenant_id"], "--permissions", "memories:read")
    answer = rest.get("/contact-intel/contacts", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "PERMISSION_DENIED")


def test_a_clients_own_internal_headers_are_dropped(rest: httpx.Client, product: RunningProduct) -> None:
    answer = rest.get("/contact-intel/contacts", headers={**product.bearer, "x-http-status": "418"})
    assert answer.status_code == 200


def test_an_idempotency_key_replays_the_first_answer(rest: httpx.Client, product: RunningProduct) -> None:
    headers = {**product.key, "idempotency-key": "key-1"}
    body = {"external_id": "idem_1", "channel": "whatsapp"}
    first = rest.post("/contact-intel/contacts", json=body, headers=headers)
    again = rest.post("/contact-intel/contacts", json=body, headers=headers)
    other = rest.post("/contact-intel/contacts", json={**body, "external_id": "idem_2"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (other.status_code, other.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_health_and_readiness_answer(rest: httpx.Client) -> None:
    assert rest.get("/healthz").status_code == 200
    report = rest.get("/readyz").json()
    assert (report["status"], report["postgres"], report["redis"]) == ("ready", "up", "up")
