"""Refusals name fields as the request's JSON does."""

from kith.call.v1.call_pb2 import CreateCallRequest, UpdateCallSettingsRequest
from kith.interaction.v1.interaction_pb2 import CreateInteractionRequest

from server.domain.errors import FieldViolation, InvalidInput, NotFound
from server.rpc.json_names import in_json


def test_the_calls_surface_has_camel_case_and_the_others_have_none() -> None:
    wrong = InvalidInput([FieldViolation("caller_number", "is bad"), FieldViolation("topics[1]", "is empty")])
    named = in_json(wrong, CreateCallRequest)
    assert isinstance(named, InvalidInput)
    assert [v.field for v in named.violations] == ["callerNumber", "topics[1]"]
    assert named.message == "callerNumber: is bad; topics[1]: is empty"
    region = in_json(InvalidInput.of("default_region", "is none"), UpdateCallSettingsRequest)
    assert str(region) == "defaultRegion: is none"
    snake = InvalidInput.of("contact_id", "is bad")
    assert in_json(snake, CreateInteractionRequest) is snake


def test_what_is_no_field_of_the_request_stays_as_it_is() -> None:
    for error in (InvalidInput.of("x-tenant-id", "is missing"), InvalidInput.of("", "?"), NotFound.call("call_1")):
        assert in_json(error, CreateCallRequest) is error
