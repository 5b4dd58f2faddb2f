"""The hot path as the document shows it, through Envoy."""

import json
import uuid
from typing import Any

import httpx
import pytest

from tests.running import RunningProduct


def ingest(rest: httpx.Client, product: RunningProduct, contact_id: str, **body: Any) -> httpx.Response:
    return rest.post("/contact-intel/ingest", json={"contact_id": contact_id, **body}, headers=product.key)


def context(rest: httpx.Client, product: RunningProduct, contact_id: str, **query: Any) -> dict[str, Any]:
    answer = rest.get(f"/contact-intel/context/{contact_id}", params=query, headers=product.key)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_new_contact_has_the_documents_context(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    assert context(rest, product, contact_id) == {
        "contact": {"id": contact_id, "display_name": "Noor", "language": "en", "channel": "whatsapp"},
        "state": {
            "mood": "neutral",
            "energy": "medium",
            "conversation_style": "casual",
            "relationship_stage": "new",
            "active_streak": 0,
            "total_messages": 0,
            "total_sessions": 0,
            "last_active_at": None,
        },
        "memories": [],
        "relationship": {"days_since_first_contact": 0, "stage": "new", "trust_level": "low"},
        "warmth": {"score": 0, "band": "cold"},
        "open_threads": [],
    }


def test_a_turn_is_accepted_with_what_was_really_done(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    answer = ingest(
        rest, product, contact_id, tenant_id=product.credentials["tenant_id"], session_id="sess_1",
        user_message="I have a golden retriever named Bruno and he ate my shoes again!",
        ai_response="Oh no, Bruno! Were they the new running shoes?",
        detected_mood="frustrated", detected_energy="high",
    )  # fmt: skip
    assert answer.status_code == 202
    body = answer.json()
    assert {k: body[k] for k in ("status", "state_updated", "triggers_created")} == {
        "status": "accepted", "state_updated": True, "triggers_created": 0,
    }  # fmt: skip
    listed = rest.get(
        f"/contact-intel/contacts/{contact_id}/memories", params={"limit": 100}, headers=product.bearer
    ).json()
    assert body["memories_extracted"] == listed["total"] >= 2
    assert body["deferred_tasks_queued"] == 3


def test_the_next_read_on_any_process_sees_the_turn(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    for number in range(10):
        word = f"zebra{number}"
        assert ingest(rest, product, contact_id, user_message=f"I bought a {word} lamp yesterday").status_code == 202
        # A connection of its own each time, so that the kernel deals the calls out to both server processes.
        for _ in range(4):
            with product.client() as fresh:
                seen = context(fresh, product, contact_id, message=f"what about the {word} lamp")
            assert seen["state"]["total_messages"] == number + 1
            assert word in seen["memories"][0]["content"]


def test_what_fits_the_message_comes_first_with_its_source(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    ingest(rest, product, contact_id, user_message="My sister Leila plays the cello in Utrecht", user_message_ref="m1")
    ingest(rest, product, contact_id, user_message="Work was endless meetings about budgets", user_message_ref="m2")
    found = context(rest, product, contact_id, message="who plays the cello?", memory_limit=1, min_importance=0)
    (memory,) = found["memories"]
    assert memory["sources"] == ["m1"]
    assert memory["retrieval_score"] > 0.5
    assert set(memory) == {
        "id", "type", "content", "importance", "entity_ids", "retrieval_score", "sources", "occurred_at",
    }  # fmt: skip


def test_an_exchange_is_told_with_both_halves_each_under_its_own_id(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    asked, told = "Which strings does the harpsichord need?", "Brass ones, since a harpsichord is plucked"
    ingest(
        rest, product, contact_id, user_message=asked, ai_response=told, user_message_ref="ask", ai_response_ref="say"
    )
    (memory,) = context(rest, product, contact_id, message="harpsichord strings", min_importance=0)["memories"]
    beside = memory["beside"]
    assert {memory["content"], beside["content"]} == {asked, told}
    assert memory["sources"] == ["ask", "say"]
    assert beside["speaker"] == ("contact" if beside["content"] == asked else "assistant")
    assert beside["sources"] == (["ask"] if beside["content"] == asked else ["say"])
    path = f"/contact-intel/contacts/{contact_id}/memories"
    assert rest.delete(f"{path}/{memory['id']}", headers=product.bearer).status_code == 204
    left = rest.get(path, params={"type": "episode"}, headers=product.bearer).json()["memories"]
    assert [m["content"] for m in left] == [beside["content"]]
    (alone,) = context(rest, product, contact_id, message="harpsichord strings", min_importance=0)["memories"]
    assert (alone["id"], "beside" in alone) == (beside["id"], False)


def test_explain_tells_how_a_score_came_about(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    ingest(rest, product, contact_id, user_message="We hiked up the glacier on Sunday")
    found = context(rest, product, contact_id, message="the glacier hike", explain="true", min_importance=0)
    parts = found["memories"][0]["parts"]
    assert {"hike", "glacier"} <= set(parts["matched_terms"])
    assert all(0 <= parts[name] <= 1 for name in ("relevance", "importance", "strength", "recency"))


def test_prompt_tokens_gives_a_briefing(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    ingest(rest, product, contact_id, user_message="I live in Rotterdam and I am allergic to peanuts")
    prompt = context(rest, product, contact_id, message="dinner ideas?", prompt_tokens=200, min_importance=0)["prompt"]
    assert "Noor" in prompt
    assert "peanut" in prompt
    assert len(prompt) / 3.5 <= 200


def test_as_of_shows_the_memories_of_then(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    ingest(rest, product, contact_id, user_message="I play chess every night", occurred_at="2031-01-01T10:00:00Z")
    ingest(rest, product, contact_id, user_message="I started fencing lessons", occurred_at="2020-02-01T10:00:00Z")
    then = context(rest, product, contact_id, as_of="2020-01-15T00:00:00Z", min_importance=0)
    assert then["memories"] == []


def test_the_same_turn_again_changes_nothing_and_is_answered_the_same(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    turn = {"user_message": "I adopted a parrot called Kiwi", "turn_id": "t-1"}
    first, again = (ingest(rest, product, contact_id, **turn) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert context(rest, product, contact_id)["state"]["total_messages"] == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"memory_limit": 0}, "memory_limit"),
        ({"memory_limit": 101}, "memory_limit"),
        ({"memory_limit": "ten"}, "memory_limit"),
        ({"min_importance": 1.5}, "min_importance"),
        ({"min_importance": "nan"}, "min_importance"),
        ({"prompt_tokens": 1}, "prompt_tokens"),
        ({"message": "x" * 16385}, "message"),
        ({"as_of": "yesterday"}, "as_of"),
        ({"as_of": "9999-12-31T23:59:59Z"}, "as_of"),
        ({"as_of": "0001-01-01T00:00:00Z"}, "as_of"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_wrong_query_is_400_and_names_the_parameter(
    rest: httpx.Client, product: RunningProduct, contact_id: str, query: dict[str, Any], field: str
) -> None:
    answer = rest.get(f"/contact-intel/context/{contact_id}", params=query, headers=product.key)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "INVALID_INPUT"
    assert field in error["message"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "user_message"),
        ({"user_message": "  "}, "user_message"),
        ({"user_message": "x" * 16385}, "user_message"),
        ({"ai_response": "é" * 8193}, "ai_response"),
        ({"user_message": "hi", "detected_mood": "jolly"}, "detected_mood"),
        ({"user_message": "hi", "detected_energy": "extreme"}, "detected_energy"),
        ({"user_message": "hi", "session_id": "has space"}, "session_id"),
        ({"user_message": "hi", "turn_id": "x" * 129}, "turn_id"),
        ({"user_message": "hi", "occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at"),
        ({"user_message": {"text": "hi"}}, "user_message"),
        ({"user_message": ["hi"]}, "user_message: must be a string, not a list"),
        ({"user_message": "hi", "occurred_at": "0001-01-01T00:00:00Z"}, "occurred_at"),
        ({"user_message": "hi", "occurred_at": "1969-12-31T23:59:59Z"}, "occurred_at"),
        ({"user_message": "hi", "occurred_at": 5}, "occurred_at"),
        ({"user_message": "nul \u0000 byte"}, "user_message"),
    ],
)
def test_a_wrong_turn_is_400_names_the_field_and_changes_nothing(
    rest: httpx.Client, product: RunningProduct, contact_id: str, body: dict[str, Any], field: str
) -> None:
    before = context(rest, product, contact_id)
    answer = ingest(rest, product, contact_id, **body)
    assert answer.status_code == 400, answer.text
    assert field in answer.json()["error"]["message"]
    assert context(rest, product, contact_id) == before


def test_malformed_json_is_400_in_the_surfaces_shape(rest: httpx.Client, product: RunningProduct) -> None:
    answer = rest.post(
        "/contact-intel/ingest",
        content=b'{"contact_id": "x"',
        headers={**product.key, "content-type": "application/json"},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_INPUT")


def test_two_texts_at_their_limit_pass_however_their_json_is_escaped(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    text = "\u4e2d" * 5461
    body = {"contact_id": contact_id, "user_message": text, "ai_response": "\x01" * 16_384}
    answer = rest.post(
        "/contact-intel/ingest",
        content=json.dumps(body, ensure_ascii=True),
        headers={**product.key, "content-type": "application/json"},
    )
    assert answer.status_code == 202, answer.text


def test_an_id_with_bad_characters_is_400_and_names_it(rest: httpx.Client, product: RunningProduct) -> None:
    answer = rest.get("/contact-intel/context/has%20space", headers=product.key)
    assert answer.status_code == 400
    assert "contact_id" in answer.json()["error"]["message"]


def test_a_body_over_the_cap_is_413_in_the_surfaces_shape(rest: httpx.Client, product: RunningProduct) -> None:
    answer = ingest(rest, product, "ct_x", user_message="x" * 300_000)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_an_unknown_contact_is_404_as_the_document_words_it(rest: httpx.Client, product: RunningProduct) -> None:
    for answer in (
        rest.get("/contact-intel/context/ct_xyz", headers=product.key),
        ingest(rest, product, "ct_xyz", user_message="hello there"),
    ):
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (404, "CONTACT_NOT_FOUND")
        assert error["message"] == "Contact ct_xyz does not exist for this tenant."


def test_another_tenants_contact_looks_just_as_absent(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    other = f"tnt_{uuid.uuid4().hex[:8]}"
    product.kith("tenant", "create", other)
    key = {"x-gateway-key": product.kith("key", "create", "--tenant", other)}
    theirs = rest.get(f"/contact-intel/context/{contact_id}", headers=key)
    absent = rest.get(f"/contact-intel/context/{contact_id[:-1]}_", headers=key)
    assert theirs.status_code == absent.status_code == 404
    assert theirs.json()["error"]["message"].replace(contact_id, "") == absent.json()["error"]["message"].replace(
        f"{contact_id[:-1]}_", ""
    )


def test_a_tenant_in_the_body_must_be_the_credentials(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    answer = ingest(rest, product, contact_id, tenant_id="tnt_somebody_else", user_message="hello")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "PERMISSION_DENIED")
