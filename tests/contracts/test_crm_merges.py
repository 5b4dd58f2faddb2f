"""Merging contacts through Envoy: the answers, the refusals, and that the merged id goes on working everywhere."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from kith.context.v1 import context_pb2 as pb
from kith.context.v1 import context_service_pb2_grpc as grpc_pb

from tests.running import RunningProduct

Two = tuple[str, str]


@pytest.fixture
def two(product: RunningProduct, rest: httpx.Client, contact_id: str) -> Two:
    """Noor, and the same person by text message."""
    new = {"external_id": f"+4930{uuid.uuid4().int % 10**8:08d}", "channel": "sms", "display_name": "Noor by text"}
    answer = rest.post("/contact-intel/contacts", json=new, headers=product.key)
    other = str(answer.json()["id"])
    for one, said in ((contact_id, "I live in Berlin"), (other, "I live in Oslo now")):
        turn = {"contact_id": one, "user_message": said, "session_id": "s"}
        assert rest.post("/contact-intel/ingest", json=turn, headers=product.key).status_code == 202
    return contact_id, other


def merge(product: RunningProduct, rest: httpx.Client, kept: str, other: str, prefix: str = "/v1") -> httpx.Response:
    return rest.post(f"{prefix}/contacts/{kept}/merge", json={"other_id": other}, headers=product.bearer)


def merged(product: RunningProduct, rest: httpx.Client, two: Two) -> dict[str, Any]:
    answer = merge(product, rest, *two)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def context(product: RunningProduct, rest: httpx.Client, contact_id: str) -> dict[str, Any]:
    answer = rest.get(f"/contact-intel/context/{contact_id}", headers=product.key)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
def test_a_merge_is_answered_with_its_record_and_the_contact_that_stays(
    product: RunningProduct, rest: httpx.Client, two: Two, prefix: str
) -> None:
    kept, other = two
    answer = merge(product, rest, kept, other, prefix)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert set(found) == {"merge", "contact"}
    record = found["merge"]
    assert set(record) == {"id", "contact_id", "merged_id", "merged_at", "undone_at", "undo_until"}
    assert (record["contact_id"], record["merged_id"], record["undone_at"]) == (kept, other, None)
    assert (found["contact"]["id"], found["contact"]["name"]) == (kept, "Noor")
    assert {i["kind"] for i in found["contact"]["identities"]} >= {"phone"}
    listed = rest.get(f"{prefix}/contacts/{kept}/merges", headers=product.bearer)
    assert (listed.status_code, listed.json()) == (200, {"merges": [record]})
    undone = rest.post(f"{prefix}/contacts/merges/{record['id']}/undo", json={}, headers=product.bearer)
    assert undone.status_code == 200, undone.text
    assert (undone.json()["contact"]["id"], undone.json()["other"]["id"]) == two
    assert undone.json()["merge"]["undone_at"] is not None
    assert context(product, rest, other)["contact"]["id"] == other


def test_whatever_is_asked_for_the_merged_id_is_done_for_the_contact_that_stayed(
    product: RunningProduct, rest: httpx.Client, two: Two
) -> None:
    kept, other = two
    merged(product, rest, two)
    assert context(product, rest, other)["contact"]["id"] == kept
    assert context(product, rest, other)["state"]["total_messages"] == 2
    turn = {"contact_id": other, "user_message": "My dog is called Bruno"}
    assert rest.post("/contact-intel/ingest", json=turn, headers=product.key).status_code == 202
    assert context(product, rest, kept)["state"]["total_messages"] == 3
    shown = rest.get(f"/contact-intel/contacts/{other}/memories", headers=product.bearer).json()
    assert shown == rest.get(f"/contact-intel/contacts/{kept}/memories", headers=product.bearer).json()
    assert rest.get(f"/v1/contacts/{other}", headers=product.bearer).json()["contact"]["id"] == kept
    touch = {"contact_id": other, "kind": "note", "content": "Asked for the price list"}
    made = rest.post("/v1/interactions", json=touch, headers=product.bearer)
    assert (made.status_code, made.json()["interaction"]["contact_id"]) == (201, kept), made.text
    items = {"items": [touch, {**touch, "contact_id": kept}, {**touch, "contact_id": "ct_nobody"}]}
    bulk = rest.post("/v1/interactions/bulk", json=items, headers=product.bearer).json()
    assert [one["status"] for one in bulk["results"]] == ["created", "created", "failed"], bulk
    renamed = rest.patch(f"/v1/contacts/{other}", json={"title": "Nurse"}, headers=product.bearer)
    assert renamed.json()["contact"]["id"] == kept


def test_the_merged_id_works_over_grpc(product: RunningProduct, rest: httpx.Client, two: Two) -> None:
    kept, other = two
    merged(product, rest, two)
    key = tuple(product.key.items())
    with product.channel() as channel:
        stub = grpc_pb.ContextServiceStub(channel)
        turn = pb.IngestInteractionRequest(contact_id=other, user_message="I really love climbing")
        assert stub.IngestInteraction(turn, metadata=key).status == "accepted"
        found = stub.GetContactContext(pb.GetContactContextRequest(contact_id=other), metadata=key)
    assert (found.contact.id, found.state.total_messages) == (kept, 3)


def test_the_same_merge_under_one_key_is_done_once(product: RunningProduct, rest: httpx.Client, two: Two) -> None:
    kept, other = two
    headers = {**product.bearer, "idempotency-key": uuid.uuid4().hex}
    answers = [
        rest.post(f"/v1/contacts/{kept}/merge", json={"other_id": other}, headers=headers) for _ in range(2)
    ]  # fmt: skip
    assert [a.status_code for a in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


def test_a_merge_is_refused_by_the_field_that_is_wrong(product: RunningProduct, rest: httpx.Client, two: Two) -> None:
    kept, other = two
    itself = merge(product, rest, kept, kept)
    assert itself.status_code == 400
    assert "other_id" in itself.text
    assert merge(product, rest, kept, "ct_nobody").status_code == 404
    assert merge(product, rest, "ct_nobody", other).status_code == 404
    assert rest.get("/v1/contacts/ct_nobody/merges", headers=product.bearer).status_code == 404
    for body in ({}, {"other_id": "two words"}, {"other_id": 5}, {"other": other}):
        answer = rest.post(f"/v1/contacts/{kept}/merge", json=body, headers=product.bearer)
        assert answer.status_code == 400, body
    missing = rest.post("/v1/contacts/merges/mrg_nothing/undo", json={}, headers=product.bearer)
    assert (missing.status_code, missing.json()["code"]) == (404, "MERGE_NOT_FOUND")
    assert context(product, rest, other)["contact"]["id"] == other


def test_merges_that_lie_on_each_other_are_undone_from_the_top(
    product: RunningProduct, rest: httpx.Client, two: Two
) -> None:
    kept, other = two
    new = {"external_id": uuid.uuid4().hex, "channel": "web"}
    third = rest.post("/contact-intel/contacts", json=new, headers=product.key).json()["id"]
    first = merged(product, rest, two)["merge"]["id"]
    second = merge(product, rest, third, kept).json()["merge"]["id"]
    assert context(product, rest, other)["contact"]["id"] == third
    early = rest.post(f"/v1/contacts/merges/{first}/undo", json={}, headers=product.bearer)
    assert (early.status_code, early.json()["code"]) == (409, "CONFLICT"), early.text
    assert second in early.text
    for one in (second, first):
        assert rest.post(f"/v1/contacts/merges/{one}/undo", json={}, headers=product.bearer).status_code == 200
    again = rest.post(f"/v1/contacts/merges/{first}/undo", json={}, headers=product.bearer)
    assert again.status_code == 409


def test_turns_of_both_ids_during_a_merge_are_all_kept(product: RunningProduct, rest: httpx.Client, two: Two) -> None:
    kept, other = two

    def talk(one: str) -> list[int]:
        with product.client() as client:
            turns = [{"contact_id": one, "user_message": f"Bought lamp {n}"} for n in range(15)]
            return [
                client.post("/contact-intel/ingest", json=turn, headers=product.key).status_code for turn in turns
            ]  # fmt: skip

    with ThreadPoolExecutor(3) as pool:
        told = [pool.submit(talk, one) for one in two]
        assert merge(product, rest, kept, other).status_code == 200
        assert {code for one in told for code in one.result()} == {202}
    assert context(product, rest, other)["state"]["total_messages"] == 32
