"""Touchpoints through Envoy: every call of the interactions surface, and what is refused."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.contracts.test_context import context, ingest
from tests.contracts.test_memories_created import another_tenant
from tests.running import RunningProduct

PREFIXES = ("/v1", "/api/v1")
LONG_AGO = "2026-02-03T10:00:00Z"
KEYS = {
    "id", "contact_id", "contact_name", "kind", "content", "metadata", "origin", "occurred_at", "created_at",
    "updated_at",
}  # fmt: skip


class Crm:
    """A client of one tenant's touchpoints, under one of the two prefixes."""

    def __init__(self, rest: httpx.Client, bearer: dict[str, str], prefix: str = "/v1") -> None:
        self.rest, self.bearer, self.prefix = rest, bearer, prefix

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        headers = {**self.bearer, **given.pop("headers", {})}
        return self.rest.request(method, f"{self.prefix}{path}", headers=headers, **given)

    def create(self, contact_id: str, kind: str = "note", **body: Any) -> dict[str, Any]:
        answer = self.ask("POST", "/interactions", json={"contact_id": contact_id, "kind": kind, **body})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()["interaction"]
        return made

    def page(self, **query: Any) -> dict[str, Any]:
        answer = self.ask("GET", "/interactions", params=query)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        assert page["items"] == page["interactions"]
        return page


@pytest.fixture
def crm(rest: httpx.Client, product: RunningProduct) -> Crm:
    return Crm(rest, product.bearer)


