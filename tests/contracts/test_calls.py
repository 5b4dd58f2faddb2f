"""Calls as the document shows them, through Envoy."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.running import RunningProduct

HISTORY = "/api/call-history"
STARTED, COMPLETED = "/api/webhooks/calls/started", "/api/webhooks/calls/completed"
FIELDS = {
    "id", "agentId", "userId", "orgId", "provider", "callSid", "direction", "contactId", "callerNumber",
    "numberUnreadable", "callerName", "status", "duration", "recordingUrl", "transcript", "sentiment", "topics",
    "summary", "collectedData", "cost", "startedAt", "endedAt", "createdAt", "updatedAt",
}  # fmt: skip


def sid() -> str:
    return f"CA-{uuid.uuid4().hex}"


def fresh_number() -> str:
    return f"+4930{uuid.uuid4().int % 10**8:08d}"


class Calls:
    """The calls' side of the product, as one of its clients."""

    def __init__(self, rest: httpx.Client, product: RunningProduct) -> None:
        self.rest, self.product = rest, product

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self.rest.post(path, json=body, headers=self.product.bearer)

    def create(self, **body: Any) -> httpx.Response:
        return self.post(HISTORY, **{"callSid": sid(), **body})

    def patch(self, call_id: str, **body: Any) -> httpx.Response:
        return self.rest.patch(f"{HISTORY}/{call_id}/status", json=body, headers=self.product.bearer)

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.rest.get(path, params=query, headers=self.product.bearer)

    def delete(self, call_id: str) -> httpx.Response:
        return self.rest.delete(f"{HISTORY}/{call_id}", headers=self.product.bearer)


@pytest.fixture
def calls(rest: httpx.Client, product: RunningProduct) -> Calls:
    return Calls(rest, product)


def test_a_call_is_created_once_and_answered_with_every_field(calls: Calls) -> None:
    body = {
        "agentId": "agent-north", "userId": "user-1", "orgId": "org-1", "callSid": sid(), "direction": "inbound",
        "callerNumber": fresh_number(), "callerName": "Mirja Aalto", "status": "in-progress",
        "startedAt": "2026-03-02T09:00:00Z",
    }  # fmt: skip
    first = calls.post(HISTORY, **body)
    assert first.status_code == 201, first.text
    made = first.json()
    assert set(made) == FIELDS
    assert made["id"].startswith("call_")
    assert {name: made[name] for name in body} == body
    assert made["contactId"].startswith("ct_")
    unknown = ("duration", "recordingUrl", "transcript", "sentiment", "summary", "cost", "endedAt")
    assert [made[name] for name in unknown] == [None] * len(unknown)
    assert (made["topics"], made["collectedData"], made["provider"]) == ([], {}, "api")
    again = calls.post(HISTORY, **body)
    assert (again.status_code, again.json()) == (200, made)


def test_the_complete_flow_ends_with_a_completed_call_of_a_warmer_contact(
    calls: Calls, rest: httpx.Client, product: RunningProduct
) -> None:
    made = calls.create(agentId="agent-north", direction="inbound", callerNumber=fresh_number(), status="in-progress")
    said = {
        "status": "completed", "duration": 180, "recordingUrl": "https://media.example/one.mp3",
        "transcript": "Agent: Good day.\nCaller: I would like to move my fitting.", "sentiment": "positive",
        "topics": ["fitting", "calendar"], "summary": "Moved the fitting of the blue suit to Thursday.",
        "collectedData": {"name": "Mirja", "size": 50, "tags": ["new"]}, "cost": 0.12,
    }  # fmt: skip
    over = calls.patch(made.json()["id"], **said)
    assert over.status_code == 200, over.text
    assert {name: over.json()[name] for name in said} == said
    assert over.json()["id"] == made.json()["id"]
    shown = calls.get(f"{HISTORY}/{made.json()['id']}")
    assert (shown.status_code, shown.json()) == (200, over.json())
    contact_id = over.json()["contactId"]
    touched = calls.get("/v1/interactions", contact_id=contact_id)
    assert touched.status_code == 200, touched.text
    (touch,) = touched.json()["items"]
    assert (touch["kind"], touch["content"], touch["origin"]) == ("call", said["summary"], "call")
    assert touch["metadata"] == {
        "direction": "inbound", "answered": True, "duration_minutes": 3, "sentiment": "positive",
    }  # fmt: skip
    context = rest.get(f"/contact-intel/context/{contact_id}", headers=product.key)
    assert context.status_code == 200, context.text
    assert said["summary"] in [memory["content"] for memory in context.json()["memories"]]


