"""Messages as JSON schemas (draft 2020-12), as the transcoder reads and prints them."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from buf.validate import validate_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorSet
from kith.options.v1 import options_pb2

Json = dict[str, Any]

_T: Final = FieldDescriptorProto
_INTEGERS: Final = frozenset((_T.TYPE_INT32, _T.TYPE_SINT32, _T.TYPE_SFIXED32))
_UNSIGNED: Final = frozenset((_T.TYPE_UINT32, _T.TYPE_FIXED32))
_LONG: Final = frozenset((_T.TYPE_INT64, _T.TYPE_UINT64, _T.TYPE_SINT64, _T.TYPE_FIXED64, _T.TYPE_SFIXED64))
_NUMBERS: Final = frozenset((_T.TYPE_DOUBLE, _T.TYPE_FLOAT))

_WELL_KNOWN: Final[Mapping[str, Json]] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?\d+(\.\d+)?s$"},
    "google.protobuf.FieldMask": {"type": "string"},
    "google.protobuf.Struct": {"type": "object", "additionalProperties": True},
    "google.protobuf.Value": {},
}

_FIELD: Final = validate_pb2.field


class Schemas:
    """The schemas of the messages that REST reaches, by the message's full name."""

    def __init__(
        self,
        files: FileDescriptorSet,
        comments: Mapping[str, str],
        requests: Collection[str],
        responses: Collection[str],
    ) -> None:
        """`requests` and `responses` are the messages that operations take and answer with."""
        self._messages: dict[str, DescriptorProto] = {}
        for file in files.file:
            for message in file.message_type:
                self._messages[f"{file.package}.{message.name}"] = message
                for inner in message.nested_type:
                    self._messages[f"{file.package}.{message.name}.{inner.name}"] = inner
        self._comments = comments
        self._taken = self._reached(requests)
        self._given = self._reached(responses)

    def components(self, but: Collection[str]) -> dict[str, Json]:
        """The schemas by the names of their components; those of `but` are left out, as they stand in operations."""
        names = sorted((self._taken | self._given) - set(but))
        return {component(name): self.schema(name) for name in names}

    def schema(self, name: str, *, but: Collection[str] = ()) -> Json:
        """The schema of a message without the fields of `but`."""
        message = self._messages[name]
        fields = [field for field in message.field if field.name not in but]
        schema: Json = {"type": "object", "properties": {f.json_name: self.field(name, f) for f in fields}}
        if text := self._comments.get(name):
            schema["description"] = text
        required = [f.json_name for f in fields if self._is_required(name, f)]
        if required:
            schema["required"] = required
        return schema

    def fields(self, name: str) -> list[FieldDescriptorProto]:
        """The fields of a message."""
        return list(self._messages[name].field)

    def field(self, message: str, field: FieldDescriptorProto) -> Json:
        """The schema of one field."""
        rules = field.options.Extensions[_FIELD]
        entry = self._messages.get(field.type_name.removeprefix("."))
        if entry is not None and entry.options.map_entry:
            schema: Json = {
                "type": "object",
                "additionalProperties": self._value(entry.field[1], validate_pb2.FieldRules()),
            }
        elif field.label == _T.LABEL_REPEATED:
            schema = {"type": "array", "items": self._value(field, rules.repeated.items)}
            for rule, word in (("min_items", "minItems"), ("max_items", "maxItems")):
                if getattr(rules.repeated, rule):
                    schema[word] = getattr(rules.repeated, rule)
            if rules.repeated.unique:
                schema["uniqueItems"] = True
        else:
            schema = self._value(field, rules)
        if field.options.Extensions[options_pb2.nullable] or (message in self._taken and field.proto3_optional):
            # The transcoder takes a null for every field that may be left out.
            schema = _or_null(schema)
        if text := self._comments.get(f"{message}.{field.name}"):
            schema = {**schema, "description": text}
        return schema

    def is_needed(self, field: FieldDescriptorProto) -> bool:
        """Whether a request must have the field: without it, its constraints would not hold."""
        rules = field.options.Extensions[_FIELD]
        if rules.required:
            return True
        if field.label == _T.LABEL_REPEATED:
            return bool(rules.repeated.min_items)
        if field.proto3_optional or field.type == _T.TYPE_MESSAGE:
            return False
        # A field without presence is checked also where it is left out.
        text = rules.string
        return bool(text.pattern or text.min_len or getattr(text, "in")) or rules.uint32.gte > 0

    def _is_required(self, message: str, field: FieldDescriptorProto) -> bool:
        needed = self.is_needed(field)
        if message not in self._given:
            return needed
        # What has no presence is always printed, and a null is put in where a nullable one is not set.
        printed = (
            field.label == _T.LABEL_REPEATED
            or bool(field.options.Extensions[options_pb2.nullable])
            or (field.type != _T.TYPE_MESSAGE and not field.proto3_optional and not field.HasField("oneof_index"))
        )
        return printed and (needed or message not in self._taken)

    def _value(self, field: FieldDescriptorProto, rules: validate_pb2.FieldRules) -> Json:
        if field.type == _T.TYPE_MESSAGE:
            name = field.type_name.removeprefix(".")
            return (
                dict(_WELL_KNOWN[name]) if name in _WELL_KNOWN else {"$ref": f"#/components/schemas/{component(name)}"}
            )
        if field.type == _T.TYPE_BOOL:
            return {"type": "boolean"}
        if field.type == _T.TYPE_BYTES:
            return {"type": "string", "contentEncoding": "base64"}
        if field.type in _NUMBERS:
            return {"type": "number", **_bounds(rules.double)}
        if field.type in _INTEGERS:
            return {"type": "integer", "format": "int32", **_bounds(rules.int32)}
        if field.type in _UNSIGNED:
            return {"type": "integer", "minimum": 0, "maximum": 2**32 - 1, **_bounds(rules.uint32)}
        if field.type in _LONG:
            return {"type": "string", "pattern": r"^-?\d+$"}
        return {"type": "string", **_text(rules.string)}

    def _reached(self, roots: Collection[str]) -> frozenset[str]:
        reached: set[str] = set()
        waiting = list(roots)
        while waiting:
            name = waiting.pop()
            if name in reached or name in _WELL_KNOWN or name not in self._messages:
                continue
            message = self._messages[name]
            if not message.options.map_entry:
                reached.add(name)
            waiting += [f.type_name.removeprefix(".") for f in message.field if f.type == _T.TYPE_MESSAGE]
        return frozenset(reached)


