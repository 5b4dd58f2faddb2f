"""Phone systems post to their endpoints, through Envoy: signed deliveries make calls, others leave nothing."""

import itertools
import random
import time
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from server.embedded.stores import EmbeddedStores
from tests.call_deliveries import JSON, SECRETS, SIGNERS, course
from tests.running import RunningProduct

_number = itertools.count(1)
PROVIDERS = sorted(SIGNERS)
TIMED = [provider for provider in PROVIDERS if provider != "twilio"]


@pytest.fixture(autouse=True)
def paced() -> Iterator[None]:
    """Tests of one tenant share its rate of endpoints made."""
    yield
    time.sleep(0.2)


@pytest.fixture
def tables(stores: EmbeddedStores, product: RunningProduct) -> Iterator[psycopg.Connection[Any]]:
    """The tables with the rows of every tenant, which not even their owner sees."""
    url = stores.superuser_url.rsplit("/", 1)[0] + "/kith_contracts"
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


class Phone:
    """One phone system with an endpoint of its own."""

    def __init__(self, rest: httpx.Client, product: RunningProduct, provider: str) -> None:
        self.rest, self.provider, self.secret = rest, provider, SECRETS[provider]
        body = {"provider": provider, "secret": self.secret, "agentId": "agent_of_the_endpoint"}
        answer = rest.post("/api/call-endpoints", json=body, headers=product.bearer)
        assert answer.status_code == 201, answer.text
        self.endpoint = answer.json()["endpoint"]
        self.sid = f"sid-{time.time_ns()}-{next(_number)}"
        self.number = f"+1415555{next(_number) % 10_000:04d}"

    @property
    def url(self) -> str:
        return str(self.endpoint["url"])

    def signed(self, payload: Any, **options: Any) -> tuple[dict[str, str], bytes]:
        made: tuple[dict[str, str], bytes] = SIGNERS[self.provider](self.url, self.secret, payload, **options)
        return made

    def post(self, payload: Any, **options: Any) -> httpx.Response:
        headers, body = self.signed(payload, **options)
        return self.rest.post(self.url, content=body, headers=headers)

    def course(self) -> list[Any]:
        return course(self.provider, self.sid, self.number)


def counted(tables: psycopg.Connection[Any]) -> tuple[int, ...]:
    rows = [tables.execute(f"SELECT count(*) FROM {name}") for name in ("calls", "call_events", "contacts")]
    return tuple(row.fetchone()[0] for row in rows)  # type: ignore[index]


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_course_of_a_call_makes_one_call_and_its_contact(
    provider: str, rest: httpx.Client, product: RunningProduct
) -> None:
    phone = Phone(rest, product, provider)
    answers = [phone.post(payload) for payload in phone.course()]
    assert [answer.status_code for answer in answers] == [201] + [200] * (len(answers) - 1), answers[-1].text
    call = answers[-1].json()
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (call["provider"], call["callSid"], call["status"]) == (provider, phone.sid, "completed")
    assert (call["direction"], call["callerNumber"], call["duration"]) == ("inbound", phone.number, 62)
    assert call["contactId"].startswith("ct_")
    assert call["orgId"] is None
    if provider in ("twilio", "vonage"):
        assert call["agentId"] == "agent_of_the_endpoint"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_delivery_that_comes_again_changes_nothing(
    provider: str, rest: httpx.Client, product: RunningProduct, tables: psycopg.Connection[Any]
) -> None:
    phone = Phone(rest, product, provider)
    first = [phone.post(payload) for payload in phone.course()]
    before = counted(tables)
    assert before[0] > 0
    again = [phone.post(payload) for payload in phone.course()]
    assert [answer.status_code for answer in again] == [200] * len(again)
    assert counted(tables) == before
    assert again[-1].json() == first[-1].json()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_shuffled_deliveries_end_as_the_ordered_ones(
    provider: str, rest: httpx.Client, product: RunningProduct
) -> None:
    seed = random.Random(7)
    ends = []
    for shuffled in (False, True, True):
        phone = Phone(rest, product, provider)
        deliveries = phone.course() * (3 if shuffled else 1)
        if shuffled:
            seed.shuffle(deliveries)
        call = [phone.post(payload) for payload in deliveries][-1].json()
        own = ("id", "callSid", "contactId", "callerNumber", "createdAt", "updatedAt")
        ends.append({name: value for name, value in call.items() if name not in own})
        time.sleep(0.25)
    assert ends[0] == ends[1] == ends[2]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_forged_or_not_signed_is_401_and_leaves_nothing(
    provider: str, rest: httpx.Client, product: RunningProduct, tables: psycopg.Connection[Any]
) -> None:
    phone = Phone(rest, product, provider)
    before = counted(tables)
    headers, body = phone.signed(phone.course()[0])
    kind = {"content-type": headers["content-type"]}
    other = dict(headers)
    for name in set(headers) - {"content-type", "webhook-id", "webhook-timestamp", "x-timestamp"}:
        other[name] = headers[name][:-4] + "AAAA"
    for forged in (kind, other):
        answer = rest.post(phone.url, content=body, headers=forged)
        assert error_of(answer) == (401, "UNAUTHENTICATED")
        assert phone.secret not in answer.text
    altered = rest.post(phone.url, content=body.replace(phone.sid.encode(), b"another"), headers=headers)
    assert error_of(altered) == (401, "UNAUTHENTICATED")
    assert counted(tables) == before


