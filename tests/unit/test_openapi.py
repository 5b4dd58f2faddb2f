"""The OpenAPI document is a valid one, tells every REST path, and is what the protos give."""

import re

from openapi_spec_validator import validate

from gateway.descriptors import Contract
from gateway.openapi import document
from tests.conformance import openapi


def test_the_document_is_valid_openapi() -> None:
    validate(openapi())


def test_the_committed_document_is_what_the_protos_give() -> None:
    assert document(Contract.committed()) == openapi()


def test_every_rest_path_is_told_and_says_who_may_call_it() -> None:
    for rpc in Contract.committed().rpcs:
        operation = openapi()["paths"][rpc.template][rpc.method.lower()]
        assert operation["security"], rpc.name
        assert operation["x-kith-permission"] == rpc.permission
        assert operation["summary"], rpc.name
        told = {p["name"] for p in operation["parameters"] if p.get("in") == "path"}
        assert told == set(re.findall(r"{(\w+)}", rpc.template))


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for path in openapi()["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))


def test_every_error_of_an_operation_has_its_surfaces_shape() -> None:
    document = openapi()["components"]["schemas"]
    assert {name.removeprefix("errors.") for name in document if name.startswith("errors.")} >= {
        "contact_intelligence", "interactions", "calls", "tracking", "conversations",
    }  # fmt: skip
