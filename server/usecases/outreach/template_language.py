"""The small part of Jinja2 that templates of messages are written in: plain values, a few filters and tests, no calls.

What runs is bounded: loops and filters pay for their work out of what one rendering may do.
"""

from typing import Any, Final

from jinja2 import StrictUndefined, Undefined, pass_context
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

_MOST_WORK: Final = 20_000
"""Parts of a template that one rendering may go through: loops count their body once for each item."""

_CHARS_PER_WORK: Final = 256
_LARGEST: Final = 10**15
WORK: Final = "\0work"
"""The variable that holds the rendering's Work; no template can name it."""

COUNTED: Final = "\0counted"
AS_TEXT: Final = "\0text"
"""Filters that no template can name: of what a loop goes through, and of what is put together."""

TESTS: Final = frozenset({"defined", "none", "number", "string", "even", "odd", "in"})
_LOOP_NAMES: Final = frozenset({"index", "index0", "first", "last", "length"})
_BINARY: Final = frozenset({"+", "-", "*", "/", "//", "%"})


class TemplateFailed(ValueError):
    """The template cannot be filled with these values. The message names no value."""


class Work:
    """What one rendering may still do."""

    def __init__(self) -> None:
        self._left = _MOST_WORK

    def spend(self, amount: int) -> None:
        """Raises TemplateFailed once it is too much."""
        self._left -= amount
        if self._left < 0:
            raise TemplateFailed("the template goes through too much")


class _Plain(ImmutableSandboxedEnvironment):
    """Knows plain values only: what a dot or brackets reach is a key or a place in a list, never an attribute."""

    intercepted_binops = _BINARY
    intercepted_unops = frozenset({"+", "-"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A key of a mapping, or a fact about a loop."""
        if isinstance(obj, LoopContext):
            return getattr(obj, attribute) if attribute in _LOOP_NAMES else self.undefined(name=attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """A key of a mapping, or a place in a list or text."""
        if isinstance(obj, dict) and isinstance(argument, str) and argument in obj:
            return obj[argument]
        if isinstance(obj, list | tuple | str) and type(argument) is int and -len(obj) <= argument < len(obj):
            return obj[argument]
        if isinstance(obj, Undefined):
            return obj[argument]  # raises, naming what is missing
        return self.undefined(name=str(argument) if isinstance(argument, str | int) else None)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic of moderate numbers: text is not multiplied, nor formatted by `%`."""
        return _number(super().call_binop(context, operator, _number(left), _number(right)))

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:
        """A number's sign."""
        return super().call_unop(context, operator, _number(arg))


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_LARGEST <= value <= _LARGEST:
        raise TemplateFailed("the template calculates with something that is no moderate number")
    return value


def _text(value: Any) -> str:
    if isinstance(value, Undefined):
        return str(value)  # raises
    if not isinstance(value, str | int | float):
        raise TemplateFailed("the template uses as text what is none: a missing value, a list or a mapping")
    return str(value)


@pass_context
def _counted(context: Context, items: Any, parts: int) -> list[Any]:
    """The items of a loop whose body has so many parts, paid for beforehand."""
    if not isinstance(items, list | tuple | dict):
        raise TemplateFailed("the template goes through something that is no list")
    context.parent[WORK].spend(len(items) * parts)
    return list(items)


def _paid(context: Context, text: str) -> str:
    context.parent[WORK].spend(1 + len(text) // _CHARS_PER_WORK)
    return text


@pass_context
def _upper(context: Context, value: Any) -> str:
    return _paid(context, _text(value)).upper()


@pass_context
def _lower(context: Context, value: Any) -> str:
    return _paid(context, _text(value)).lower()


@pass_context
def _capitalize(context: Context, value: Any) -> str:
    return _paid(context, _text(value)).capitalize()


@pass_context
def _title(context: Context, value: Any) -> str:
    return _paid(context, _text(value)).title()


@pass_context
def _trim(context: Context, value: Any) -> str:
    return _paid(context, _text(value)).strip()


@pass_context
def _join(context: Context, items: Any, separator: Any = ", ") -> str:
    if not isinstance(items, list | tuple):
        raise TemplateFailed("the template joins something that is no list")
    parts, between = [_text(item) for item in items], _text(separator)
    context.parent[WORK].spend(1 + (sum(map(len, parts)) + len(between) * len(parts)) // _CHARS_PER_WORK)
    return between.join(parts)


def _default(value: Any, instead: Any = "", also_empty: Any = False) -> Any:
    missing = isinstance(value, Undefined) or value is None
    return instead if missing or (also_empty and not value) else value


def _first(items: Any) -> Any:
    return items[0] if isinstance(items, list | tuple | str) and items else None


def _last(items: Any) -> Any:
    return items[-1] if isinstance(items, list | tuple | str) and items else None


def _length(items: Any) -> int:
    if not isinstance(items, list | tuple | str | dict):
        raise TemplateFailed("the template measures something that has no length")
    return len(items)


def _round(value: Any, digits: Any = 0) -> Any:
    if type(digits) is not int or not 0 <= digits <= 9:
        raise TemplateFailed("the template rounds to digits that are not 0 to 9")
    rounded = round(_number(value), digits)
    return rounded if digits else int(rounded)


FILTERS: Final = {
    "capitalize": _capitalize,
    "default": _default,
    "first": _first,
    "join": _join,
    "last": _last,
    "length": _length,
    "lower": _lower,
    "round": _round,
    "title": _title,
    "trim": _trim,
    "upper": _upper,
}


def _environment() -> _Plain:
    made = _Plain(undefined=StrictUndefined, autoescape=False, optimized=False, cache_size=0, finalize=_text)
    made.globals.clear()
    made.filters = {**FILTERS, COUNTED: _counted, AS_TEXT: _text}
    made.tests = {name: test for name, test in made.tests.items() if name in TESTS}
    return made


ENVIRONMENT: Final = _environment()
