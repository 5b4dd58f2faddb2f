"""What the contract says of each RPC, read from the descriptors' options at start-up.

Who may call it, how often, how large its request may be, whether it is audited: all of that is declared in the protos,
and there is no second list. An RPC without `access` is denied to everybody.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from kith.options.v1 import options_pb2

from server.rpc.services import DESCRIPTORS
from server.rpc.validation import Validator, compile_message

GATEWAY_KEY: Final = options_pb2.CREDENTIAL_GATEWAY_KEY
BEARER: Final = options_pb2.CREDENTIAL_BEARER
PLATFORM_KEY: Final = options_pb2.CREDENTIAL_PLATFORM_KEY

OPEN_SERVICES: Final = frozenset(
    {
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    }
)
"""The standard services that need no credential; they show nothing of any tenant."""

_MethodOptions = descriptor_pb2.MethodOptions


@dataclass(frozen=True, slots=True)
class Rate:
    """Sustained calls per second, and how many may come at once after a quiet time."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class MethodPolicy:
    """One RPC. `full_name` is its path without the first slash, `kith.context.v1.ContextService/GetContactContext`.

    `names_tenant`: its request has a `tenant_id` that must be the credential's. `answers_secret`: its answer shows a
    credential. `answers_text`: its answer can hold personal text.
    """

    full_name: str
    name: str
    credentials: frozenset[int]
    permission: str
    rate: Rate | None
    audit: str | None
    max_bytes: int
    http_success: tuple[int, ...]
    has_side_effects: bool
    request_class: type[Message]
    response_class: type[Message]
    client_streaming: bool
    server_streaming: bool
    names_tenant: bool
    answers_secret: bool
    answers_text: bool
    validate: Validator

    @property
    def for_platform_alone(self) -> bool:
        """Whether only the platform itself calls it; a `tenant_id` in its request is what it acts on."""
        return self.credentials == {PLATFORM_KEY}


def permissions() -> list[str]:
    """Every permission that an RPC asks for, sorted."""
    return sorted({method.GetOptions().Extensions[options_pb2.access].permission for method in _methods()} - {""})


def largest_request(general_max_bytes: int) -> int:
    """The most bytes that any RPC takes."""
    return max(general_max_bytes, *(m.GetOptions().Extensions[options_pb2.max_request_bytes] for m in _methods()))


def _methods() -> Iterator[MethodDescriptor]:
    for service in DESCRIPTORS:
        yield from service.methods


def policies(*, general_max_bytes: int, rates: Mapping[str, str] | None = None) -> dict[str, MethodPolicy]:
    """The policy of every RPC by its path (`/package.Service/Method`).

    `rates` overrides limits: `Method=per_second/burst`, or `*` for all. Raises ValueError for one that is malformed or
    names no RPC, and validation.UnsupportedRule for a constraint that is not understood.
    """
    overrides = {name: _rate(name, value) for name, value in (rates or {}).items()}
    found = {f"/{policy.full_name}": policy for policy in _compile(_methods(), general_max_bytes, overrides)}
    unknown = set(overrides) - {policy.name for policy in found.values()} - {"*"}
    if unknown:
        raise ValueError(f"rate limits for RPCs that do not exist: {', '.join(sorted(unknown))}")
    return found


def policy_named(name: str, rates: Mapping[str, str]) -> MethodPolicy:
    """The policy of the RPC of that name, for what shares it outside gRPC. Raises LookupError, and as `policies`."""
    found = policies(general_max_bytes=0, rates=rates).values()
    known = next((policy for policy in found if policy.name == name), None)
    if known is None:
        raise LookupError(f"there is no RPC {name}")
    return known


def _compile(
    methods: Iterable[MethodDescriptor], general_max_bytes: int, overrides: Mapping[str, Rate]
) -> Iterator[MethodPolicy]:
    for method in methods:
        yield _policy(method, general_max_bytes, overrides.get(method.name) or overrides.get("*"))


def _policy(method: MethodDescriptor, general_max_bytes: int, override: Rate | None) -> MethodPolicy:
    options = method.GetOptions()
    access = options.Extensions[options_pb2.access]
    if options_pb2.CREDENTIAL_UNSPECIFIED in access.credentials:
        raise ValueError(f"{method.full_name}: CREDENTIAL_UNSPECIFIED is no credential")
    if BEARER in access.credentials and not access.permission:
        raise ValueError(f"{method.full_name}: takes a bearer token and asks for no permission")
    limit = options.Extensions[options_pb2.rate_limit]
    rate = override or (Rate(limit.per_second, limit.burst) if limit.per_second > 0 else None)
    request: Descriptor = method.input_type
    return MethodPolicy(
        full_name=f"{method.containing_service.full_name}/{method.name}",
        name=method.name,
        credentials=frozenset(access.credentials),
        permission=access.permission,
        rate=rate,
        audit=options.Extensions[options_pb2.audit] or None,
        max_bytes=max(general_max_bytes, options.Extensions[options_pb2.max_request_bytes]),
        http_success=tuple(options.Extensions[options_pb2.http_success]) or (200,),
        has_side_effects=options.idempotency_level != _MethodOptions.NO_SIDE_EFFECTS,
        request_class=GetMessageClass(request),
        response_class=GetMessageClass(method.output_type),
        client_streaming=method.client_streaming,
        server_streaming=method.server_streaming,
        names_tenant="tenant_id" in request.fields_by_name and set(access.credentials) != {PLATFORM_KEY},
        answers_secret=any(_is_secret(field) for field in method.output_type.fields),
        answers_text=_holds_text(method.output_type, set()),
        validate=compile_message(request),
    )


def _is_secret(field: FieldDescriptor) -> bool:
    return field.name == "secret" and bool(field.GetOptions().Extensions[options_pb2.sensitive])


def _holds_text(message: Descriptor, seen: set[str]) -> bool:
    """Whether a message has a sensitive field, or one that does."""
    if message.full_name in seen:
        return False
    seen.add(message.full_name)
    return any(
        field.GetOptions().Extensions[options_pb2.sensitive]
        or (field.message_type is not None and _holds_text(field.message_type, seen))
        for field in message.fields
    )


def _rate(name: str, value: str) -> Rate:
    per_second, _, burst = value.partition("/")
    try:
        rate = Rate(float(per_second), int(burst))
    except ValueError as error:
        raise ValueError(f"rate limit {name}={value}: must be per_second/burst, e.g. 50/100") from error
    if not rate.per_second > 0 or rate.per_second == float("inf") or rate.burst < 1:
        raise ValueError(f"rate limit {name}={value}: both must be above 0")
    return rate
