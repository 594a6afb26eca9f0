"""Templates are judged without being rendered, and as the renderer would judge them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.template_check import check_template

NAMES = frozenset({"name", "title", "group", "vars", "mentions"})


@pytest.mark.parametrize(
    "source",
    [
        "没有变量",
        "你好 {{ name }}",
        "{% if name %}{{ title }}{% else %}{{ group.size }}{% endif %}",
        "{% for one in mentions %}{{ loop.index }} {{ one }}{% endfor %}",
        "{% set x = name %}{{ x|default('朋友') }}",
        "{{ vars.book }} {{ name|length }}",
        "{# 说明 #}",
    ],
)
def test_what_operators_write(source: str) -> None:
    """Names, conditions, loops, filters and own variables are fine."""
    assert check_template(source, NAMES) == ()


@pytest.mark.parametrize(
    ("source", "place", "word"),
    [
        ("{{ nam }}", (1, 4), "nam"),
        ("第一行\n第二行 {{ name }} {{ nmae }}", (2, 19), "nmae"),
        ("{% for a in members %}{% endfor %}", (1, 13), "members"),
        ("{{ name|uper }}", (1, 9), "uper"),
        ("{{ name.__class__ }}", (1, 9), "__class__"),
        ("{{ range(9) }}", (1, 4), "range"),
    ],
)
def test_faults_have_their_place(source: str, place: tuple[int, int], word: str) -> None:
    """The first fault stands where the word stands."""
    fault = check_template(source, NAMES)[0]
    assert (fault.line, fault.col) == place
    assert word in fault.message.zh


@settings(max_examples=60)
@given(st.text(st.sampled_from("{}%# \n|.()[]'\"name<>=+-*~if endfor在群"), max_size=60))
def test_any_text_is_judged(source: str) -> None:
    """No text at all makes the check raise."""
    for fault in check_template(source, NAMES):
        assert fault.line >= 1
        assert fault.col >= 1
