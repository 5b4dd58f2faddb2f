"""What the protos say about REST: read from the generated descriptor set, the only source of the gateway's routes."""

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final

from google.api import annotations_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorSet
from kith.errors.v1 import errors_pb2
from kith.options.v1 import options_pb2

_METHODS: Final = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class RestRpc:
    """One RPC that has a REST path."""

    service: str
    name: str
    method: str
    """The HTTP method, in capitals."""
    template: str
    """The path with `{field}` for its variables."""
    surface: str
    """The surface's name without its prefix, lower-case."""
    needs_key: bool
    """Whether `x-gateway-key` is the only credential that it takes."""
    needs_bearer: bool
    """Whether a bearer token is the only credential that it takes."""
    per_second: float
    burst: int
    retryable: bool
    response: str
    """Full name of the response message."""


@dataclass(frozen=True, slots=True)
class NullShape:
    """A message that has nullable fields somewhere: those of its own, and the fields that lead to others."""

    nullable: tuple[str, ...]
    children: dict[str, str]
    """JSON name of a message field, and the full name of its type."""


class Contract:
    """The descriptor set, read once."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._files = FileDescriptorSet.FromString(data)

    @classmethod
    def committed(cls) -> "Contract":
        """The contract of this version: packaged beside the code, or gen/ in a checkout."""
        packaged = files("gateway").joinpath("descriptors.binpb")
        if packaged.is_file():
            return cls(packaged.read_bytes())
        return cls((Path(__file__).resolve().parent.parent / "gen" / "descriptors.binpb").read_bytes())

    @cached_property
    def rpcs(self) -> tuple[RestRpc, ...]:
        """Every RPC with a REST path."""
        return tuple(
            _rest_rpc(f"{file.package}.{service.name}", service, method)
            for file in self._files.file
            for service in file.service
            for method in service.method
            if method.options.HasExtension(annotations_pb2.http)
        )

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
    def null_shapes(self) -> dict[str, NullShape]:
        """The messages in whose JSON a null may have to be put, by full name."""
        messages = {
            f"{file.package}.{message.name}": message for file in self._files.file for message in file.message_type
        }
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


def _rest_rpc(
    full_service: str, service: descriptor_pb2.ServiceDescriptorProto, method: descriptor_pb2.MethodDescriptorProto
) -> RestRpc:
    http = method.options.Extensions[annotations_pb2.http]
    verb = next(verb for verb in _METHODS if http.HasField(verb))
    surface = options_pb2.Surface.Name(service.options.Extensions[options_pb2.surface])
    kinds = set(method.options.Extensions[options_pb2.access].credentials)
    if not kinds:
        raise ValueError(f"{full_service}/{method.name} has a path but no (kith.options.v1.access)")
    keys = {options_pb2.CREDENTIAL_GATEWAY_KEY, options_pb2.CREDENTIAL_PLATFORM_KEY}
    limit = method.options.Extensions[options_pb2.rate_limit]
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
        response=method.output_type.removeprefix("."),
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