def component(name: str) -> str:
    """The name of a message's component: without the package's `kith.` and its version, e.g. `crm.Identity`."""
    *package, message = name.split(".")
    nouns = [part for part in package if part not in ("kith", "v1")]
    return ".".join([*nouns, message])


def _or_null(schema: Json) -> Json:
    if not schema:
        return schema
    if "enum" in schema:
        return {**schema, "type": [schema["type"], "null"], "enum": [*schema["enum"], None]}
    if "type" in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _bounds(rules: Any) -> Json:
    words = {"gte": "minimum", "gt": "exclusiveMinimum", "lte": "maximum", "lt": "exclusiveMaximum"}
    return {word: getattr(rules, rule) for rule, word in words.items() if rules.HasField(rule)}


def _text(rules: validate_pb2.StringRules) -> Json:
    schema: Json = {}
    words = list(getattr(rules, "in"))
    if words:
        return {"enum": words}
    if rules.HasField("pattern"):
        schema["pattern"] = rules.pattern
    if rules.HasField("min_len"):
        schema["minLength"] = rules.min_len
    # No text has more characters than bytes.
    most = [getattr(rules, rule) for rule in ("max_len", "max_bytes") if rules.HasField(rule)]
    if most:
        schema["maxLength"] = min(most)
    return schema
