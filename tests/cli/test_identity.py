"""`qunops identity`: candidates are listed, an operator merges and splits, on the running bot and on a stopped one's database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import build
from tests.cli.running import Running, house


def call(env: dict[str, str], *words: str) -> Result:
    return CliRunner(env=env).invoke(build(), list(words))


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return house(tmp_path)


def test_merged_while_it_runs_split_when_it_is_stopped(env: dict[str, str]) -> None:
    """The running bot takes the merge at once: a second check-in of the day is none. Its history has the evidence."""
    with Running(env) as bot:
        bot.say("小明: 打卡 读了三页")
        bot.hear("打卡成功")
        bot.say("小红: 早")
        assert call(env, "identity", "suggest").stdout.startswith("没有同群同名的编号")
        for words, code in (
            (("merge", "sim:小明", "sim:小红", "--because", "换了号"), 0),
            (("merge", "sim:小明", "sim:小红", "--because", "再来一次"), 1),
            (("merge", "sim:小明", "sim:没有", "--because", "换了号"), 1),
            (("bot", "sim:没有"), 1),
            (("bot", "sim:小红"), 0),
            (("person", "sim:小红"), 0),
        ):
            assert call(env, "identity", *words).exit_code == code, words
        bot.say("小红: 打卡 又读了三页")
        bot.hear("今天已经打过")
        assert bot.stop() == 0
    assert call(env, "identity", "split", "sim:小红", "--by", "sim:老陈").exit_code == 0
    again = call(env, "identity", "split", "sim:小红")
    assert (again.exit_code, "没有和别人合并" in again.stderr) == (1, True)
    (row,) = json.loads(call(env, "identity", "log", "--format", "json").stdout)
    assert (row["newer"], row["older"], row["evidence"], row["merged_by"], row["parted_by"]) == (
        "sim:小红", "sim:小明", "换了号", "console:cli", "sim:老陈",
    )  # fmt: skip
    assert "拆开 split" in call(env, "identity", "log").stdout
    for words, code in ((("bot", "sim:小红"), 0), (("person", "sim:小红"), 0), (("bot", "sim:没有"), 1)):
        assert call(env, "identity", *words, "--because", "群友说的").exit_code == code, words
