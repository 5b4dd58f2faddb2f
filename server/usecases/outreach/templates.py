"""Templates of messages: a small part of Jinja2, in its sandbox, with bounds on work and length.

A template prints variables, chooses between texts and goes through short lists. It calls nothing, reaches no attribute
of any object, and keeps nothing: variables are plain values (text, numbers, true and false, lists, mappings), a dot
reads a key. `check` says beforehand what is wrong; `render` fails rather than print a gap.

    Good morning{% if name %}, {{ name }}{% endif %}! {{ days_silent }} day{{ "" if days_silent == 1 else "s" }} …
"""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from jinja2 import Template, TemplateSyntaxError, nodes
from jinja2.exceptions import TemplateError
from jinja2.meta import find_undeclared_variables

from server.usecases.outreach.template_language import (
    AS_TEXT,
    COUNTED,
    ENVIRONMENT,
    FILTERS,
    TESTS,
    WORK,
    TemplateFailed,
    Work,
)

__all__ = ["MOST_BYTES", "TemplateFailed", "check", "render"]

MOST_BYTES: Final = 4_096
"""Of a template, and of the text it makes."""

_MOST_CHARS: Final = 65_536
_MOST_VALUES: Final = 2_000
"""Of all variables together."""

_DEEPEST: Final = 40
_DEEPEST_LOOPS: Final = 3

_ALLOWED: Final[tuple[type[nodes.Node], ...]] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Name, nodes.Const, nodes.List,
    nodes.Tuple, nodes.Getattr, nodes.Getitem, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv,
    nodes.Mod, nodes.Neg, nodes.Pos,
)  # fmt: skip


def check(template: str, known_variables: Collection[str]) -> list[str]:
    """What is wrong with a template, for the one who wrote it; empty if nothing is."""
    try:
        tree = _parsed(template)
    except TemplateFailed as error:
        return [str(error)]
    problems = _wrong_parts(tree)
    if problems:
        return problems
    unknown = sorted(find_undeclared_variables(tree) - set(known_variables))
    known = ", ".join(sorted(known_variables)) or "none"
    problems = [f"unknown variable {name}; there are: {known}" for name in unknown]
    if not problems:
        try:
            _compiled(template)
        except TemplateFailed as error:
            problems.append(str(error))
    return problems


def render(template: str, variables: Mapping[str, object]) -> str:
    """The text, at most MOST_BYTES of UTF-8 and not blank. Raises TemplateFailed."""
    values = _plain(variables)
    work = Work()
    compiled = _compiled(template)
    parts: list[str] = []
    length = 0
    try:
        for part in compiled.generate({**values, WORK: work}):
            parts.append(part)
            length += len(part.encode())
            if length > MOST_BYTES:
                raise TemplateFailed(f"the text is longer than {MOST_BYTES} bytes")
    except TemplateFailed:
        raise
    except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError, RecursionError, MemoryError):
        # Not chained: what Jinja2 and Python say can hold values.
        raise TemplateFailed("the template cannot be filled: a value is missing or of another kind") from None
    text = "".join(parts).strip()
    if not text:
        raise TemplateFailed("the text is blank")
    return text


def _parsed(template: str) -> nodes.Template:
    if len(template.encode()) > MOST_BYTES:
        raise TemplateFailed(f"the template is longer than {MOST_BYTES} bytes")
    try:
        return ENVIRONMENT.parse(template)
    except TemplateSyntaxError as error:
        raise TemplateFailed(f"line {error.lineno}: {error.message}") from None
    except (RecursionError, ValueError, OverflowError):
        raise TemplateFailed("the template is nested too deeply or holds a number that is too large") from None


@lru_cache(maxsize=256)
def _compiled(template: str) -> Template:
    tree = _parsed(template)
    if _wrong_parts(tree):
        raise TemplateFailed("the template uses what templates of messages cannot")
    _bounded(tree)
    try:
        return ENVIRONMENT.from_string(tree)
    except (TemplateError, SyntaxError, RecursionError, MemoryError, ValueError):
        raise TemplateFailed("the template is nested too deeply") from None


def _wrong_parts(tree: nodes.Template) -> list[str]:
    """What is not for templates of messages, each once."""
    problems: dict[str, None] = {}
    waiting: deque[tuple[nodes.Node, int, int]] = deque([(tree, 0, 0)])
    while waiting:
        node, depth, loops = waiting.popleft()
        loops += isinstance(node, nodes.For)
        problem = _wrong_node(node)
        if depth > _DEEPEST or loops > _DEEPEST_LOOPS:
            problem = f"nested too deeply; at most {_DEEPEST_LOOPS} loops within one another"
        else:
            waiting.extend((child, depth + 1, loops) for child in node.iter_child_nodes())
        if problem:
            problems[f"line {node.lineno}: {problem}"] = None
    return list(problems)


def _wrong_node(node: nodes.Node) -> str | None:
    match node:
        case nodes.Filter() if node.name not in FILTERS:
            return f"unknown filter; there are: {', '.join(FILTERS)}"
        case nodes.Test() if node.name not in TESTS:
            return f"unknown test; there are: {', '.join(sorted(TESTS))}"
        case nodes.Filter() | nodes.Test() if node.dyn_args or node.dyn_kwargs or node.kwargs:
            return "filters and tests take plain arguments only, without names"
        case nodes.Name() if node.name.startswith("_") or node.name == "self":
            return "that name is not for templates of messages"
        case nodes.Getattr() if node.attr.startswith("_"):
            return "that name is not for templates of messages"
        case nodes.CondExpr() if node.expr2 is None:
            return "an if within {{ }} needs an else"
        case nodes.For() if node.recursive:
            return "recursive loops are not for templates of messages"
        case _ if not isinstance(node, _ALLOWED):
            return f"{type(node).__name__.lower()} is not for templates of messages"
        case _:
            return None


def _bounded(tree: nodes.Template) -> None:
    """Makes every loop pay for its body before it begins, and lets only texts and numbers be put together."""
    for loop in tree.find_all(nodes.For):
        parts = 1 + sum(1 for _ in loop.find_all(nodes.Node))
        loop.iter = _filtered(loop.iter, COUNTED, nodes.Const(parts, lineno=loop.lineno))
    for joined in tree.find_all(nodes.Concat):
        joined.nodes = [_filtered(one, AS_TEXT) for one in joined.nodes]


def _filtered(node: nodes.Node, name: str, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(arguments), [], None, None, lineno=node.lineno, environment=ENVIRONMENT)


def _plain(variables: Mapping[str, object]) -> dict[str, Any]:
    left = [_MOST_VALUES, _MOST_CHARS]

    def copied(value: object, depth: int) -> Any:
        left[0] -= 1
        left[1] -= len(value) if isinstance(value, str) else 0
        if min(left) < 0 or depth > _DEEPEST:
            raise TemplateFailed("the variables are too many, too long or too deep")
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, Mapping):
            return {str(key): copied(one, depth + 1) for key, one in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
            return [copied(one, depth + 1) for one in value]
        raise TemplateFailed("a variable is of a kind that templates do not know")

    return {name: copied(value, 0) for name, value in variables.items() if not name.startswith(("_", "\0"))}