def test_a_call_is_created_and_completed_in_one_step(calls: Calls) -> None:
    made = calls.create(status="completed", duration=61.5, summary="Asked for the opening hours.")
    assert made.status_code == 201
    assert (made.json()["status"], made.json()["duration"], made.json()["contactId"]) == ("completed", 61.5, None)


@pytest.mark.parametrize("order", [(STARTED, COMPLETED), (COMPLETED, STARTED)])
@pytest.mark.parametrize("credential", ["key", "bearer"])
def test_the_webhooks_make_one_call_in_either_order(
    rest: httpx.Client, product: RunningProduct, order: tuple[str, str], credential: str
) -> None:
    body: dict[str, dict[str, Any]] = {
        STARTED: {"agentId": "agent-north", "direction": "outbound", "callerNumber": fresh_number()},
        COMPLETED: {"duration": 245, "recordingUrl": "https://media.example/two.mp3", "summary": "Agreed on a price."},
    }
    call_sid, headers = sid(), getattr(product, credential)
    answers = [rest.post(path, json={"callSid": call_sid, **body[path]}, headers=headers) for path in order]
    assert [answer.status_code for answer in answers] == [201, 200], answers[0].text
    last = answers[-1].json()
    assert last["id"] == answers[0].json()["id"]
    everything = {**body[STARTED], **body[COMPLETED], "status": "completed", "callSid": call_sid}
    assert {name: last[name] for name in everything} == everything
    again = rest.post(COMPLETED, json={"callSid": call_sid, **body[COMPLETED]}, headers=headers)
    assert (again.status_code, again.json()) == (200, last)


def test_a_final_status_stays(calls: Calls) -> None:
    call_id = calls.create(status="completed", duration=5).json()["id"]
    for status in ("in-progress", "failed", "missed", "queued"):
        answer = calls.patch(call_id, status=status)
        assert (answer.status_code, answer.json()["status"]) == (200, "completed")


def test_a_call_can_be_told_more_of_many_times_and_nothing_is_erased(calls: Calls) -> None:
    call_id = calls.create(status="in-progress").json()["id"]
    calls.patch(call_id, status="completed", duration=10, topics=["a"], collectedData={"x": 1, "y": 1})
    calls.patch(call_id, status="completed", topics=["b"], collectedData={"y": 2, "x": None})
    shown = calls.get(f"{HISTORY}/{call_id}").json()
    assert (shown["duration"], shown["topics"], shown["collectedData"]) == (10, ["a", "b"], {"x": 1, "y": 2})


def test_an_unreadable_number_is_kept_and_flagged(calls: Calls) -> None:
    made = calls.create(callerNumber="ext. 12b", callerName="Front desk").json()
    assert (made["callerNumber"], made["numberUnreadable"]) == ("ext. 12b", True)
    assert made["contactId"] is not None


def test_a_call_of_a_known_contact_is_theirs(calls: Calls, contact_id: str) -> None:
    made = calls.create(contactId=contact_id, callerNumber=fresh_number())
    assert (made.status_code, made.json()["contactId"]) == (201, contact_id)
    gone = calls.create(contactId="ct_nobody")
    assert gone.status_code == 404
    assert "ct_nobody" in gone.json()["error"]


def test_a_call_is_deleted_with_its_touchpoint_and_its_memory(
    calls: Calls, rest: httpx.Client, product: RunningProduct
) -> None:
    call_sid = sid()
    made = calls.post(
        HISTORY, callSid=call_sid, callerNumber=fresh_number(), status="completed", summary="Ordered two lamps."
    ).json()
    assert calls.delete(made["id"]).json() == {"id": made["id"], "deleted": True}
    assert calls.delete(made["id"]).status_code == 404
    assert calls.get(f"{HISTORY}/{made['id']}").status_code == 404
    contact_id = made["contactId"]
    assert calls.get("/v1/interactions", contact_id=contact_id).json()["items"] == []
    context = rest.get(f"/contact-intel/context/{contact_id}", headers=product.key)
    assert context.json()["memories"] == []
    late = calls.post(COMPLETED, callSid=call_sid, summary="Ordered two lamps.", transcript="Hello?")
    assert (late.status_code, late.json()["summary"], late.json()["transcript"]) == (200, None, None)
    assert calls.get(f"{HISTORY}/{late.json()['id']}").status_code == 404
    assert calls.post(HISTORY, callSid=call_sid).status_code == 201


