"""A script reads as chat, and every line says when and what."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.sim import deeds as d
from bot.sim import moments
from bot.sim.script import ScriptMistake, parse_line, parse_script

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 3, 2, 7, 30, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("07:31", "03-02 07:31"),
        ("07:30", "03-02 07:30"),
        ("07:29", "03-03 07:29"),
        ("7：31", "03-02 07:31"),
        ("周一 07:31", "03-02 07:31"),
        ("周一 07:00", "03-09 07:00"),
        ("周三 21:00", "03-04 21:00"),
        ("星期日 09:00", "03-08 09:00"),
        ("下周一 09:00", "03-09 09:00"),
        ("fri 20:00", "03-06 20:00"),
        ("明天 07:00", "03-03 07:00"),
        ("第3天 21:00", "03-04 21:00"),
        ("3月5日 20:00", "03-05 20:00"),
        ("03-05 20:00", "03-05 20:00"),
        ("2026-03-21 20:00", "03-21 20:00"),
        ("周二", "03-03 00:00"),
        ("07:31:20", "03-02 07:31"),
    ],
)
def test_moments(text: str, expected: str) -> None:
    """A moment is the first such one from now on."""
    assert f"{moments.parse(text).resolve(MONDAY, MONDAY):%m-%d %H:%M}" == expected


def test_a_minute_that_has_begun_is_now() -> None:
    """Two lines of the same minute stay in it, though an answer took seconds."""
    now = MONDAY + timedelta(seconds=12)
    assert moments.parse("07:30").resolve(now, MONDAY) == now


def test_a_day_that_is_over() -> None:
    """A date in the past is a mistake, not next year."""
    with pytest.raises(ValueError, match="is over"):
        moments.parse("2026-03-01 20:00").resolve(MONDAY, MONDAY)


@pytest.mark.parametrize(
    ("line", "deed"),
    [
        ("小明: 打卡", d.Says("小明", "打卡")),
        ("周一 07:31 小明: 打卡 12:30 见", d.Says("小明", "打卡 12:30 见")),
        ("07:31 小明：早", d.Says("小明", "早")),
        ("小红(私聊): 我的积分", d.Says("小红", "我的积分", is_private=True)),
        ("小刚(回复 小明): 写得真好", d.Says("小刚", "写得真好", reply_to="小明")),
        ("08:00 小刚 进群", d.Joins(("小刚",))),
        ("小刚、小美 进群 由 小明", d.Joins(("小刚", "小美"), "小明")),
        ("→ 小刚 进群 由 小明 邀请", d.Joins(("小刚",), "小明")),
        ("小刚 退群", d.Leaves("小刚")),
        ("老陈 踢出 小刚", d.Leaves("小刚", "老陈")),
        ("小刚 申请进群: 答案是长安", d.AsksToJoin("小刚", "答案是长安")),
        ("小刚 申请进群", d.AsksToJoin("小刚")),
        ("小明 撤回 「打卡」", d.Recalls("小明", "小明", "打卡")),
        ("小明 撤回", d.Recalls("小明", "小明")),
        ("老陈 撤回 小明 「加我微信」", d.Recalls("老陈", "小明", "加我微信")),
        ("小明 改名片 小明-北京", d.Renames("小明", "小明-北京")),
        ("小明 戳 群小助", d.Pokes("小明", "群小助")),
        ("老陈 禁言 小刚 10m", d.Mutes("老陈", "小刚", 600)),
        ("老陈 解除禁言 小刚", d.Mutes("老陈", "小刚", 0)),
        ("老陈 全员禁言 开", d.MutesAll("老陈", True)),
        ("群小助 成为 普通成员", d.Promotes("群小助", "member")),
        ("老陈 决定 补卡 同意", d.Decides("老陈", "补卡", "同意")),
        ("老陈 决定 同意", d.Decides("老陈", "", "同意")),
        ("过 2h", d.Passes(timedelta(hours=2))),
        ("pass 30m", d.Passes(timedelta(minutes=30))),
        ("到 周三 21:00", d.Waits()),
        ("until 21:00", d.Waits()),
        ("第3天 21:00", d.Waits()),
    ],
)
def test_lines(line: str, deed: d.Deed) -> None:
    """Every kind of line becomes its deed."""
    assert parse_line(line).deed == deed


@pytest.mark.parametrize("line", ["小明", "小明 跳舞", "小明(悄悄): 在吗", "过 两小时", "到 晚上"])
def test_lines_that_nobody_can_play(line: str) -> None:
    """A line that is no chat is a mistake with its number."""
    with pytest.raises(ScriptMistake) as mistake:
        parse_line(line, 7)
    assert mistake.value.place == "7"


def test_a_script_of_several_lines() -> None:
    """Comments and empty lines are nothing; an indented line belongs to the message above."""
    script = "# 第一天\n07:31 小明: 打卡\n  第二行\n\n过 2h\n"
    lines = parse_script(script, first_line=10)
    assert [(line.number, line.deed) for line in lines] == [
        (11, d.Says("小明", "打卡\n第二行")),
        (14, d.Passes(timedelta(hours=2))),
    ]
