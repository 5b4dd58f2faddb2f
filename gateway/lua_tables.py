"""The Lua filters' sources: tables generated from the protos, then their text."""

from collections.abc import Mapping
from importlib.resources import files

from gateway.descriptors import Contract, FieldShape


def answers(contract: Contract) -> str:
    """The filter that gives every answer the surface's shape."""
    statuses = ", ".join(f"{reason} = {status}" for reason, status in sorted(contract.http_statuses.items()))
    shapes = ",\n".join(
        f'  ["{name}"] = {{ nullable = {{ {_names(shape.nullable)} }}, children = {{ {_pairs(shape.children)} }} }}'
        for name, shape in sorted(contract.null_shapes.items())
    )
    names = ",\n".join(f"  {surface} = {{ {_pairs(names)} }}" for surface, names in sorted(contract.json_names.items()))
    return (
        f"local STATUS_OF_REASON = {{ {statuses} }}\nlocal JSON_NAMES = {{\n{names}\n}}\n"
        f"local NULLS = {{\n{shapes}\n}}\n\n{_text('answers')}"
    )


def requests(contract: Contract) -> str:
    """The filter that refuses what is not well-formed, by the name of the field."""
    messages = ",\n".join(
        f'  ["{name}"] = {{ {_fields(fields)} }}' for name, fields in sorted(contract.request_shapes.items())
    )
    return f"local MESSAGES = {{\n{messages}\n}}\n\n{_text('requests')}"


def _text(name: str) -> str:
    return files("gateway").joinpath(f"lua/{name}.lua").read_text()


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _pairs(pairs: dict[str, str]) -> str:
    return ", ".join(f'["{name}"] = "{kind}"' for name, kind in sorted(pairs.items()))


def _fields(fields: Mapping[str, FieldShape]) -> str:
    # Between brackets, as a field may be called as a word of Lua is: `end`.
    return ", ".join(f'["{name}"] = {_field(shape)}' for name, shape in fields.items())


def _field(shape: FieldShape) -> str:
    parts = [f'kind = "{shape.kind}"']
    if shape.is_list:
        parts.append("list = true")
    if shape.message:
        parts.append(f'message = "{shape.message}"')
    return f"{{ {', '.join(parts)} }}"
