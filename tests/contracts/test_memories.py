"""Memories corrected, entities listed and deferred work watched, through Envoy."""

from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import httpx
import psycopg
import pytest
from kith.memory.v1 import memory_pb2 as pb
from kith.memory.v1 import memory_service_pb2_grpc as grpc_pb

from tests.contracts.test_context import context, ingest
from tests.running import RunningProduct

LONG_AGO = "2026-01-05T10:00:00Z"
SOON_AFTER = "2026-02-01T00:00:00Z"


@pytest.fixture
def memory(rest: httpx.Client, product: RunningProduct, contact_id: str) -> dict[str, Any]:
    """The memory of where Noor lives, said in January."""
    ingest(rest, product, contact_id, user_message="I live in Berlin", occurred_at=LONG_AGO, user_message_ref="msg_1")
    (found,) = listed(rest, product, contact_id, type="fact")
    return found


def listed(rest: httpx.Client, product: RunningProduct, contact_id: str, **query: Any) -> list[dict[str, Any]]:
    path = f"/contact-intel/contacts/{contact_id}/memories"
    answer = rest.get(path, params={"limit": 100, **query}, headers=product.bearer)
    assert answer.status_code == 200, answer.text
    memories: list[dict[str, Any]] = answer.json()["memories"]
    return memories


def correct(
    rest: httpx.Client, product: RunningProduct, contact_id: str, memory_id: str, **body: Any
) -> httpx.Response:
    headers = {**product.bearer, **body.pop("headers", {})}
    return rest.patch(f"/contact-intel/contacts/{contact_id}/memories/{memory_id}", json=body, headers=headers)


def status(rest: httpx.Client, product: RunningProduct, contact_id: str) -> dict[str, Any]:
    answer = rest.get(f"/internal/memory/consolidate/{contact_id}", headers=product.key)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_corrected_memory_keeps_its_id_and_sources_and_what_it_said_stays_in_the_history(
    rest: httpx.Client, product: RunningProduct, contact_id: str, memory: dict[str, Any]
) -> None:
    answer = correct(rest, product, contact_id, memory["id"], content="Lives in Porto")
    assert answer.status_code == 200, answer.text
    corrected = answer.json()["memory"]
    assert corrected["id"] == memory["id"]
    assert (corrected["content"], corrected["value"], corrected["status"]) == ("Lives in Porto", "Porto", "current")
    assert (corrected["sources"], corrected["attribute"]) == (["msg_1"], "residence")
    now = [m["content"] for m in listed(rest, product, contact_id, type="fact")]
    assert now == ["Lives in Porto"]
    (then,) = listed(rest, product, contact_id, type="fact", as_of=SOON_AFTER)
    assert (then["content"], then["status"], then["superseded_by"]) == ("Lives in Berlin", "superseded", memory["id"])
    assert then["sources"] == ["msg_1"]


def test_the_next_context_on_any_process_tells_the_correction_and_an_earlier_one_what_was_known_then(
    rest: httpx.Client, product: RunningProduct, contact_id: str, memory: dict[str, Any]
) -> None:
    for city in ("Porto", "Turin", "Bergen"):
        correct(rest, product, contact_id, memory["id"], content=f"Lives in {city}")
        for _ in range(4):
            told = [m["content"] for m in context(rest, product, contact_id, min_importance=0)["memories"]]
            assert f"Lives in {city}" in told
            assert sum(content.startswith("Lives in") for content in told) == 1
    told = [m["content"] for m in context(rest, product, contact_id, min_importance=0, as_of=SOON_AFTER)["memories"]]
    assert "Lives in Berlin" in told
    assert "Lives in Bergen" not in told


