"""`qunops checkin`: what an operator reads of check-ins in the database of a bot."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import build
from bot.sim.deeds import Says
from bot.sim.plans import ZONE, stage
from bot.sim.scenario import Guest, Scene, Setting
from bot.sim.tryout import opened
from storage.database import Database

_PLAYBOOK = """\
playbook: reading
title: 共读
groups: ["sim:*"]
plays:
  打卡: {kind: checkin, metric: checkin.rate}
  作业: {kind: checkin, metric: checkin.rate, commands: [作业], review: {rubric: [真实, 具体]}}
"""


def call(*arguments: str) -> Result:
    return CliRunner().invoke(build(), ["checkin", *arguments])


@pytest.fixture
def url(database_url: str, tmp_path: Path) -> str:
    """Two days of a group: 小明 hands in twice, 小红 once."""
    (tmp_path / "reading.yaml").write_text(_PLAYBOOK, "utf-8")
    setting = Setting(
        group=Scene(name="共读"), start="2026-03-02 19:30", limits=False, operators=("老陈",),
        members=(Guest(name="老陈", role="owner"), Guest(name="小明"), Guest(name="小红")),
    )  # fmt: skip
    staged = stage([tmp_path / "reading.yaml"], setting.group, setting.begins(ZONE))
    with opened(staged, setting, database=Database(database_url)) as simulation:
        for name, text in (("小明", "作业 第一章读完了"), ("小红", "作业 我也读了"), ("小红", "打卡")):
            simulation.do(Says(name, text))
        simulation.until(simulation.now + timedelta(days=1))
        simulation.do(Says("小明", "作业 第二章读完了"))
    return database_url


def test_four_weeks_of_a_group(url: str) -> None:
    """Marks, streaks and totals of the days that were, by play; which play must be clear."""
    assert call("show", "--db", url).exit_code == 2
    said = call("show", "--play", "作业", "--until", "2026-03-03", "--db", url)
    assert said.exit_code == 0
    assert "✓✓  小明" in said.stdout
    assert "最长 2  累计 2" in said.stdout
    board = json.loads(call("show", "--play", "作业", "--until", "2026-03-03", "--format", "json", "--db", url).stdout)
    assert [day["count"] for day in board["days"][-2:]] == [2, 1]
    assert [each["marks"][-2:] for each in board["members"] if each["name"] == "小红"] == ["o-"]
    assert call("show", "--group", "qq:404", "--db", url).exit_code == 1


def test_what_waits_for_a_review(url: str) -> None:
    """The oldest first with the words of the log; a play without reviews says so; the list has the figures of today."""
    queue = json.loads(call("queue", "--play", "作业", "--format", "json", "--db", url).stdout)
    assert [(each["name"], each["day"]) for each in queue["waiting"]] == [
        ("小明", "2026-03-02"), ("小红", "2026-03-02"), ("小明", "2026-03-03"),
    ]  # fmt: skip
    assert queue["waiting"][0]["versions"][0]["text"] == "作业 第一章读完了"
    said = call("queue", "--play", "作业", "--db", url)
    assert "rubric: 1.真实、2.具体" in said.stdout
    assert call("queue", "--play", "打卡", "--db", url).exit_code == 1
    rows = json.loads(call("list", "--format", "json", "--db", url).stdout)
    assert [(row["play"], row["waiting"]) for row in rows] == [("reading/作业", 3), ("reading/打卡", None)]
    assert "reading/作业" in call("list", "--db", url).stdout
