"""A bot that goes down in the middle of a question: what it finds in the database when it is back."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from bot.sim.deeds import Says
from bot.sim.simulation import Simulation
from tests.engine.quiz_night import night, passes

_PLAYBOOK = """\
playbook: night
title: 答题夜
groups: ["sim:*"]
plays:
  答题: {kind: quiz, metric: quiz.participation, bank: bank.yaml, questions: 3, time_limit: 20s, gap: 5s}
"""


def _group(database_url: str, folder: Path, start: str) -> AbstractContextManager[Simulation]:
    return night(database_url, folder, start, playbook=_PLAYBOOK, questions=3)


def _answers(simulation: Simulation, **typed: str) -> None:
    for name, text in typed.items():
        simulation.do(Says(name, text))


def test_the_open_question_is_void_after_a_restart_and_scores_stay(database_url: str, tmp_path: Path) -> None:
    """Down for two minutes after an answer to the second question: it counts for nobody, the session goes on."""
    with _group(database_url, tmp_path, "2026-03-02 20:00:00") as simulation:
        _answers(simulation, 老陈="开始答题")
        passes(simulation, 6)
        _answers(simulation, 小明="A", 小红="B")
        assert "✅ 小明 +98" in "\n".join(passes(simulation, 28))
        _answers(simulation, 小红="甲")
    with _group(database_url, tmp_path, "2026-03-02 20:03:00") as simulation:
        said = "\n".join(passes(simulation, 8))
        assert "刚才我掉线了一会儿,第 2 题不算" in said
        assert "第 3/3 题" in said
        _answers(simulation, 小红="A")
        said = "\n".join(passes(simulation, 30))
        assert "答题结束(2 题,2 人参加)" in said
        _answers(simulation, 小明="答题排行")
        table = simulation.transcript.entries[-1].line
        assert "小明 98 分(对 1 题)" in table
        assert "分(对 1 题)\n2. " in table


def test_a_blink_of_the_bot_costs_no_question(database_url: str, tmp_path: Path) -> None:
    """Back before the question was due to end: it goes on, with the answers that were given before."""
    with _group(database_url, tmp_path, "2026-03-02 20:00:00") as simulation:
        _answers(simulation, 老陈="开始答题")
        passes(simulation, 6)
        _answers(simulation, 小明="A")
    with _group(database_url, tmp_path, "2026-03-02 20:00:12") as simulation:
        _answers(simulation, 小红="A")
        said = "\n".join(passes(simulation, 20))
    assert "✅ 小明 +" in said
    assert "小红 +" in said
