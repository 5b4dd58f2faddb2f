"""What the protos say about REST: read from the generated descriptor set, the only source of the gateway's routes."""

import re
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final

from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorSet
from kith.errors.v1 import errors_pb2
from kith.options.v1 import options_pb2

_FOR_KEYS: Final = "/internal/"
_HTTP_BODY: Final = "google.api.HttpBody"
_METHODS: Final = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class RestRpc:
    """One REST path of an RPC."""

    service: str
    name: str
    method: str
    """The HTTP method, in capitals."""
    template: str
    """The path with `{field}` for its variables."""
    surface: str
    """The surface's name without its prefix, lower-case."""
    needs_key: bool
    """Whether `x-gateway-key` is the only credential that the path takes."""
    needs_bearer: bool
    """Whether a bearer token is the only credential that the path takes."""
    per_second: float
    burst: int
    retryable: bool
    request: str
    """Full name of the request message."""
    response: str
    """Full name of the message that the answer's JSON shows."""
    fixed: tuple[str, ...]
    """The fields that the path gives."""
    has_body: bool
    max_request_bytes: int
    """The largest body of an RPC that takes larger ones than all others; 0 where it does not."""
    streams: bool
    """Whether the answer is a stream of records."""
    raw: bool
    """Whether the answer is bytes with a content type of their own."""
    permission: str
    """What a bearer token must hold."""
    http_success: tuple[int, ...]
    """Every HTTP status of a success, the usual one first; empty for 200 alone."""
    unwrap: str | None
    """JSON name of the field of the response that is the whole answer, where one is."""


@dataclass(frozen=True, slots=True)
class NullShape:
    """A message that has nullable fields somewhere: those of its own, and the fields that lead to others."""

    nullable: tuple[str, ...]
    children: dict[str, str]
    """JSON name of a message field, and the full name of its type."""


@dataclass(frozen=True, slots=True)
class FieldShape:
    """What a field holds in JSON: a string, number, integer, boolean, object or any; `message` is a full name."""

    kind: str
    is_list: bool = False
    message: str | None = None


def committed(packaged: str, in_checkout: str) -> bytes:
    """A generated file of this version: packaged beside the code, or in gen/ of a checkout."""
    beside = files("gateway").joinpath(packaged)
    if beside.is_file():
        return beside.read_bytes()
    return (Path(__file__).resolve().parent.parent / "gen" / in_checkout).read_bytes()


