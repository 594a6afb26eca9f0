"""Moving a post changes a few characters of its playbook: comments, order and quotes stay, what can't be said so is refused."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.units import parse_window
from bot.engine.calendar import next_fire
from bot.playbook.nodes import plain
from bot.playbook.reading import read
from bot.plays.campaign.agenda import Item, items
from bot.plays.campaign.params import Params
from bot.usecases.calendar.moving import Target, Unmovable, move

ZONE = ZoneInfo("Asia/Shanghai")
TEXT = """\
# 内容矩阵
playbook: content
plays:
  矩阵:
    kind: campaign
    start: 2026-03-02
    slots: {早: 07:30-08:30, "晚 上": 20:00-21:30, 午: 12:00-13:00}
    calendar:
      - {day: mon, slot: 早, topic: 导读, text: 你好}    # 每周开头
      - day: [tue, "周四"]    # 两天
        slot: '午'
        topic: 金句
        text: 一句
      - {day: 3, slot: 早, topic: 第三天, text: 三}
      - {day: 2026-03-06, slot: 早, topic: 那天, text: 六}
      - {day: 工作日, slot: 早, topic: 早安, text: 早}
    posts:
      - {name: 通知, at: "2026-03-05 18:00", text: 来}
      - {name: 晚安, daily: 22:00, text: 安}
      - {name: 回顾, cron: "0 20 * * mon,wed", text: 回}
      - {name: 月末, cron: "0 20 28 * *", text: 月}
    countdown: {to: 2026-03-08, at: "09:00", name: 倒数, text: 快了}
"""


def moved(name: str, day: str, to: str, slot: str = "", clock: str = "") -> str:
    """The lines that differ, as `-old +new`."""
    tree, problems = read("content.yaml", TEXT)
    assert tree is not None
    assert problems == []
    params = Params.model_validate({k: v for k, v in plain(tree)["plays"]["矩阵"].items() if k != "kind"})
    item = next(each for each in items(params) if each.name == name)
    target = Target(
        day=date.fromisoformat(to), slot=slot, clock=time.fromisoformat(clock) if clock else None
    )  # fmt: skip
    text = move(tree, "矩阵", params, item, date.fromisoformat(day), target).text
    _fires_there(text, item, target)
    before, after = TEXT.split("\n"), text.split("\n")
    assert len(before) == len(after)
    return " ".join(
        f"-{a.strip()} +{b.strip()}" for a, b in zip(before, after, strict=True) if a != b
    )  # fmt: skip


def _fires_there(text: str, item: Item, target: Target) -> None:
    """The new text is sound, and what stands in the same place fires on the day that was asked for."""
    tree, problems = read("content.yaml", text)
    assert tree is not None
    assert problems == []
    params = Params.model_validate({k: v for k, v in plain(tree)["plays"]["矩阵"].items() if k != "kind"})
    midnight = datetime.combine(target.day, time(0), ZONE)
    fires = [next_fire(each.schedule, midnight, ZONE) for each in items(params) if each.place == item.place]
    local = [at.astimezone(ZONE) for at in fires if at is not None]
    there = [at for at in local if at.date() == target.day]
    assert there, (target, local)
    if target.clock is not None:
        assert there[0].time() == target.clock
    if target.slot:
        assert there[0].time() == params.slots[target.slot].start


@pytest.mark.parametrize(
    ("name", "day", "to", "slot", "clock", "changed"),
    [
        (
            "导读", "2026-03-02", "2026-03-04", "", "",
            "-- {day: mon, slot: 早, topic: 导读, text: 你好}    # 每周开头 +- {day: wed, slot: 早, topic: 导读, text: 你好}    # 每周开头",
        ),
        (
            "导读", "2026-03-02", "2026-03-03", "晚 上", "",
            "-- {day: mon, slot: 早, topic: 导读, text: 你好}    # 每周开头 +- {day: tue, slot: 晚 上, topic: 导读, text: 你好}    # 每周开头",
        ),
        (
            "金句", "2026-03-05", "2026-03-07", "", "",
            '-- day: [tue, "周四"]    # 两天 +- day: [tue, "周六"]    # 两天',
        ),
        ("金句", "2026-03-03", "2026-03-03", "早", "", "-slot: '午' +slot: '早'"),
        (
            "第三天", "2026-03-04", "2026-03-08", "", "",
            "-- {day: 3, slot: 早, topic: 第三天, text: 三} +- {day: 7, slot: 早, topic: 第三天, text: 三}",
        ),
        (
            "那天", "2026-03-06", "2026-03-20", "", "",
            "-- {day: 2026-03-06, slot: 早, topic: 那天, text: 六} +- {day: 2026-03-20, slot: 早, topic: 那天, text: 六}",
        ),
        (
            "早安", "2026-03-02", "2026-03-02", "午", "",
            "-- {day: 工作日, slot: 早, topic: 早安, text: 早} +- {day: 工作日, slot: 午, topic: 早安, text: 早}",
        ),
        (
            "通知", "2026-03-05", "2026-03-12", "", "19:30",
            '-- {name: 通知, at: "2026-03-05 18:00", text: 来} +- {name: 通知, at: "2026-03-12 19:30", text: 来}',
        ),
        (
            "通知", "2026-03-05", "2026-03-12", "", "",
            '-- {name: 通知, at: "2026-03-05 18:00", text: 来} +- {name: 通知, at: "2026-03-12 18:00", text: 来}',
        ),
        (
            "晚安", "2026-03-05", "2026-03-05", "", "21:45",
            "-- {name: 晚安, daily: 22:00, text: 安} +- {name: 晚安, daily: 21:45, text: 安}",
        ),
        (
            "回顾", "2026-03-04", "2026-03-06", "", "19:00",
            '-- {name: 回顾, cron: "0 20 * * mon,wed", text: 回} +- {name: 回顾, cron: "0 19 * * mon,fri", text: 回}',
        ),
        (
            "倒数", "2026-03-06", "2026-03-06", "", "10:15",
            '-countdown: {to: 2026-03-08, at: "09:00", name: 倒数, text: 快了} +countdown: {to: 2026-03-08, at: "10:15", name: 倒数, text: 快了}',
        ),
    ],
)  # fmt: skip
def test_only_what_says_when_changes(name: str, day: str, to: str, slot: str, clock: str, changed: str) -> None:
    """A weekday, a word of a list, a day number, a date, a slot, a time, a cron: in the manner and the quotes they had."""
    assert moved(name, day, to, slot, clock) == changed


@pytest.mark.parametrize(
    ("name", "day", "to", "slot", "clock", "code"),
    [
        ("导读", "2026-03-02", "2026-03-02", "", "", "same_place"),
        ("导读", "2026-03-02", "2026-03-02", "早", "", "same_place"),
        ("导读", "2026-03-02", "2026-03-10", "", "", "same_week_only"),
        ("导读", "2026-03-02", "2026-03-02", "夜", "", "no_such_slot"),
        ("金句", "2026-03-05", "2026-03-03", "", "", "already_there"),
        ("第三天", "2026-03-04", "2026-03-01", "", "", "before_the_start"),
        ("早安", "2026-03-02", "2026-03-03", "", "", "every_day"),
        ("通知", "2026-03-05", "2026-03-05", "", "", "same_place"),
        ("晚安", "2026-03-05", "2026-03-06", "", "", "every_day"),
        ("晚安", "2026-03-05", "2026-03-05", "", "", "needs_a_time"),
        ("回顾", "2026-03-04", "2026-03-02", "", "", "already_there"),
        ("回顾", "2026-03-04", "2026-03-11", "", "", "same_week_only"),
        ("月末", "2026-03-28", "2026-03-29", "", "", "cron_by_hand"),
        ("倒数", "2026-03-06", "2026-03-07", "", "", "every_day"),
    ],
)
def test_what_cannot_be_said_so_is_refused(name: str, day: str, to: str, slot: str, clock: str, code: str) -> None:
    """With a code that the page has words for."""
    with pytest.raises(Unmovable) as refused:
        moved(name, day, to, slot, clock)
    assert refused.value.code == code


def test_what_stands_elsewhere_is_not_touched() -> None:
    """A row that comes from base.yaml, or a text that changed since it was loaded: the file says something else there."""
    tree, _ = read("content.yaml", TEXT.replace("slot: 早, topic: 导读", "slot: 午, topic: 导读"))
    params = Params.model_validate(
        {"slots": {"早": "07:30-08:30"}, "calendar": [{"day": "mon", "slot": "早", "topic": "导读", "text": "你好"}]}
    )
    assert tree is not None
    for play in ("矩阵", "别的"):
        with pytest.raises(Unmovable) as refused:
            move(tree, play, params, items(params)[0], date(2026, 3, 2), Target(day=date(2026, 3, 3)))
        assert refused.value.code == "written_elsewhere"


@given(
    st.text(st.sampled_from("早晚 a:#'\"\\,[]{}&*!|>%@`-?0.~"), min_size=1, max_size=6),
    st.sampled_from(["plain", "'", '"']),
)
def test_a_slot_of_any_name_is_written_so_that_it_is_read_again(name: str, style: str) -> None:
    """Quotes, comments, brackets and what looks like a number in a name break neither the row nor the file."""
    old = {"plain": "旧", "'": "'旧'", '"': '"旧"'}[style]
    text = f"""\
