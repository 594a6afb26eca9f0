"""What a group said, read from its log for a play that asks by number."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.sim.deeds import Says
from bot.sim.plans import ZONE, stage
from bot.sim.scenario import Guest, Scene, Setting
from bot.sim.tryout import opened
from storage.database import Database

_PLAYBOOK = """\
playbook: quiet
title: 安静
groups: ["sim:*"]
plays:
  群规:
    kind: rules
    metric: rules.false_alarm_rate
    rules: [{id: 外链, match: {link: {}}}]
"""


def test_a_word_is_tried_on_more_than_is_kept_in_memory(database: Database, tmp_path: Path) -> None:
    """Days of talk, most of it long out of memory; a word and a rule that only records are tried on all of it."""
    (tmp_path / "quiet.yaml").write_text(_PLAYBOOK, "utf-8")
    setting = Setting(
        group=Scene(name="安静"), start="2026-03-02 08:00", operators=("老陈",),
        members=(Guest(name="老陈", role="owner", friend=True), Guest(name="小明")),
    )  # fmt: skip
    staged = stage([tmp_path / "quiet.yaml"], setting.group, setting.begins(ZONE))
    with opened(staged, setting, database=database) as simulation:
        for n in range(300):
            simulation.do(Says("小明", "周末拼单吗" if n < 3 else "看 https://bad.com" if n == 5 else f"第{n}天"))
            simulation.until(simulation.now + timedelta(minutes=20))
        said = []
        for text in ("试词 拼单", "试规则 外链"):
            simulation.do(Says("老陈", text, is_private=True))
            simulation.until(simulation.now + timedelta(seconds=5))
            said.append(simulation.transcript.entries[-1].line)
    assert "最近 300 条消息里会命中 3 条（1.0%）" in said[0]
    assert "最近 300 条消息里会命中 1 条（0.3%）" in said[1]
