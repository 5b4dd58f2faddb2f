"""All of the REST surfaces in one OpenAPI 3.1 document."""

import re
from collections import Counter
from typing import Any, Final

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from gateway.descriptors import Contract
from gateway.openapi.comments import comments
from gateway.openapi.operations import operation
from gateway.openapi.schemas import Schemas
from gateway.routes import RAW

Json = dict[str, Any]

_DETAILS: Final[Json] = {
    "type": "object",
    "description": "The request's id, what the error names, and the fields that are wrong.",
    "properties": {
        "request_id": {"type": "string"},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "description": {"type": "string"}},
                "required": ["field", "description"],
            },
        },
    },
    "additionalProperties": True,
}
_CODE: Final[Json] = {"type": "string", "description": "The error's code; see kith.errors.v1.ErrorReason."}
_MESSAGE: Final[Json] = {"type": "string", "description": "What is wrong, for people."}


def document(contract: Contract) -> Json:
    """The document; the same protos give the same one."""
    files = FileDescriptorSet.FromString(contract.data)
    said = comments(files)
    rpcs = contract.rpcs
    schemas = Schemas(files, said, {r.request for r in rpcs}, {r.response for r in rpcs if not r.raw})
    paths: dict[str, Json] = {}
    times: Counter[str] = Counter()
    for rpc in rpcs:
        times[rpc.name] += 1
        operation_id = rpc.name if times[rpc.name] == 1 else f"{rpc.name}{times[rpc.name]}"
        made = operation(rpc, schemas, said, contract.http_statuses, operation_id)
        paths.setdefault(rpc.template, {})[rpc.method.lower()] = made
    for template, surface in RAW:
        paths[template] = {"post": _raw(template, surface)}
    services = sorted({rpc.service for rpc in rpcs})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kith",
            "version": "v1",
            "description": "Contact intelligence: what a good friend would know about a person, on every message.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": service.rsplit(".", 1)[1].removesuffix("Service"), "description": said.get(service, "")}
            for service in services
        ],
        "paths": {template: paths[template] for template in sorted(paths)},
        "components": {
            # Requests stand in their operations: a path's fields are no part of the body.
            "schemas": {**schemas.components({r.request for r in rpcs}), **_errors()},
            "parameters": {"IdempotencyKey": _IDEMPOTENCY},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "gatewayKey": {"type": "apiKey", "in": "header", "name": "x-gateway-key"},
            },
        },
    }


_IDEMPOTENCY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same body within 24 hours answers as the first time and changes nothing.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
}


def _errors() -> dict[str, Json]:
    flat = {
        surface: _object({word: _MESSAGE, "code": _CODE, "details": _DETAILS})
        for surface, word in (
            ("interactions", "error"),
            ("calls", "error"),
            ("tracking", "error"),
            ("conversations", "detail"),
        )
    }
    fault = {
        "error": {"type": "string"},
        "message": _MESSAGE,
        "timestamp": {"type": "string", "format": "date-time"},
        "request_id": {"type": "string"},
    }
    nested = _object({"error": _object({"code": _CODE, "message": _MESSAGE, "details": _DETAILS})})
    shapes = {**flat, "contact_intelligence": nested}
    shapes["conversations"] = {"anyOf": [flat["conversations"], _object(fault)]}
    return {f"errors.{surface}": shapes[surface] for surface in sorted(shapes)}


def _object(properties: dict[str, Json]) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _raw(template: str, surface: str) -> Json:
    """A path whose body is bytes: signed by who sends it, in a form of theirs."""
    error = {"application/json": {"schema": {"$ref": f"#/components/schemas/errors.{surface}"}}}
    return {
        "operationId": "Raw" + "".join(part.capitalize() for part in re.findall(r"\w+", template)),
        "tags": ["Webhook"],
        "summary": "Takes what another system posts, signed in that system's own way",
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"{(\w+)}", template)
        ],
        "requestBody": {"required": True, "content": {"*/*": {}}},
        "responses": {
            "200": {"description": "Known before, or nothing to do."},
            "201": {"description": "Taken in."},
            **{
                status: {"description": words, "content": error}
                for status, words in (
                    ("400", "The body cannot be read."),
                    ("401", "Unsigned, wrongly signed, or too old; nothing was stored."),
                    ("403", "The credential is of another tenant, or the tenant is suspended."),
                    ("404", "There is no such address."),
                    ("413", "The body is too large."),
                    ("429", "Too many requests."),
                    ("500", "Something went wrong on our side."),
                    ("503", "Try again."),
                )
            },
        },
        "security": [],
    }