def test_the_list_pages_and_filters_and_leaves_transcripts_out(calls: Calls) -> None:
    agent, start = f"agent-{uuid.uuid4().hex}", datetime(2026, 3, 2, 9, tzinfo=UTC)
    made = [
        calls.create(
            agentId=agent, userId=f"user-{n % 2}", status="completed" if n % 2 else "missed", transcript="Hello?",
            direction="inbound" if n < 3 else "outbound", startedAt=(start + timedelta(hours=n)).isoformat(),
            sentiment="positive" if n == 1 else "neutral",
        ).json()
        for n in range(5)
    ]  # fmt: skip
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = calls.get(HISTORY, agentId=agent, limit=2, **({"cursor": cursor} if cursor else {}))
        assert page.status_code == 200, page.text
        assert set(page.json()) == {"calls", "limit", "nextCursor"}
        found += page.json()["calls"]
        cursor = page.json()["nextCursor"]
        if cursor is None:
            break
    assert found == [{**one, "transcript": None} for one in reversed(made)]
    for query, expected in (
        ({"status": "missed"}, [4, 2, 0]),
        ({"direction": "outbound"}, [4, 3]),
        ({"userId": "user-1"}, [3, 1]),
        ({"sentiment": "positive"}, [1]),
        ({"start": "2026-03-02T10:00:00Z", "end": "2026-03-02T12:00:00Z"}, [2, 1]),
    ):
        answer = calls.get(HISTORY, agentId=agent, **query).json()
        assert [one["id"] for one in answer["calls"]] == [made[n]["id"] for n in expected]
    nobody = calls.get(HISTORY, contactId="ct_nobody")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "CONTACT_NOT_FOUND")
    other = calls.get(HISTORY, agentId=agent, limit=1).json()["nextCursor"]
    for wrong in ({"cursor": other}, {"cursor": "x"}, {"limit": 0}, {"status": "gone"}, {"page": 1}):
        assert calls.get(HISTORY, **wrong).status_code == 400, wrong
    assert calls.get(HISTORY, limit=1_000).json()["limit"] == 100


def test_figures_are_added_up_by_day(calls: Calls) -> None:
    agent = f"agent-{uuid.uuid4().hex}"
    common = {"agentId": agent, "startedAt": "2026-03-02T09:00:00Z"}
    calls.create(**common, status="completed", duration=60, cost=0.5, sentiment="positive", topics=["Price", "price"])
    calls.create(**common, status="completed", duration=120, sentiment="negative", topics=["price", "delivery"])
    calls.create(**common, status="completed")
    calls.create(**common, status="missed", cost=0.25)
    calls.create(**{**common, "startedAt": "2026-03-04T09:00:00Z"}, status="in-progress")
    answer = calls.get(f"{HISTORY}/analytics", agentId=agent, start="2026-03-02T00:00:00Z", end="2026-03-05T00:00:00Z")
    assert answer.status_code == 200, answer.text
    totals = {
        "calls": 5, "completed": 3, "missed": 1, "failed": 0, "answerRate": 0.75, "talkSeconds": 180,
        "averageTalkSeconds": 90, "cost": 0.75, "positive": 1, "neutral": 0, "negative": 1,
    }  # fmt: skip
    assert answer.json()["totals"] == totals
    days = answer.json()["days"]
    assert [day["day"] for day in days] == ["2026-03-02", "2026-03-03", "2026-03-04"]
    assert [day["figures"]["calls"] for day in days] == [4, 0, 1]
    assert days[1]["figures"] == dict.fromkeys(totals, 0)
    assert answer.json()["topics"] == [{"topic": "price", "calls": 2}, {"topic": "delivery", "calls": 1}]
    for wrong, field in (
        ({"start": "2026-03-02T00:00:00Z", "end": "2026-03-02T00:00:00Z"}, "start"),
        ({"start": "2024-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"}, "end"),
    ):
        refused = calls.get(f"{HISTORY}/analytics", **wrong)
        assert refused.status_code == 400
        assert field in refused.json()["error"]
    assert len(calls.get(f"{HISTORY}/analytics").json()["days"]) in (30, 31)


