"""Memories found by what somebody looks for, through Envoy."""

from typing import Any

import httpx
import pytest

from tests.contracts.test_context import context, ingest
from tests.contracts.test_memories import LONG_AGO, SOON_AFTER, listed
from tests.contracts.test_memories_created import another_tenant, created
from tests.running import RunningProduct


def search(rest: httpx.Client, product: RunningProduct, contact_id: str, **query: Any) -> httpx.Response:
    headers = {**product.bearer, **query.pop("headers", {})}
    return rest.get(f"/contact-intel/contacts/{contact_id}/memories/search", params=query, headers=headers)


def found(rest: httpx.Client, product: RunningProduct, contact_id: str, **query: Any) -> list[dict[str, Any]]:
    answer = search(rest, product, contact_id, **query)
    assert answer.status_code == 200, answer.text
    memories: list[dict[str, Any]] = answer.json()["memories"]
    return memories


@pytest.fixture
def known(rest: httpx.Client, product: RunningProduct, contact_id: str) -> str:
    """A contact with a cat, a city and a kayak."""
    ingest(
        rest, product, contact_id, user_message="I have a cat named Miso", user_message_ref="m1", occurred_at=LONG_AGO
    )
    ingest(rest, product, contact_id, user_message="I live in Berlin", occurred_at=LONG_AGO, session_id="s2")
    created(rest, product, contact_id, content="Wants to sell a red kayak", importance=0.2)
    return contact_id


def test_what_fits_best_comes_first_and_whole_with_a_score(
    rest: httpx.Client, product: RunningProduct, known: str
) -> None:
    best, *others = found(rest, product, known, q="is the kayak still for sale?")
    assert set(best) == {"memory", "retrieval_score"}
    assert best["memory"] == next(m for m in listed(rest, product, known) if "kayak" in m["content"])
    scores = [m["retrieval_score"] for m in (best, *others)]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_it_is_the_ranking_of_the_context(rest: httpx.Client, product: RunningProduct, known: str) -> None:
    question = "what is the cat in Berlin called?"
    ranked = context(rest, product, known, message=question, memory_limit=3, min_importance=0, explain=True)["memories"]
    looked = found(rest, product, known, q=question, limit=3, explain=True)
    assert [m["memory"]["id"] for m in looked] == [m["id"] for m in ranked]
    assert [m["retrieval_score"] for m in looked] == pytest.approx([m["retrieval_score"] for m in ranked], abs=1e-3)
    assert [m["parts"]["matched_terms"] for m in looked] == [m["parts"]["matched_terms"] for m in ranked]


def test_both_halves_of_an_exchange_are_found_at_once_and_each_only_once(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    ingest(
        rest, product, contact_id, user_message="Which strings does my cello need?",
        ai_response="Steel ones sound brighter on a cello like yours", user_message_ref="ask", ai_response_ref="say",
    )  # fmt: skip
    (exchange,) = found(rest, product, contact_id, q="cello strings", type="episode")
    assert {*exchange["memory"]["sources"], *exchange["beside"]["sources"]} == {"ask", "say"}
    contents = {m["content"] for m in listed(rest, product, contact_id, type="episode")}
    assert {exchange["memory"]["content"], exchange["beside"]["content"]} == contents


def test_filters_leave_out_what_is_not_wanted(rest: httpx.Client, product: RunningProduct, known: str) -> None:
    def contents(**query: Any) -> set[str]:
        return {m["memory"]["content"] for m in found(rest, product, known, q="cat Berlin kayak", **query)}

    everything = contents()
    assert {"Wants to sell a red kayak", "Lives in Berlin", "Has a cat named Miso"} <= everything
    assert contents(type="all") == everything
    assert {m["memory"]["type"] for m in found(rest, product, known, q="cat", type="episode")} == {"episode"}
    assert "Wants to sell a red kayak" not in contents(min_importance=0.3)
    assert all("Miso" in content for content in contents(entity="pet:miso"))
    assert contents(entity="pet:miso")
    assert contents(entity="pet:nobody") == set()
    assert len(found(rest, product, known, q="cat Berlin kayak", limit=1)) == 1
    assert contents(limit=1000) == everything
    for memory in found(rest, product, known, q="cat", min_score=0.3):
        assert memory["retrieval_score"] >= 0.3
    assert contents(min_score=1) == set()


def test_as_of_finds_what_was_known_then(rest: httpx.Client, product: RunningProduct, known: str) -> None:
    created(rest, product, known, content="Lives in Porto")
    now = [m["memory"]["content"] for m in found(rest, product, known, q="lives in", type="fact", limit=100)]
    assert "Lives in Porto" in now
    assert "Lives in Berlin" not in now
    then = found(rest, product, known, q="lives in", type="fact", limit=100, as_of=SOON_AFTER)
    assert "Lives in Porto" not in {m["memory"]["content"] for m in then}
    assert [m["memory"]["status"] for m in then if m["memory"]["content"] == "Lives in Berlin"] == ["superseded"]


def test_explain_tells_how_a_score_came_about(rest: httpx.Client, product: RunningProduct, known: str) -> None:
    parts = found(rest, product, known, q="the red kayak", explain=True)[0]["parts"]
    assert {"red", "kayak"} <= set(parts["matched_terms"])
    assert all(0 <= parts[name] <= 1 for name in ("relevance", "importance", "strength", "recency"))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "q"),
        ({"q": ""}, "q"),
        ({"q": "  "}, "q"),
        ({"q": "x" * 1025}, "q"),
        ({"q": "cat", "type": "rumour"}, "type"),
        ({"q": "cat", "min_importance": 1.1}, "min_importance"),
        ({"q": "cat", "min_score": -0.1}, "min_score"),
        ({"q": "cat", "entity": ""}, "entity"),
        ({"q": "cat", "limit": 0}, "limit"),
        ({"q": "cat", "limit": "many"}, "limit"),
        ({"q": "cat", "as_of": "yesterday"}, "as_of"),
        ({"q": "cat", "colour": "red"}, "colour"),
    ],
)
def test_a_wrong_search_is_400_and_names_the_field(
    rest: httpx.Client, product: RunningProduct, contact_id: str, query: dict[str, Any], field: str
) -> None:
    answer = search(rest, product, contact_id, **query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_INPUT")
    assert field in answer.json()["error"]["message"]


def test_an_unknown_contact_is_404_and_so_is_another_tenants(
    rest: httpx.Client, product: RunningProduct, known: str
) -> None:
    absent = search(rest, product, "ct_unknown", q="cat")
    theirs = search(rest, product, known, q="cat", headers=another_tenant(product))
    for answer in (absent, theirs):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "CONTACT_NOT_FOUND")


def test_searching_needs_its_permission_and_its_kind_of_credential(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    token = product.kith("token", "--tenant", product.credentials["tenant_id"], "--permissions", "memories:write")
    answer = search(rest, product, contact_id, q="cat", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "PERMISSION_DENIED")
    path = f"/contact-intel/contacts/{contact_id}/memories/search"
    assert rest.get(path, params={"q": "cat"}, headers=product.key).status_code == 401


def test_the_search_is_never_taken_for_a_memory(rest: httpx.Client, product: RunningProduct, known: str) -> None:
    path = f"/contact-intel/contacts/{known}/memories/search"
    for answer in (
        rest.delete(path, headers=product.bearer), rest.patch(path, json={"importance": 0.5}, headers=product.bearer),
    ):  # fmt: skip
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert found(rest, product, known, q="kayak")


def test_nothing_is_found_where_nothing_is_remembered(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    assert search(rest, product, contact_id, q="cat").json() == {"memories": []}