@pytest.mark.parametrize("provider", TIMED)
def test_what_is_stale_is_401_and_leaves_nothing(
    provider: str, rest: httpx.Client, product: RunningProduct, tables: psycopg.Connection[Any]
) -> None:
    phone = Phone(rest, product, provider)
    before = counted(tables)
    answer = phone.post(phone.course()[0], at=time.time() - 301)
    assert error_of(answer) == (401, "UNAUTHENTICATED")
    assert "5 minutes" in answer.json()["error"]
    assert counted(tables) == before


def test_a_gateway_key_of_the_tenant_is_as_good_as_a_signature(rest: httpx.Client, product: RunningProduct) -> None:
    phone = Phone(rest, product, "generic")
    answer = rest.post(phone.url, json=phone.course()[0], headers=product.key)
    assert answer.status_code == 201, answer.text
    unknown = rest.post(phone.url, json=phone.course()[0], headers={"x-gateway-key": "kgk_demo_" + "0" * 64})
    assert error_of(unknown) == (401, "UNAUTHENTICATED")


def test_a_gateway_key_of_another_tenant_is_403(rest: httpx.Client, product: RunningProduct) -> None:
    phone = Phone(rest, product, "generic")
    product.kith("tenant", "create", "tnt_other_phone")
    key = product.kith("key", "create", "--tenant", "tnt_other_phone")
    answer = rest.post(phone.url, json=phone.course()[0], headers={"x-gateway-key": key})
    assert error_of(answer) == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize("tenant", ["demo", "tnt_nobody"])
def test_an_endpoint_that_does_not_exist_is_404(tenant: str, rest: httpx.Client, product: RunningProduct) -> None:
    answer = rest.post(f"/api/webhooks/calls/twilio/whe_{tenant}_{'0' * 32}", content=b"CallSid=1")
    assert error_of(answer) == (404, "NOT_FOUND")
    assert answer.json()["error"] == "There is no such webhook endpoint."
    assert error_of(rest.post("/api/webhooks/calls/twilio/whatever", content=b"")) == (404, "NOT_FOUND")


def test_an_endpoint_is_of_one_phone_system(rest: httpx.Client, product: RunningProduct) -> None:
    phone = Phone(rest, product, "generic")
    headers, body = phone.signed(phone.course()[0])
    for other in ("vapi", "nosuch"):
        answer = rest.post(phone.url.replace("/generic/", f"/{other}/"), content=body, headers=headers)
        assert error_of(answer) == (404, "NOT_FOUND")


def test_a_closed_endpoint_takes_nothing_a_second_later(rest: httpx.Client, product: RunningProduct) -> None:
    phone = Phone(rest, product, "generic")
    began, completed = phone.course()
    assert phone.post(began).status_code == 201
    listed = rest.get("/api/call-endpoints", headers=product.bearer).json()["endpoints"]
    assert phone.endpoint in listed
    closed = rest.delete(f"/api/call-endpoints/{phone.endpoint['id']}", headers=product.bearer)
    assert closed.json() == {"id": phone.endpoint["id"], "deleted": True}
    time.sleep(1)
    # Whichever of the two processes answers.
    for _ in range(6):
        assert error_of(phone.post(completed)) == (404, "NOT_FOUND")
    again = rest.delete(f"/api/call-endpoints/{phone.endpoint['id']}", headers=product.bearer)
    assert error_of(again) == (404, "NOT_FOUND")


