"""`qunops quiz results`, `items` and `review`: what an operator reads in the database of a bot."""

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
playbook: evening
title: 晚间
groups: ["sim:*"]
plays:
  抢答: {kind: quiz, metric: quiz.participation, bank: own.yaml, questions: 1, no_repeat: 0d, award: true}
"""
_BANK = """\
bank: 自家题
version: 1
questions:
  - {id: q1, type: single, text: 一年有几个节气？, options: ["12", "24"], answer: B, explanation: 每月两个。}
"""
_NAMES = ("小明", "小红", "小刚", "小美", "阿杰", "张三")


def call(*arguments: str) -> Result:
    return CliRunner().invoke(build(), ["quiz", *arguments])


@pytest.fixture
def url(database_url: str, tmp_path: Path) -> str:
    """Two sessions with the same question; six answer, in the second one only 张三 is wrong; one question is offered."""
    (tmp_path / "evening.yaml").write_text(_PLAYBOOK, "utf-8")
    (tmp_path / "own.yaml").write_text(_BANK, "utf-8")
    setting = Setting(
        group=Scene(name="晚间"), start="2026-03-02 19:30", limits=False, operators=("老陈",),
        members=(Guest(name="老陈", role="owner"), *(Guest(name=name) for name in _NAMES)),
    )  # fmt: skip
    staged = stage([tmp_path / "evening.yaml"], setting.group, setting.begins(ZONE))
    with opened(staged, setting, database=Database(database_url)) as simulation:
        for wrong in (_NAMES[1:], _NAMES[5:]):
            simulation.do(Says("老陈", "开始答题"))
            simulation.until(simulation.now + timedelta(seconds=10))
            for name in _NAMES:
                simulation.do(Says(name, "A" if name in wrong else "B"))
            simulation.until(simulation.now + timedelta(minutes=5))
        simulation.do(Says("小红", "投稿 长江的源头在哪个省区?\nA. 青海\nB. 四川\n答案 A"))
    return database_url


def test_sessions_with_their_rankings(url: str) -> None:
    """The last one from its record, the one before it from notes and the ledger."""
    found = json.loads(call("results", "--format", "json", "--db", url).stdout)
    assert (found["last"]["participants"], found["last"]["questions"][0]["right"]) == (6, 5)
    (earlier,) = found["earlier"]
    assert [(place["rank"], place["name"]) for place in earlier["ranking"]] == [(1, "小明")]
    assert (earlier["questions"][0]["answered"], earlier["questions"][0]["right"]) == (6, 1)
    said = call("results", "--db", url).stdout
    assert "第 1 题  5/6  83%  一年有几个节气？" in said
    assert "第 1 题  1/6  17%  一年有几个节气？" in said
    assert call("results", "--group", "qq:404", "--db", url).exit_code == 1


def test_questions_with_their_ranges(url: str) -> None:
    """Six of twelve right: between a quarter and three quarters; only what deserves a look on request."""
    said = call("items", "--db", url).stdout
    assert "q1  自家题  出过 2  6/12  50%（25%–75%）  区分度 " in said
    assert call("items", "--odd", "--db", url).stdout == ""
    (item,) = json.loads(call("items", "--format", "json", "--db", url).stdout)
    assert (item["asked"], item["answered"], item["flag"]) == (2, 12, "")
    assert item["spreads"] == 2


def test_members_questions_wait(url: str) -> None:
    """Listed with their answer; deciding needs the running bot; a number that is none of them is said."""
    (offer,) = json.loads(call("review", "--format", "json", "--db", url).stdout)
    assert (offer["name"], offer["answer"]) == ("小红", "A")
    assert "答案 A" in call("review", "--db", url).stdout
    assert call("review", str(offer["task"]), "--db", url).exit_code == 2
    assert call("review", "999", "通过", "--db", url).exit_code == 1
    assert call("review", str(offer["task"]), "通过", "--db", url).exit_code == 3
