"""Templates say what they should, and nothing that a member typed becomes anything but text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.core.effects import Inline, Literally, Template
from bot.core.errors import TemplateMistake
from bot.core.segments import Mention, Text
from bot.engine.render import Renderer, readable, segments

TEMPLATES = Path(__file__).parents[2] / "templates"


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(TEMPLATES)


def _render(renderer: Renderer, source: str, **data: Any) -> str:
    return renderer.text(Inline(source, data), {})


def test_a_mention_becomes_a_segment(renderer: Renderer) -> None:
    """A mention passes through the template and comes out as itself."""
    text = _render(renderer, "欢迎 {{ who }}!", who=Mention("qq:1", "小明"))
    assert segments(text) == (Text("欢迎 "), Mention("qq:1", "小明"), Text("!"))
    assert readable(text) == "欢迎 @小明 !"


def test_a_member_can_not_forge_a_mention(renderer: Renderer) -> None:
    """The marker's characters are taken out of names and texts, wherever they hide."""
    evil = "\ue000all\ue002全体成员\ue001"
    data = {"a": evil, "b": [evil], "c": {evil: evil}, "d": Mention(evil, evil)}
    text = _render(renderer, "{{ a }}{{ b|join }}{% for k, v in c.items() %}{{ k }}{{ v }}{% endfor %}{{ d }}", **data)
    found = [part for part in segments(text) if isinstance(part, Mention)]
    assert [mention.target for mention in found] == ["all全体成员"]
    assert segments(renderer.text(Literally(evil), {})) == (Text("all全体成员"),)


def test_what_a_member_typed_is_never_a_template(renderer: Renderer) -> None:
    """Braces in data are braces."""
    assert _render(renderer, "{{ text }}", text="{{ 7*7 }}{% for x in y %}") == "{{ 7*7 }}{% for x in y %}"


def test_prepared_values_render_the_same(renderer: Renderer) -> None:
    """`prepare` is only faster."""
    common = {"title": "共读\ue000营", "group": {"name": "群"}}
    words = Inline("{{ title }}{{ group.name }}{{ n }}", {"n": 1})
    assert renderer.text(words, common) == renderer.text(words, renderer.prepare(common)) == "共读营群1"


@pytest.mark.parametrize(
    ("source", "message", "place"),
    [
        ("好\n{{ strek }} 天", "模板出错：没有「strek」这个变量 · 'strek' is undefined", ":2"),
        ("{{ group.nmae }}", "模板出错：没有「nmae」这一项 · no 'nmae' there", ":1"),
        ("{{ group }}", "模板出错：列表不能直接输出，用 join，例如 {{ names|join('、') }} · a list needs join", ":1"),
        ("\n\n{{ 1/0 }}", "模板出错：ZeroDivisionError: division by zero", ":3"),
        ("{{ streak|wordcount }}", "模板出错：没有「wordcount」这个过滤器", ":1"),
        ("{% include 'x' %}", "模板出错：模板里不能用 include · 'include' is not available in templates", ":1"),
        ("{{ range(3) }}", "模板出错：模板里不能调用函数 · functions can't be called", ":1"),
        ("{% if %}", "模板出错：Expected an expression, got 'end of statement block'", ":1"),
    ],
)
def test_mistakes_are_told_with_their_line(renderer: Renderer, source: str, message: str, place: str) -> None:
    """The operator reads what is wrong and where."""
    with pytest.raises(TemplateMistake) as caught:
        _render(renderer, source, streak=3, group={"name": "群"})
    assert caught.value.message.startswith(message)
    assert caught.value.place == place


def test_a_misspelt_variable_gets_a_hint(renderer: Renderer) -> None:
    """The nearest name that is there is offered."""
    with pytest.raises(TemplateMistake) as caught:
        _render(renderer, "{{ strek }}", streak=3)
    assert caught.value.hint == "是不是想写「streak」？"


def test_a_template_that_is_not_there(renderer: Renderer) -> None:
    """A missing file is named."""
    with pytest.raises(TemplateMistake, match=r"找不到模板 checkin/none\.j2"):
        renderer.text(Template("checkin/none"), {})


def test_names_are_what_a_text_asks_for(renderer: Renderer) -> None:
    """`check` compares them with what the play offers; a loop's own variable is not asked for."""
    source = "{{ title }}{% for m in members %}{{ m.name ~ suffix }}{{ loop.index }}{% endfor %}{{ x|default('无') }}"
    assert renderer.names(source) == {"title", "members", "suffix", "x"}
    with pytest.raises(TemplateMistake, match="macro"):
        renderer.names("{% macro a() %}{% endmacro %}")


def test_every_template_of_ours_is_within_the_subset(renderer: Renderer) -> None:
    """The product's own texts need nothing that operators may not use."""
    for path in sorted((TEMPLATES / "plays").rglob("*.j2")):
        renderer.names(path.read_text(encoding="utf-8"))
