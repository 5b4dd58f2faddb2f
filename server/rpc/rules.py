"""The rules of single values: texts, numbers, bytes and enums, each compiled to a function that reports sentences."""

import math
import re
from collections.abc import Callable
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor

from store import identifiers

Report = list[tuple[str, str]]
"""What is wrong: the path of a field, and a sentence that does not repeat its value."""

ValueCheck = Callable[[Any, str, Report], None]

_Test = tuple[Callable[[Any], bool], str]


class UnsupportedRule(ValueError):
    """A constraint of the protos that this server does not understand; raised at start-up."""


_SENTENCES: Final = {
    f"^{identifiers.FORM}$": f"must be {identifiers.SAID}",
    "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$": "must be a language tag, e.g. en or pt-BR",
    "^[a-z][a-z0-9_]{0,31}$": "must be 1 to 32 characters of a-z 0-9 _, beginning with a letter",
    "^[a-z][a-z0-9_]{0,63}$": "must be 1 to 64 characters of a-z 0-9 _, beginning with a letter",
}


def string_check(name: str, rules: Any) -> ValueCheck:
    """The check of a text. `rules` are StringRules or None."""
    tests = [test for rule, value in _given(rules) for test in _string_tests(name, rule, value)]
    return _all([(_has_no_nul, _NUL), *tests])


def _has_no_nul(value: str) -> bool:
    return "\0" not in value


_NUL: Final = "must not hold a NUL character"


def _string_tests(name: str, rule: str, value: Any) -> list[_Test]:
    match rule:
        case "min_len":
            return [
                (
                    lambda text: len(text) >= value,
                    "must not be empty" if value == 1 else f"must have at least {value} characters",
                )
            ]
        case "max_len":
            return [(lambda text: len(text) <= value, f"must have at most {value} characters")]
        case "len":
            return [(lambda text: len(text) == value, f"must have exactly {value} characters")]
        case "min_bytes":
            return [
                (lambda text: len(text) >= value or len(text.encode()) >= value, f"must have at least {value} bytes")
            ]
        case "max_bytes":
            # A character has at most four bytes, so that short texts need not be encoded.
            return [(
                lambda text: len(text) * 4 <= value or (len(text) <= value and len(text.encode()) <= value),
                f"must have at most {value} bytes",
            )]  # fmt: skip
        case "pattern":
            matches = compile_pattern(name, value).search
            return [(lambda text: matches(text) is not None, _SENTENCES.get(value) or f"must match {value}")]
        case "prefix":
            return [(lambda text: text.startswith(value), f"must begin with {value}")]
        case "suffix":
            return [(lambda text: text.endswith(value), f"must end with {value}")]
        case "contains":
            return [(lambda text: value in text, f"must contain {value}")]
        case "not_contains":
            return [(lambda text: value not in text, f"must not contain {value}")]
        case "example":
            return []
        case _:
            return _common_tests(name, rule, value)


def _common_tests(name: str, rule: str, value: Any) -> list[_Test]:
    """The rules that every kind of value has."""
    match rule:
        case "in":
            allowed = frozenset(value)
            return [(allowed.__contains__, f"must be one of {', '.join(map(str, value))}")]
        case "not_in":
            refused = frozenset(value)
            return [(lambda given: given not in refused, f"must not be one of {', '.join(map(str, value))}")]
        case "const":
            return [(lambda given: given == value, f"must be {value}")]
        case "example":
            return []
        case _:
            raise UnsupportedRule(f"{name}: {rule}")