class Contract:
    """The descriptor set, read once."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._files = FileDescriptorSet.FromString(data)

    @classmethod
    def committed(cls) -> "Contract":
        """The contract of this version."""
        return cls(committed("descriptors.binpb", "descriptors.binpb"))

    @cached_property
    def rpcs(self) -> tuple[RestRpc, ...]:
        """Every REST path of every RPC."""
        return tuple(
            _rest_rpc(f"{file.package}.{service.name}", service, method, binding, self._body(method, binding))
            for file in self._files.file
            for service in file.service
            for method in service.method
            if method.options.HasExtension(annotations_pb2.http)
            for binding in _bindings(method.options.Extensions[annotations_pb2.http])
        )

    @cached_property
    def transcoded(self) -> bytes:
        """The descriptor set without `response_body`, which the transcoder has for bytes alone; Lua does the rest."""
        stripped = FileDescriptorSet.FromString(self.data)
        for file in stripped.file:
            for service in file.service:
                for method in service.method:
                    for http in _bindings(method.options.Extensions[annotations_pb2.http]):
                        if http.response_body and not method.server_streaming:
                            http.response_body = ""
        return stripped.SerializeToString(deterministic=True)

    @cached_property
    def services(self) -> tuple[str, ...]:
        """Full names of the services that have REST paths."""
        return tuple(dict.fromkeys(rpc.service for rpc in self.rpcs))

    @cached_property
    def http_statuses(self) -> dict[str, int]:
        """The HTTP status of every error reason."""
        return {
            value.name.removeprefix("ERROR_REASON_"): value.GetOptions().Extensions[errors_pb2.http_status]
            for value in errors_pb2.ErrorReason.DESCRIPTOR.values
            if value.number
        }

    @cached_property
    def request_shapes(self) -> dict[str, dict[str, FieldShape]]:
        """The messages that a REST request can hold, by full name: their fields by JSON name."""
        messages = self._messages
        found: dict[str, dict[str, FieldShape]] = {}
        reached = [rpc.request for rpc in self.rpcs]
        while reached:
            name = reached.pop()
            if name not in found:
                found[name] = {f.json_name: _shape(f, messages) for f in messages[name].field}
                reached += [shape.message for shape in found[name].values() if shape.message]
        return found

    @cached_property
    def json_names(self) -> dict[str, dict[str, str]]:
        """By surface, the fields of its requests whose names in JSON are others, with those."""
        messages, shapes = self._messages, self.request_shapes
        found: dict[str, dict[str, str]] = {}
        for rpc in self.rpcs:
            reached, seen = [rpc.request], set[str]()
            while reached:
                name = reached.pop()
                if name not in seen:
                    seen.add(name)
                    others = {f.name: f.json_name for f in messages[name].field if f.json_name != f.name}
                    found.setdefault(rpc.surface, {}).update(others)
                    reached += [shape.message for shape in shapes[name].values() if shape.message]
        return {surface: names for surface, names in found.items() if names}

    def _body(
        self, method: descriptor_pb2.MethodDescriptorProto, http: http_pb2.HttpRule
    ) -> FieldDescriptorProto | None:
        fields = self._messages[method.output_type.removeprefix(".")].field
        return next((f for f in fields if f.name == http.response_body), None)

    @cached_property
    def _messages(self) -> dict[str, descriptor_pb2.DescriptorProto]:
        return {f"{file.package}.{message.name}": message for file in self._files.file for message in file.message_type}

    @cached_property
    def null_shapes(self) -> dict[str, NullShape]:
        """The messages in whose JSON a null may have to be put, by full name."""
        messages = self._messages
        own = {name: _nullable(message) for name, message in messages.items()}
        children = {name: _children(message, messages) for name, message in messages.items()}
        reaching = {name for name, fields in own.items() if fields}
        while True:
            more = {name for name, below in children.items() if reaching & set(below.values())} - reaching
            if not more:
                break
            reaching |= more
        return {
            name: NullShape(own[name], {f: t for f, t in children[name].items() if t in reaching}) for name in reaching
        }


def _bindings(http: http_pb2.HttpRule) -> tuple[http_pb2.HttpRule, ...]:
    return (http, *http.additional_bindings)


def _rest_rpc(
    full_service: str,
    service: descriptor_pb2.ServiceDescriptorProto,
    method: descriptor_pb2.MethodDescriptorProto,
    http: http_pb2.HttpRule,
    body: FieldDescriptorProto | None,
) -> RestRpc:
    """`body` is the field of the response that is the whole answer, where one is."""
    verb = next(verb for verb in _METHODS if http.HasField(verb))
    surface = options_pb2.Surface.Name(service.options.Extensions[options_pb2.surface])
    kinds = set(method.options.Extensions[options_pb2.access].credentials)
    if not kinds:
        raise ValueError(f"{full_service}/{method.name} has a path but no (kith.options.v1.access)")
    keys = {options_pb2.CREDENTIAL_GATEWAY_KEY, options_pb2.CREDENTIAL_PLATFORM_KEY}
    # What has paths for both is reached by keys under /internal and by tokens elsewhere.
    if method.options.Extensions[annotations_pb2.http].additional_bindings:
        kinds = kinds & keys if getattr(http, verb).startswith(_FOR_KEYS) else kinds - keys
    limit = method.options.Extensions[options_pb2.rate_limit]
    answer = (method.output_type if body is None else body.type_name).removeprefix(".")
    return RestRpc(
        service=full_service,
        name=method.name,
        method=verb.upper(),
        template=getattr(http, verb),
        surface=surface.removeprefix("SURFACE_").lower(),
        needs_key=kinds <= keys,
        needs_bearer=kinds == {options_pb2.CREDENTIAL_BEARER},
        per_second=limit.per_second,
        burst=limit.burst,
        retryable=method.options.idempotency_level == method.options.NO_SIDE_EFFECTS,
        request=method.input_type.removeprefix("."),
        response=answer,
        fixed=tuple(re.findall(r"{(\w+)", getattr(http, verb))),
        has_body=bool(http.body),
        max_request_bytes=method.options.Extensions[options_pb2.max_request_bytes],
        streams=method.server_streaming,
        raw=answer == _HTTP_BODY,
        permission=method.options.Extensions[options_pb2.access].permission,
        http_success=tuple(method.options.Extensions[options_pb2.http_success]),
        unwrap=None if body is None or answer == _HTTP_BODY else body.json_name,
    )


def _nullable(message: descriptor_pb2.DescriptorProto) -> tuple[str, ...]:
    return tuple(f.json_name for f in message.field if f.options.Extensions[options_pb2.nullable])


def _children(
    message: descriptor_pb2.DescriptorProto, messages: dict[str, descriptor_pb2.DescriptorProto]
) -> dict[str, str]:
    return {
        f.json_name: f.type_name.removeprefix(".")
        for f in message.field
        if f.type == FieldDescriptorProto.TYPE_MESSAGE and f.type_name.removeprefix(".") in messages
    }


_INTEGERS: Final = frozenset(
    (
        FieldDescriptorProto.TYPE_INT32,
        FieldDescriptorProto.TYPE_INT64,
        FieldDescriptorProto.TYPE_UINT32,
        FieldDescriptorProto.TYPE_UINT64,
    )
)

_KINDS: Final = {
    FieldDescriptorProto.TYPE_STRING: "string",
    FieldDescriptorProto.TYPE_BYTES: "string",
    FieldDescriptorProto.TYPE_BOOL: "boolean",
    FieldDescriptorProto.TYPE_DOUBLE: "number",
    FieldDescriptorProto.TYPE_FLOAT: "number",
    **dict.fromkeys(_INTEGERS, "integer"),
}

_WELL_KNOWN: Final = {
    "google.protobuf.Timestamp": "string",
    "google.protobuf.Duration": "string",
    "google.protobuf.FieldMask": "string",
    "google.protobuf.Struct": "object",
    "google.protobuf.Value": "any",
}
"""Messages that JSON writes in a way of its own."""


def _shape(field: FieldDescriptorProto, messages: dict[str, descriptor_pb2.DescriptorProto]) -> FieldShape:
    is_list = field.label == FieldDescriptorProto.LABEL_REPEATED
    if field.type != FieldDescriptorProto.TYPE_MESSAGE:
        return FieldShape(_KINDS[field.type], is_list)
    name = field.type_name.removeprefix(".")
    if name in _WELL_KNOWN:
        return FieldShape(_WELL_KNOWN[name], is_list)
    if name not in messages:
        # A map: its entry is a message within the one that has it.
        return FieldShape("object")
    return FieldShape("object", is_list, name)
