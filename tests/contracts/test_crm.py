"""Contacts by their CRM side, through Envoy."""

import threading
import uuid
from typing import Any

import httpx
import pytest

from tests.running import RunningProduct


def number() -> str:
    """A number that nobody else in these tests has."""
    return f"+49301{uuid.uuid4().int % 10**8:08d}"


def made(product: RunningProduct, rest: httpx.Client, **given: Any) -> dict[str, Any]:
    body = {"name": "Mira Sommer", "identities": [{"kind": "phone", "value": number()}], **given}
    answer = rest.post("/v1/contacts", json=body, headers=product.bearer)
    assert answer.status_code == 201, answer.text
    contact: dict[str, Any] = answer.json()["contact"]
    return contact


def test_a_new_contact_has_what_a_crm_shows(product: RunningProduct, rest: httpx.Client) -> None:
    phone = number()
    contact = made(
        product, rest, title="Head of Design", tags=["vip", "berlin"], attributes={"company": "Lumen", "seats": 4},
        identities=[{"kind": "phone", "value": phone}, {"kind": "email", "value": f"{uuid.uuid4().hex}@Example.com"}],
    )  # fmt: skip
    assert contact.pop("id").startswith("ct_")
    assert contact.pop("created_at")
    first, second = contact.pop("identities")
    assert (first["kind"], first["value"], first["system"], first["unreadable"]) == ("phone", phone, None, False)
    assert second["value"].endswith("@example.com")
    assert contact == {
        "name": "Mira Sommer", "title": "Head of Design", "tags": ["berlin", "vip"],
        "attributes": {"company": "Lumen", "seats": 4}, "channel": "phone", "language": "en", "time_zone": None,
        "warmth": 0, "warmth_band": "cold", "next_band_at": None, "last_touch_at": None,
    }  # fmt: skip


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
def test_a_contact_is_shown_under_both_prefixes(product: RunningProduct, rest: httpx.Client, prefix: str) -> None:
    contact = made(product, rest)
    answer = rest.get(f"{prefix}/contacts/{contact['id']}", headers=product.bearer)
    assert (answer.status_code, answer.json()["contact"]) == (200, contact)


def test_the_same_first_identity_again_is_the_same_contact(product: RunningProduct, rest: httpx.Client) -> None:
    phone = number()
    contact = made(product, rest, identities=[{"kind": "phone", "value": phone}])
    again = rest.post(
        "/v1/contacts",
        json={"name": "Another", "identities": [{"kind": "phone", "value": f" {phone[:5]} {phone[5:]}"}]},
        headers=product.bearer,
    )
    assert (again.status_code, again.json()["contact"]) == (200, contact)


def test_two_who_make_the_same_contact_at_once_get_one(product: RunningProduct, rest: httpx.Client) -> None:
    phone, found = number(), []

    def make() -> None:
        with product.client() as client:
            body = {"identities": [{"kind": "phone", "value": phone}]}
            found.append(client.post("/v1/contacts", json=body, headers=product.bearer).json()["contact"]["id"])

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_an_identity_of_another_contact_is_refused_and_nothing_is_made(
    product: RunningProduct, rest: httpx.Client
) -> None:
    taken, fresh = number(), number()
    owner = made(product, rest, identities=[{"kind": "phone", "value": taken}])
    answer = rest.post(
        "/v1/contacts",
        json={"identities": [{"kind": "phone", "value": fresh}, {"kind": "phone", "value": taken}]},
        headers=product.bearer,
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "IDENTITY_TAKEN")
    assert answer.json()["details"]["contact_id"] == owner["id"]
    assert answer.json()["error"].startswith("identities[1].value")
    lookup = rest.get("/v1/contacts/by-identity", params={"kind": "phone", "value": fresh}, headers=product.bearer)
    assert lookup.status_code == 404