def refused(answer: httpx.Response, status: int = 400) -> tuple[str, list[str]]:
    """The code, and the fields that the details name."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body["error"], str)
    return body["code"], [field["field"] for field in body["details"].get("fields", [])]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_touchpoint_is_created_shown_changed_and_removed(
    rest: httpx.Client, product: RunningProduct, contact_id: str, prefix: str
) -> None:
    crm = Crm(rest, product.bearer, prefix)
    metadata = {"duration_minutes": 25, "sentiment": "positive", "steps": ["a", {"b": 1.5}], "voicemail": False}
    made = crm.create(contact_id, "call", content="Went through the offer", metadata=metadata)
    assert set(made) == KEYS
    assert made["id"].startswith("int_")
    assert (made["contact_id"], made["contact_name"], made["kind"], made["origin"]) == (
        contact_id,
        "Noor",
        "call",
        "api",
    )
    assert (made["content"], made["metadata"]) == ("Went through the offer", metadata)
    assert made["occurred_at"] == made["created_at"] == made["updated_at"]
    path = f"/interactions/{made['id']}"
    assert crm.ask("GET", path).json() == {"interaction": made}
    changed = crm.ask("PATCH", path, json={"content": "Signed", "metadata": {"sentiment": None, "value": 50000}})
    assert changed.status_code == 200, changed.text
    now = changed.json()["interaction"]
    assert now["metadata"] == {"duration_minutes": 25, "steps": ["a", {"b": 1.5}], "voicemail": False, "value": 50000}
    assert now["updated_at"] > made["updated_at"]
    assert {k: v for k, v in now.items() if k not in ("content", "metadata", "updated_at")} == {
        k: v for k, v in made.items() if k not in ("content", "metadata", "updated_at")
    }
    gone = crm.ask("DELETE", path)
    assert (gone.status_code, gone.json()) == (200, {"id": made["id"], "deleted": True})
    for method in ("GET", "DELETE", "PATCH"):
        answer = crm.ask(method, path, **({"json": {}} if method == "PATCH" else {}))
        assert refused(answer, 404)[0] == "INTERACTION_NOT_FOUND"


def test_numbers_of_metadata_are_numbers_as_they_were_written(crm: Crm, contact_id: str) -> None:
    made = crm.create(contact_id, metadata={"whole": 30, "part": 0.25, "large": 9007199254740991, "nothing": None})
    raw = crm.ask("GET", f"/interactions/{made['id']}").text
    assert '"whole":30,' in raw.replace(" ", "") or '"whole":30}' in raw.replace(" ", "")
    metadata = json.loads(raw)["interaction"]["metadata"]
    assert metadata == {"whole": 30, "part": 0.25, "large": 9007199254740991, "nothing": None}
    assert isinstance(metadata["whole"], int)


@pytest.mark.parametrize("given", [{}, {"metadata": None}, {"metadata": {}}])
def test_without_metadata_there_is_an_empty_object_and_what_is_missing_is_null(
    crm: Crm, product: RunningProduct, given: dict[str, Any]
) -> None:
    nameless = crm.rest.post(
        "/contact-intel/contacts", json={"external_id": uuid.uuid4().hex, "channel": "crm"}, headers=product.key
    ).json()["id"]
    made = crm.create(nameless, **given)
    assert (made["metadata"], made["content"], made["contact_name"]) == ({}, None, None)
    (listed,) = crm.page(contact_id=nameless)["items"]
    assert listed == made


def test_an_external_id_makes_the_second_time_a_200(crm: Crm, contact_id: str) -> None:
    body = {"contact_id": contact_id, "kind": "note", "content": "a", "external_id": f"crm-{uuid.uuid4().hex}"}
    first = crm.ask("POST", "/interactions", json=body)
    again = crm.ask("POST", "/interactions", json={**body, "content": "b", "kind": "call"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len(crm.page(contact_id=contact_id)["items"]) == 1


def test_an_idempotency_key_replays_the_first_answer(crm: Crm, contact_id: str) -> None:
    headers = {"idempotency-key": f"touch-{contact_id}"}
    body = {"contact_id": contact_id, "kind": "note", "content": "a"}
    first = crm.ask("POST", "/interactions", json=body, headers=headers)
    again = crm.ask("POST", "/interactions", json=body, headers=headers)
    other = crm.ask("POST", "/interactions", json={**body, "content": "b"}, headers=headers)
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert refused(other, 422)[0] == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_list_is_paged_to_its_end_and_the_end_is_null(
    rest: httpx.Client, product: RunningProduct, contact_id: str, prefix: str
) -> None:
    crm = Crm(rest, product.bearer, prefix)
    made = [crm.create(contact_id, content=f"{n}")["id"] for n in range(6)]
    first = crm.page(contact_id=contact_id, limit=3)
    assert (first["limit"], first["sort"]) == (3, "created_at:desc")
    assert set(first) == {"items", "interactions", "limit", "nextCursor", "sort"}
    last = crm.page(contact_id=contact_id, limit=3, cursor=first["nextCursor"])
    assert [one["id"] for one in first["items"] + last["items"]] == made[::-1]
    assert last["nextCursor"] is None
    empty = crm.page(contact_id=contact_id, type="meeting")
    assert (empty["items"], empty["nextCursor"], empty["limit"]) == ([], None, 20)
    assert crm.page(contact_id=contact_id, limit=500)["limit"] == 100


def test_lists_are_filtered_and_sorted(crm: Crm, contact_id: str) -> None:
    days = ["2026-01-05T10:00:00Z", "2026-01-03T10:00:00Z", "2026-01-04T10:00:00Z"]
    kinds = ["call", "email", "call"]
    made = [crm.create(contact_id, kind, occurred_at=day)["id"] for kind, day in zip(kinds, days, strict=True)]
    assert crm.ask("PATCH", f"/interactions/{made[0]}", json={"content": "x"}).status_code == 200

    def listed(**query: Any) -> list[int]:
        return [made.index(one["id"]) for one in crm.page(contact_id=contact_id, **query)["items"]]

    assert listed() == [2, 1, 0]
    assert listed(sort="created_at:asc") == [0, 1, 2]
    assert listed(sort="occurred_at:asc") == [1, 2, 0]
    assert listed(sort="occurred_at:desc") == [0, 2, 1]
    assert listed(sort="updated_at:desc") == [0, 2, 1]
    assert listed(sort="updated_at:asc") == [1, 2, 0]
    assert listed(type="call") == [2, 0]
    # The start is within, the end is not.
    assert listed(start=days[1], end=days[0], sort="occurred_at:asc") == [1, 2]
    assert listed(start=days[2]) == [2, 0]
    assert listed(end=days[1]) == []


def test_a_bare_time_is_a_cursor_as_the_surface_shows_one(crm: Crm, contact_id: str) -> None:
    made = [crm.create(contact_id, content=f"{n}") for n in range(4)]
    older = crm.page(contact_id=contact_id, cursor=made[2]["created_at"])["items"]
    assert [one["id"] for one in older] == [made[1]["id"], made[0]["id"]]
    newer = crm.page(contact_id=contact_id, sort="created_at:asc", cursor=made[2]["created_at"])["items"]
    assert [one["id"] for one in newer] == [made[3]["id"]]


def test_a_wrong_query_is_told_by_its_field(crm: Crm, contact_id: str) -> None:
    for _ in range(2):
        crm.create(contact_id)
    cursor = crm.page(contact_id=contact_id, limit=1)["nextCursor"]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"cursor": cursor}, "cursor"),
        ({"contact_id": contact_id, "cursor": cursor, "sort": "created_at:asc"}, "cursor"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"sort": "content:asc"}, "sort"),
        ({"sort": "created_at"}, "sort"),
        ({"type": "telegram"}, "type"),
        ({"limit": 0}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"start": "yesterday"}, "start"),
        ({"end": "2026-13-01T00:00:00Z"}, "end"),
        ({"contact_id": "no spaces"}, "contact_id"),
        ({"colour": "red"}, "colour"),
    ]
    for query, field in wrong:
        assert refused(crm.ask("GET", "/interactions", params=query)) == ("INVALID_INPUT", [field]), query


def test_a_wrong_touchpoint_is_told_by_its_field_and_not_stored(crm: Crm, contact_id: str) -> None:
    deep: Any = 1
    for _ in range(8):
        deep = {"a": deep}
    ahead = (datetime.now(UTC) + timedelta(minutes=6)).isoformat().replace("+00:00", "Z")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"kind": "telegram"}, "kind"),
        ({"kind": None}, "kind"),
        ({"kind": ["call"]}, "kind"),
        ({"contact_id": None}, "contact_id"),
        ({"contact_id": "a b"}, "contact_id"),
        ({"content": "x" * 10_001}, "content"),
        ({"content": 5}, "content"),
        ({"metadata": {"a": deep}}, "metadata"),
        ({"metadata": {"a": "x" * 17_000}}, "metadata"),
        ({"metadata": {f"k{n}": n for n in range(101)}}, "metadata"),
        ({"metadata": {"k" * 65: 1}}, "metadata"),
        ({"metadata": {"": 1}}, "metadata"),
        ({"metadata": [1]}, "metadata"),
        ({"metadata": "text"}, "metadata"),
        ({"occurred_at": ahead}, "occurred_at"),
        ({"occurred_at": "1969-12-31T00:00:00Z"}, "occurred_at"),
        ({"occurred_at": "soon"}, "occurred_at"),
        ({"external_id": ""}, "external_id"),
        ({"external_id": "x" * 129}, "external_id"),
    ]
    for given, field in wrong:
        answer = crm.ask("POST", "/interactions", json={"contact_id": contact_id, "kind": "note", **given})
        assert refused(answer) == ("INVALID_INPUT", [field]), (given, answer.text)
    assert crm.page(contact_id=contact_id)["items"] == []


def test_what_is_within_the_limits_by_a_hair_is_taken(crm: Crm, contact_id: str) -> None:
    deep: Any = 1
    for _ in range(7):
        deep = {"a": deep}
    crm.create(contact_id, content="é" * 10_000, metadata={"a": deep})
    crm.create(contact_id, metadata={"a": "x" * (16 * 1024 - len('{"a":""}'))})
    soon = (datetime.now(UTC) + timedelta(minutes=4)).isoformat()
    crm.create(contact_id, occurred_at=soon)


def test_a_change_is_held_to_the_limits_too(crm: Crm, contact_id: str) -> None:
    made = crm.create(contact_id, metadata={"a": "x" * 10_000})
    path = f"/interactions/{made['id']}"
    ahead = (datetime.now(UTC) + timedelta(minutes=6)).isoformat()
    for body, field in [
        ({"metadata": {"b": "x" * 10_000}}, "metadata"),
        ({"kind": "telegram"}, "kind"),
        ({"content": "x" * 10_001}, "content"),
        ({"occurred_at": ahead}, "occurred_at"),
    ]:
        assert refused(crm.ask("PATCH", path, json=body)) == ("INVALID_INPUT", [field])
    assert crm.ask("GET", path).json()["interaction"] == made
    assert crm.ask("PATCH", path, json={}).json()["interaction"] == made
    emptied = crm.ask("PATCH", path, json={"metadata": {"a": None}, "content": ""}).json()["interaction"]
    assert (emptied["metadata"], emptied["content"]) == ({}, None)


def test_an_unknown_contact_is_a_404(crm: Crm, contact_id: str) -> None:
    answer = crm.ask("POST", "/interactions", json={"contact_id": "ct_nobody", "kind": "note"})
    assert refused(answer, 404)[0] == "CONTACT_NOT_FOUND"
    assert refused(crm.ask("GET", "/contacts/ct_nobody/timeline"), 404)[0] == "CONTACT_NOT_FOUND"
    assert refused(crm.ask("GET", "/interactions", params={"contact_id": "ct_nobody"}), 404)[0] == "CONTACT_NOT_FOUND"


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_bulk_tells_of_each_what_became_of_it(
    rest: httpx.Client, product: RunningProduct, contact_id: str, prefix: str
) -> None:
    crm = Crm(rest, product.bearer, prefix)
    known = f"crm-{uuid.uuid4().hex}"
    crm.create(contact_id, external_id=known)
    items: list[Any] = [
        {"contact_id": contact_id, "kind": "email", "metadata": {"read": True}},
        {"contact_id": contact_id, "kind": "note", "external_id": known},
        {"contact_id": "ct_nobody", "kind": "note"},
        {"contact_id": contact_id, "kind": "telegram"},
        {"contact_id": contact_id, "kind": "note", "metadata": {"": 1}},
        {"kind": "note"},
        {},
    ]
    answer = crm.ask("POST", "/interactions/bulk", json={"items": items})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["created"], body["existing"], body["failed"]) == (1, 1, 5)
    assert [one["index"] for one in body["results"]] == list(range(7))
    assert [one["status"] for one in body["results"]] == ["created", "existing", *["failed"] * 5]
    created = body["results"][0]
    assert created["error"] is None
    assert set(created["interaction"]) == KEYS
    assert created["interaction"]["content"] is None
    assert [one["interaction"] for one in body["results"][2:]] == [None] * 5
    assert [(one["error"]["code"], one["error"]["field"]) for one in body["results"][2:]] == [
        ("CONTACT_NOT_FOUND", "items[2].contact_id"),
        ("INVALID_INPUT", "items[3].kind"),
        ("INVALID_INPUT", "items[4].metadata"),
        ("INVALID_INPUT", "items[5].contact_id"),
        ("INVALID_INPUT", "items[6].contact_id"),
    ]
    assert len(crm.page(contact_id=contact_id)["items"]) == 2


def test_a_bulk_has_one_to_five_hundred_items(crm: Crm, contact_id: str) -> None:
    def bulk(count: int) -> httpx.Response:
        item = {"contact_id": contact_id, "kind": "note", "content": "x" * 1000}
        return crm.ask("POST", "/interactions/bulk", json={"items": [item] * count})

    for count in (0, 501):
        assert refused(bulk(count)) == ("INVALID_INPUT", ["items"])
    assert refused(crm.ask("POST", "/interactions/bulk", json={})) == ("INVALID_INPUT", ["items"])
    assert crm.page(contact_id=contact_id)["items"] == []
    full = bulk(500)
    assert (full.status_code, full.json()["created"]) == (200, 500)


def test_the_timeline_shows_messages_and_touchpoints_newest_first(
    crm: Crm, product: RunningProduct, contact_id: str
) -> None:
    ingest(crm.rest, product, contact_id, user_message="Shall we meet?", occurred_at=LONG_AGO)
    crm.create(contact_id, "meeting", content="Met in the lobby", metadata={"attendees": 2})
    path = f"/contacts/{contact_id}/timeline"
    body = crm.ask("GET", path).json()
    assert (body["limit"], body["nextCursor"]) == (20, None)
    meeting, turn = body["items"]
    assert set(turn) == {"id", "type", "kind", "occurred_at", "direction", "text", "reply", "details"}
    assert (turn["type"], turn["kind"], turn["text"], turn["occurred_at"]) == (
        "message", "turn", "Shall we meet?", LONG_AGO,
    )  # fmt: skip
    assert (meeting["type"], meeting["kind"], meeting["text"]) == ("interaction", "meeting", "Met in the lobby")
    assert (meeting["direction"], meeting["reply"], meeting["details"]) == (None, None, {"attendees": 2})
    first = crm.ask("GET", path, params={"limit": 1}).json()
    second = crm.ask("GET", path, params={"limit": 1, "cursor": first["nextCursor"]}).json()
    assert (first["items"], second["items"], second["nextCursor"]) == ([meeting], [turn], None)
    for prefix in PREFIXES:
        only = Crm(crm.rest, crm.bearer, prefix).ask("GET", path, params={"types": ["message", "call"]}).json()
        assert only["items"] == [turn]
    assert crm.ask("GET", path, params={"before": LONG_AGO}).json()["items"] == []
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"types": "fax"}, "types[0]"), ({"before": "then"}, "before"), ({"limit": 0}, "limit"),
        ({"cursor": "x"}, "cursor"), ({"types": "call", "cursor": first["nextCursor"]}, "cursor"),
        ({"sort": "x"}, "sort"),
    ]  # fmt: skip
    for query, field in wrong:
        assert refused(crm.ask("GET", path, params=query)) == ("INVALID_INPUT", [field]), query


def test_they_are_exported_imported_forgotten_and_erased_with_their_contact(
    crm: Crm, product: RunningProduct, contact_id: str
) -> None:
    made = crm.create(contact_id, "call", content="Zanzibar", metadata={"n": 1}, occurred_at=LONG_AGO)
    export = crm.rest.get(f"/contact-intel/contacts/{contact_id}/export", headers=product.bearer).json()
    (carried,) = export["interactions"]
    assert (carried["kind"], carried["content"], carried["metadata"], carried["occurred_at"]) == (
        "call", "Zanzibar", {"n": 1}, LONG_AGO,
    )  # fmt: skip
    theirs = Crm(crm.rest, another_tenant(product))
    imported = crm.rest.post("/contact-intel/contacts/import", json=export, headers=theirs.bearer)
    assert imported.status_code in (200, 201), imported.text
    (there,) = theirs.page(contact_id=contact_id)["items"]
    assert there == made
    assert crm.rest.delete(f"/contact-intel/contacts/{contact_id}/memories", headers=product.bearer).status_code == 200
    assert crm.page(contact_id=contact_id)["items"] == []
    last = crm.create(contact_id)
    gone = crm.rest.delete(f"/contact-intel/contacts/{contact_id}", headers=product.bearer)
    assert gone.status_code in (200, 204)
    assert refused(crm.ask("GET", "/interactions", params={"contact_id": contact_id}), 404)[0] == "CONTACT_NOT_FOUND"
    assert refused(crm.ask("GET", f"/interactions/{last['id']}"), 404)[0] == "INTERACTION_NOT_FOUND"
    assert len(theirs.page(contact_id=contact_id)["items"]) == 1


def test_each_tenant_has_its_own(crm: Crm, product: RunningProduct, contact_id: str) -> None:
    made = crm.create(contact_id)
    theirs = Crm(crm.rest, another_tenant(product))
    assert theirs.page()["items"] == []
    for method in ("GET", "DELETE"):
        assert refused(theirs.ask(method, f"/interactions/{made['id']}"), 404)[0] == "INTERACTION_NOT_FOUND"
    body = {"contact_id": contact_id, "kind": "note"}
    assert refused(theirs.ask("POST", "/interactions", json=body), 404)[0] == "CONTACT_NOT_FOUND"
    (result,) = theirs.ask("POST", "/interactions/bulk", json={"items": [body]}).json()["results"]
    assert result["error"]["code"] == "CONTACT_NOT_FOUND"


def test_who_may_read_may_not_write(crm: Crm, product: RunningProduct, contact_id: str) -> None:
    made = crm.create(contact_id)
    token = product.kith("token", "--tenant", product.credentials["tenant_id"], "--permissions", "interactions:read")
    reader = Crm(crm.rest, {"authorization": f"Bearer {token}"})
    assert len(reader.page(contact_id=contact_id)["items"]) == 1
    for answer in (
        reader.ask("POST", "/interactions", json={"contact_id": contact_id, "kind": "note"}),
        reader.ask("PATCH", f"/interactions/{made['id']}", json={"content": "x"}),
        reader.ask("DELETE", f"/interactions/{made['id']}"),
    ):
        assert refused(answer, 403)[0] == "PERMISSION_DENIED"
    assert refused(Crm(crm.rest, {}).ask("GET", "/interactions"), 401)[0] == "UNAUTHENTICATED"
    assert refused(Crm(crm.rest, product.key).ask("GET", "/interactions"), 401)[0] == "UNAUTHENTICATED"


def test_the_context_goes_on_after_every_change(crm: Crm, product: RunningProduct, contact_id: str) -> None:
    for n in range(3):
        crm.create(contact_id, "meeting", content=f"{n}")
        for _ in range(4):
            assert context(crm.rest, product, contact_id)["contact"]["id"] == contact_id


def test_a_contact_that_was_merged_leads_to_the_one_that_stayed(
    crm: Crm, product: RunningProduct, contact_id: str
) -> None:
    body = {"external_id": uuid.uuid4().hex, "channel": "crm", "display_name": "N."}
    other = crm.rest.post("/contact-intel/contacts", json=body, headers=product.key).json()["id"]
    made = [crm.create(owner, content=f"{n}")["id"] for n, owner in enumerate([contact_id, other] * 3)][::-1]
    before = crm.page(contact_id=other, limit=1)["nextCursor"]
    merged = crm.ask("POST", f"/contacts/{contact_id}/merge", json={"other_id": other})
    assert merged.status_code in (200, 201), merged.text
    first = crm.page(contact_id=other, limit=4)
    assert {one["contact_id"] for one in first["items"]} == {contact_id}
    rest = crm.page(contact_id=other, limit=4, cursor=first["nextCursor"])
    assert [one["id"] for one in first["items"] + rest["items"]] == made
    assert refused(crm.ask("GET", "/interactions", params={"contact_id": other, "cursor": before}))[1] == ["cursor"]
    line = crm.ask("GET", f"/contacts/{other}/timeline", params={"limit": 4}).json()
    query = {"limit": 4, "cursor": line["nextCursor"]}
    line["items"] += crm.ask("GET", f"/contacts/{other}/timeline", params=query).json()["items"]
    assert [one["id"] for one in line["items"]] == made
    assert crm.create(other)["contact_id"] == contact_id
    (result,) = crm.ask("POST", "/interactions/bulk", json={"items": [{"contact_id": other, "kind": "note"}]}).json()[
        "results"
    ]
    assert result["interaction"]["contact_id"] == contact_id
