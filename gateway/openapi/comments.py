"""What the protos say of messages, fields and RPCs, by full name."""

import re
from typing import Final

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

# Field numbers of descriptor.proto, of which the places of comments are made.
_MESSAGE: Final = 4
_SERVICE: Final = 6
_FIELD: Final = 2
_METHOD: Final = 2


def comments(files: FileDescriptorSet) -> dict[str, str]:
    """The comment of everything that has one, in one line each paragraph."""
    found: dict[str, str] = {}
    for file in files.file:
        said = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}
        for path, name in _named(file):
            if text := said.get(path):
                found[name] = "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))
    return found


def _named(file: FileDescriptorProto) -> list[tuple[tuple[int, ...], str]]:
    named: list[tuple[tuple[int, ...], str]] = []
    for i, message in enumerate(file.message_type):
        name = f"{file.package}.{message.name}"
        named.append(((_MESSAGE, i), name))
        named += [((_MESSAGE, i, _FIELD, j), f"{name}.{field.name}") for j, field in enumerate(message.field)]
    for i, service in enumerate(file.service):
        name = f"{file.package}.{service.name}"
        named.append(((_SERVICE, i), name))
        named += [((_SERVICE, i, _METHOD, j), f"{name}.{method.name}") for j, method in enumerate(service.method)]
    return named
