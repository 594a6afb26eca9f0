"""A line in a 接龙 counts for the score of whose line it is, and the explanation of the score shows it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from bot.sim.deeds import Says
from bot.sim.plans import ZONE, stage
from bot.sim.scenario import Guest, Scene, Setting
from bot.sim.tryout import opened
from storage.database import Database

_PLAYBOOK = """\
playbook: lines
title: 接龙群
groups: ["sim:*"]
plays:
  接龙: {kind: chain, metric: chain.entries, type: signup, title: 周六爬山, close: 2d, open: {cron: "1 20 * * *"}}
  前台: {kind: desk, metric: activity.dau_mau}
"""


def test_who_stands_in_the_list_has_the_points(database_url: str, tmp_path: Path) -> None:
    """One for each own line on its day, and nobody else has any."""
    (tmp_path / "lines.yaml").write_text(_PLAYBOOK, "utf-8")
    setting = Setting(
        group=Scene(name="接龙群"), start="2026-03-02 20:00:00", limits=False, operators=("老陈",),
        members=(Guest(name="老陈", role="owner"), Guest(name="小明"), Guest(name="小红")),
    )  # fmt: skip
    staged = stage([tmp_path / "lines.yaml"], setting.group, setting.begins(ZONE))
    with opened(staged, setting, database=Database(database_url)) as simulation:
        for name, words in (("小明", "+1"), ("小红", "+2"), ("小红", "我的活跃")):
            simulation.until(simulation.now + timedelta(minutes=2))
            simulation.do(Says(name, words))
        simulation.until(simulation.now + timedelta(minutes=2))
        assert "接龙" in simulation.transcript.entries[-1].line
    with Database(database_url) as database, database.reading() as connection:
        query = "SELECT m.name, sum(d.chain) FROM member_day d JOIN member m ON m.id = d.member_id GROUP BY m.name"
        counted = {name: int(lines) for name, lines in connection.execute(text(query))}
    assert {name: lines for name, lines in counted.items() if lines} == {"小明": 1, "小红": 1}
