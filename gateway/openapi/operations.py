"""RPCs as operations: parameters, bodies, answers, errors and credentials."""

import re
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from gateway.descriptors import RestRpc
from gateway.openapi.schemas import Schemas, component

Json = dict[str, Any]

_ALWAYS: Final = (
    "INVALID_INPUT", "UNAUTHENTICATED", "PERMISSION_DENIED", "TENANT_SUSPENDED", "RATE_LIMITED", "INTERNAL",
    "UNAVAILABLE", "DEADLINE_EXCEEDED",
)  # fmt: skip
"""Reasons that every operation can answer with."""

_WITH_A_BODY: Final = ("PAYLOAD_TOO_LARGE",)
_CHANGING: Final = ("CONFLICT", "IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_IN_PROGRESS")
"""Reasons of operations that change something, and so take an idempotency key."""

_REASON: Final = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b|\bCONFLICT\b")


def operation(
    rpc: RestRpc, schemas: Schemas, comments: Mapping[str, str], statuses: Mapping[str, int], operation_id: str
) -> Json:
    """One REST path of an RPC. `statuses` are the HTTP statuses of error reasons."""
    text = comments.get(f"{rpc.service}.{rpc.name}", "")
    fixed = set(rpc.fixed)
    fields = schemas.fields(rpc.request)
    made: Json = {
        "operationId": operation_id,
        "tags": [_tag(rpc.service)],
        "summary": re.split(r"(?<=[.!?]) ", text, maxsplit=1)[0].rstrip("."),
        "description": text,
        "parameters": [_parameter(rpc, schemas, f, "path") for f in fields if f.name in fixed],
        "responses": {**_answers(rpc), **_errors(rpc, text, statuses)},
        "security": _security(rpc),
        "x-kith-rpc": f"{rpc.service}/{rpc.name}",
        "x-kith-permission": rpc.permission,
        "x-kith-rate-limit": {"per_second": rpc.per_second, "burst": rpc.burst},
    }
    if rpc.has_body:
        body = schemas.schema(rpc.request, but=fixed)
        made["requestBody"] = {
            "required": bool(body.get("required")),
            "content": {"application/json": {"schema": body}},
        }
    else:
        made["parameters"] += [_parameter(rpc, schemas, f, "query") for f in fields if f.name not in fixed]
    if rpc.method != "GET":
        made["parameters"].append({"$ref": "#/components/parameters/IdempotencyKey"})
    return made


def _tag(service: str) -> str:
    return service.rsplit(".", 1)[1].removesuffix("Service")


def _parameter(rpc: RestRpc, schemas: Schemas, field: FieldDescriptorProto, place: str) -> Json:
    schema = schemas.field(rpc.request, field)
    text = schema.pop("description", "")
    if isinstance(schema.get("type"), list):
        # A parameter that is not given is left out; there is no null in a path or a query.
        schema = {**schema, "type": schema["type"][0]}
        if "enum" in schema:
            schema["enum"] = [word for word in schema["enum"] if word is not None]
    return {
        "name": field.name if place == "path" else field.json_name,
        "in": place,
        "required": place == "path" or schemas.is_needed(field),
        "description": text,
        "schema": schema,
    }


def _answers(rpc: RestRpc) -> Json:
    answers: Json = {}
    for status in rpc.http_success or (200,):
        answer: Json = {"description": _STATUS_WORDS.get(status, "Done.")}
        if status != 204:
            answer["content"] = _content(rpc)
        answers[str(status)] = answer
    return answers


_STATUS_WORDS: Final = {
    200: "Done.",
    201: "Something was created.",
    202: "Taken in; what follows is done later.",
    204: "Done; there is nothing to show.",
    503: "Not taken in; try again.",
}


def _content(rpc: RestRpc) -> Json:
    if rpc.raw:
        return {"*/*": {}}
    schema = {"$ref": f"#/components/schemas/{component(rpc.response)}"}
    return {"application/x-ndjson" if rpc.streams else "application/json": {"schema": schema}}


def _errors(rpc: RestRpc, text: str, statuses: Mapping[str, int]) -> Json:
    named = [reason for reason in _REASON.findall(text) if reason in statuses]
    by_status: dict[int, list[str]] = {}
    more = (*(_WITH_A_BODY if rpc.has_body else ()), *(() if rpc.method == "GET" else _CHANGING))
    for reason in dict.fromkeys((*named, *_ALWAYS, *more)):
        by_status.setdefault(statuses[reason], []).append(reason)
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/errors.{rpc.surface}"}}}
    return {
        str(status): {"description": ", ".join(f"`{reason}`" for reason in reasons), "content": content}
        for status, reasons in sorted(by_status.items())
        if status not in rpc.http_success
    }


def _security(rpc: RestRpc) -> list[Json]:
    if rpc.needs_key:
        return [{"gatewayKey": []}]
    if rpc.needs_bearer:
        return [{"bearer": []}]
    return [{"bearer": []}, {"gatewayKey": []}]