def test_importance_and_validity_change_in_place(
    rest: httpx.Client, product: RunningProduct, contact_id: str, memory: dict[str, Any]
) -> None:
    changed = correct(
        rest, product, contact_id, memory["id"], importance=0.15, valid_from="2025-06-01T00:00:00Z"
    ).json()["memory"]
    assert (changed["importance"], changed["valid_from"]) == (0.15, "2025-06-01T00:00:00Z")
    export = rest.get(f"/contact-intel/contacts/{contact_id}/export", headers=product.bearer).json()
    assert [m["id"] for m in export["memories"] if m["type"] == "fact"] == [memory["id"]]
    ended = correct(rest, product, contact_id, memory["id"], valid_to="2026-03-01T00:00:00Z").json()["memory"]
    assert (ended["status"], ended["valid_to"]) == ("expired", "2026-03-01T00:00:00Z")
    assert listed(rest, product, contact_id, type="fact") == []
    assert len(listed(rest, product, contact_id, type="fact", as_of=SOON_AFTER)) == 1


def test_the_same_correction_again_changes_nothing(
    rest: httpx.Client, product: RunningProduct, contact_id: str, memory: dict[str, Any]
) -> None:
    body = {"content": "Lives in Porto", "importance": 0.9}
    first = correct(rest, product, contact_id, memory["id"], **body)
    again = correct(rest, product, contact_id, memory["id"], **body)
    assert first.json() == again.json()
    export = rest.get(f"/contact-intel/contacts/{contact_id}/export", headers=product.bearer).json()
    assert len([m for m in export["memories"] if m["type"] == "fact"]) == 2


def test_an_idempotency_key_replays_a_correction_and_refuses_another(
    rest: httpx.Client, product: RunningProduct, contact_id: str, memory: dict[str, Any]
) -> None:
    headers = {"idempotency-key": f"edit-{memory['id']}"}
    first = correct(rest, product, contact_id, memory["id"], content="Lives in Porto", headers=headers)
    correct(rest, product, contact_id, memory["id"], content="Lives in Turin")
    again = correct(rest, product, contact_id, memory["id"], content="Lives in Porto", headers=headers)
    other = correct(rest, product, contact_id, memory["id"], content="Lives in Oslo", headers=headers)
    assert first.json() == again.json()
    assert (other.status_code, other.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "content"),
        ({"content": ""}, "content"),
        ({"content": "   "}, "content"),
        ({"content": "x" * 4097}, "content"),
        ({"importance": 1.5}, "importance"),
        ({"importance": -0.1}, "importance"),
        ({"subject": ""}, "subject"),
        ({"attribute": "Not A Name"}, "attribute"),
        ({"value": " "}, "value"),
        ({"valid_from": "2999-01-01T00:00:00Z"}, "valid_from"),
        ({"valid_to": "2999-01-01T00:00:00Z"}, "valid_to"),
        ({"valid_to": "2001-01-01T00:00:00Z"}, "valid_to"),
    ],
)
def test_a_wrong_correction_is_400_and_names_the_field(
    rest: httpx.Client,
    product: RunningProduct,
    contact_id: str,
    memory: dict[str, Any],
    body: dict[str, Any],
    field: str,
) -> None:
    answer = correct(rest, product, contact_id, memory["id"], **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_INPUT")
    assert field in answer.json()["error"]["message"]
    assert listed(rest, product, contact_id, type="fact")[0]["content"] == "Lives in Berlin"


def test_what_is_not_there_cannot_be_corrected_nor_what_is_no_longer_current(
    rest: httpx.Client, product: RunningProduct, contact_id: str, memory: dict[str, Any]
) -> None:
    for contact, wrong, code in (
        (contact_id, "mem_unknown", "MEMORY_NOT_FOUND"), ("ct_unknown", memory["id"], "CONTACT_NOT_FOUND"),
    ):  # fmt: skip
        answer = correct(rest, product, contact, wrong, content="Lives in Porto")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)
    correct(rest, product, contact_id, memory["id"], content="Lives in Porto")
    (then,) = listed(rest, product, contact_id, type="fact", as_of=SOON_AFTER)
    answer = correct(rest, product, contact_id, then["id"], content="Lives in Turin")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")