def compile_pattern(name: str, pattern: str) -> re.Pattern[str]:
    """A regular expression in RE2's meaning: `$` is the end of the text alone, classes are ASCII.

    Raises UnsupportedRule: what RE2 does not know, or means otherwise than Python in a way that is not translated
    here, is refused.
    """
    out: list[str] = []
    in_class = False
    position = 0
    while position < len(pattern):
        char = pattern[position]
        pair = pattern[position : position + 2]
        if char == "\\":
            if re.match(r"\\([1-9]|[pPCQEX])", pair):
                raise UnsupportedRule(f"{name}: pattern with {pair}")
            out.append(r"\Z" if pair == r"\z" else pair)
            position += 2
            continue
        if in_class:
            if pair == "[:":
                raise UnsupportedRule(f"{name}: pattern with a named class")
            in_class = char != "]" or pattern[position - 1] == "[" or pattern[position - 2 : position] == "[^"
        elif char == "[":
            in_class = True
        elif pair == "(?" and not re.match(r"\(\?(:|P<\w+>|i\))", pattern[position:]):
            raise UnsupportedRule(f"{name}: pattern with {pattern[position : position + 3]}")
        elif char in "*+?}" and pattern[position + 1 : position + 2] == "+":
            raise UnsupportedRule(f"{name}: pattern with a possessive quantifier")
        out.append(r"\Z" if char == "$" and not in_class else char)
        position += 1
    try:
        return re.compile("".join(out), re.ASCII)
    except re.error as error:
        raise UnsupportedRule(f"{name}: pattern: {error}") from error


def number_check(name: str, rules: Any, *, is_integer: bool) -> ValueCheck | None:
    """The check of a number. `rules` are those of its type, or None. Fractions must be finite in any case."""
    given = dict(_given(rules))
    tests = _range_tests(name, given)
    for rule, value in given.items():
        if rule not in ("gt", "gte", "lt", "lte", "finite"):
            tests += _common_tests(name, rule, value)
    if is_integer and not tests:
        return None
    return _all([(math.isfinite, "must be a finite number"), *tests])


def _range_tests(name: str, given: dict[str, Any]) -> list[_Test]:
    low = given.get("gte", given.get("gt"))
    high = given.get("lte", given.get("lt"))
    if low is not None and high is not None and low > high:
        raise UnsupportedRule(f"{name}: a range that excludes its middle")
    tests: list[_Test] = []
    if "gte" in given:
        tests.append((lambda value: value >= low, f"must be at least {_number(low)}"))
    if "gt" in given:
        tests.append((lambda value: value > low, f"must be above {_number(low)}"))
    if "lte" in given:
        tests.append((lambda value: value <= high, f"must be at most {_number(high)}"))
    if "lt" in given:
        tests.append((lambda value: value < high, f"must be below {_number(high)}"))
    return tests


def _number(value: Any) -> str:
    return str(int(value)) if value == int(value) else str(value)


def bytes_check(name: str, rules: Any) -> ValueCheck | None:
    """The check of bytes. `rules` are BytesRules or None."""
    tests: list[_Test] = []
    for rule, value in _given(rules):
        match rule:
            case "min_len":
                tests.append((lambda data, least=value: len(data) >= least, f"must have at least {value} bytes"))  # type: ignore[misc]
            case "max_len":
                tests.append((lambda data, most=value: len(data) <= most, f"must have at most {value} bytes"))  # type: ignore[misc]
            case _:
                raise UnsupportedRule(f"{name}: {rule}")
    return _all(tests) if tests else None


def enum_check(field: FieldDescriptor, rules: Any) -> ValueCheck | None:
    """The check of an enum. `rules` are EnumRules or None."""
    tests: list[_Test] = []
    kind: Any = field.enum_type
    for rule, value in _given(rules):
        if rule == "defined_only":
            if value:
                numbers = frozenset(kind.values_by_number)
                tests.append((numbers.__contains__, f"must be a value of {kind.name}"))
        else:
            tests += _common_tests(field.full_name, rule, value)
    return _all(tests) if tests else None


def _all(tests: list[_Test]) -> ValueCheck:
    def check(value: Any, path: str, wrong: Report) -> None:
        for passes, sentence in tests:
            if not passes(value):
                wrong.append((path, sentence))
                return

    return check


def _given(rules: Any) -> list[tuple[str, Any]]:
    return [] if rules is None else [(rule.name, value) for rule, value in rules.ListFields()]
