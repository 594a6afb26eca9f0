"""What plays order: every drawing that a play asks for is one that its card can show."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.effects import Drawing
from bot.core.play import Score
from bot.insight.pictures.studio import Studio
from tests.insight.pictures.test_cards import assert_tidy
from tests.stage import Stage


def drawing(stage: Stage) -> Drawing:
    """The one drawing that was ordered."""
    (ordered,) = stage.drawings
    return ordered


def texts(studio: Studio, ordered: Drawing) -> list[str]:
    canvas = studio.canvas(ordered.name, ordered.data)
    assert_tidy(canvas)
    return [each.what for each in canvas.placed]


@pytest.mark.parametrize(("asks", "own"), [("小明", "#12"), ("第1位", "")])
def test_the_ranking_is_a_poster_with_ones_own_place(studio: Studio, asks: str, own: str) -> None:
    """Outside the ten a panel says where; among them the foot does."""
    stage = Stage("desk", {"picture": True}).members("小明", "第1位", op="老陈")
    rows = [Score(member=f"sim:第{n}位", name=f"第{n}位", total=100 - n) for n in range(1, 12)]
    stage.scores[("points", "week")] = (*rows, Score(member="sim:小明", name="小明", total=3))
    stage.says(asks, "排行")
    said = texts(studio, drawing(stage))
    assert {"本周积分榜", "测试营", "3月2日", "共 12 人上榜", "第10位"} <= set(said)
    assert "第11位" not in said
    assert (own in said) if own else ("你在第 1 名，继续加油" in said)


def test_the_calendar_shows_the_month_and_the_row_before_it(studio: Studio) -> None:
    stage = Stage("checkin", {"pictures": ["calendar"], "leave": {}}, now="2026-02-27 08:00").members("小明", op="老陈")
    for _ in range(4):
        stage.says("小明", "打卡")
        stage.passes("1d")
    stage.says("小明", "我的打卡")
    ordered = drawing(stage)
    assert ordered.data["marks"][:4] == ["o", "o", "-", "-"]
    assert (ordered.data["row_before"], ordered.data["streak"], ordered.data["today"]) == (2, 4, 3)
    assert {"小明", "测试营", "2026 年 3 月 · 打卡"} <= set(texts(studio, ordered))


def test_the_check_in_ranking_is_a_poster(studio: Studio) -> None:
    stage = Stage("checkin", {"pictures": ["ranking"], "commands": ["早起"]}).members("小明", "小红", op="老陈")
    for name in ("小明", "小红"):
        stage.says(name, "早起")
    stage.says("小红", "早起排行")
    assert {"本月早起榜", "小明", "小红", "天"} <= set(texts(studio, drawing(stage)))


def test_the_letter_is_a_picture_with_its_number_and_code(studio: Studio) -> None:
    admission: dict[str, Any] = {"picture": True, "prefix": "春", "deliver": "group"}
    stage = Stage("welcome", {"batch": "0s", "admission": admission}).members("老王", op="老陈")
    stage.joins("<b>小明</b>")
    stage.passes("1m")
    ordered = drawing(stage)
    said = texts(studio, ordered)
    assert {"编号 春0001", "<b>小明</b>：", f"校验码 {ordered.data['code']}", "2026年3月2日"} <= set(said)


def test_without_the_option_nothing_is_drawn() -> None:
    stage = Stage("checkin", {}).members("小明", op="老陈")
    stage.says("小明", "我的打卡")
    assert stage.take()
    assert stage.drawings == []
