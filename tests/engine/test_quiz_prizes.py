"""A quiz on the live engine pays and gives its prizes once: caps of the group, the shop's stock, a bot that goes down."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import text

from bot.sim.deeds import Says
from bot.sim.simulation import Simulation
from storage.database import Database
from storage.invariants import violations
from tests.engine.quiz_night import night, passes

_PLAYBOOK = """\
playbook: night
title: 答题夜
groups: ["sim:*"]
plays:
  答题: {kind: quiz, metric: quiz.participation, bank: bank.yaml, questions: 2, time_limit: 20s, gap: 5s, prizes: {1: 奖杯, 2: 书签}}
  商店: {kind: shop, metric: quiz.participation, items: {奖杯: {price: 0, stock: 1, prize_only: true}, 书签: {price: 9, delivery: none}}}
  积分规则: {kind: points, metric: quiz.participation, caps: {quiz: 150}}
"""


def _group(database_url: str, folder: Path, start: str) -> AbstractContextManager[Simulation]:
    return night(database_url, folder, start, playbook=_PLAYBOOK, questions=2)


def _pass(simulation: Simulation, seconds: float) -> str:
    return "\n".join(passes(simulation, seconds))


def _round(simulation: Simulation) -> str:
    simulation.do(Says("小明", "A"))
    _pass(simulation, 3)
    simulation.do(Says("小红", "A"))
    return _pass(simulation, 27)


def test_points_within_the_cap_and_each_prize_once(database_url: str, tmp_path: Path) -> None:
    """More than the day's cap is cut and said; the ledger adds up; going down and coming back gives nothing again."""
    with _group(database_url, tmp_path, "2026-03-02 20:00:00") as simulation:
        simulation.do(Says("老陈", "开始答题"))
        _pass(simulation, 6)
        _round(simulation)
        said = _round(simulation) + _pass(simulation, 30)
        assert "答题结束(2 题,2 人参加)" in said
        assert "小明 获得「奖杯」（答题第 1 名）" in said
        assert "小红 获得「书签」（答题第 2 名）" in said
        assert "小明，今天「答题」的积分到上限 150 了" in said
    with _group(database_url, tmp_path, "2026-03-02 20:10:00") as simulation:
        assert _pass(simulation, 600) == ""
        simulation.do(Says("小明", "我的兑换"))
        assert simulation.transcript.entries[-1].line.count("奖杯") == 1
    with Database(database_url) as database, database.reading() as connection:
        points = dict(
            connection.execute(text("SELECT m.name, b.points FROM balance b JOIN member m ON m.id = b.member_id")).all()
        )
        assert points["小明"] == 150
        assert 0 < points["小红"] <= 150
        assert [each.message for each in violations(connection) if each.code == "I3"] == []
        assert connection.execute(text("SELECT count(*) FROM note WHERE what = 'redeemed'")).scalar() == 2
        assert connection.execute(text("SELECT count(*) FROM dead_event")).scalar() == 0
