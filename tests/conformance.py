"""Holds every answer that a test gets from the gateway to the OpenAPI document: its status, its body, its nulls."""

import re
from functools import cache
from typing import Any

import httpx
import jsonschema_rs
import orjson

from gateway.descriptors import committed

Json = dict[str, Any]


@cache
def openapi() -> Json:
    """The committed document."""
    read: Json = orjson.loads(committed("openapi.json", "openapi/kith.json"))
    return read


@cache
def _paths() -> list[tuple[re.Pattern[str], Json]]:
    templates = sorted(openapi()["paths"], key=lambda t: (t.count("{"), t))
    return [
        (re.compile(re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(template))), openapi()["paths"][template])
        for template in templates
    ]


@cache
def _validator(pointer: str) -> Any:
    return jsonschema_rs.validator_for(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$ref": pointer,
            "components": openapi()["components"],
        },
        validate_formats=True,
    )


def hold(answer: httpx.Response) -> None:
    """Raises AssertionError for an answer that the document does not promise; other paths are not looked at."""
    answer.read()
    operation = _operation(answer.request)
    if operation is None:
        return
    name = operation["operationId"]
    promised = operation["responses"].get(str(answer.status_code))
    assert promised is not None, f"{name} answers {answer.status_code}, which the document does not tell"
    content = promised.get("content", {})
    schema = content.get("application/json", {}).get("schema")
    if schema is None:
        assert content or not answer.content or "content" not in promised, f"{name} answers with a body"
        return
    wrong = [
        f"{'/'.join(map(str, e.instance_path))}: {e.message}"
        for e in _validator(schema["$ref"]).iter_errors(answer.json())
    ]
    assert not wrong, f"{name} {answer.status_code}: {wrong[:5]}"


def _operation(request: httpx.Request) -> Json | None:
    path = request.url.raw_path.decode().partition("?")[0]
    for pattern, operations in _paths():
        if pattern.fullmatch(path):
            found: Json | None = operations.get(request.method.lower())
            return found
    return None
