"""Erasure, receipts, export and import as a client sees them, through Envoy."""

import json
import subprocess
import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import psycopg
import pytest
import redis
from kith.contact.v1 import contact_service_pb2_grpc, export_pb2

from server.embedded.stores import EmbeddedStores
from tests.contracts.test_context import context, ingest
from tests.planting import row
from tests.running import RunningProduct

DATABASE = "kith_contracts"


def contact_path(contact_id: str, rest: str = "") -> str:
    return f"/contact-intel/contacts/{contact_id}{rest}"


def live(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    """Some turns of two sessions, with memories, entities, moods and an opinion that changed."""
    ingest(rest, product, contact_id, user_message="I live in Oslo with my dog Zyxo.", session_id="s1", turn_id="t1")
    ingest(rest, product, contact_id, user_message="I love fjord swimming!", session_id="s1", user_message_ref="m2")
    ingest(rest, product, contact_id, user_message="I moved to Bergen.", ai_response="How is it?", session_id="s2")
    ingest(rest, product, contact_id, user_message="ugh, it rains all day", detected_mood="frustrated", session_id="s2")


def plant_more(stores: EmbeddedStores, product: RunningProduct, contact_id: str) -> list[str]:
    """What no call of these tests makes: triggers of every origin, one in the outbox, an opt-out, what models did.

    Returns the triggers' ids.
    """
    tenant, ids = product.credentials["tenant_id"], []
    with superuser(stores) as connection:
        for source, status in (("given", "pending"), ("generated", "sent"), ("generated", "pending")):
            trigger_id = f"trg_{uuid.uuid4().hex}"
            ids.append(trigger_id)
            given = {
                "tenant_id": f"'{tenant}'", "contact_id": f"'{contact_id}'", "trigger_id": f"'{trigger_id}'",
                "text_source": f"'{source}'", "status": f"'{status}'", "message": f"'Zyxo says hello {source}'",
                "trigger_type": "'scheduled'", "occasion": f"'{trigger_id}'", "dedupe_key": "NULL",
                "template_variables": "'{\"n\": 3, \"who\": {\"pet\": \"Zyxo\"}, \"half\": 0.5}'",
            }  # fmt: skip
            insert(connection, "outreach_triggers", given)
        owner = {"tenant_id": f"'{tenant}'", "contact_id": f"'{contact_id}'", "channel": "'whatsapp'"}
        insert(connection, "outreach_outbox", {**owner, "trigger_id": f"'{ids[1]}'", "message": "'Zyxo says hello'"})
        turn = "(SELECT min(interaction_id) FROM interaction_logs WHERE contact_id = " + owner["contact_id"] + ")"
        insert(connection, "turn_readings", {**owner, "interaction_id": turn})
        insert(connection, "consolidation_tasks", {**owner, "status": "'done'", "counts": "'{\"merged\": 2}'"})
        insert(
            connection,
            "memory_embeddings",
            {**owner, "memory_id": turn.replace("interaction_logs", "memories").replace("interaction_id", "memory_id")},
        )
        insert(connection, "channel_consents", {**owner, "status": "'opted_out'", "source": "'stop_word'"})
    return ids


def insert(connection: Any, table: str, given: dict[str, str]) -> None:
    columns, values = row(table, **given)
    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})".encode())


def superuser(stores: EmbeddedStores) -> Any:
    return psycopg.connect(stores.superuser_url.rsplit("/", 1)[0] + f"/{DATABASE}")


@pytest.fixture(scope="module")
def elsewhere(product: RunningProduct) -> dict[str, str]:
    """A bearer of another tenant."""
    tenant = product.kith("tenant", "create", f"tnt_{uuid.uuid4().hex[:8]}")
    return {"authorization": f"Bearer {product.kith('token', '--tenant', tenant)}"}


