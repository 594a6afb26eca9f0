"""`qunops draw`: operators look at a card before their members do."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from bot.cli import build
from bot.insight.pictures.studio import kinds
from bot.insight.pictures.words import count_words

TEMPLATES = Path(__file__).parents[2] / "templates"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(TEMPLATES / "cards", tmp_path / "templates" / "cards")
    (tmp_path / "templates" / "fonts").symlink_to(TEMPLATES / "fonts")
    return tmp_path


def call(*words: str, typed: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(build("draw"), ["draw", *words], input=typed)
    return done.exit_code, done.output


def test_every_card_is_listed_and_checked(folder: Path) -> None:
    """A broken template is named with its line; the others are fine."""
    assert call() == (0, "".join(f"{name:<12} 可用 · fine\n" for name in kinds()))
    (folder / "templates" / "cards" / "letter.yaml").write_text("width: 9\n", "utf-8")
    code, said = call()
    assert code == 1
    assert "letter.yaml:1" in said
    assert said.count("可用") == len(kinds()) - 1


def test_a_card_is_drawn_from_its_sample_or_from_data(folder: Path) -> None:
    """JSON, YAML or standard input; the picture has the template's width."""
    assert call("letter")[0] == 0
    (folder / "mine.yaml").write_text("{name: 甲, title: 营, number: '1', code: AB2C3D4E, day: 2026-11-21}", "utf-8")
    assert call("letter", "--data", "mine.yaml", "-o", "mine.png")[0] == 0
    body = json.dumps({"name": "\U0001312f", "title": "营", "number": "1", "code": ""})
    code, said = call("letter", "--data", "-", "--out", "other.png", typed=body)
    assert code == 0
    assert "〓" in said
    pictures = [(folder / name).read_bytes() for name in ("letter.png", "mine.png", "other.png")]
    assert len(set(pictures)) == 3
    with Image.open(io.BytesIO(pictures[0])) as picture:
        assert picture.width == 1080


@pytest.mark.parametrize(
    ("words", "typed", "code", "said"),
    [
        (("nothing",), "", 2, "没有「nothing」"),
        (("letter", "--data", "-"), "{}", 1, "name: Field required"),
        (("letter", "--data", "-"), "{", 1, "-:1:2 不是 JSON"),
        (("letter", "--data", "-"), "[]", 1, "键: 值"),
    ],
)
def test_what_is_wrong_is_said(words: tuple[str, ...], typed: str, code: int, said: str) -> None:
    found, output = call(*words, typed=typed)
    assert (found, said in output) == (code, True), output


def test_a_chat_becomes_a_cloud(folder: Path) -> None:
    """One line is one message; what the template hides is not counted."""
    (folder / "chat.txt").write_text("今天打卡读书\n\n读书 @小明 加油\n可以可以\n", "utf-8")
    code, said = call("wordcloud", "--text", "chat.txt")
    assert code == 0, said
    assert (folder / "wordcloud.png").stat().st_size > 10_000


def test_words_are_counted_once_a_message() -> None:
    """Addresses, mentions and emoticons are nobody's words; who repeats a word says it once."""
    texts = ["读书 读书 读书", "我们一起读书 https://a.b/读书", "@读书 [微笑] 123 好", "Kindle kindle"]
    assert dict(count_words(texts, hidden=("一起",)))["读书"] == 2
    assert "微笑" not in dict(count_words(texts))
    assert dict(count_words(texts))["kindle"] == 1
    assert "一起" not in dict(count_words(texts, hidden=("一起",)))
