"""`qunops chain pay`, `undo`, `remind`, `qunops checkin review`: from another terminal while the bot runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from bot.cli import build
from tests.cli.running import Running, house

_STREET = """\
playbook: street
title: 邻里
groups: ["sim:早起营"]
plays:
  团购: {kind: chain, metric: chain.entries, type: group_buy, debounce: 0s, goods: [{name: 蛋糕, price: 30}]}
  作业: {kind: checkin, metric: checkin.rate, commands: [作业], review: {rubric: [真实, 具体]}}
"""


def test_what_the_buttons_do_the_terminal_does(tmp_path: Path) -> None:
    """Paid by line number, one step undone, a reminder in the group; refusals are the play's; stopped it says so."""
    env = house(tmp_path)
    (tmp_path / "playbooks" / "street.yaml").write_text(_STREET, "utf-8")

    def call(*words: str) -> Result:
        return CliRunner(env=env).invoke(build(), ["chain", *words])

    def board() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(call("show", "--format", "json").stdout)
        return found

    with Running(env) as bot:
        bot.say("老陈: 发起接龙 周五蛋糕")
        bot.say("小明: 接龙 小明 蛋糕2个")
        bot.hear("1. 小明 蛋糕2个")
        bot.say("小红: 接龙 小红 蛋糕1个")
        bot.hear("2. 小红 蛋糕1个")
        assert call("pay", "蛋糕", "2").exit_code == 0
        assert [entry["paid"] for entry in board()["entries"]] == ["", "30.00"]
        assert call("pay", "蛋糕", "all").exit_code == 0
        assert call("pay", "蛋糕", "1", "--undo").exit_code == 0
        assert [entry["paid"] for entry in board()["entries"]] == ["", "30.00"]
        assert call("pay", "蛋糕", "9").exit_code == 2
        assert call("remind").exit_code == 0
        bot.hear("还没接，要来的回")
        again = call("dun")
        assert (again.exit_code, "刚提醒过" in again.stderr) == (1, True)
        assert call("undo", "蛋糕", str(board()["steps"][0]["n"]), "--by", "sim:老陈").exit_code == 0
        assert [entry["text"] for entry in board()["entries"]] == ["小明 蛋糕2个"]
        assert board()["steps"][0]["by_name"] == "老陈"
        assert call("close").exit_code == 0
        bot.hear("接龙结束")
        assert call("reopen").exit_code == 0
        assert call("post").exit_code == 0
        _reviews(bot, env)
        assert bot.stop() == 0
    assert call("close").exit_code == 3


def _reviews(bot: Running, env: dict[str, str]) -> None:
    def call(*words: str) -> Result:
        return CliRunner(env=env).invoke(build(), ["checkin", *words])

    bot.say("小红: 作业 今天读了第三章")
    bot.hear("小红 作业成功")
    (work,) = json.loads(call("queue", "--play", "作业", "--format", "json").stdout)["waiting"]
    judged = (
        "review",
        work["message"],
        "修改",
        "--comment",
        "写写例子",
        "--score",
        "4",
        "--score",
        "0",
        "--play",
        "作业",
    )
    assert call(*judged).exit_code == 0
    bot.hear("真实 4/5")
    again = call("review", "nothing", "通过", "--play", "作业")
    assert (again.exit_code, "新的一版" in again.stderr) == (1, True)