def test_correcting_needs_its_permission(
    rest: httpx.Client, product: RunningProduct, contact_id: str, memory: dict[str, Any]
) -> None:
    token = product.kith("token", "--tenant", product.credentials["tenant_id"], "--permissions", "memories:read")
    path = f"/contact-intel/contacts/{contact_id}/memories/{memory['id']}"
    answer = rest.patch(path, json={"importance": 0.2}, headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "PERMISSION_DENIED")
    assert rest.patch(path, json={"importance": 0.2}, headers=product.key).status_code == 401


def test_a_correction_is_in_the_audit_log_without_its_text(
    rest: httpx.Client, product: RunningProduct, contact_id: str, memory: dict[str, Any]
) -> None:
    correct(rest, product, contact_id, memory["id"], content="Lives in Porto")
    with psycopg.connect(product.environment["KITH_DATABASE_URL"]) as connection:
        connection.execute("SELECT set_config('app.tenant', %s, false)", (product.credentials["tenant_id"],))
        rows = connection.execute("SELECT * FROM audit_log WHERE target = %s", (memory["id"],)).fetchall()
    assert len(rows) == 1
    assert "memory.update" in rows[0]
    assert "Porto" not in str(rows)


def test_a_deleted_memory_takes_its_earlier_wordings_with_it(
    rest: httpx.Client, product: RunningProduct, contact_id: str, memory: dict[str, Any]
) -> None:
    for city in ("Porto", "Turin"):
        correct(rest, product, contact_id, memory["id"], content=f"Lives in {city}")
    path = f"/contact-intel/contacts/{contact_id}/memories/{memory['id']}"
    assert rest.delete(path, headers=product.bearer).status_code == 204
    export = rest.get(f"/contact-intel/contacts/{contact_id}/export", headers=product.bearer).json()
    assert [m["content"] for m in export["memories"] if m["type"] == "fact"] == []


def test_a_later_turn_supersedes_a_corrected_memory(
    rest: httpx.Client, product: RunningProduct, contact_id: str, memory: dict[str, Any]
) -> None:
    correct(rest, product, contact_id, memory["id"], content="Stays with friends in Porto")
    ingest(rest, product, contact_id, user_message="I live in Oslo")
    assert [m["content"] for m in listed(rest, product, contact_id, type="fact")] == ["Lives in Oslo"]


def test_grpc_corrects_lists_and_watches_the_same(
    rest: httpx.Client, product: RunningProduct, contact_id: str, memory: dict[str, Any]
) -> None:
    bearer = (("authorization", product.bearer["authorization"]),)
    key = (("x-gateway-key", product.key["x-gateway-key"]),)
    with product.channel() as channel:
        stub = grpc_pb.MemoryServiceStub(channel)
        request = pb.UpdateMemoryRequest(contact_id=contact_id, memory_id=memory["id"], content="Lives in Porto")
        answer = stub.UpdateMemory(request, metadata=bearer)
        assert (answer.memory.content, answer.memory.id) == ("Lives in Porto", memory["id"])
        with pytest.raises(grpc.RpcError) as refused:
            stub.UpdateMemory(pb.UpdateMemoryRequest(contact_id=contact_id, memory_id=memory["id"]), metadata=bearer)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        entities = stub.ListEntities(pb.ListEntitiesRequest(contact_id=contact_id), metadata=bearer)
        assert entities.total == len(entities.entities)
        watched = stub.GetConsolidationStatus(pb.GetConsolidationStatusRequest(contact_id=contact_id), metadata=key)
        assert {task.status for task in watched.tasks} == {"never_run"}
        assert [list(job.tasks) for job in watched.pending] == [
            ["merge_duplicates", "extract_entities", "check_triggers"]
        ]