def export(rest: httpx.Client, bearer: dict[str, str], contact_id: str) -> dict[str, Any]:
    answer = rest.get(contact_path(contact_id, "/export"), headers=bearer)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def stream(rest: httpx.Client, bearer: dict[str, str], contact_id: str) -> Iterator[dict[str, Any]]:
    with rest.stream("GET", contact_path(contact_id, "/export/stream"), headers=bearer) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"] == "application/x-ndjson"
        for line in answer.iter_lines():
            yield json.loads(line)


def closed(archive: dict[str, Any]) -> dict[str, Any]:
    """The export as an import takes it: what was still to be sent will not be."""
    end = {"status": "cancelled", "failure": "imported", "claimed_until": None}
    triggers = [{**t, **end} if t["status"] in ("pending", "held", "claimed") else t for t in archive["triggers"]]
    return {**archive, "triggers": triggers}


def bring(rest: httpx.Client, bearer: dict[str, str], archive: dict[str, Any]) -> httpx.Response:
    return rest.post("/contact-intel/contacts/import", json=archive, headers=bearer)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_deletion_leaves_no_word_of_the_contact_in_any_store(
    rest: httpx.Client, product: RunningProduct, stores: EmbeddedStores, contact_id: str
) -> None:
    live(rest, product, contact_id)
    turn = {"contact_id": contact_id, "user_message": "Zyxo barks."}
    kept = {**product.key, "idempotency-key": uuid.uuid4().hex}
    assert rest.post("/contact-intel/ingest", json=turn, headers=kept).status_code == 202
    context(rest, product, contact_id, message="Zyxo")
    plant_more(stores, product, contact_id)
    before = export(rest, product.bearer, contact_id)
    erased = rest.delete(contact_path(contact_id), headers=product.bearer).json()
    assert erased["deleted"] == {
        "memories": len(before["memories"]), "entities": len(before["entities"]), "triggers": 3, "interaction_logs": 5,
    }  # fmt: skip
    with superuser(stores) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        holding = set()
        for (table,) in tables:
            query = f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s OR t::text LIKE '%%Zyxo%%'".encode()
            if connection.execute(query, [f"%{contact_id}%"]).fetchone()[0]:
                holding.add(table)
    # Who did what to which id stays in the audit log.
    assert holding <= {"audit_log"}
    with redis.Redis.from_url(stores.redis_url) as cache:
        about = [key for key in cache.scan_iter(count=1000) if contact_id.encode() in key]
        # What says for an hour that nothing of it may be cached again.
        assert all(b":kith:v:" in key or key.startswith(b"kith:v:") for key in about)
        texts = [cache.get(key) for key in cache.scan_iter(count=1000) if cache.type(key) == b"string"]
        assert not any(b"Zyxo" in (text or b"") for text in texts)
    late = rest.post("/contact-intel/ingest", json=turn, headers=kept)
    assert code(late) == (404, "CONTACT_NOT_FOUND")
    assert code(bring(rest, product.bearer, before)) == (409, "CONTACT_ID_TAKEN")


