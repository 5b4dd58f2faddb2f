"""Memories written down by hand, through Envoy."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.contracts.test_context import context, ingest
from tests.contracts.test_memories import LONG_AGO, SOON_AFTER, listed, status
from tests.running import RunningProduct


def create(rest: httpx.Client, product: RunningProduct, contact_id: str, **body: Any) -> httpx.Response:
    headers = {**product.bearer, **body.pop("headers", {})}
    return rest.post(f"/contact-intel/contacts/{contact_id}/memories", json=body, headers=headers)


def created(rest: httpx.Client, product: RunningProduct, contact_id: str, **body: Any) -> dict[str, Any]:
    answer = create(rest, product, contact_id, **body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["created"] is True
    memory: dict[str, Any] = answer.json()["memory"]
    return memory


def another_tenant(product: RunningProduct) -> dict[str, str]:
    """A new tenant, and the header of a token with every permission in it."""
    other = f"tnt_{uuid.uuid4().hex[:8]}"
    product.kith("tenant", "create", other)
    return {"authorization": f"Bearer {product.kith('token', '--tenant', other)}"}


def test_a_new_memory_is_201_and_has_what_was_given_and_what_its_words_say(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    memory = created(
        rest, product, contact_id, content="Has a cat named Miso", importance=0.9, occurred_at=LONG_AGO,
        sources=["crm:17", "mail-3"],
    )  # fmt: skip
    assert memory["id"].startswith("mem_")
    assert (memory["type"], memory["status"], memory["confidence"]) == ("fact", "current", 1)
    assert memory["origin"] == "caller"
    assert (memory["importance"], memory["sources"]) == (0.9, ["crm:17", "mail-3"])
    assert (memory["subject"], memory["attribute"], memory["value"]) == ("self", "pet", "Miso")
    assert (memory["occurred_at"], memory["valid_from"], memory["valid_to"]) == (LONG_AGO, LONG_AGO, None)
    assert listed(rest, product, contact_id, entity="pet:miso") == [memory]
    entities = rest.get(f"/contact-intel/contacts/{contact_id}/entities", headers=product.bearer).json()["entities"]
    assert [(e["id"], e["display_name"], e["memory_count"]) for e in entities] == [("pet:miso", "Miso", 1)]


def test_the_next_context_on_any_process_knows_it(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    for thing in ("a red kayak", "a violin", "two lanterns"):
        context(rest, product, contact_id)
        created(rest, product, contact_id, content=f"Wants to sell {thing}")
        for _ in range(4):
            told = {m["content"] for m in context(rest, product, contact_id, memory_limit=100)["memories"]}
            assert f"Wants to sell {thing}" in told


def test_a_single_valued_rival_is_superseded_and_later_said_ones_supersede_it(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    ingest(rest, product, contact_id, user_message="I live in Berlin", occurred_at=LONG_AGO)
    porto = created(rest, product, contact_id, content="Lives in Porto")
    assert [m["content"] for m in listed(rest, product, contact_id, type="fact")] == ["Lives in Porto"]
    (then,) = listed(rest, product, contact_id, type="fact", as_of=SOON_AFTER)
    assert (then["content"], then["superseded_by"]) == ("Lives in Berlin", porto["id"])
    ingest(rest, product, contact_id, user_message="I live in Oslo")
    assert [m["content"] for m in listed(rest, product, contact_id, type="fact")] == ["Lives in Oslo"]


def test_what_was_true_before_the_present_value_goes_into_the_history(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    porto = created(rest, product, contact_id, content="Lives in Porto", occurred_at=SOON_AFTER)
    berlin = created(rest, product, contact_id, content="Lives in Berlin", occurred_at=LONG_AGO)
    assert (berlin["status"], berlin["valid_to"], berlin["superseded_by"]) == ("superseded", SOON_AFTER, porto["id"])
    again = create(rest, product, contact_id, content="Lives in Berlin", occurred_at=LONG_AGO)
    assert (again.status_code, again.json()["memory"]["id"]) == (200, berlin["id"])
    assert [m["id"] for m in listed(rest, product, contact_id)] == [porto["id"]]


def test_a_duplicate_is_200_with_the_memory_that_is_there_and_gains_the_sources(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    ingest(rest, product, contact_id, user_message="I live in Berlin", user_message_ref="msg_1")
    (known,) = listed(rest, product, contact_id, type="fact")
    answer = create(rest, product, contact_id, content="Lives in Berlin", sources=["crm:1"])
    assert (answer.status_code, answer.json()["created"]) == (200, False)
    memory = answer.json()["memory"]
    assert (memory["id"], memory["sources"], memory["confidence"]) == (known["id"], ["msg_1", "crm:1"], 1)
    assert memory["importance"] > known["importance"]
    assert listed(rest, product, contact_id, type="fact") == [memory]


def test_an_idempotency_key_replays_the_first_answer_and_refuses_another_note(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    headers = {"idempotency-key": f"note-{contact_id}"}
    first = create(rest, product, contact_id, content="Wants to sell a kayak", headers=headers)
    again = create(rest, product, contact_id, content="Wants to sell a kayak", headers=headers)
    other = create(rest, product, contact_id, content="Wants to sell a violin", headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (other.status_code, other.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(listed(rest, product, contact_id)) == 1


def test_it_waits_for_the_deferred_pass_and_goes_with_what_is_forgotten(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    memory = created(rest, product, contact_id, content="Has a cat named Miso")
    assert [job["status"] for job in status(rest, product, contact_id)["pending"]] == ["waiting"]
    export = rest.get(f"/contact-intel/contacts/{contact_id}/export", headers=product.bearer).json()
    assert [m["id"] for m in export["memories"]] == [memory["id"]]
    gone = rest.delete(f"/contact-intel/contacts/{contact_id}/memories", headers=product.bearer).json()
    assert (gone["memories_deleted"], gone["entities_deleted"]) == (1, 1)
    assert listed(rest, product, contact_id) == []


def test_forget_that_means_what_was_said_last_not_what_was_written_down(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    ingest(rest, product, contact_id, user_message="I am allergic to peanuts")
    note = created(rest, product, contact_id, content="Wants to sell a kayak")
    ingest(rest, product, contact_id, user_message="forget that")
    assert [m["id"] for m in listed(rest, product, contact_id)] == [note["id"]]


def test_it_can_be_corrected_and_deleted_like_any_other(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    memory = created(rest, product, contact_id, content="Lives in Porto")
    path = f"/contact-intel/contacts/{contact_id}/memories/{memory['id']}"
    corrected = rest.patch(path, json={"content": "Lives in Turin"}, headers=product.bearer).json()["memory"]
    assert (corrected["id"], corrected["value"]) == (memory["id"], "Turin")
    assert rest.delete(path, headers=product.bearer).status_code == 204
    assert listed(rest, product, contact_id) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "content"),
        ({"content": ""}, "content"),
        ({"content": "   "}, "content"),
        ({"content": "x" * 4097}, "content"),
        ({"content": 7}, "content"),
        ({"type": "pattern"}, "type"),
        ({"type": "rumour"}, "type"),
        ({"importance": 1.5}, "importance"),
        ({"importance": -0.1}, "importance"),
        ({"subject": ""}, "subject"),
        ({"subject": "x" * 129}, "subject"),
        ({"attribute": "Not A Name"}, "attribute"),
        ({"value": "Porto"}, "attribute"),
        ({"attribute": "residence", "value": " "}, "value"),
        ({"attribute": "residence", "value": "x" * 1025}, "value"),
        ({"type": "episode", "attribute": "residence"}, "attribute"),
        ({"entity_ids": ["pet:nobody"]}, "entity_ids"),
        ({"entity_ids": ["pet:miso", "pet:miso"]}, "entity_ids"),
        ({"sources": ["has space"]}, "sources"),
        ({"sources": [f"s{i}" for i in range(17)]}, "sources"),
        ({"occurred_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}, "occurred_at"),
        ({"occurred_at": "1969-12-31T00:00:00Z"}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
    ],
)
def test_a_wrong_note_is_400_and_names_the_field(
    rest: httpx.Client, product: RunningProduct, contact_id: str, body: dict[str, Any], field: str
) -> None:
    given = body if field == "content" else {"content": "Wants to sell a kayak", **body}
    answer = create(rest, product, contact_id, **given)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_INPUT")
    assert field in answer.json()["error"]["message"]
    assert listed(rest, product, contact_id) == []


def test_the_longest_note_and_a_clock_a_little_ahead_are_taken(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=4)).isoformat()
    memory = created(rest, product, contact_id, content="é" * 2048, occurred_at=soon, sources=["s" * 128])
    assert memory["content"] == "é" * 2048


def test_an_unknown_contact_is_404(rest: httpx.Client, product: RunningProduct) -> None:
    answer = create(rest, product, "ct_unknown", content="Wants to sell a kayak")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "CONTACT_NOT_FOUND")


def test_another_tenant_finds_no_such_contact_to_write_of(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    headers = another_tenant(product)
    answer = create(rest, product, contact_id, content="Wants to sell a kayak", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "CONTACT_NOT_FOUND")
    assert listed(rest, product, contact_id) == []


def test_writing_needs_its_permission(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    token = product.kith("token", "--tenant", product.credentials["tenant_id"], "--permissions", "memories:read")
    answer = create(rest, product, contact_id, content="A kayak", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "PERMISSION_DENIED")
    path = f"/contact-intel/contacts/{contact_id}/memories"
    assert rest.post(path, json={"content": "A kayak"}, headers=product.key).status_code == 401


def test_it_is_in_the_audit_log_without_its_text(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    memory = created(rest, product, contact_id, content="Wants to sell a kayak")
    with psycopg.connect(product.environment["KITH_DATABASE_URL"]) as connection:
        connection.execute("SELECT set_config('app.tenant', %s, false)", (product.credentials["tenant_id"],))
        rows = connection.execute("SELECT * FROM audit_log WHERE target = %s", (memory["id"],)).fetchall()
    assert len(rows) == 1
    assert "memory.create" in rows[0]
    assert "kayak" not in str(rows)