def test_settings_are_shown_and_patched(calls: Calls, rest: httpx.Client, product: RunningProduct) -> None:
    def patch(**body: Any) -> httpx.Response:
        return rest.patch("/api/call-settings", json=body, headers=product.bearer)

    defaults = {
        "defaultRegion": None, "recordingRetentionDays": None, "transcriptRetentionDays": None,
        "rememberSummaries": True,
    }  # fmt: skip
    assert calls.get("/api/call-settings").json() == {"settings": defaults}
    changed = patch(defaultRegion="DE", transcriptRetentionDays=30)
    assert changed.json() == {"settings": {**defaults, "defaultRegion": "DE", "transcriptRetentionDays": 30}}
    local = fresh_number()
    assert calls.create(callerNumber=local.replace("+49", "0")).json()["callerNumber"] == local
    assert patch(defaultRegion="", transcriptRetentionDays=0).json() == {"settings": defaults}
    for wrong in ({"defaultRegion": "QQ"}, {"defaultRegion": "Germany"}, {"transcriptRetentionDays": -1}):
        assert patch(**wrong).status_code == 400, wrong


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("callSid", ""), ("callSid", "x" * 300), ("direction", "sideways"), ("status", "ended"), ("duration", -1),
        ("duration", 10**7), ("recordingUrl", "ftp://media.example/x"), ("sentiment", "glad"), ("cost", -0.1),
        ("topics", ["x"] * 51), ("topics", [""]), ("provider", "Two Words"), ("callerNumber", ""),
        ("startedAt", "2100-01-01T00:00:00Z"), ("endedAt", "1960-01-01T00:00:00Z"), ("startedAt", "yesterday"),
        ("collectedData", {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {}}}}}}}}}),
        ("collectedData", {"a": "x" * 20_000}), ("collectedData", {"a": ["\0"]}), ("summary", "x" * 10_001),
        ("duration", "long"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_field(calls: Calls, field: str, value: Any) -> None:
    answer = calls.create(**{field: value})
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert body["error"].startswith(field), body
    assert all(wrong["field"].partition("[")[0] == field for wrong in body["details"]["fields"]), body
    assert all(field not in wrong["description"] for wrong in body["details"]["fields"]), body


def test_every_wrong_field_is_named_as_the_caller_wrote_it(calls: Calls) -> None:
    body = calls.create(callSid="", recordingUrl="ftp://media.example/x", agentId="").json()
    named = [wrong["field"] for wrong in body["details"]["fields"]]
    assert {"callSid", "recordingUrl"} <= set(named), body
    assert [said.partition(":")[0] for said in body["error"].split("; ")] == named


def test_an_unknown_call_is_a_404_in_the_surfaces_shape(calls: Calls) -> None:
    for answer in (
        calls.patch("call_unknown", status="completed"),
        calls.get(f"{HISTORY}/call_unknown"),
        calls.delete("call_unknown"),
    ):
        assert answer.status_code == 404
        assert isinstance(answer.json()["error"], str)
        assert answer.json()["code"] == "CALL_NOT_FOUND"


def test_a_patch_needs_a_status(calls: Calls) -> None:
    call_id = calls.create().json()["id"]
    answer = calls.patch(call_id, duration=5)
    assert answer.status_code == 400
    assert "status" in answer.json()["error"]


def test_a_call_needs_a_credential_and_history_a_token(rest: httpx.Client, product: RunningProduct) -> None:
    body = {"callSid": sid()}
    assert rest.post(HISTORY, json=body).status_code == 401
    assert rest.post(STARTED, json=body).status_code == 401
    assert rest.post(HISTORY, json=body, headers=product.key).status_code == 401
    assert rest.post(STARTED, json=body, headers={"x-gateway-key": "kgk_demo_wrong"}).status_code == 401
