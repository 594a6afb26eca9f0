"""`qunops calendar`, with a bot that runs and without one."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from bot.cli import build
from tests.cli.running import Running, house

CONTENT = """\
playbook: content
title: 共读
groups: ["sim:早起营"]
plays:
  矩阵:
    kind: campaign
    metric: campaign.replies_per_post
    slots: {早: 07:30-08:30, 晚: 20:00-21:30}
    calendar:
      - {day: mon, slot: 早, topic: 导读, text: "{{ group.name }}，这周读前三章"}   # 每周开头
      - {day: thu, slot: 晚, topic: 讨论, text: 说说}
"""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    found = house(tmp_path)
    (tmp_path / "playbooks" / "content.yaml").write_text(CONTENT, "utf-8")
    return found


def call(env: dict[str, str], *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(build("calendar"), ["calendar", *words], input=typed, env=env)


def test_a_week_from_the_terminal(env: dict[str, str], tmp_path: Path) -> None:
    """Shown as a table and as JSON, looked at, moved only after a yes, paused and sent once for a key; refusals in words."""
    file = tmp_path / "playbooks" / "content.yaml"
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    monday = today + timedelta(days=7 - today.weekday())
    tuesday = monday + timedelta(days=1)
    post = ["content", "矩阵", "导读"]
    with Running(env):
        shown = call(env, "show", "--week", str(monday))
        assert shown.exit_code == 0, shown.output
        [line] = [each for each in shown.output.splitlines() if "导读" in each]
        assert line.split() == [str(monday), "07:30", "早", "导读", "1", "1", "将发", "1"]
        assert "「矩阵」这天一篇也没有" in shown.output
        week = json.loads(call(env, "show", "--week", str(monday), "--format", "json").output)
        assert week["slots"][0]["name"] == "早"
        looked = call(env, "look", *post, "--on", str(monday))
        assert "早起营，这周读前三章" in looked.output, looked.output
        move = ["move", *post, "--on", str(monday), "--to", str(tuesday), "--slot", "晚"]
        refused = call(env, *move, typed="n\n")
        assert (refused.exit_code, file.read_text("utf-8")) == (1, CONTENT), refused.output
        assert "+      - {day: tue, slot: 晚, topic: 导读" in refused.output
        done = call(env, *move, typed="y\n")
        assert done.exit_code == 0, done.output
        assert file.read_text("utf-8") == CONTENT.replace("{day: mon, slot: 早", "{day: tue, slot: 晚")
        gone = call(env, *move, typed="y\n")
        assert (gone.exit_code, "日历里已经没有它了" in gone.output) == (1, True), gone.output
        assert call(env, "pause", *post).output == "1 个群 · 1 groups\n"
        for groups in ("1 个群 · 1 groups\n", "0 个群 · 0 groups\n"):
            assert call(env, "send", *post, "--key", "monday-0001").output == groups
        nowhere = call(env, "send", *post, "--group", "sim:别处")
        assert (nowhere.exit_code, "没有这个群" in nowhere.output) == (1, True)
        assert call(env, "move", *post, "--on", str(tuesday), "--clock", "25:99").exit_code == 2


def test_without_a_bot_it_says_so(env: dict[str, str]) -> None:
    found = call(env, "show")
    assert (found.exit_code, "机器人没有运行" in found.output) == (3, True)
