"""Contacts and memories as the document shows them, through Envoy."""

import uuid
from typing import Any

import httpx
import pytest

from tests.contracts.test_context import context, ingest
from tests.running import RunningProduct


def new_contact(rest: httpx.Client, product: RunningProduct, **body: Any) -> httpx.Response:
    body = {"external_id": f"wa_{uuid.uuid4().hex}", "channel": "whatsapp", **body}
    return rest.post("/contact-intel/contacts", json=body, headers=product.key)


def test_creating_is_201_and_the_same_again_200(rest: httpx.Client, product: RunningProduct) -> None:
    first = new_contact(rest, product, external_id="wa_919876500000", display_name="Arun")
    again = new_contact(rest, product, external_id="wa_919876500000", display_name="Somebody")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["state"] == {
        "mood": "neutral", "energy": "medium", "conversation_style": "casual", "relationship_stage": "new",
        "active_streak": 0, "total_messages": 0,
    }  # fmt: skip
    assert first.json()["id"].startswith("ct_")
    assert first.json()["created_at"].endswith("Z")


def test_a_chosen_id_is_kept_and_cannot_be_taken_twice(rest: httpx.Client, product: RunningProduct) -> None:
    chosen = f"my:own.id-{uuid.uuid4().hex[:6]}"
    assert new_contact(rest, product, id=chosen).json()["id"] == chosen
    taken = new_contact(rest, product, id=chosen)
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "CONTACT_ID_TAKEN")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"external_id": ""}, "external_id"),
        ({"external_id": "x" * 257}, "external_id"),
        ({"channel": "What's App"}, "channel"),
        ({"display_name": ""}, "display_name"),
        ({"id": "sp ace"}, "id"),
        ({"language": "klingon!"}, "language"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ],
)
def test_a_wrong_contact_is_400_and_names_the_field(
    rest: httpx.Client, product: RunningProduct, body: dict[str, Any], field: str
) -> None:
    answer = new_contact(rest, product, **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_INPUT")
    assert field in answer.json()["error"]["message"]


def test_the_list_pages_by_offset_and_by_cursor_alike(rest: httpx.Client, product: RunningProduct) -> None:
    for _ in range(5):
        new_contact(rest, product)
    by_offset, by_cursor, cursor = [], [], None
    for page in range(3):
        query = {"sort": "messages", "limit": 2}
        answer = rest.get(
            "/contact-intel/contacts", params={**query, "offset": 2 * page}, headers=product.bearer
        ).json()
        assert {"contacts", "total", "limit", "offset", "next_cursor"} == set(answer)
        by_offset += [c["id"] for c in answer["contacts"]]
        answer = rest.get(
            "/contact-intel/contacts",
            params={**query, **({"cursor": cursor} if cursor else {})},
            headers=product.bearer,
        ).json()
        by_cursor += [c["id"] for c in answer["contacts"]]
        cursor = answer["next_cursor"]
    assert by_offset == by_cursor
    assert len(set(by_offset)) == 6
    wrong = rest.get("/contact-intel/contacts", params={"sort": "recent", "cursor": cursor}, headers=product.bearer)
    assert (wrong.status_code, "cursor" in wrong.text) == (400, True)


@pytest.mark.parametrize("sort", ["recent", "engagement", "churn_risk", "messages"])
def test_every_sort_answers_with_the_documents_fields(rest: httpx.Client, product: RunningProduct, sort: str) -> None:
    new_contact(rest, product)
    answer = rest.get("/contact-intel/contacts", params={"sort": sort, "limit": 500}, headers=product.bearer)
    assert answer.json()["limit"] == 100
    assert set(answer.json()["contacts"][0]) == {
        "id", "display_name", "channel", "relationship_stage", "active_streak", "total_messages", "churn_risk", "mood",
        "last_active_at",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "field"),
    [({"limit": 0}, "limit"), ({"sort": "name"}, "sort"), ({"stage": "gone"}, "stage"), ({"offset": -1}, "offset"),
     ({"churn_risk_min": 2}, "churn_risk_min"), ({"cursor": "x"}, "cursor"), ({"page": 2}, "page")],
)  # fmt: skip
def test_a_wrong_list_query_is_400(
    rest: httpx.Client, product: RunningProduct, query: dict[str, Any], field: str
) -> None:
    answer = rest.get("/contact-intel/contacts", params=query, headers=product.bearer)
    assert (answer.status_code, field in answer.json()["error"]["message"]) == (400, True)


