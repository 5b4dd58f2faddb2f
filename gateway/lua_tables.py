"""The tables that the Lua filter works with, generated from the protos."""

from importlib.resources import files

from gateway.descriptors import Contract


def source(contract: Contract) -> str:
    """The whole Lua filter: its tables, then its text."""
    statuses = ", ".join(f"{reason} = {status}" for reason, status in sorted(contract.http_statuses.items()))
    shapes = ",\n".join(
        f'  ["{name}"] = {{ nullable = {{ {_names(shape.nullable)} }}, children = {{ {_pairs(shape.children)} }} }}'
        for name, shape in sorted(contract.null_shapes.items())
    )
    text = files("gateway").joinpath("lua/filter.lua").read_text()
    return f"local STATUS_OF_REASON = {{ {statuses} }}\nlocal NULLS = {{\n{shapes}\n}}\n\n{text}"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _pairs(pairs: dict[str, str]) -> str:
    return ", ".join(f'["{name}"] = "{kind}"' for name, kind in sorted(pairs.items()))