def test_a_made_secret_is_shown_once_and_stored_encrypted(
    rest: httpx.Client, product: RunningProduct, tables: psycopg.Connection[Any]
) -> None:
    made = rest.post("/api/call-endpoints", json={"provider": "generic"}, headers=product.bearer).json()
    assert made["secret"].startswith("whsec_")
    assert made["endpoint"]["agentId"] is None
    listed = rest.get("/api/call-endpoints", headers=product.bearer)
    assert made["secret"] not in listed.text
    query = "SELECT secret FROM call_endpoints WHERE endpoint_id = %s"
    stored = tables.execute(query, [made["endpoint"]["id"]]).fetchone()
    assert stored is not None
    assert made["secret"].encode() not in bytes(stored[0])
    phone = Phone(rest, product, "generic")
    phone.endpoint, phone.secret = made["endpoint"], made["secret"]
    assert phone.post(phone.course()[0]).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"provider": "twilio"}, "secret"),
        ({"provider": "generic", "secret": "no base64 at all!"}, "secret"),
        ({"provider": "retell", "secret": "short"}, "secret"),
        ({"provider": "carrier-pigeon"}, "provider"),
        ({}, "provider"),
    ],
)
def test_an_endpoint_that_cannot_be_made_names_the_field(
    body: dict[str, str], field: str, rest: httpx.Client, product: RunningProduct
) -> None:
    answer = rest.post("/api/call-endpoints", json=body, headers=product.bearer)
    assert error_of(answer) == (400, "INVALID_INPUT")
    assert [one["field"] for one in answer.json()["details"]["fields"]] == [field]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"{", "body: is not JSON"), (b"[1]", "body: must be a JSON object"), (b"\xff", "body: is not JSON")],
)
def test_a_body_that_cannot_be_read_is_400(
    content: bytes, said: str, rest: httpx.Client, product: RunningProduct
) -> None:
    phone = Phone(rest, product, "generic")
    answer = rest.post(phone.url, content=content, headers={**JSON, **product.key})
    assert error_of(answer) == (400, "INVALID_INPUT")
    assert answer.json()["error"] == said


def test_wrong_fields_are_named_in_the_surfaces_shape(rest: httpx.Client, product: RunningProduct) -> None:
    phone = Phone(rest, product, "generic")
    answer = phone.post({"duration": -1, "cost": "much"})
    assert error_of(answer) == (400, "INVALID_INPUT")
    assert {one["field"] for one in answer.json()["details"]["fields"]} == {"callSid", "duration", "cost"}
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["details"]["request_id"]


def test_a_body_over_two_mebibytes_is_413(
    rest: httpx.Client, product: RunningProduct, tables: psycopg.Connection[Any]
) -> None:
    phone = Phone(rest, product, "generic")
    before = counted(tables)
    answer = phone.post({"callSid": phone.sid, "transcript": "x" * (2 * 1024 * 1024)})
    assert error_of(answer) == (413, "PAYLOAD_TOO_LARGE")
    assert counted(tables) == before
    assert phone.post({"callSid": phone.sid, "transcript": "x" * 1_000_000}).status_code == 201


def test_other_methods_are_405(rest: httpx.Client, product: RunningProduct) -> None:
    phone = Phone(rest, product, "generic")
    assert rest.get(phone.url).status_code == 405


def test_a_suspended_tenant_is_403_and_nothing_is_kept(
    rest: httpx.Client, product: RunningProduct, tables: psycopg.Connection[Any]
) -> None:
    product.kith("tenant", "create", "tnt_suspended_phone")
    token = product.kith("token", "--tenant", "tnt_suspended_phone")
    bearer = {"authorization": f"Bearer {token}"}
    body = {"provider": "generic", "secret": SECRETS["generic"]}
    endpoint = rest.post("/api/call-endpoints", json=body, headers=bearer).json()["endpoint"]
    phone = Phone(rest, product, "generic")
    phone.endpoint = endpoint
    product.kith("tenant", "suspend", "tnt_suspended_phone")
    time.sleep(1)
    before = counted(tables)
    assert error_of(phone.post(phone.course()[0])) == (403, "TENANT_SUSPENDED")
    assert counted(tables) == before


def test_something_else_than_a_call_is_acknowledged_and_ignored(rest: httpx.Client, product: RunningProduct) -> None:
    phone = Phone(rest, product, "vapi")
    answer = phone.post({"message": {"type": "speech-update", "call": {"id": phone.sid}}})
    assert (answer.status_code, answer.json()) == (200, {"status": "ignored"})


def test_a_webhook_leaves_a_log_line_and_no_personal_text(rest: httpx.Client, product: RunningProduct) -> None:
    phone = Phone(rest, product, "generic")
    headers, body = phone.signed(phone.course()[0])
    request_id = f"req-{phone.sid}"
    answer = rest.post(phone.url, content=body, headers={**headers, "x-request-id": request_id})
    assert answer.headers["x-request-id"] == request_id
    time.sleep(0.5)
    logs = product.log("server-0") + product.log("server-1")
    lines = [line for line in logs.splitlines() if request_id in line]
    assert any('"webhooks.calls"' in line and '"status":"OK"' in line for line in lines)
    assert phone.number not in logs
    assert phone.secret not in logs