def test_the_stage_filter_finds_only_that_stage(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    for session in range(3):
        ingest(rest, product, contact_id, user_message="good to talk to you again", session_id=f"s{session}")
    found = rest.get(
        "/contact-intel/contacts", params={"stage": "building", "limit": 100}, headers=product.bearer
    ).json()
    assert contact_id in {c["id"] for c in found["contacts"]}
    assert {c["relationship_stage"] for c in found["contacts"]} == {"building"}


def test_the_profile_counts_memories_and_entities(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    ingest(rest, product, contact_id, user_message="I have a golden retriever named Bruno")
    profile = rest.get(f"/contact-intel/contacts/{contact_id}/profile", headers=product.bearer).json()
    assert set(profile) == {"contact", "state", "memories", "entities", "recent_outreach"}
    assert set(profile["memories"]["by_type"]) == {"fact", "preference", "episode", "pattern"}
    assert sum(profile["memories"]["by_type"].values()) == profile["memories"]["total"]
    assert profile["entities"][0]["id"] == "pet:bruno"
    assert profile["entities"][0]["memory_count"] >= 1
    assert profile["state"]["preferred_hours"]
    assert any("Bruno" in memory["content"] for memory in profile["memories"]["top"])


def test_an_update_changes_only_what_is_given_and_shows_in_the_context(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    path = f"/contact-intel/contacts/{contact_id}"
    changed = rest.patch(
        path,
        json={"display_name": "Noor A.", "time_zone": "Asia/Kolkata", "outreach_consent": True},
        headers=product.bearer,
    )
    assert changed.status_code == 200, changed.text
    assert changed.json()["contact"]["time_zone"] == "Asia/Kolkata"
    assert context(rest, product, contact_id)["contact"]["display_name"] == "Noor A."
    cleared = rest.patch(path, json={"update_mask": "time_zone"}, headers=product.bearer).json()["contact"]
    assert (cleared["time_zone"], cleared["display_name"], cleared["outreach_consent"]) == (None, "Noor A.", True)
    for body in ({}, {"language": ""}, {"time_zone": "Nowhere/Land"}, {"update_mask": "external_id"}):
        assert rest.patch(path, json=body, headers=product.bearer).status_code == 400


def test_memories_are_listed_filtered_and_deleted(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    ingest(rest, product, contact_id, user_message="I have a golden retriever named Bruno. I live in Pune.")
    path = f"/contact-intel/contacts/{contact_id}/memories"
    facts = rest.get(path, params={"type": "fact"}, headers=product.bearer).json()
    assert facts["total"] == len(facts["memories"]) >= 2
    assert {m["type"] for m in facts["memories"]} == {"fact"}
    of_bruno = rest.get(path, params={"entity": "pet:bruno"}, headers=product.bearer).json()["memories"]
    assert of_bruno and all("pet:bruno" in m["entity_ids"] for m in of_bruno)
    gone = facts["memories"][0]["id"]
    deleted = rest.delete(f"{path}/{gone}", headers=product.bearer)
    assert (deleted.status_code, deleted.content) == (204, b"")
    again = rest.delete(f"{path}/{gone}", headers=product.bearer)
    assert (again.status_code, again.json()["error"]["code"]) == (404, "MEMORY_NOT_FOUND")
    left = context(rest, product, contact_id, memory_limit=100, min_importance=0)["memories"]
    assert gone not in {m["id"] for m in left}


def test_forget_me_keeps_the_contact_and_resets_the_rest(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    ingest(
        rest, product, contact_id, user_message="I am so excited, I got the job at Infosys!", detected_mood="excited"
    )
    wiped = rest.delete(f"/contact-intel/contacts/{contact_id}/memories", headers=product.bearer).json()
    assert (wiped["status"], wiped["state_reset"], wiped["memories_deleted"] > 0) == ("deleted", True, True)
    after = context(rest, product, contact_id, min_importance=0)
    assert (after["memories"], after["state"]["mood"], after["state"]["total_messages"]) == ([], "neutral", 0)
    export = rest.get(f"/contact-intel/contacts/{contact_id}/export", headers=product.bearer).json()
    assert export["interaction_logs"] == export["memories"] == export["entities"] == []


@pytest.mark.parametrize("asked", ["Forget me", "Please forget everything you know about me."])
def test_a_contact_that_asks_to_be_forgotten_is_and_what_comes_again_does_not_forget_more(
    rest: httpx.Client, product: RunningProduct, contact_id: str, asked: str
) -> None:
    ingest(rest, product, contact_id, user_message="My dog Zyx lives in Zagreb with me.", detected_mood="excited")
    turn = {"user_message": asked, "ai_response": "Goodbye, Zyx.", "turn_id": "the-last-one"}
    ingest(rest, product, contact_id, **turn)
    after = context(rest, product, contact_id, min_importance=0)
    assert (after["memories"], after["state"]["mood"], after["state"]["total_messages"]) == ([], "neutral", 0)
    path = f"/contact-intel/contacts/{contact_id}/export"
    assert "Zyx" not in rest.get(path, headers=product.bearer).text
    ingest(rest, product, contact_id, user_message="I live in Lima.")
    ingest(rest, product, contact_id, **turn)
    assert "Lima" in rest.get(path, headers=product.bearer).text


def test_an_export_holds_everything_and_a_deletion_leaves_nothing(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    ingest(rest, product, contact_id, user_message="My brother Sami lives in Oslo", ai_response="Do you visit him?")
    export = rest.get(f"/contact-intel/contacts/{contact_id}/export", headers=product.bearer).json()
    assert {"contact", "state", "memories", "entities", "triggers", "interaction_logs"} <= set(export)
    assert export["interaction_logs"][0]["user_message"] == "My brother Sami lives in Oslo"
    erased = rest.delete(f"/contact-intel/contacts/{contact_id}", headers=product.bearer).json()
    assert erased["status"] == "deleted"
    assert erased["deleted"] == {
        "memories": len(export["memories"]), "entities": len(export["entities"]), "triggers": 0, "interaction_logs": 1,
    }  # fmt: skip
    for answer in (
        rest.get(f"/contact-intel/context/{contact_id}", headers=product.key),
        ingest(rest, product, contact_id, user_message="a late event"),
        rest.get(f"/contact-intel/contacts/{contact_id}/profile", headers=product.bearer),
        rest.delete(f"/contact-intel/contacts/{contact_id}", headers=product.bearer),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "CONTACT_NOT_FOUND")
    revived = new_contact(rest, product, id=contact_id)
    assert (revived.status_code, revived.json()["error"]["code"]) == (409, "CONTACT_ID_TAKEN")


def test_consolidation_runs_and_running_it_again_changes_nothing(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    ingest(rest, product, contact_id, user_message="I have a cat named Miso")
    results = []
    for _ in range(2):
        answer = rest.post("/internal/memory/consolidate", json={"contact_id": contact_id}, headers=product.key)
        assert answer.status_code == 200, answer.text
        results.append(answer.json()["tasks"])
    assert [r["changed"] for r in results[1]] == [0, 0, 0, 0]
