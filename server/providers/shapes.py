"""A model's answer as items of the shape that was asked for; what has another shape is dropped, never mended."""

from typing import Any

import orjson
from pydantic import ValidationError

from server.providers.errors import BadAnswer
from server.providers.ports import Item, Question


def schema(question: Question[Item]) -> dict[str, Any]:
    """The JSON schema of the whole answer."""
    item = question.item.model_json_schema()
    definitions = item.pop("$defs", None)
    whole: dict[str, Any] = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": item, "maxItems": question.most_items}},
        "required": ["items"],
        "additionalProperties": False,
    }
    return whole if definitions is None else {**whole, "$defs": definitions}


def items(answer: str, question: Question[Item]) -> tuple[tuple[Item, ...], int]:
    """The items of an answer, and how many had to be dropped.

    Raises BadAnswer where the answer is no object with a list, or has items and none of the right shape.
    """
    text = answer.strip()
    if text.startswith("```"):
        text = text.strip("`").removeprefix("json").strip()
    try:
        whole = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadAnswer("the model did not answer in JSON") from None
    listed = whole.get("items") if isinstance(whole, dict) else None
    if not isinstance(listed, list):
        raise BadAnswer("the model's answer has another shape")
    numbers = {material.number for material in question.material}
    found: list[Item] = []
    for entry in listed[: question.most_items]:
        try:
            item = question.item.model_validate(entry, strict=False)
        except ValidationError:
            continue
        if getattr(item, "turn", None) in numbers:
            found.append(item)
    if listed and not found:
        raise BadAnswer("nothing in the model's answer has the shape asked for")
    return tuple(found), len(listed) - len(found)
