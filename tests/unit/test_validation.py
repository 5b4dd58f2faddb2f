"""The protos' constraints, as compiled: protovalidate's semantics, every wrong field named, no value repeated."""

from typing import Any

import pytest
from buf.validate import validate_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, duration_pb2, timestamp_pb2
from google.protobuf.message_factory import GetMessageClass
from kith.contact.v1 import contact_pb2
from kith.context.v1 import context_pb2
from kith.interaction.v1 import interaction_pb2
from kith.memory.v1 import memory_pb2

from server.domain.errors import InvalidInput
from server.rpc.policy import policies
from server.rpc.rules import compile_pattern
from server.rpc.validation import UnsupportedRule, compile_message

F = descriptor_pb2.FieldDescriptorProto
_count = iter(range(1_000_000))


def wrong(message: Any) -> dict[str, str]:
    """The violations of a message, by path."""
    try:
        compile_message(message.DESCRIPTOR)(message)
    except InvalidInput as error:
        return {violation.field: violation.description for violation in error.violations}
    return {}


def one_field(
    rules: validate_pb2.FieldRules, kind: int = F.TYPE_STRING, *, optional: bool = False, repeated: bool = False
) -> Any:
    """The class of a message with one field `it` under these rules."""
    name = f"rules_{next(_count)}"
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{name}.proto", package=name, syntax="proto3", dependency=["buf/validate/validate.proto"]
    )
    field = F(name="it", number=1, type=kind, label=F.LABEL_REPEATED if repeated else F.LABEL_OPTIONAL)
    field.options.Extensions[validate_pb2.field].CopyFrom(rules)
    message = file.message_type.add(name="M", field=[field])
    if optional:
        message.oneof_decl.add(name="_it")
        message.field[0].proto3_optional = True
        message.field[0].oneof_index = 0
    pool = descriptor_pool.Default()
    return GetMessageClass(pool.AddSerializedFile(file.SerializeToString()).message_types_by_name["M"])


def text(**rules: Any) -> validate_pb2.FieldRules:
    return validate_pb2.FieldRules(string=validate_pb2.StringRules(**rules))


def test_a_sound_request_passes() -> None:
    assert not wrong(context_pb2.GetContactContextRequest(contact_id="ct_1", message="hi", memory_limit=100))


def test_every_wrong_field_is_named_at_once_and_no_value_repeated() -> None:
    request = context_pb2.GetContactContextRequest(
        contact_id="spaces are wrong", message="m" * 16_385, memory_limit=101, min_importance=-0.1, prompt_tokens=49
    )
    assert wrong(request) == {
        "contact_id": "must be 1 to 128 characters of A-Z a-z 0-9 _ - : .",
        "message": "must have at most 16384 bytes",
        "memory_limit": "must be at most 100",
        "min_importance": "must be at least 0",
        "prompt_tokens": "must be at least 50",
    }


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_wrong(value: float) -> None:
    assert wrong(context_pb2.GetContactContextRequest(contact_id="c", min_importance=value)) == {
        "min_importance": "must be a finite number"
    }


def test_a_nul_is_wrong_in_every_text() -> None:
    assert list(wrong(context_pb2.GetContactContextRequest(contact_id="c", message="a\0b"))) == ["message"]
    request = contact_pb2.UpdateContactRequest(contact_id="c")
    request.update_mask.paths.extend(["display_name", "\0"])
    assert list(wrong(request)) == ["update_mask.paths[1]"]


def test_what_is_wrong_within_free_json_is_wrong_with_its_field() -> None:
    request = interaction_pb2.CreateInteractionRequest(contact_id="c", kind="note")
    request.metadata.update({"a": "\0", "b": ["\0", {"\0": {"c": float("nan")}}]})
    assert list(wrong(request)) == ["metadata"]


def test_an_unknown_word_is_told_which_ones_there_are() -> None:
    assert wrong(memory_pb2.ListMemoriesRequest(contact_id="c", type="dream")) == {
        "type": "must be one of fact, preference, episode, pattern, all"
    }


def test_items_of_a_list_are_named_by_their_index_and_must_differ() -> None:
    request = memory_pb2.ConsolidateMemoriesRequest(contact_id="c", tasks=["check_triggers", "sing"])
    assert list(wrong(request)) == ["tasks[1]"]
    request = memory_pb2.ConsolidateMemoriesRequest(contact_id="c", tasks=["check_triggers"] * 2)
    assert wrong(request) == {"tasks": "must not hold the same item twice"}
    request = memory_pb2.ConsolidateMemoriesRequest(contact_id="c", tasks=["check_triggers"] * 9)
    assert wrong(request) == {"tasks": "must have at most 8 items"}