def test_grpc_creates_and_finds_the_same(
    rest: httpx.Client, product: RunningProduct, contact_id: str, memory: dict[str, Any]
) -> None:
    bearer = (("authorization", product.bearer["authorization"]),)
    with product.channel() as channel:
        stub = grpc_pb.MemoryServiceStub(channel)
        new = stub.CreateMemory(
            pb.CreateMemoryRequest(contact_id=contact_id, content="Lives in Porto"), metadata=bearer
        )
        assert (new.created, new.memory.attribute, new.memory.value) == (True, "residence", "Porto")
        again = stub.CreateMemory(
            pb.CreateMemoryRequest(contact_id=contact_id, content="I live in Porto"), metadata=bearer
        )
        assert (again.created, again.memory.id) == (False, new.memory.id)
        looked = pb.SearchMemoriesRequest(contact_id=contact_id, q="Where is home, Porto?", explain=True)
        best = stub.SearchMemories(looked, metadata=bearer).memories[0]
        assert best.memory.id == new.memory.id
        assert 0 < best.retrieval_score <= 1
        assert "porto" in best.parts.matched_terms
        looked = pb.SearchMemoriesRequest(contact_id=contact_id, q="Berlin", type="fact")
        assert memory["id"] not in {m.memory.id for m in stub.SearchMemories(looked, metadata=bearer).memories}
        for call, request in (
            (stub.CreateMemory, pb.CreateMemoryRequest(contact_id=contact_id)),
            (stub.SearchMemories, pb.SearchMemoriesRequest(contact_id=contact_id)),
        ):
            with pytest.raises(grpc.RpcError) as refused:
                call(request, metadata=bearer)
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_entities_are_listed_with_their_aliases_and_counts_most_mentioned_first(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    for said in ("I have a cat named Miso", "Miso broke a vase again", "My brother Sami lives in Oslo"):
        ingest(rest, product, contact_id, user_message=said)
    path = f"/contact-intel/contacts/{contact_id}/entities"
    answer = rest.get(path, headers=product.bearer).json()
    miso = dict(next(entity for entity in answer["entities"] if entity["id"] == "pet:miso"))
    assert any("cat" in alias for alias in miso.pop("aliases"))
    assert miso == {
        "id": "pet:miso", "type": "pet", "display_name": "Miso",
        "memory_count": len(listed(rest, product, contact_id, entity="pet:miso")),
    }  # fmt: skip
    counts = [entity["memory_count"] for entity in answer["entities"]]
    assert counts == sorted(counts, reverse=True)
    assert answer["total"] == len(counts)
    pages, cursor = [], None
    while True:
        query = {"limit": 1, **({"cursor": cursor} if cursor else {})}
        page = rest.get(path, params=query, headers=product.bearer).json()
        pages += page["entities"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert pages == answer["entities"]
    pets = rest.get(path, params={"type": "pet"}, headers=product.bearer).json()
    assert [entity["id"] for entity in pets["entities"]] == ["pet:miso"]


@pytest.mark.parametrize(
    ("query", "field"), [({"type": "planet"}, "type"), ({"limit": 0}, "limit"), ({"cursor": "x"}, "cursor")]
)
def test_a_wrong_entity_query_is_400(
    rest: httpx.Client, product: RunningProduct, contact_id: str, query: dict[str, Any], field: str
) -> None:
    answer = rest.get(f"/contact-intel/contacts/{contact_id}/entities", params=query, headers=product.bearer)
    assert (answer.status_code, field in answer.json()["error"]["message"]) == (400, True)


def test_the_status_tells_what_waits_and_how_each_task_last_went(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    new = status(rest, product, contact_id)
    assert {task["status"] for task in new["tasks"]} == {"never_run"}
    assert new["pending"] == []
    ingest(rest, product, contact_id, user_message="I have a cat named Miso")
    waiting = status(rest, product, contact_id)["pending"]
    assert [(job["status"], job["attempts"]) for job in waiting] == [("waiting", 0)]
    answer = rest.post(
        "/internal/memory/consolidate",
        json={"contact_id": contact_id, "tasks": ["merge_duplicates", "embed_memories"]},
        headers=product.key,
    ).json()
    assert [(task["task"], task["status"]) for task in answer["tasks"]] == [
        ("merge_duplicates", "done"), ("embed_memories", "skipped"),
    ]  # fmt: skip
    tasks = {task["task"]: task for task in status(rest, product, contact_id)["tasks"]}
    assert tasks["merge_duplicates"]["status"] == "done"
    assert tasks["merge_duplicates"]["finished_at"].endswith("Z")
    assert (tasks["check_triggers"]["status"], tasks["check_triggers"]["finished_at"]) == ("never_run", None)
    export = rest.get(f"/contact-intel/contacts/{contact_id}/export", headers=product.bearer).json()
    assert {task["task"] for task in export["consolidation"]} == {"merge_duplicates", "embed_memories"}
    rest.delete(f"/contact-intel/contacts/{contact_id}/memories", headers=product.bearer)
    wiped = status(rest, product, contact_id)
    assert ({task["status"] for task in wiped["tasks"]}, wiped["pending"]) == ({"never_run"}, [])


def test_the_status_of_an_unknown_contact_is_404(rest: httpx.Client, product: RunningProduct) -> None:
    answer = rest.get("/internal/memory/consolidate/ct_unknown", headers=product.key)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "CONTACT_NOT_FOUND")


def test_an_entity_without_memories_vanishes_with_the_deferred_work_that_a_deletion_queues(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    ingest(rest, product, contact_id, user_message="I have a cat named Miso")
    rest.post("/internal/memory/consolidate", json={"contact_id": contact_id}, headers=product.key)
    for memory in listed(rest, product, contact_id, entity="pet:miso"):
        path = f"/contact-intel/contacts/{contact_id}/memories/{memory['id']}"
        assert rest.delete(path, headers=product.bearer).status_code == 204
    assert status(rest, product, contact_id)["pending"]
    rest.post("/internal/memory/consolidate", json={"contact_id": contact_id}, headers=product.key)
    answer = rest.get(f"/contact-intel/contacts/{contact_id}/entities", headers=product.bearer).json()
    assert answer["entities"] == []


def test_a_habit_becomes_a_pattern_and_a_deleted_one_does_not_come_back(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    start = datetime.now(UTC).replace(hour=22, minute=10, second=0, microsecond=0) - timedelta(days=30)
    for day in range(10):
        ingest(
            rest, product, contact_id, user_message="Long day at the office today", session_id=f"s{day}",
            occurred_at=(start + timedelta(days=2 * day, minutes=7 * day)).isoformat(),
        )  # fmt: skip
    consolidate = {"contact_id": contact_id, "tasks": ["extract_entities"]}
    done = rest.post("/internal/memory/consolidate", json=consolidate, headers=product.key).json()["tasks"][0]
    assert done["counts"]["patterns_found"] >= 1
    found = {m["attribute"]: m for m in listed(rest, product, contact_id, type="pattern")}
    assert found["usual_hours"]["content"] == "Usually chats between 10pm and midnight"
    assert found["usual_hours"]["content"] in {
        m["content"] for m in context(rest, product, contact_id, memory_limit=100)["memories"]
    }
    path = f"/contact-intel/contacts/{contact_id}/memories/{found['usual_hours']['id']}"
    assert rest.delete(path, headers=product.bearer).status_code == 204
    again = rest.post("/internal/memory/consolidate", json=consolidate, headers=product.key).json()["tasks"][0]
    assert again["changed"] == 0
    assert "usual_hours" not in {m["attribute"] for m in listed(rest, product, contact_id, type="pattern")}
    assert rest.delete(path, headers=product.bearer).status_code == 404


def test_dates_that_lie_ahead_are_counted(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    birthday = datetime.now(UTC) + timedelta(days=40)
    ingest(rest, product, contact_id, user_message=f"My birthday is on {birthday:%B} {birthday.day}")
    body = {"contact_id": contact_id, "tasks": ["check_triggers"]}
    (task,) = rest.post("/internal/memory/consolidate", json=body, headers=product.key).json()["tasks"]
    assert (task["status"], task["counts"]["upcoming"]) == ("done", 1)
