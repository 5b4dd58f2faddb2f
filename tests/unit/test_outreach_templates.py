"""Templates of messages say what is wrong with them beforehand, reach nothing but their values, and end soon."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.usecases.outreach.templates import MOST_BYTES, TemplateFailed, check, render

KNOWN = ("name", "stage", "mood", "streak", "days_silent", "facts", "pets")
VALUES: dict[str, Any] = {
    "name": "Mira",
    "stage": "deep",
    "mood": "happy",
    "streak": 30,
    "days_silent": 4,
    "facts": {"garden": "tomatoes", "items": "seeds", "trips": [{"to": "Porto"}]},
    "pets": ["Bruno", "Ada"],
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Good morning, {{ name }}!", "Good morning, Mira!"),
        ("{{ streak }} days{% if streak >= 30 and mood == 'happy' %} 🎉{% endif %}", "30 days 🎉"),
        ("{% if not name %}you{% elif stage in ['deep'] %}friend{% else %}x{% endif %}", "friend"),
        ("{{ facts.garden }}, {{ facts['items'] }}, {{ facts.trips[0].to }}", "tomatoes, seeds, Porto"),
        ("{% for pet in pets %}{{ loop.index }}. {{ pet }}{% if not loop.last %}; {% endif %}{% endfor %}",
         "1. Bruno; 2. Ada"),
        ("{% for key in facts %}{{ key }} {% endfor %}", "garden items trips"),
        ("{{ pets|join(' & ') }} {{ pets|length }} {{ pets|first }} {{ pets|last }} {{ name[-1] }}",
         "Bruno & Ada 2 Bruno Ada a"),
        ("{{ name|upper }}{{ name|lower }}{{ mood|capitalize }}{{ 'a b'|title }}{{ ' x '|trim }}", "MIRAmiraHappyA Bx"),
        ("{{ facts.cat|default('no cat') }} {{ facts.cat is defined }}", "no cat False"),
        ("{{ days_silent + 3 }} {{ days_silent * 2 - 1 }} {{ 7 // 2 }} {{ -streak % 7 }} {{ (1 / 3)|round(2) }}",
         "7 7 3 5 0.33"),
        ("{{ 'day' ~ ('' if days_silent == 1 else 's') ~ days_silent }}", "days4"),
        ("{{ 2.6|round }} {{ '<b>' }} {% raw %}{{ x }}{% endraw %}{# unseen #}", "3 <b> {{ x }}"),
    ],
)  # fmt: skip
def test_a_good_template_is_filled(template: str, text: str) -> None:
    assert check(template, KNOWN) == []
    assert render(template, VALUES) == text


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("Hi {{ nmae }}", "unknown variable nmae; there are: days_silent, facts, mood, name, pets, stage, streak"),
        ("{{ name", "line 1: "),
        ("one\n{% if name %}", "line 2: "),
        ("{{ name|safe }}", "line 1: unknown filter; there are: capitalize, default, "),
        ("{{ name is callable }}", "line 1: unknown test; there are: defined, "),
        ("{{ ', ' ~ name if name }}", "line 1: an if within {{ }} needs an else"),
        ("{{ name.upper() }}", "line 1: call is not for templates of messages"),
        ("{% set x = name %}", "line 1: assign is not for templates of messages"),
        ("x" * (MOST_BYTES + 1), f"the template is longer than {MOST_BYTES} bytes"),
        ("ж" * 2_049, f"the template is longer than {MOST_BYTES} bytes"),
    ],
)
def test_what_is_wrong_is_said_beforehand_with_what_to_change(template: str, problem: str) -> None:
    problems = check(template, KNOWN)
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_every_wrong_part_is_named_once() -> None:
    problems = check("{{ range(3) }}\n{{ range(3) }}\n{{ a|b }}", KNOWN)
    assert [problem.split(" ")[:2] for problem in problems] == [["line", "1:"], ["line", "2:"], ["line", "3:"]]


HOSTILE = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self }}",
    "{{ name.__class__.__base__ }}",
    "{{ name['__class__'] }}",
    "{{ name['for' ~ 'mat'] }}",
    "{{ '{0.__class__}'.format(name) }}",
    "{{ '%999999999d' % 1 }}",
    "{{ '{:999999999}'.format(1) }}",
    "{{ 'x' * 999999999 }}",
    "{{ [1] * 999999999 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 999999999 * 999999999 * 999999999 }}",
    "{{ 1 / 0 }}",
    "{{ 1e308 * 10 }}",
    "{{ 1 < 'x' }}",
    "{{ facts }}",
    "{{ pets }}",
    "{{ facts.nothing }}",
    "{{ facts.nothing.more }}",
    "{{ none }}",
    "{{ '' }}",
    " \n ",
    "{{ range(999999999)|join }}",
    "{{ lipsum(999) }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ joiner() }}{{ namespace() }}{{ dict(a=1) }}",
    "{{ name|attr('__class__') }}",
    "{{ pets|map('upper')|list }}",
    "{{ name|center(999999999) }}",
    "{{ name|join(',') }}",
    "{{ name|round }}",
    "{{ 1.5|round(999999) }}",
    "{% for a in name %}x{% endfor %}",
    "{% for a in pets recursive %}{{ loop(pets) }}{% endfor %}",
    "{% for a in pets %}{{ loop }}{% endfor %}",
    "{% for a in pets %}{{ loop.__init__ }}{{ loop['cycle'] }}{% endfor %}",
    "{% for a in pets %}{% for b in pets %}{% for c in pets %}{% for d in pets %}x{% endfor %}{% endfor %}"
    "{% endfor %}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% include 'x' %}",
    "{% import 'x' as y %}",
    "{% extends 'x' %}",
    "{% block b %}x{% endblock %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with x = 1 %}{{ x }}{% endwith %}",
    "{{ name|default(*pets) }}",
    "{{ name|default(**facts) }}",
    "{{ {'a': 1} }}",
    "{{ name[::-1] }}",
    "{{ _private }}",
    "{{ " + "(" * 800 + "1" + ")" * 800 + " }}",
    "{{ " + "-" * 3_000 + "1 }}",
    "{{ " + "not " * 900 + "1 }}",
    "{{ " + "+".join(["1"] * 900) + " }}",
    "{{ " + "[" * 900 + "]" * 900 + " }}",
    "{{ name" + "|upper" * 500 + " }}",
    "{{ facts" + ".a" * 900 + " }}",
    "{% if 1 %}" * 300,
    "{% if 1 %}" * 150 + "{% endif %}" * 150,
]


@pytest.mark.parametrize("template", HOSTILE)
def test_a_hostile_template_ends_soon_and_yields_nothing(template: str) -> None:
    with pytest.raises(TemplateFailed):
        render(template, VALUES)


@pytest.mark.parametrize(
    "template", ["{{ name.__class__ }}", "{{ name.upper() }}", "{{ self }}", "{{ loop.cycle(1) }}"]
)
def test_what_reaches_for_objects_is_refused_beforehand(template: str) -> None:
    assert check(template, KNOWN)


LONG = {"many": list(range(1_500)), "big": "é" * 16_000, "long": ["a"] * 200}


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in many %}{% for b in many %}{% for c in many %}{% endfor %}{% endfor %}{% endfor %}x",
        "{% for a in many %}{% if big|upper|lower|upper == '' %}{% endif %}{% endfor %}x",
        "{% for a in many %}" + "{% if big == big %}{% endif %}" * 40 + "{% endfor %}x",
        "{% for a in many %}{% endfor %}" * 30 + "x",
        "{% for a in many %}{{ big }}{% endfor %}",
        "{{ many|join(big) }}",
        "{{ [big, big, big]|join(big)|join(big) }}",
        "{{ (" + "~".join(["big"] * 1_000) + ")|upper|length }}",
        "{{ big ~ big }}",
    ],
)
def test_what_would_take_too_much_work_or_room_is_given_up(template: str) -> None:
    with pytest.raises(TemplateFailed):
        render(template, LONG)


@pytest.mark.parametrize(
    "values",
    [
        {"many": list(range(3_000))},
        {"big": "x" * 70_000},
        {"object": object()},
        {"bytes": b"x"},
        {"inner": {"deep": [object()]}},
    ],
)
def test_variables_are_plain_and_bounded(values: dict[str, object]) -> None:
    with pytest.raises(TemplateFailed):
        render("x", values)


def test_variables_that_contain_themselves_are_refused() -> None:
    round_about: list[object] = []
    round_about.append(round_about)
    with pytest.raises(TemplateFailed):
        render("x", {"round": round_about})


def test_a_text_of_the_longest_length_is_kept_and_one_byte_more_is_not() -> None:
    assert len(render("{{ big }}", {"big": "x" * MOST_BYTES})) == MOST_BYTES
    with pytest.raises(TemplateFailed):
        render("{{ big }}", {"big": "x" * (MOST_BYTES - 1) + "é"})


@pytest.mark.parametrize("template", ["{{ name }}", "Hi {{ name ~ '!' }}", "{{ [name]|join }}", "{{ name|upper }}"])
def test_a_missing_value_fails_rather_than_print_a_gap(template: str) -> None:
    for values in ({}, {"name": None}):
        with pytest.raises(TemplateFailed):
            render(template, values)
    assert render("Hi {{ name|default('you') }}", {"name": None}) == "Hi you"


def test_what_failed_is_told_without_values() -> None:
    secret = "grandmother's recipe"
    for template in ("{{ v + 1 }}", "{{ v < 1 }}", "{{ v.x }}", "{% for a in v %}{% endfor %}", "{{ w[v] }}"):
        with pytest.raises(TemplateFailed) as caught:
            render(template, {"v": secret, "w": {}})
        assert secret not in str(caught.value)
        assert caught.value.__cause__ is None


def test_the_values_of_one_message_are_not_those_of_the_next() -> None:
    template = "{% for pet in pets %}{{ pet }}{% endfor %}"
    assert render(template, {"pets": ["Ada"]}) == "Ada"
    assert render(template, {"pets": ["Bo"]}) == "Bo"


PIECES = st.sampled_from(
    ["{{ ", " }}", "{% ", " %}", "for ", "if ", "else", "endif", "endfor", "name", "facts", "pets", "loop", "in ", "x",
     " | ", "upper", "join", "default", "(", ")", "[", "]", "'", "'a'", "1", "9999", " * ", " + ", " ~ ", ".", ",",
     "__class__", " == ", "not ", "is defined", "{#", "#}", "-", "\n", "é", "set ", "macro ", "none"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_text_at_all_breaks_the_check_or_the_rendering(template: str) -> None:
    problems = check(template, KNOWN)
    try:
        text = render(template, VALUES)
    except TemplateFailed:
        return
    assert len(text.encode()) <= MOST_BYTES
    assert "__class__" not in text or "__class__" in template
    assert problems == [] or all("unknown variable" in problem for problem in problems)
