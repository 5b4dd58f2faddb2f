"""The constraints of the protos (protovalidate), compiled at start-up into plain functions.

The semantics are protovalidate's: a field with presence is checked where it is set, one without always, unless `ignore`
says otherwise; patterns match anywhere unless anchored. Besides, without any rule: numbers must be finite, texts must
not hold a NUL (Postgres cannot store one), and a Timestamp or Duration must be in its documented range. A rule that is
not understood raises at start-up, so that nothing goes unchecked silently.
"""

from collections.abc import Callable
from typing import Any, Final

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from server.domain.errors import FieldViolation, InvalidInput
from server.rpc.rules import (
    Report,
    UnsupportedRule,
    ValueCheck,
    bytes_check,
    enum_check,
    number_check,
    string_check,
)

__all__ = ["UnsupportedRule", "Validator", "compile_message"]

Validator = Callable[[Message], None]
"""Raises InvalidInput that lists every wrong field with its path; the values are not repeated."""

_MessageCheck = Callable[[Any, str, Report], None]
_FieldCheck = Callable[[Any, str, Report], None]

_FD: Final = FieldDescriptor
_INTEGERS: Final = frozenset(
    {
        _FD.TYPE_INT32, _FD.TYPE_INT64, _FD.TYPE_UINT32, _FD.TYPE_UINT64, _FD.TYPE_SINT32, _FD.TYPE_SINT64,
        _FD.TYPE_FIXED32, _FD.TYPE_FIXED64, _FD.TYPE_SFIXED32, _FD.TYPE_SFIXED64,
    }
)  # fmt: skip
_FREE_JSON: Final = "google/protobuf/struct.proto"
_FIELD: Final = validate_pb2.field
_NO_RULES: Final = validate_pb2.FieldRules()


def compile_message(descriptor: Descriptor) -> Validator:
    """The validator of a message type. Raises UnsupportedRule."""
    check = _message(descriptor, {})

    def validate(message: Message) -> None:
        wrong: Report = []
        check(message, "", wrong)
        if wrong:
            raise InvalidInput([FieldViolation(path, sentence) for path, sentence in wrong])

    return validate


def _message(descriptor: Descriptor, known: dict[str, _MessageCheck]) -> _MessageCheck:
    """The check of a message type; types may contain themselves, so each is compiled once."""
    compiled = known.get(descriptor.full_name)
    if compiled is not None:
        return compiled
    checks: list[_FieldCheck] = []

    def check(message: Any, path: str, wrong: Report) -> None:
        for one in checks:
            one(message, path, wrong)

    known[descriptor.full_name] = check
    _refuse_message_rules(descriptor)
    if descriptor.full_name == "google.protobuf.Timestamp":
        checks.append(_timestamp)
    elif descriptor.full_name == "google.protobuf.Duration":
        checks.append(_duration)
    else:
        checks.extend(one for field in descriptor.fields if (one := _field(field, known)) is not None)
    return check


def _refuse_message_rules(descriptor: Descriptor) -> None:
    if descriptor.GetOptions().HasExtension(validate_pb2.message):
        raise UnsupportedRule(f"{descriptor.full_name}: rules of a whole message")
    for oneof in descriptor.oneofs:
        if oneof.GetOptions().HasExtension(validate_pb2.oneof):
            raise UnsupportedRule(f"{descriptor.full_name}.{oneof.name}: rules of a oneof")


def _field(field: FieldDescriptor, known: dict[str, _MessageCheck]) -> _FieldCheck | None:
    options = field.GetOptions()
    rules = options.Extensions[_FIELD] if options.HasExtension(_FIELD) else _NO_RULES
    _refuse_unknown(field, rules)
    if rules.ignore == validate_pb2.IGNORE_ALWAYS:
        rules = _NO_RULES
    check = _by_shape(field, rules, known)
    if check is None:
        return _required(field) if rules.required else None
    return _present(field, rules, check)