def test_a_contact_of_a_chat_engine_is_found_by_its_number(product: RunningProduct, rest: httpx.Client) -> None:
    phone = number()
    body = {"external_id": phone[1:], "channel": "whatsapp", "display_name": "Ilse"}
    contact_id = rest.post("/contact-intel/contacts", json=body, headers=product.key).json()["id"]
    found = rest.get("/v1/contacts/by-identity", params={"kind": "whatsapp", "value": phone}, headers=product.bearer)
    assert (found.status_code, found.json()["contact"]["id"]) == (200, contact_id)


def test_a_number_that_cannot_be_read_is_kept_and_flagged(product: RunningProduct, rest: httpx.Client) -> None:
    raw = f"ext. {uuid.uuid4().hex[:8]}"
    contact = made(product, rest, identities=[{"kind": "phone", "value": raw}])
    assert [(i["value"], i["unreadable"]) for i in contact["identities"]] == [(raw, True)]


def test_a_change_merges_attributes_and_leaves_the_rest(product: RunningProduct, rest: httpx.Client) -> None:
    contact = made(product, rest, title="Buyer", attributes={"a": 1, "b": {"c": 2}})
    answer = rest.patch(
        f"/v1/contacts/{contact['id']}",
        json={"attributes": {"a": None, "d": [True]}, "tags": {"set": ["new"]}, "title": ""},
        headers=product.bearer,
    )
    changed = answer.json()["contact"]
    assert (changed["attributes"], changed["tags"], changed["title"]) == ({"b": {"c": 2}, "d": [True]}, ["new"], None)
    assert changed["name"] == contact["name"]


def test_a_changed_name_is_in_the_next_context(product: RunningProduct, rest: httpx.Client) -> None:
    contact = made(product, rest)
    rest.patch(f"/v1/contacts/{contact['id']}", json={"name": "Mira Winter"}, headers=product.bearer)
    context = rest.get(f"/contact-intel/context/{contact['id']}", headers=product.key)
    assert context.json()["contact"]["display_name"] == "Mira Winter"


def test_identities_come_and_go(product: RunningProduct, rest: httpx.Client) -> None:
    contact, address = made(product, rest), f"{uuid.uuid4().hex}@example.com"
    path = f"/v1/contacts/{contact['id']}/identities"
    added = rest.post(path, json={"kind": "email", "value": address}, headers=product.bearer)
    again = rest.post(path, json={"kind": "email", "value": address.upper()}, headers=product.bearer)
    assert (added.status_code, again.status_code) == (201, 200)
    assert added.json()["identity"]["id"] == again.json()["identity"]["id"]
    gone = rest.delete(f"{path}/{added.json()['identity']['id']}", headers=product.bearer)
    assert (gone.status_code, gone.json()["deleted"]) == (200, True)
    assert rest.delete(f"{path}/{added.json()['identity']['id']}", headers=product.bearer).status_code == 404


def test_a_deleted_contact_is_gone_from_every_surface(product: RunningProduct, rest: httpx.Client) -> None:
    phone = number()
    contact = made(product, rest, identities=[{"kind": "phone", "value": phone}])
    gone = rest.delete(f"/v1/contacts/{contact['id']}", headers=product.bearer)
    assert gone.json()["deleted"]
    assert rest.get(f"/v1/contacts/{contact['id']}", headers=product.bearer).status_code == 404
    lookup = rest.get("/v1/contacts/by-identity", params={"kind": "phone", "value": phone}, headers=product.bearer)
    assert lookup.status_code == 404


def listed(product: RunningProduct, rest: httpx.Client, **params: Any) -> list[str]:
    """Every contact of a list, page by page."""
    found: list[str] = []
    while True:
        answer = rest.get("/v1/contacts", params={"limit": 2, **params}, headers=product.bearer)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["items"] == page["contacts"]
        found += [contact["id"] for contact in page["contacts"]]
        if page["nextCursor"] is None:
            return found
        params["cursor"] = page["nextCursor"]


