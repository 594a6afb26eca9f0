"""`qunops db erase` and `export member`, beside a running bot and without one."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
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


def _dump(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "data" / "qunops.db")) as connection:
        return "\n".join(connection.iterdump())


def test_a_running_bot_forgets_in_rows_and_in_memory(env: dict[str, str], tmp_path: Path) -> None:
    """小红 has checked in, 小刚 has broken a rule. Both are erased while the bot runs: nothing of them stands in the database,
    小红 may check in anew, and 小明 lost nothing."""
    with Running(env) as bot:
        bot.say("小红: 打卡 我读了红楼梦第三回")
        assert "小红" in bot.hear("群小助")
        bot.say("打卡")
        assert "小明" in bot.hear("群小助")
        bot.say("+ 小刚")
        bot.say("小刚: 大家加微信 hongloumeng88")
        assert "小刚" in bot.hear("群小助")
        bot.hear("申诉")
        exported = json.loads(call(env, "export", "member", "--member", "sim:小刚").stdout)
        assert [row["text"] for row in exported["message"]] == ["大家加微信 hongloumeng88"]

        secrets = ("hongloumeng88", "红楼梦", "sim:小红", "sim:小刚", "小红 打卡成功", "'小刚'")
        before = _dump(tmp_path)
        assert [secret for secret in secrets if secret not in before] == []
        for name in ("小红", "小刚"):
            done = call(env, "db", "erase", f"sim:{name}", "--yes")
            assert (done.exit_code, "message: 1" in done.stdout) == (0, True), done.output
        after = _dump(tmp_path)
        assert [secret for secret in secrets if secret in after] == []
        again = call(env, "db", "erase", "sim:小红", "--yes")
        assert (again.exit_code, "没有成员" in again.stderr) == (3, True)

        bot.say("小红: 打卡")
        assert "小红" in bot.hear("打卡成功")
        assert bot.stop() == 0
    assert call(env, "db", "check").exit_code == 0
    new = json.loads(call(env, "export", "member", "--member", "sim:小红").stdout)
    assert [row["text"] for row in new["message"]] == ["打卡"]
    assert json.loads(call(env, "export", "member", "--member", "sim:小明").stdout)["balance"] != []


def test_a_stopped_bot_needs_no_bot(env: dict[str, str], tmp_path: Path) -> None:
    """Without a running bot the command does it in the database itself."""
    with Running(env) as bot:
        bot.say("小红: 打卡")
        bot.hear("群小助")
        assert bot.stop() == 0
    assert call(env, "db", "erase", "sim:小红", "--yes").exit_code == 0
    assert "sim:小红" not in _dump(tmp_path)
    assert call(env, "db", "check").exit_code == 0
