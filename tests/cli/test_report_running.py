"""A report from the running bot: made when it is sent, as a file, a picture or words; what can't be made is said in the outbox."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import Running, house, qunops

_REPORT = """\
playbook: report
title: 早起营
purpose: {goal: 一半的人每天打卡, north_star: checkin.rate}
groups: ["sim:早起营"]
plays:
  周报:
    kind: report
    metric: checkin.rate
    formats: [html, png, text]
"""


def settled(env: dict[str, str]) -> list[dict[str, Any]]:
    """The orders of reports, once none of them waits any more."""
    for _ in range(60):
        rows = json.loads(qunops(env, "outbox", "list", "--status", "all", "--format", "json").stdout)
        reports = [row for row in rows if row["kind"] == "report"]
        if reports and all(row["status"] not in ("ready", "sending") for row in reports):
            return reports
    raise AssertionError(f"still waiting: {reports}")


@pytest.mark.timeout(180)
def test_an_operator_asks_for_it(tmp_path: Path) -> None:
    """周报 in the group: three shapes in private, each once, all settled."""
    env = house(tmp_path)
    (tmp_path / "playbooks" / "report.yaml").write_text(_REPORT, "utf-8")
    with Running(env) as bot:
        bot.say("小明: 打卡")
        bot.hear("打卡成功")
        bot.say("老陈: 周报")
        reports = settled(env)
        assert bot.stop() == 0
    assert sorted((row["status"], row["what"].split(" form=")[1].split(" ")[0]) for row in reports) == [
        ("done", "html"), ("done", "png"), ("done", "text"),
    ]  # fmt: skip
    assert all(row["attempts"] <= 1 for row in reports)
    assert [row["error"] for row in reports] == ["", "", ""], "the picture was drawn, not replaced by its words"
