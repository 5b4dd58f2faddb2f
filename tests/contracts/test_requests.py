"""What is not well-formed is refused by the name of the field, and changes nothing."""

import json
import uuid

import httpx
import pytest

from tests.contracts.test_context import context
from tests.running import RunningProduct


def refused(answer: httpx.Response) -> tuple[str, list[str]]:
    """The message, and the fields that the details name."""
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["code"] == "INVALID_INPUT"
    return error["message"], [f["field"] for f in error["details"].get("fields", [])]


def ingest_raw(rest: httpx.Client, product: RunningProduct, body: str | bytes) -> httpx.Response:
    headers = {**product.key, "content-type": "application/json"}
    return rest.post("/contact-intel/ingest", content=body, headers=headers)


@pytest.mark.parametrize(
    "body",
    [
        '{"contact_id":"%s","user_message":"x",}',
        "{'contact_id':'%s','user_message':'x'}",
        '{"contact_id":"%s","user_message":"x"} and more',
        '{"contact_id":"%s","user_message":"x"',
        '{"contact_id":"%s" "user_message":"x"}',
        '{"contact_id":"%s","user_message":"\t"}',
        '{"contact_id":"%s","user_message":"\\x"}',
        '{"contact_id":"%s","user_message":"x","extra":01}',
        '{"contact_id":"%s","user_message":"x","extra":NaN}',
        '{"contact_id":"%s","user_message":"half of a pair: \\ud83d"}',
        '{"contact_id":"%s","user_message":"the other half: \\ude00"}',
        '{contact_id:"%s","user_message":"x"}',
    ],
)
def test_what_only_looks_like_json_is_refused_and_not_repeated(
    rest: httpx.Client, product: RunningProduct, contact_id: str, body: str
) -> None:
    message, _ = refused(ingest_raw(rest, product, body % contact_id))
    assert "not JSON" in message
    assert contact_id not in message
    assert context(rest, product, contact_id)["state"]["total_messages"] == 0


@pytest.mark.parametrize("body", ["[]", "null", '"x"', "5", "true"])
def test_a_body_that_is_no_object_is_refused(rest: httpx.Client, product: RunningProduct, body: str) -> None:
    assert "must be a JSON object" in refused(ingest_raw(rest, product, body))[0]


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [
        ("user_message", ["x"], "must be a string"),
        ("user_message", 5, "must be a string"),
        ("user_message", {"a": 1}, "must be a string"),
        ("contact_id", True, "must be a string"),
        ("occurred_at", 1_700_000_000, "must be a string"),
    ],
)
def test_a_wrong_type_names_its_field(
    rest: httpx.Client, product: RunningProduct, contact_id: str, field: str, value: object, what: str
) -> None:
    body = {"contact_id": contact_id, "user_message": "x", field: value}
    message, fields = refused(ingest_raw(rest, product, json.dumps(body)))
    assert (fields, what in message) == ([field], True)


@pytest.mark.parametrize("value", ["yes", "no", "true", "f", 1, 0, ""])
def test_consent_is_true_or_false_and_nothing_like_it(
    rest: httpx.Client, product: RunningProduct, contact_id: str, value: object
) -> None:
    path = f"/contact-intel/contacts/{contact_id}"
    message, fields = refused(rest.patch(path, json={"outreach_consent": value}, headers=product.bearer))
    assert (fields, "true or false" in message) == (["outreach_consent"], True)


def test_a_key_or_parameter_given_twice_names_itself(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    twice = f'{{"contact_id":"{contact_id}","user_message":"x","user_message":"y"}}'
    assert refused(ingest_raw(rest, product, twice))[1] == ["user_message"]
    answer = rest.get(f"/contact-intel/context/{contact_id}?memory_limit=1&memory_limit=2", headers=product.key)
    assert refused(answer)[1] == ["memory_limit"]


def test_text_that_is_not_utf8_is_refused(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    body = f'{{"contact_id":"{contact_id}","user_message":"\xff"}}'.encode("latin-1")
    assert "UTF-8" in refused(ingest_raw(rest, product, body))[0]
    answer = rest.get(f"/contact-intel/context/{contact_id}?message=%ff%fe", headers=product.key)
    assert refused(answer)[1] == ["message"]


@pytest.mark.parametrize("name", ["contact_id", "contact%5Fid", "%63ontact_id"])
def test_a_query_cannot_override_the_path(
    rest: httpx.Client, product: RunningProduct, contact_id: str, name: str
) -> None:
    other = rest.post(
        "/contact-intel/contacts",
        json={"external_id": f"wa_{uuid.uuid4().hex}", "channel": "whatsapp"},
        headers=product.key,
    ).json()["id"]
    calls = [
        rest.delete(f"/contact-intel/contacts/{contact_id}?{name}={other}", headers=product.bearer),
        rest.patch(
            f"/contact-intel/contacts/{contact_id}?{name}={other}", json={"language": "de"}, headers=product.bearer
        ),
        rest.get(f"/contact-intel/context/{contact_id}?{name}={other}", headers=product.key),
    ]
    for answer in calls:
        assert refused(answer)[1] == ["contact_id"]
    for untouched in (contact_id, other):
        assert context(rest, product, untouched)["contact"]["language"] == "en"


def test_a_body_cannot_name_another_contact_than_the_path(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    body = {"contact_id": "ct_another", "language": "de"}
    answer = rest.patch(f"/contact-intel/contacts/{contact_id}", json=body, headers=product.bearer)
    assert refused(answer)[1] == ["contact_id"]


def test_numbers_that_are_none_name_their_parameter(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    for name, value in (("memory_limit", "ten"), ("memory_limit", "1.5"), ("min_importance", "high")):
        answer = rest.get(f"/contact-intel/context/{contact_id}?{name}={value}", headers=product.key)
        assert refused(answer)[1] == [name]


def test_a_time_that_is_none_names_its_field_and_shows_one(
    rest: httpx.Client, product: RunningProduct, contact_id: str
) -> None:
    answer = rest.get(f"/contact-intel/context/{contact_id}?as_of=yesterday", headers=product.key)
    message, fields = refused(answer)
    assert (fields, "RFC 3339" in message, "yesterday" in message) == (["as_of"], True, False)


def test_every_kind_of_well_formed_json_is_taken(rest: httpx.Client, product: RunningProduct, contact_id: str) -> None:
    body = (
        f' {{ "contact_id" : "{contact_id}" , "user_message":"\\u00e9 \\n \\ud83d\\ude00 \x7f ü 漢 🎈",'
        '"unknown":[1,-0.5e+3,{"a":null,"b":[true,false,{}],"c":[]}], "ai_response" : null }\n'
    )
    answer = ingest_raw(rest, product, body.encode())
    assert answer.status_code == 202, answer.text