def test_receipts_are_listed_shown_and_verified(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    ingest(rest, product, contact_id, user_message="My sister Ada lives in Lund.")
    rest.delete(contact_path(contact_id, "/memories"), headers=product.bearer)
    gone = rest.delete(contact_path(contact_id), headers=product.bearer).json()
    path = "/contact-intel/erasures"
    listed = rest.get(path, params={"contact_id": contact_id}, headers=product.bearer).json()
    assert listed["erasures"][0]["id"] == gone["receipt_id"]
    assert ([r["kind"] for r in listed["erasures"]], listed["total"], listed["next_cursor"]) == (
        ["contact", "memories"], 2, None,
    )  # fmt: skip
    newest = listed["erasures"][0]
    assert contact_id not in json.dumps(listed) and len(newest["hash"]) == 64
    assert rest.get(f"{path}/{newest['id']}", headers=product.bearer).json() == {"erasure": newest}
    assert code(rest.get(f"{path}/era_none", headers=product.bearer)) == (404, "NOT_FOUND")
    first = rest.get(path, params={"limit": 1}, headers=product.bearer).json()
    second = rest.get(path, params={"limit": 1, "cursor": first["next_cursor"]}, headers=product.bearer).json()
    assert second["erasures"][0]["hash"] == first["erasures"][0]["previous_hash"]
    check = f"{path}/verification"
    verified = rest.get(check, headers=product.bearer).json()
    assert (verified["intact"], verified["head"], verified["problem"]) == (True, first["erasures"][0]["hash"], None)
    known = rest.get(check, params={"known_head": "ab" * 32}, headers=product.bearer).json()
    assert (known["intact"], "missing" in known["problem"]) == (False, True)
    assert code(rest.get(check, params={"known_head": "x"}, headers=product.bearer)) == (400, "INVALID_INPUT")
    assert code(rest.get(path, params={"cursor": "x"}, headers=product.bearer)) == (400, "INVALID_INPUT")
    assert rest.get(path, headers=product.key).status_code == 401
    said = json.loads(product.kith("receipts", "verify", "--tenant", product.credentials["tenant_id"], "--json"))
    assert (said["intact"], said["receipts"]) == (True, verified["receipts"])


def test_forget_me_takes_back_what_was_made_of_memories_and_keeps_an_opt_out(
    rest: httpx.Client, product: RunningProduct, stores: EmbeddedStores, contact_id: str
) -> None:
    live(rest, product, contact_id)
    given, sent, planned = plant_more(stores, product, contact_id)
    rest.delete(contact_path(contact_id, "/memories"), headers=product.bearer)
    after = export(rest, product.bearer, contact_id)
    triggers = {t["id"]: t for t in after["triggers"]}
    assert (triggers[given]["status"], triggers[given]["message"]) == ("pending", "Zyxo says hello given")
    assert (triggers[sent]["status"], triggers[sent]["message"], triggers[sent]["template_variables"]) == (
        "sent", None, None,
    )  # fmt: skip
    assert (triggers[planned]["status"], triggers[planned]["failure"]) == ("cancelled", "forgotten")
    assert [(c["channel"], c["status"]) for c in after["consents"]] == [("whatsapp", "opted_out")]
    for name in ("memories", "entities", "interaction_logs", "outbox", "sessions", "days", "daily_activity"):
        assert after[name] == [], name


def test_an_export_makes_the_same_contact_again_elsewhere(
    rest: httpx.Client,
    product: RunningProduct,
    stores: EmbeddedStores,
    contact_id: str,
    elsewhere: dict[str, str],
) -> None:
    live(rest, product, contact_id)
    note = {"content": "Plays the harp", "importance": 0.9}
    noted = rest.post(contact_path(contact_id, "/memories"), json=note, headers=product.bearer).json()["memory"]
    edit = {"content": "Plays the harp in a trio"}
    rest.patch(contact_path(contact_id, f"/memories/{noted['id']}"), json=edit, headers=product.bearer)
    plant_more(stores, product, contact_id)
    rest.patch(contact_path(contact_id), json={"time_zone": "Asia/Kolkata"}, headers=product.bearer)
    before = export(rest, product.bearer, contact_id)
    made = bring(rest, elsewhere, before)
    assert (made.status_code, made.json()["status"], made.json()["counts"]["memories"]) == (
        201, "imported", len(before["memories"]),
    )  # fmt: skip
    after = export(rest, elsewhere, contact_id)
    assert {**after, "exported_at": None} == {**closed(before), "exported_at": None}
    for path in ("/profile", "/memories"):
        here, there = (
            rest.get(contact_path(contact_id, path), headers=headers).json() for headers in (product.bearer, elsewhere)
        )
        assert {**there, "recent_outreach": None} == {**here, "recent_outreach": None}
    again = bring(rest, elsewhere, before)
    assert (again.status_code, again.json()) == (200, {"status": "unchanged", "contact_id": contact_id, "counts": {}})
    assert export(rest, elsewhere, contact_id)["stored_state"] == after["stored_state"]


def test_an_import_is_refused_where_it_would_mix_two_contacts(
    rest: httpx.Client, product: RunningProduct, contact_id: str, elsewhere: dict[str, str]
) -> None:
    live(rest, product, contact_id)
    archive = export(rest, product.bearer, contact_id)
    assert bring(rest, product.bearer, archive).status_code == 200
    other = {**archive, "contact": {**archive["contact"], "external_id": "somebody"}}
    assert code(bring(rest, product.bearer, other)) == (409, "CONTACT_ID_TAKEN")
    renamed = {**archive, "contact": {**archive["contact"], "id": f"ct_{uuid.uuid4().hex}"}}
    assert code(bring(rest, product.bearer, renamed)) == (409, "CONTACT_ID_TAKEN")
    gone = archive["memories"][0]["id"]
    rest.delete(contact_path(contact_id, f"/memories/{gone}"), headers=product.bearer)
    refused = bring(rest, product.bearer, archive)
    assert (code(refused), "memories" in refused.json()["error"]["message"]) == ((409, "CONTACT_ID_TAKEN"), True)
    assert gone not in {m["id"] for m in export(rest, product.bearer, contact_id)["memories"]}
    alone = {"contact": {**archive["contact"], "id": f"ct_{uuid.uuid4().hex}", "external_id": uuid.uuid4().hex}}
    assert bring(rest, elsewhere, alone).status_code == 201
    fresh = export(rest, elsewhere, alone["contact"]["id"])
    assert (fresh["state"]["relationship_stage"], fresh["memories"], len(fresh["stored_state"]["hours"])) == (
        "new", [], 24,
    )  # fmt: skip


def wrong_imports(archive: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Imports by the field that is wrong in them."""
    memory, log, trigger = (archive[name][0] for name in ("memories", "interaction_logs", "triggers"))
    return {
        "contact": {},
        "contact.id": {"contact": {**archive["contact"], "id": "sp ace"}},
        "contact.created_at": {"contact": {**archive["contact"], "created_at": None}},
        "time_zone": {"contact": {**archive["contact"], "time_zone": "Mars/Olympus"}},
        "memories[0].type": {"memories": [{**memory, "type": "guess"}]},
        "memories[0].importance": {"memories": [{**memory, "importance": 7}]},
        "memories[0].occurred_at": {"memories": [{**memory, "occurred_at": "2999-01-01T00:00:00Z"}]},
        "memories": {"memories": [memory, memory]},
        "interaction_logs[0].mood": {"interaction_logs": [{**log, "mood": "grim"}]},
        "interaction_logs": {"interaction_logs": [log, {**log, "id": "int_other"}]},
        "triggers[0].claimed_until": {"triggers": [{**trigger, "status": "claimed", "claimed_until": None}]},
        "days[0].day": {"days": [{"day": "2026-02-31", "turns": 1}]},
        "stored_state.hours": {"stored_state": {**archive["stored_state"], "hours": [1]}},
        "stored_state.last_active_at": {
            "stored_state": {**archive["stored_state"], "last_active_at": "2999-01-01T00:00:00Z"}
        },
    }


def test_what_no_export_could_hold_is_refused_by_the_name_of_the_field(
    rest: httpx.Client, product: RunningProduct, stores: EmbeddedStores, contact_id: str, elsewhere: dict[str, str]
) -> None:
    live(rest, product, contact_id)
    plant_more(stores, product, contact_id)
    archive = export(rest, product.bearer, contact_id)
    for field, wrong in wrong_imports(archive).items():
        answer = bring(rest, elsewhere, {**archive, **wrong} if wrong else {})
        assert code(answer) == (400, "INVALID_INPUT"), (field, answer.text)
        assert field in {f["field"] for f in answer.json()["error"]["details"]["fields"]}, (field, answer.text)
    assert rest.get(contact_path(contact_id, "/export"), headers=elsewhere).status_code == 404


def test_an_import_goes_around_no_rule_of_outreach(
    rest: httpx.Client, product: RunningProduct, stores: EmbeddedStores, contact_id: str
) -> None:
    live(rest, product, contact_id)
    plant_more(stores, product, contact_id)
    archive = export(rest, product.bearer, contact_id)
    tenant = product.kith("tenant", "create", f"tnt_{uuid.uuid4().hex[:8]}")

    def may(*permissions: str) -> dict[str, str]:
        token = product.kith("token", "--tenant", tenant, "--permissions", ",".join(permissions))
        return {"authorization": f"Bearer {token}"}

    agreed = {**archive, "consents": [{**archive["consents"][0], "channel": "sms", "status": "opted_in"}]}
    refused = bring(rest, may("contacts:write"), agreed)
    assert (code(refused), "outreach:write" in refused.text) == ((403, "PERMISSION_DENIED"), True)
    assert rest.get(contact_path(contact_id, "/export"), headers=may("contacts:export")).status_code == 404
    # A refusal may always be recorded.
    assert bring(rest, may("contacts:write"), archive).status_code == 201
    triggers = rest.get("/contact-intel/outreach", params={"contact_id": contact_id}, headers=may("outreach:read"))
    assert sorted((t["status"], t["failure"]) for t in triggers.json()["triggers"] if t["status"] != "sent") == [
        ("cancelled", "imported"), ("cancelled", "imported"),
    ]  # fmt: skip
    rest.delete(contact_path(contact_id), headers=product.bearer)
    other = {**agreed, "contact": {**agreed["contact"], "id": f"ct_{uuid.uuid4().hex}", "external_id": "other"}}
    other["triggers"] = other["outbox"] = other["identities"] = []
    assert bring(rest, may("contacts:write", "outreach:write"), other).status_code == 201


def multiply_turns(stores: EmbeddedStores, contact_id: str, times: int) -> None:
    """As many more turns like one of the contact's."""
    with superuser(stores) as connection:
        connection.execute(
            "INSERT INTO interaction_logs SELECT new.* FROM"
            " (SELECT to_jsonb(l) AS one FROM interaction_logs l WHERE contact_id = %s LIMIT 1) old,"
            " generate_series(1, %s) n, jsonb_populate_record(NULL::interaction_logs, old.one || jsonb_build_object("
            "   'interaction_id', 'int_bulk_' || n, 'turn_id', NULL, 'user_message', repeat('fjord ', 100))) new",
            [contact_id, times],
        )


def test_a_large_contact_streams_every_record_once_and_ends_with_their_counts(
    rest: httpx.Client, product: RunningProduct, stores: EmbeddedStores, contact_id: str, elsewhere: dict[str, str]
) -> None:
    live(rest, product, contact_id)
    plant_more(stores, product, contact_id)
    multiply_turns(stores, contact_id, 3_000)
    lines = list(stream(rest, product.bearer, contact_id))
    whole = export(rest, product.bearer, contact_id)
    assert [set(line) for line in lines[:2]] == [{"contact"}, {"stored_state"}]
    assert all(len(line) == 1 for line in lines)
    names = {
        "memories": "memory", "entities": "entity", "interaction_logs": "interaction_log", "triggers": "trigger",
        "outbox": "outbox_message", "consents": "consent", "sessions": "session", "days": "day",
        "daily_activity": "activity", "readings": "reading", "consolidation": "consolidation_task",
    }  # fmt: skip
    for name, field in names.items():
        sent = [line[field] for line in lines if field in line]
        # A line leaves out what has no value; the list prints it as null.
        listed = [{k: v for k, v in one.items() if v is not None} for one in whole[name]]
        by_text = [sorted(map(json.dumps, map(sorted_items, records))) for records in (sent, listed)]
        assert by_text[0] == by_text[1], name
        assert lines[-1]["end"]["counts"][name] == len(sent) > 0, name
    moved = bring(rest, elsewhere, whole)
    assert moved.status_code == 201, moved.text
    assert len(rest.get(contact_path(contact_id, "/export"), headers=elsewhere).json()["interaction_logs"]) == 3004


def sorted_items(record: dict[str, Any]) -> list[Any]:
    return sorted((k, json.dumps(v, sort_keys=True)) for k, v in record.items())


def test_a_stream_of_no_contact_or_without_permission_is_an_ordinary_error(
    rest: httpx.Client, product: RunningProduct
) -> None:
    path = contact_path("ct_nobody", "/export/stream")
    assert code(rest.get(path, headers=product.bearer)) == (404, "CONTACT_NOT_FOUND")
    assert rest.get(path, headers=product.key).status_code == 401
    tenant = product.credentials["tenant_id"]
    reader = product.kith("token", "--tenant", tenant, "--permissions", "contacts:read")
    assert code(rest.get(path, headers={"authorization": f"Bearer {reader}"})) == (403, "PERMISSION_DENIED")
    assert code(rest.get(path, params={"page": 2}, headers=product.bearer)) == (400, "INVALID_INPUT")


def test_a_streamed_export_comes_back_over_grpc_whole_or_not_at_all(
    rest: httpx.Client, product: RunningProduct, stores: EmbeddedStores, contact_id: str, elsewhere: dict[str, str]
) -> None:
    live(rest, product, contact_id)
    plant_more(stores, product, contact_id)
    bearer, other = (tuple(headers.items()) for headers in (product.bearer, elsewhere))
    with product.channel() as channel:
        contacts = contact_service_pb2_grpc.ContactServiceStub(channel)
        asked = export_pb2.ExportContactStreamRequest(contact_id=contact_id)
        records = [
            export_pb2.ImportContactStreamRequest.FromString(record.SerializeToString())
            for record in contacts.ExportContactStream(asked, metadata=bearer)
        ]
        assert records[-1].WhichOneof("record") == "end"
        broken_off, without_some = records[:-1], [*records[:4], *records[5:]]
        for wrong in (broken_off, without_some, records[1:], records[:1], [], [*records, records[2]]):
            with pytest.raises(grpc.RpcError) as refused:
                contacts.ImportContactStream(iter(wrong), metadata=other)
            assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert rest.get(contact_path(contact_id, "/export"), headers=elsewhere).status_code == 404
        for expected in ("imported", "unchanged"):
            assert contacts.ImportContactStream(iter(records), metadata=other).status == expected
    here, there = (export(rest, headers, contact_id) for headers in (product.bearer, elsewhere))
    assert {**closed(here), "exported_at": None} == {**there, "exported_at": None}


def test_what_is_too_large_for_one_answer_says_so(
    rest: httpx.Client, product: RunningProduct, stores: EmbeddedStores, contact_id: str
) -> None:
    live(rest, product, contact_id)
    multiply_turns(stores, contact_id, 60_000)
    refused = rest.get(contact_path(contact_id, "/export"), headers=product.bearer)
    assert (code(refused), "Stream" in refused.json()["error"]["message"]) == ((413, "PAYLOAD_TOO_LARGE"), True)


def test_whoever_verifies_hears_where_the_chain_breaks(
    rest: httpx.Client, product: RunningProduct, stores: EmbeddedStores
) -> None:
    tenant = product.kith("tenant", "create", f"tnt_{uuid.uuid4().hex[:8]}")
    bearer = {"authorization": f"Bearer {product.kith('token', '--tenant', tenant)}"}
    key = {"x-gateway-key": product.kith("key", "create", "--tenant", tenant)}
    ids = []
    for number in range(3):
        new = rest.post("/contact-intel/contacts", json={"external_id": f"e{number}", "channel": "web"}, headers=key)
        ids.append(rest.delete(contact_path(new.json()["id"]), headers=bearer).json()["receipt_id"])
    with superuser(stores) as connection:
        connection.execute("UPDATE erasure_receipts SET counts = '{}' WHERE receipt_id = %s", [ids[1]])
    found = rest.get("/contact-intel/erasures/verification", headers=bearer).json()
    assert (found["intact"], found["receipts"], found["broken_at"]) == (False, 1, ids[1])
    with pytest.raises(subprocess.CalledProcessError) as failed:
        product.kith("receipts", "verify", "--tenant", tenant)
    assert (failed.value.returncode, ids[1] in failed.value.stderr) == (1, True)