plays:
  x:
    calendar:
      - {{day: mon, slot: {old}, text: 你好}}  # 注释
    after: yes
"""
    tree, problems = read("x.yaml", text)
    assert tree is not None
    assert problems == []
    params = Params.model_construct(slots={"旧": parse_window("07:00-08:00"), name: parse_window("09:00-10:00")})
    row = Params.model_validate(
        {"slots": {"旧": "07:00-08:00"}, "calendar": [{"day": "mon", "slot": "旧", "text": "你好"}]}
    )
    params = row.model_copy(update={"slots": params.slots})
    day = date(2026, 3, 2)
    found = move(tree, "x", params, items(row)[0], day, Target(day=day, slot=name))
    again, problems = read("x.yaml", found.text)
    assert again is not None
    assert problems == []
    assert plain(again) == {
        "plays": {"x": {"calendar": [{"day": "mon", "slot": name, "text": "你好"}], "after": "yes"}}
    }
    assert "# 注释" in found.text


def test_the_other_days_of_a_row_go_along() -> None:
    """A slot belongs to the row: who moves Thursday's post to the evening is told that Tuesday's goes, too."""
    tree, _ = read("content.yaml", TEXT)
    assert tree is not None
    params = Params.model_validate({k: v for k, v in plain(tree)["plays"]["矩阵"].items() if k != "kind"})
    item = next(each for each in items(params) if each.name == "金句")
    found = move(tree, "矩阵", params, item, date(2026, 3, 5), Target(day=date(2026, 3, 6), slot="早"))
    assert found.with_it == ("tue",)
