"""What every proto of ours must declare, so that nothing is open, unlimited or unnamed by oversight."""

import re
from collections.abc import Iterator

import pytest
from buf.validate import validate_pb2
from google.api import annotations_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from kith.errors.v1 import errors_pb2
from kith.options.v1 import options_pb2

from server.domain import errors, words
from server.rpc.services import DESCRIPTORS
from store import identifiers

METHODS = [method for service in DESCRIPTORS for method in service.methods]


def messages() -> Iterator[Descriptor]:
    seen: dict[str, Descriptor] = {}
    waiting = [m for method in METHODS for m in (method.input_type, method.output_type)]
    while waiting:
        message = waiting.pop()
        if message.GetOptions().map_entry:
            continue
        if message.full_name in seen or not message.full_name.startswith("kith."):
            continue
        seen[message.full_name] = message
        waiting += [f.message_type for f in message.fields if f.message_type is not None]
    yield from seen.values()


FIELDS = [field for message in messages() for field in message.fields]


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.full_name)
def test_every_rpc_says_who_may_call_it_how_often_and_under_which_path(method: MethodDescriptor) -> None:
    options = method.GetOptions()
    access = options.Extensions[options_pb2.access]
    assert access.credentials
    assert re.fullmatch(r"[a-z]+:[a-z_]+", access.permission)
    assert options.Extensions[options_pb2.rate_limit].per_second > 0
    # What a client streams has no place in a REST request, which is read whole before it is passed on.
    assert options.HasExtension(annotations_pb2.http) != method.client_streaming
    if options.idempotency_level == options.NO_SIDE_EFFECTS:
        assert options.Extensions[annotations_pb2.http].get


@pytest.mark.parametrize("field", FIELDS, ids=lambda f: f.full_name)
def test_json_names_are_those_of_the_documents(field: FieldDescriptor) -> None:
    """Snake case; calls, and the cursors of what is under `/v1`, are written in camel case."""
    package = field.file.package
    is_camel = package == "kith.call.v1" or (package in _CAMEL_CURSORS and field.name == "next_cursor")
    words = field.name.split("_")
    camel = words[0] + "".join(word.capitalize() for word in words[1:])
    assert field.json_name in ({field.name, camel} if is_camel else {field.name})


_CAMEL_CURSORS = {"kith.interaction.v1", "kith.warmth.v1", "kith.crm.v1"}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("mood", "detected_mood"), words.MOODS), (("energy", "detected_energy"), words.ENERGIES),
        (("relationship_stage",), words.STAGES), (("trust_level",), words.TRUSTS),
        (("conversation_style",), words.STYLES),
    ],
)  # fmt: skip
def test_the_words_of_the_domain_are_those_of_the_contract(names: tuple[str, ...], expected: tuple[str, ...]) -> None:
    declared = [
        tuple(getattr(f.GetOptions().Extensions[validate_pb2.field].string, "in")) for f in FIELDS if f.name in names
    ]
    assert declared
    assert set(declared) == {expected}


def test_ids_have_one_form_in_the_contract_and_in_the_code() -> None:
    names = {"contact_id", "memory_id", "tenant_id"}
    requested = [f for method in METHODS for f in method.input_type.fields if f.name in names]
    declared = {f.GetOptions().Extensions[validate_pb2.field].string.pattern for f in requested}
    assert declared == {f"^{identifiers.FORM}$"}


def test_every_error_of_the_domain_has_a_reason_in_the_contract() -> None:
    reasons = {v.name.removeprefix("ERROR_REASON_") for v in errors_pb2.ErrorReason.DESCRIPTOR.values}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.KithError)]
    assert {kind.reason for kind in kinds} <= reasons


def test_personal_text_is_marked_wherever_it_can_stand() -> None:
    personal = {
        "user_message", "ai_response", "message", "content", "display_name", "external_id", "value", "subject",
        "prompt", "secret",
    }  # fmt: skip
    unmarked = {
        f.full_name
        for f in FIELDS
        if f.name in personal and f.message_type is None and not f.GetOptions().Extensions[options_pb2.sensitive]
    }
    assert unmarked == set()
