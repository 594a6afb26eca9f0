"""No template can hang the bot: each hostile one is refused, or cheap and at most 4,000 characters long.

Cheap is a matter of milliseconds (`python -m benchmarks.templates` prints how many), unguarded they take seconds or for ever.
The bound here lies between the two."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from bot.core.effects import Inline
from bot.core.errors import TemplateMistake
from bot.engine.render import Renderer
from tests.effort import with_effort

MEMBERS = [{"name": f"书友{n}", "points": n, "tags": ["核心", "新人"]} for n in range(1000)]
DATA: dict[str, Any] = {
    "members": MEMBERS,
    "names": [member["name"] for member in MEMBERS],
    "text": "好" * 5000,
    "n": 7,
    "who": "小明",
    "group": {"name": "群", "size": 200},
}
FOLDER = Path(__file__).parent
COMMON = Renderer(FOLDER).prepare(DATA)
CHEAP_S = 0.3

HOSTILE = [
    # Out of the sandbox.
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ who.__init__.__globals__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ _budget }}",
    "{{ self._TemplateReference__context }}",
    "{% set _budget = 1 %}",
    "{% for _budget in [1] %}{{ _budget }}{% endfor %}",
    "{{ members|map(attribute='__class__')|list }}",
    "{{ members|map('_counted', 1)|join }}",
    "{{ (members|first).items.__self__ }}",
    "{{ '{0.__class__}'.format(who) }}",
    "{{ '%s'|format(who) }}",
    "{{ members|attr('append') }}",
    "{{ members.append(1) }}",
    "{{ group.update({'a': 1}) }}",
    "{{ cycler('a') }}{{ joiner() }}{{ namespace(a=1) }}{{ lipsum(9999) }}{{ dict(a=1) }}",
    # Loops.
    "{% for a in range(999999999) %}{% endfor %}",
    "{% for a in names %}{% for b in names %}{% endfor %}{% endfor %}",
    "{% for a in names %}{% for b in names %}{% for c in names %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in names if a in names %}{{ a }}{% endfor %}",
    "{% for a in names %}{% if a in names and a not in names %}{% endif %}{% endfor %}",
    "{% for a in names %}{{ names|sort|unique|list|length }}{% endfor %}",
    "{% for a in names %}{{ names|map('upper')|map('lower')|join|length }}{% endfor %}",
    "{% for a in names %}{{ members|sum(attribute='points') }}{% endfor %}",
    "{% for a in members %}{{ members|selectattr('points', 'gt', 3)|list|length }}{% endfor %}",
    "{% for a in members recursive %}{{ loop(members) }}{% endfor %}",
    "{% for a in text %}{% for b in text %}{% endfor %}{% endfor %}",
    "{% for a in names %}{{ text|upper|length }}{{ text|replace('好', '坏')|length }}{% endfor %}",
    "{{ [names, names]|sum(start=[])|length }}" * 20,
    # Growth.
    "{{ 'a' * 10**9 }}",
    "{{ 'a' * 1000000000 }}",
    "{{ [1] * 1000000000 }}",
    "{{ 99999999999999 * 99999999999999 }}",
    "{{ 9" + "9" * 5000 + " }}",
    "{{ 2 ** 99999 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%s' % members }}",
    "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a ~ a %}" * 50 + "{{ a }}",
    "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a + a %}" * 50 + "{{ a }}",
    "{% set a = ['x', 'x'] %}" + "{% set a = [a, a] %}" * 40 + "{{ a }}",
    "{% set a = ['x', 'x'] %}" + "{% set a = (a, a) %}" * 40 + "{{ a|string }}",
    "{% set a = 'xxxxxxxxxx' %}" + "{% set a = [a, a]|join(a) %}" * 50 + "{{ a }}",
    "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a|replace('x', a) %}" * 50 + "{{ a }}",
    "{% set a %}xx{% endset %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 40 + "{{ a }}",
    "{% with a = [1] %}" * 50 + "{% endwith %}" * 50,
    "{{ names|join(text) }}",
    "{{ text|replace('', text) }}",
    "{{ text|replace('好', text) }}",
    "{{ 'a'.ljust(1000000000) }}{{ 'a'.zfill(1000000000) }}{{ 'a'|center(1000000000) }}",
    "{{ 'a'|indent(1000000000) }}{{ 'a b'|wordwrap(1) }}",
    "{{ names|slice(1000000000)|list }}{{ names|batch(1000000000, 'x')|list }}",
    "{{ 1|round(1000000000) }}{{ 1.5|round(-1000000000) }}",
    "{{ names|tojson }}{{ names|pprint }}{{ names|xmlattr }}",
    "{{ members }}",
    "{{ members|string }}",
    "{{ [members]|join }}",
    "{{ members|map('string')|join }}",
    "{% for a in names %}好好好好好好好好好好{% endfor %}",
    # Composition.
    "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "{% call(x) a() %}{% endcall %}",
    "{% include 'checkin/done.j2' %}",
    "{% import 'checkin/done.j2' as a %}",
    "{% extends 'checkin/done.j2' %}",
    "{% block a %}{{ self.a() }}{% endblock %}",
    "{% filter upper %}{% endfilter %}",
    # The parser and the compiler.
    "{{ " + "(" * 4000 + "1" + ")" * 4000 + " }}",
    "{{ " + "[" * 4000 + "]" * 4000 + " }}",
    "{{ " + "not " * 2000 + "1 }}",
    "{{ " + "-" * 8000 + "1 }}",
    "{{ a" + ".a" * 4000 + " }}",
    "{{ 1" + "+1" * 4000 + " }}",
    "{{ 1" + "|abs" * 2000 + " }}",
    "{% if 1 %}" * 300 + "{% endif %}" * 300,
    "{% for a in [1] %}" * 100 + "{% endfor %}" * 100,
    "{{ n }}" * 1100,
    "{{" * 4000,
    "{#" * 4000,
    "{% raw %}" * 800,
    "x" * 8193,
    "好" * 2731,
    "{{ n.strftime('%1000000000d') }}",
]


def run(source: str) -> str | None:
    """The text, None when refused. Nothing is kept from an earlier run: it is compiled each time."""
    try:
        return Renderer(FOLDER).text(Inline(source), COMMON)
    except TemplateMistake:
        return None


def _held(source: str) -> None:
    text, took_s = with_effort(lambda: run(source), within_s=CHEAP_S)
    assert len(text or "") <= 4000
    assert took_s < CHEAP_S, source[:200]


@pytest.mark.parametrize("source", HOSTILE, ids=lambda source: source[:40])
def test_a_hostile_template_is_refused_or_cheap(source: str) -> None:
    """What leaves the sandbox, loops, grows or is too deep."""
    _held(source)


@pytest.mark.parametrize(
    "source",
    [
        case
        for case in HOSTILE
        if case.startswith(("{{ ''.__", "{{ _bud", "{% set _", "{% macro", "{% incl", "{{ 'a' *"))
    ],
)
def test_these_are_refused(source: str) -> None:
    """Ways out of the sandbox end in a refusal, never in an empty text."""
    assert run(source) is None


def _expression(dice: random.Random, depth: int) -> str:
    if depth == 0 or dice.random() < 0.3:
        return dice.choice(
            ["n", "who", "text", "names", "members", "group.size", "'x'", "10", "3.5", "a", "loop.index"]
        )
    inner = [_expression(dice, depth - 1) for _ in range(3)]
    return dice.choice(
        [
            "({0} ~ {1})", "({0} + {1})", "({0} * {1})", "({0} % {1})", "({0} // {1})", "({0} in {1})", "[{0}, {1}]",
            "({0}|join({1}))", "({0}|replace('x', {1}))", "({0}|sort)", "({0}|map('upper')|list)", "({0}|default({1}))",
            "({0}|length)", "({0}|unique|list)", "({0} if {1} else {2})", "({0} == {1})", "{0}|sum(start={1})",
            "({0}|string)", "({0}|round({1}))", "({0}|truncate({1}))", "{0}[{1}]", "({0}|max)", "({0}|select('in', {1})|list)",
            "({0}|map(attribute='tags')|sum(start=[]))", "({{'k': {0}}})", "({0}|reverse|list)", "({0}|first)",
        ]
    ).format(*inner)  # fmt: skip


def template(dice: random.Random, depth: int) -> str:
    parts = []
    for _ in range(dice.randint(1, 2)):
        expression = _expression(dice, dice.choice([0, 1, 1, 2]))
        body = template(dice, depth - 1) if depth else "x"
        parts.append(
            dice.choice(
                [
                    f"{{{{ {expression} }}}}",
                    f"{{% for a in {expression} %}}{body}{{% endfor %}}",
                    f"{{% for a in {dice.choice(['names', 'members', 'text'])} %}}{body}{{% endfor %}}",
                    f"{{% set a = {expression} %}}" * dice.randint(1, 8),
                    f"{{% if {expression} %}}{body}{{% else %}}好{{% endif %}}",
                ]
            )
        )
    return "".join(parts)


@pytest.mark.parametrize("seed", range(4))
def test_ten_thousand_generated_templates(seed: int) -> None:
    """Whatever grows from the allowed grammar is refused or cheap: 2,500 from each seed."""
    dice = random.Random(seed)
    for _ in range(2_500):
        _held(template(dice, 1))
