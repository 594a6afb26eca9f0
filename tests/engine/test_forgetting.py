"""Erasing a member reaches what plays remember: lines of a chain, private answers, cases with their evidence, questions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from bot.core.events import ImageRead
from bot.engine.forgetting import forget
from bot.engine.traffic import Inbound
from bot.sim.deeds import Decides, Says
from bot.sim.plans import ZONE, stage
from bot.sim.scenario import Guest, Scene, Setting
from bot.sim.simulation import Simulation
from bot.sim.tryout import opened
from storage import tables as t
from storage.database import Database
from storage.invariants import violations
from storage.privacy import erase_member

NOW = datetime(2026, 3, 9, tzinfo=UTC)
_PLAYBOOK = """\
playbook: street
title: 邻里
groups: ["sim:*"]
plays:
  登记:
    kind: chain
    metric: chain.entries
    type: form
    debounce: 0s
    fields:
      - {name: 尺码, type: choice, choices: [M, L]}
      - {name: 手机, type: phone, private: true}
  群规:
    kind: rules
    metric: rules.false_alarm_rate
    mode: enforce
    rules:
      - {id: 广告, match: {phrases: [加微信]}}
      - {id: 二维码, match: {image_qr: {}}}
  答题: {kind: quiz, metric: quiz.participation, bank: bank.yaml, questions: 2, time_limit: 20s}
"""
_BANK = "bank: 常识\nquestions:\n  - {id: q1, text: 首都?, options: [北京, 上海], answer: A, explanation: 是}\n"


@contextmanager
def _street(database: Database, folder: Path) -> Iterator[Simulation]:
    (folder / "bank.yaml").write_text(_BANK, "utf-8")
    (folder / "street.yaml").write_text(_PLAYBOOK, "utf-8")
    setting = Setting(
        group=Scene(name="邻里"), start="2026-03-02 19:30", limits=False, operators=("老陈",),
        members=(Guest(name="老陈", role="owner"), Guest(name="小明", friend=True), Guest(name="小红")),
    )  # fmt: skip
    staged = stage([folder / "street.yaml"], setting.group, setting.begins(ZONE))
    with opened(staged, setting, database=database) as simulation:
        yield simulation


def _said(simulation: Simulation, *lines: tuple[str, str]) -> None:
    for name, text in lines:
        simulation.do(Says(name, text))
        simulation.until(simulation.now + timedelta(seconds=2))


def _dump(database: Database) -> str:
    with database.reading() as connection:
        return "\n".join(
            str(tuple(row)) for each in t.metadata.sorted_tables for row in connection.execute(select(each))
        )


def test_an_erasure_reaches_what_plays_remember(database: Database, tmp_path: Path) -> None:
    """After it nothing of the member stands anywhere in the database but sums and places; the others lost nothing."""
    with _street(database, tmp_path) as simulation:
        _said(
            simulation,
            ("老陈", "发起接龙 队服登记"),
            ("小明", "接龙 阿明明 M 13800001111"),
            ("小红", "#接龙\n队服登记\n\n1. 阿明明 M 138****1111\n2. 小红 L"),
            ("小明", "#接龙\n队服登记\n\n1. 阿明明 L 138****1111\n2. 小红 L"),
            ("小明", "投稿 明明最爱吃什么?\nA. 面\nB. 饭\n答案 A"),
        )
        simulation.do(Decides("老陈", "offer", "通过"))
        _said(simulation, ("老陈", "开始答题"), ("小红", "在"))
        simulation.until(simulation.now + timedelta(seconds=10))
        _said(simulation, ("小明", "选A吧小哥"), ("小红", "A"))
        simulation.until(simulation.now + timedelta(minutes=2))
        _said(simulation, ("小明", "有偿 加 微 信 mingming88"))
        simulation.do(Says("小明", "申诉 1 我冤枉", is_private=True))
        shown = ImageRead(
            id="i1", account="sim:bot", chat=simulation.chat, at=simulation.world.now, member="sim:小明",
            message_id="x1", codes=("https://u.wechat.com/MINGMING",), sha256="abc",
        )  # fmt: skip
        simulation.kernel.cycle(simulation.world.now, [Inbound(shown, simulation.world.now)], [])
        simulation.until(simulation.now + timedelta(minutes=3))
        before = _dump(database)
        secrets = ("阿明明", "138****1111", "13800001111", "mingming88", "加 微 信", "MINGMING", "我冤枉", "选A吧小哥")
        for secret in secrets:
            assert secret in before, secret
        with database.begin() as connection:
            changed = erase_member(connection, "sim:小明", actor="cli", now=NOW, forget=forget)
        assert changed["slot"] > 0
        after = _dump(database)
        for secret in (*secrets, '"sim:小明"', '"author":"小明"'):
            left = [line for line in after.splitlines() if secret in line]
            # What others wrote is theirs, also where they copied a line of the list.
            assert [line for line in left if "2. 小红 L" not in line] == [], secret
        assert "小红 L" in after
        with database.reading() as connection:
            assert violations(connection) == []


def test_a_run_of_another_time_is_left_alone() -> None:
    """Documents that no play reads any more, or of a play that is gone, are no reason to stop."""
    assert forget("chain", '{"next_id": 1}', {"c1/h": "{}x"}, "qq:1").slots == {}
    assert forget("gone", "{}", {"a": "{}"}, "qq:1").state == "{}"
