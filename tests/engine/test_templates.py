"""An operator's folder of templates holds what says something else; an upgrade that brings new texts finds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.effects import Template
from bot.core.errors import TemplateMistake
from bot.engine import templates
from bot.engine.render import Renderer

AGAIN = {"name": "小明", "word": "打卡"}


def test_what_the_folder_lacks_is_the_programs_own(tmp_path: Path) -> None:
    """One text changed, the others as they came."""
    changed = tmp_path / "plays" / "checkin" / "again.j2"
    changed.parent.mkdir(parents=True)
    changed.write_text("{{ name }} 今天的份已经记下了", "utf-8")
    own, other = Renderer(templates.OWN), Renderer(tmp_path)
    assert other.text(Template("checkin/again", AGAIN), {}) == "小明 今天的份已经记下了"
    assert own.text(Template("checkin/again", AGAIN), {}) != "小明 今天的份已经记下了"
    done = Template("checkin/caught_up", {"names": ["小明"], "count": 1, "word": "打卡", "more": 0})
    assert other.text(done, {}) == own.text(done, {})


def test_a_folder_that_is_not_there_changes_nothing(tmp_path: Path) -> None:
    """The usual case: nobody has changed a text."""
    assert "小明" in Renderer(tmp_path / "none").text(Template("checkin/again", AGAIN), {})


def test_a_template_that_nobody_has_is_named(tmp_path: Path) -> None:
    """Neither the operator nor the program."""
    with pytest.raises(TemplateMistake, match="no/such"):
        Renderer(tmp_path).text(Template("no/such", {}), {})