def _refuse_unknown(field: FieldDescriptor, rules: validate_pb2.FieldRules) -> None:
    if rules.cel or rules.cel_expression:
        raise UnsupportedRule(f"{field.full_name}: CEL")
    if len(UnknownFieldSet(rules)):
        raise UnsupportedRule(f"{field.full_name}: a rule newer than this server")


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _by_shape(
    field: FieldDescriptor, rules: validate_pb2.FieldRules, known: dict[str, _MessageCheck]
) -> ValueCheck | None:
    if _is_map(field):
        return _map(field, rules, known)
    if field.is_repeated:
        return _repeated(field, rules, known)
    return _single(field, rules, known)


def _single(
    field: FieldDescriptor, rules: validate_pb2.FieldRules, known: dict[str, _MessageCheck]
) -> ValueCheck | None:
    """The check of one value; None where there is nothing to check."""
    kind = rules.WhichOneof("type")
    expected = _rules_for(field)
    if kind is not None and kind != expected:
        raise UnsupportedRule(f"{field.full_name}: rules of {kind} on a field of another type")
    own: Any = getattr(rules, kind) if kind is not None else None
    if own is not None and len(UnknownFieldSet(own)):
        raise UnsupportedRule(f"{field.full_name}: a rule newer than this server")
    if field.type == _FD.TYPE_STRING:
        return string_check(field.full_name, own)
    if field.type == _FD.TYPE_BYTES:
        return bytes_check(field.full_name, own)
    if field.type in (_FD.TYPE_DOUBLE, _FD.TYPE_FLOAT) or field.type in _INTEGERS:
        return number_check(field.full_name, own, is_integer=field.type in _INTEGERS)
    if field.type == _FD.TYPE_ENUM:
        return enum_check(field, own)
    if own is not None:
        raise UnsupportedRule(f"{field.full_name}: rules of {kind}")
    if field.message_type is not None:
        check = _message(field.message_type, known)
        is_outermost = field.containing_type is not None and field.containing_type.file.name != _FREE_JSON
        return _as_one(check) if field.message_type.file.name == _FREE_JSON and is_outermost else check
    return None


def _as_one(check: _MessageCheck) -> _MessageCheck:
    """Reports what is wrong within free JSON on the field that holds it: no caller knows what a Struct is."""

    def checked(value: Any, path: str, wrong: Report) -> None:
        within: Report = []
        check(value, path, within)
        wrong.extend((path, sentence) for sentence in dict.fromkeys(sentence for _, sentence in within))

    return checked


def _rules_for(field: FieldDescriptor) -> str | None:
    """The name of the rules that fit a field's type."""
    return {
        _FD.TYPE_STRING: "string", _FD.TYPE_BYTES: "bytes", _FD.TYPE_BOOL: "bool", _FD.TYPE_ENUM: "enum",
        _FD.TYPE_DOUBLE: "double", _FD.TYPE_FLOAT: "float", _FD.TYPE_INT32: "int32", _FD.TYPE_INT64: "int64",
        _FD.TYPE_UINT32: "uint32", _FD.TYPE_UINT64: "uint64", _FD.TYPE_SINT32: "sint32", _FD.TYPE_SINT64: "sint64",
        _FD.TYPE_FIXED32: "fixed32", _FD.TYPE_FIXED64: "fixed64", _FD.TYPE_SFIXED32: "sfixed32",
        _FD.TYPE_SFIXED64: "sfixed64",
    }.get(field.type)  # fmt: skip


def _repeated(
    field: FieldDescriptor, rules: validate_pb2.FieldRules, known: dict[str, _MessageCheck]
) -> ValueCheck | None:
    _only(field, rules, "repeated", {"min_items", "max_items", "unique", "items"})
    own = rules.repeated
    _refuse_unknown(field, own.items)
    # Messages in which the items stand or fall by themselves are checked one by one by whoever takes them.
    each = None if own.items.ignore == validate_pb2.IGNORE_ALWAYS else _single(field, own.items, known)
    least, unique = own.min_items, own.unique
    most = own.max_items if own.HasField("max_items") else None

    def check(values: Any, path: str, wrong: Report) -> None:
        count = len(values)
        if count < least:
            wrong.append((path, f"must have at least {least} items"))
        if most is not None and count > most:
            wrong.append((path, f"must have at most {most} items"))
            return
        if unique and len(set(values)) != count:
            wrong.append((path, "must not hold the same item twice"))
        if each is not None:
            for index, value in enumerate(values):
                each(value, f"{path}[{index}]", wrong)

    return check if each is not None or least or unique or most is not None else None