def test_items_that_stand_by_themselves_are_counted_and_left_to_whoever_takes_them() -> None:
    check = compile_message(interaction_pb2.BulkCreateInteractionsRequest.DESCRIPTOR)
    wrong = interaction_pb2.NewInteraction(kind="telegram")
    check(interaction_pb2.BulkCreateInteractionsRequest(items=[wrong] * 500))
    for count in (0, 501):
        with pytest.raises(InvalidInput) as error:
            check(interaction_pb2.BulkCreateInteractionsRequest(items=[wrong] * count))
        assert [v.field for v in error.value.violations] == ["items"]


def test_an_optional_field_is_checked_only_where_it_is_given() -> None:
    made = one_field(text(min_len=1), optional=True)
    assert not wrong(made())
    assert wrong(made(it="")) == {"it": "must not be empty"}


def test_a_field_without_presence_is_checked_always_unless_zero_is_ignored() -> None:
    assert wrong(one_field(text(min_len=1))()) == {"it": "must not be empty"}
    lenient = text(min_len=3)
    lenient.ignore = validate_pb2.IGNORE_IF_ZERO_VALUE
    made = one_field(lenient)
    assert not wrong(made())
    assert wrong(made(it="a"))


def test_a_required_field_must_be_given() -> None:
    assert wrong(one_field(validate_pb2.FieldRules(required=True))()) == {"it": "is required"}
    assert wrong(one_field(validate_pb2.FieldRules(required=True), optional=True)()) == {"it": "is required"}


def test_lengths_count_characters_and_bytes() -> None:
    assert not wrong(one_field(text(max_len=2))(it="éé"))
    assert wrong(one_field(text(max_bytes=3))(it="éé")) == {"it": "must have at most 3 bytes"}
    assert wrong(one_field(text(min_bytes=5))(it="éé")) == {"it": "must have at least 5 bytes"}


@pytest.mark.parametrize(
    ("pattern", "matches", "differs"),
    [
        ("^[a-z]+$", "abc", "abc\n"),
        (r"^\d{2}$", "12", "١٢"),
        ("b", "abc", "ac"),
        (r"^[$\]]\$$", "$$", "$"),
        (r"^a\z", "a", "a\n"),
        ("(?i)^yes$", "YES", "no"),
    ],
)
def test_patterns_mean_what_re2_means(pattern: str, matches: str, differs: str) -> None:
    compiled = compile_pattern("it", pattern)
    assert compiled.search(matches)
    assert not compiled.search(differs)


@pytest.mark.parametrize("pattern", ["(?=a)", r"(a)\1", "[[:alpha:]]", r"\pL", "a++", "(", "(?<!a)b"])
def test_patterns_that_would_mean_something_else_are_refused_at_start_up(pattern: str) -> None:
    with pytest.raises(UnsupportedRule):
        compile_pattern("it", pattern)


@pytest.mark.parametrize(
    "rules",
    [
        text(email=True),
        validate_pb2.FieldRules(cel=[validate_pb2.Rule(id="x", expression="true")]),
        validate_pb2.FieldRules(int32=validate_pb2.Int32Rules(gte=1)),
        validate_pb2.FieldRules(repeated=validate_pb2.RepeatedRules(min_items=1)),
    ],
)
def test_a_rule_that_is_not_understood_stops_the_start(rules: validate_pb2.FieldRules) -> None:
    with pytest.raises(UnsupportedRule):
        compile_message(one_field(rules).DESCRIPTOR)


def test_open_and_closed_bounds_of_numbers() -> None:
    made = one_field(validate_pb2.FieldRules(double=validate_pb2.DoubleRules(gt=0, lt=1)), F.TYPE_DOUBLE)
    assert not wrong(made(it=0.5))
    assert wrong(made(it=0.0)) == {"it": "must be above 0"}
    assert wrong(made(it=1.0)) == {"it": "must be below 1"}


def test_times_out_of_range_are_wrong() -> None:
    assert wrong(timestamp_pb2.Timestamp(seconds=253402300800))
    assert wrong(timestamp_pb2.Timestamp(nanos=-1))
    first_with_a_local_time_everywhere = -62135596800 + 2 * 86400
    assert not wrong(timestamp_pb2.Timestamp(seconds=first_with_a_local_time_everywhere))
    assert wrong(timestamp_pb2.Timestamp(seconds=first_with_a_local_time_everywhere - 1))
    assert wrong(duration_pb2.Duration(seconds=1, nanos=-1))
    request = context_pb2.GetContactContextRequest(contact_id="c")
    request.as_of.seconds = 10**15
    assert list(wrong(request)) == ["as_of"]


def test_every_rpc_of_the_contracts_can_be_checked() -> None:
    found = policies(general_max_bytes=1000)
    assert all(policy.credentials for policy in found.values())
    assert found["/kith.context.v1.ContextService/IngestInteraction"].max_bytes == 1000


@pytest.mark.parametrize("rates", [{"GetContactContext": "fast"}, {"GetContactContext": "0/1"}, {"Nothing": "1/1"}])
def test_a_rate_in_the_settings_that_makes_no_sense_stops_the_start(rates: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="rate limit"):
        policies(general_max_bytes=1000, rates=rates)
