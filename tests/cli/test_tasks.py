"""`qunops tasks`: what waits for an operator, answered from another terminal while the bot runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
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


@pytest.fixture
def asked(env: dict[str, str]) -> Iterator[Running]:
    """A running bot that asks whether 小红 should go: she sent what the rules forbid."""
    with Running(env) as bot:
        bot.say("小红: 大家加微信聊")
        bot.hear("群小助")
        yield bot


def test_a_question_is_listed_and_decided_once(asked: Running, env: dict[str, str]) -> None:
    """The list shows it with its choices; a wrong choice is refused; the right one closes it; twice is no."""
    listed = call(env, "tasks", "list", "--format", "json")
    (row,) = json.loads(listed.stdout)
    assert (row["play"], row["member"]) == ("camp/群规", "sim:小红")
    assert len(row["choices"]) >= 2
    shown = call(env, "tasks", "list")
    assert f"#{row['id']}" in shown.stdout
    assert row["choices"][0] in shown.stdout

    wrong = call(env, "tasks", "decide", str(row["id"]), "也许")
    assert (wrong.exit_code, row["choices"][0] in wrong.stderr) == (2, True)
    done = call(env, "tasks", "decide", str(row["id"]), row["choices"][-1], "--by", "sim:老陈")
    assert (done.exit_code, "已决定" in done.stdout) == (0, True)
    again = call(env, "tasks", "decide", str(row["id"]), row["choices"][-1])
    assert (again.exit_code, "不在等待" in again.stderr) == (1, True)
    assert "没有等着决定的事" in call(env, "tasks", "list").stdout


def test_only_a_running_bot_can_decide(asked: Running, env: dict[str, str]) -> None:
    """Stopped, the bot's question is still listed; deciding it says that the bot must run, and ends with 3."""
    assert asked.stop() == 0
    (row,) = json.loads(call(env, "tasks", "list", "--format", "json").stdout)
    assert json.loads(call(env, "tasks", "list", "--group", "sim:别的群", "--format", "json").stdout) == []
    answer = call(env, "tasks", "decide", str(row["id"]), row["choices"][0])
    assert (answer.exit_code, "机器人没有运行" in answer.stderr) == (3, True)