def _map(field: FieldDescriptor, rules: validate_pb2.FieldRules, known: dict[str, _MessageCheck]) -> ValueCheck | None:
    _only(field, rules, "map", {"min_pairs", "max_pairs", "keys", "values"})
    own = rules.map
    _refuse_unknown(field, own.keys)
    _refuse_unknown(field, own.values)
    if field.message_type is None:
        raise UnsupportedRule(f"{field.full_name}: a map without entries")
    entry = field.message_type.fields_by_name
    of_key, of_value = _single(entry["key"], own.keys, known), _single(entry["value"], own.values, known)
    least, most = own.min_pairs, own.max_pairs if own.HasField("max_pairs") else None

    def check(pairs: Any, path: str, wrong: Report) -> None:
        if len(pairs) < least:
            wrong.append((path, f"must have at least {least} entries"))
        if most is not None and len(pairs) > most:
            wrong.append((path, f"must have at most {most} entries"))
            return
        for key, value in pairs.items():
            # The key is the caller's text, so the path does not repeat it.
            if of_key is not None:
                of_key(key, f"{path}[key]", wrong)
            if of_value is not None:
                of_value(value, f"{path}[value]", wrong)

    return check


def _only(field: FieldDescriptor, rules: validate_pb2.FieldRules, kind: str, allowed: set[str]) -> None:
    given = rules.WhichOneof("type")
    if given not in (None, kind):
        raise UnsupportedRule(f"{field.full_name}: rules of {given} on a {kind} field")
    own = getattr(rules, kind)
    unknown = {rule.name for rule, _ in own.ListFields()} - allowed
    if unknown or len(UnknownFieldSet(own)):
        raise UnsupportedRule(f"{field.full_name}: {', '.join(sorted(unknown)) or 'a rule newer than this server'}")


def _present(field: FieldDescriptor, rules: validate_pb2.FieldRules, check: ValueCheck) -> _FieldCheck:
    """Checks the field where protovalidate says that it is checked."""
    name = field.name
    required = rules.required
    if field.has_presence:

        def optional(message: Any, path: str, wrong: Report) -> None:
            if message.HasField(name):
                check(getattr(message, name), path + name, wrong)
            elif required:
                wrong.append((path + name, "is required"))

        return _below(optional)
    skip_zero = rules.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE

    def always(message: Any, path: str, wrong: Report) -> None:
        value = getattr(message, name)
        if value or not (skip_zero or required):
            check(value, path + name, wrong)
        elif required:
            wrong.append((path + name, "is required"))

    return _below(always)


def _required(field: FieldDescriptor) -> _FieldCheck:
    return _present(field, validate_pb2.FieldRules(required=True), lambda *_: None)


def _below(check: _FieldCheck) -> _FieldCheck:
    """Puts a dot between a message's path and the name of its field."""

    def dotted(message: Any, path: str, wrong: Report) -> None:
        check(message, f"{path}." if path else path, wrong)

    return dotted


_FIRST_SECOND: Final = -62_135_424_000
_LAST_SECOND: Final = 253_402_128_000


def _timestamp(value: Any, path: str, wrong: Report) -> None:
    # Two days off the ends of what a Timestamp can say, so that the instant has a local time in every zone.
    if not (_FIRST_SECOND <= value.seconds <= _LAST_SECOND and 0 <= value.nanos <= 999_999_999):
        wrong.append((path, "must be between 0001-01-03T00:00:00Z and 9999-12-30T00:00:00Z"))


def _duration(value: Any, path: str, wrong: Report) -> None:
    signs_differ = value.seconds * value.nanos < 0
    if not (-315_576_000_000 <= value.seconds <= 315_576_000_000 and abs(value.nanos) <= 999_999_999) or signs_differ:
        wrong.append((path, "must be a duration of at most 10000 years"))
