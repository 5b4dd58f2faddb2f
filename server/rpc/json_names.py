"""Fields in the names that a request's JSON has: `callerNumber` on the calls' surface, `contact_id` on the others."""

from typing import Any

from google.protobuf.message import Message

from server.domain.errors import FieldViolation, InvalidInput


def in_json(error: Exception, request: type[Message]) -> Exception:
    """The same refusal with the request's fields in the names of its JSON; any other error as it is."""
    if not isinstance(error, InvalidInput):
        return error
    named = [FieldViolation(_path(v.field, request.DESCRIPTOR), v.description) for v in error.violations]
    return error if tuple(named) == error.violations else InvalidInput(named)


def _path(path: str, message: Any) -> str:
    """A path such as `items[2].time_zone`; from where it leaves the contract it stays as it is."""
    first, dot, rest = path.partition(".")
    name, bracket, index = first.partition("[")
    field = None if message is None else message.fields_by_name.get(name)
    if field is None:
        return path
    return f"{field.json_name}{bracket}{index}{dot}{_path(rest, field.message_type)}"
