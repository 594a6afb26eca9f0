"""The cards' templates: operators' words and colours, with clear answers to mistakes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.core.errors import TemplateMistake
from bot.insight.pictures.canvas import contrast
from bot.insight.pictures.studio import Studio, kinds
from bot.insight.pictures.template import fill
from tests.insight.pictures.conftest import TEMPLATES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(TEMPLATES / "cards", tmp_path / "cards")
    (tmp_path / "fonts").symlink_to(TEMPLATES / "fonts")
    return tmp_path


def change(folder: Path, card: str, old: str, new: str) -> None:
    path = folder / "cards" / f"{card}.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_what_comes_with_the_project_is_sound(studio: Studio) -> None:
    assert studio.check() == []
    assert {path.stem for path in (TEMPLATES / "cards").iterdir()} == set(kinds())


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('ink: "#231d15"', "ink: red", 6, "颜色写成 #RRGGBB"),
        ('ink: "#231d15"', 'ink: "#d9d2c5"', 3, "ink 在 paper 上看不清"),
        ("footer: ", "foot: ", 25, "footer"),
        ('title: "{window}{board}"', 'title: "{windwo}"', 15, "没有 {windwo} 这个占位"),
        ("width: 1080", "width: 99999", 2, "2160"),
    ],
)
def test_a_mistake_has_its_line_and_its_words(folder: Path, old: str, new: str, line: int, said: str) -> None:
    change(folder, "leaderboard", old, new)
    (mistake,) = Studio(folder).check()
    assert isinstance(mistake, TemplateMistake)
    assert f"leaderboard.yaml:{line}:" in mistake.message
    assert said in mistake.message


def test_a_changed_template_is_taken_at_once(folder: Path) -> None:
    """New words and another width, without a restart."""
    studio, sample = Studio(folder), kinds()["letter"].sample
    assert studio.draw("letter", sample).width == 1080
    change(folder, "letter", "title: 录取通知书", "title: 入营通知书")
    change(folder, "letter", "width: 1080", "width: 720")
    canvas = studio.canvas("letter", sample)
    assert canvas.image.width == 720
    assert "入营通知书" in [each.what for each in canvas.placed]


def test_a_template_that_is_gone_is_the_programs_own(folder: Path) -> None:
    """As is one that an upgrade brings."""
    change(folder, "letter", "title: 录取通知书", "title: 入营通知书")
    (folder / "cards" / "letter.yaml").unlink()
    studio = Studio(folder)
    assert studio.check() == []
    assert "录取通知书" in [each.what for each in studio.canvas("letter", kinds()["letter"].sample).placed]


def test_filling_in_is_done_once() -> None:
    """What is filled in is not read again."""
    assert fill("{a} {b} {c}", a="{b}", b="2") == "{b} 2 {c}"


def test_contrast_is_the_webs() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