def test_contacts_are_listed_by_name_tags_attributes_and_identity(product: RunningProduct, rest: httpx.Client) -> None:
    mark = uuid.uuid4().hex[:10]
    phone = number()
    a = made(product, rest, name=f"Anna {mark}", tags=["one", mark], attributes={"team": mark})["id"]
    b = made(product, rest, name=f"bert {mark}", tags=[mark], identities=[{"kind": "phone", "value": phone}])["id"]
    c = made(product, rest, name=f"Cleo {mark}", tags=[mark])["id"]
    assert listed(product, rest, tags=mark, sort="name:asc") == [a, b, c]
    assert listed(product, rest, tags=mark, sort="name:desc") == [c, b, a]
    assert listed(product, rest, tags=mark) == [c, b, a]
    assert listed(product, rest, tags=[mark, "one"]) == [a]
    assert listed(product, rest, q=f"BERT {mark}") == [b]
    assert listed(product, rest, q=phone[:-1]) == [b]
    assert listed(product, rest, attributes=f"team:{mark}") == [a]
    assert listed(product, rest, q="%") == []


def test_contacts_are_listed_by_their_warmth(product: RunningProduct, rest: httpx.Client) -> None:
    mark = uuid.uuid4().hex[:10]
    cold, warm = (made(product, rest, tags=[mark])["id"] for _ in range(2))
    for _ in range(3):
        touch = {"contact_id": warm, "kind": "meeting"}
        assert rest.post("/v1/interactions", json=touch, headers=product.bearer).status_code == 201
    assert listed(product, rest, tags=mark, sort="warmth:desc") == [warm, cold]
    assert listed(product, rest, tags=mark, sort="warmth:asc") == [cold, warm]
    assert listed(product, rest, tags=mark, band="cool") == [warm]
    assert listed(product, rest, tags=mark, warmth_min=20) == [warm]
    assert listed(product, rest, tags=mark, warmth_max=20) == [cold]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x"}, "identities"),
        ({"identities": []}, "identities"),
        ({"identities": [{"kind": "fax", "value": "1"}]}, "identities[0].kind"),
        ({"identities": [{"kind": "email", "value": "nobody"}]}, "identities[0].value"),
        ({"identities": [{"kind": "phone", "value": " "}]}, "identities[0].value"),
        ({"identities": [{"kind": "phone", "value": "1", "region": "XX"}]}, "identities[0].region"),
        ({"identities": [{"kind": "external", "value": "1"}], "time_zone": "Mars/Base"}, "time_zone"),
        ({"identities": [{"kind": "external", "value": "1"}], "tags": ["a", "a"]}, "tags"),
        ({"identities": [{"kind": "external", "value": "1"}], "attributes": {"k": "x" * 20_000}}, "attributes"),
    ],
)
def test_a_wrong_contact_is_400_and_names_the_field(
    product: RunningProduct, rest: httpx.Client, body: dict[str, Any], field: str
) -> None:
    answer = rest.post("/v1/contacts", json=body, headers=product.bearer)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_INPUT")
    assert field in [wrong["field"] for wrong in answer.json()["details"]["fields"]]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"sort": "age:asc"}, "sort"),
        ({"warmth_min": 101}, "warmth_min"),
        ({"band": "lukewarm"}, "band"),
        ({"limit": 0}, "limit"),
        ({"cursor": "abc"}, "cursor"),
        ({"attributes": "nocolon"}, "attributes[0]"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_wrong_list_is_400_and_names_the_parameter(
    product: RunningProduct, rest: httpx.Client, params: dict[str, Any], field: str
) -> None:
    answer = rest.get("/v1/contacts", params=params, headers=product.bearer)
    assert answer.status_code == 400
    assert field in [wrong["field"] for wrong in answer.json()["details"]["fields"]]


def test_an_unknown_contact_is_404_in_the_surfaces_shape(product: RunningProduct, rest: httpx.Client) -> None:
    answer = rest.get("/v1/contacts/ct_nobody", headers=product.bearer)
    assert (answer.status_code, answer.json()["error"]) == (404, "Contact ct_nobody does not exist for this tenant.")


def test_a_gateway_key_alone_is_401(product: RunningProduct, rest: httpx.Client) -> None:
    assert rest.get("/v1/contacts", headers=product.key).status_code == 401
