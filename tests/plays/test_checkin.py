"""打卡 as the group sees it."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from bot.core.effects import Award
from bot.core.units import parse_window
from tests.stage import Stage

CAMP: dict[str, Any] = {
    "commands": ["打卡", "签到"],
    "window": "05:00-23:59",
    "points": 5,
    "streak": {3: 10, 7: 30},
    "makeup": {"per_month": 2, "within": "72h", "cost": 20},
    "leave": {"per_month": 1},
}


def stage(
    now: str = "2026-03-02 07:31", *, header: dict[str, Any] | None = None, zone: str = "Asia/Shanghai", **more: Any
) -> Stage:
    made = Stage("checkin", {**CAMP, **more}, now=now, header=header, zone=zone)
    return made.members("小明", "小红", "小刚", op="老陈")


def days_of(chat: Stage, name: str, *days: str, text: str = "打卡") -> None:
    for day in days:
        chat.until(f"{day} 08:00")
        chat.says(name, text)
    chat.take()


def test_a_check_in_is_answered_with_streak_and_points() -> None:
    """One compact line: who, how many days, what it earned."""
    chat = stage()
    chat.says("小明", "打卡")
    assert chat.take() == ["小明: 打卡", "bot: ✅ 小明 打卡成功,+5 分,共 5 分。再坚持 2 天有 10 分奖励"]


@pytest.mark.parametrize(
    "text",
    ["打卡", "签到", "打卡!", "打 卡", "＠群运 打卡".replace("＠", "@"), "打卡 第三章读完", "打卡第三章读完", "daka"],
)
def test_the_command_forgives(text: str) -> None:
    """Aliases, spaces, a leading mention, text with and without a space, and the commonest typos all check in."""
    chat = stage()
    chat.says("小明", text)
    assert chat.points("小明") == 5


@pytest.mark.parametrize("text", ["打卡了吗", "今天打卡了没", "怎么打卡?", "打卡时间是几点", "大家早上好"])
def test_talk_about_it_is_chat(text: str) -> None:
    """A question about checking in is not a check-in."""
    chat = stage()
    chat.says("小明", text)
    assert chat.points("小明") == 0
    assert chat.bot() == []


def test_the_second_one_is_answered_once_and_then_met_with_silence() -> None:
    """A duplicate earns nothing, and repeating it does not make the bot repeat itself."""
    chat = stage()
    chat.says("小明", "打卡")
    chat.take()
    for _ in range(3):
        chat.says("小明", "打卡")
    assert chat.bot() == ["小明 今天已经打过啦,明天见 😊"]
    assert chat.points("小明") == 5


def test_a_streak_pays_its_bonus_once() -> None:
    """Three days in a row pay 10 more; the fourth day pays the plain points again."""
    chat = stage()
    days_of(chat, "小明", "2026-03-02", "2026-03-03")
    chat.until("2026-03-04 08:00")
    chat.says("小明", "打卡")
    assert chat.bot() == ["✅ 小明 打卡成功,连续 3 天,+15 分(含连续奖励 10),共 25 分"]
    days_of(chat, "小明", "2026-03-05")
    assert chat.points("小明") == 30


def test_a_new_streak_earns_the_bonus_again() -> None:
    """Once per streak: after a gap, the next three days in a row pay again."""
    chat = stage(makeup=None)
    days_of(chat, "小明", "2026-03-02", "2026-03-03", "2026-03-04")
    days_of(chat, "小明", "2026-03-06", "2026-03-07", "2026-03-08")
    assert chat.points("小明") == 6 * 5 + 2 * 10


def test_outside_the_window_once_a_day_kindly() -> None:
    """Too early is said once; the same member is not told twice."""
    chat = stage(now="2026-03-02 04:30")
    chat.says("小明", "打卡")
    chat.says("小明", "打卡")
    assert chat.bot() == ["小明 来得真早!打卡时间是 05:00-23:59,到点再来一次就好。"]
    chat.until("2026-03-02 05:00")
    chat.says("小明", "打卡")
    assert chat.points("小明") == 5


def test_too_late_points_to_the_way_out() -> None:
    """After the window the answer says what can still be done."""
    chat = stage(now="2026-03-02 22:10", window="05:00-22:00")
    chat.says("小明", "打卡")
    assert chat.bot() == ["小明 今天的打卡时间(05:00-22:00)过了,没关系,明天可以用「补卡」接上。"]


def test_the_last_minute_belongs_to_the_window() -> None:
    """23:59:59 still counts for the day, and the next second is a new one."""
    chat = stage(now="2026-03-02 23:59:59", window=None)
    chat.says("小明", "打卡")
    chat.passes("1s")
    chat.says("小明", "打卡")
    slot = chat.slot("小明")
    assert slot.months["2026-03"][1:3] == "oo"
    assert slot.streak == 2


def test_the_time_of_sending_decides_not_the_time_of_arrival() -> None:
    """A message sent before midnight that arrives in the morning counts for the day it was sent."""
    chat = stage(now="2026-03-03 08:00")
    chat.says("小明", "打卡", at="2026-03-02 23:50")
    assert chat.slot("小明").months["2026-03"].startswith("-o-")
    chat.says("小明", "打卡")
    assert chat.slot("小明").streak == 2


def test_a_network_clock_far_ahead_is_not_believed() -> None:
    """A send time in the future would buy tomorrow's credit today."""
    chat = stage()
    chat.says("小明", "打卡", at="2026-03-05 08:00")
    assert chat.slot("小明").months["2026-03"].startswith("-o-")


def test_a_late_arrival_fills_its_own_day_and_joins_the_streak() -> None:
    """History fetched after a gap may come out of order: the streak is the same as if it had come in order."""
    chat = stage()
    chat.says("小明", "打卡")
    chat.until("2026-03-04 08:00")
    chat.says("小明", "打卡")
    chat.says("小明", "打卡", at="2026-03-03 09:00")
    assert chat.slot("小明").streak == 3
    assert chat.points("小明") == 15 + 10


def test_a_day_may_begin_at_four() -> None:
    """With the day boundary at 04:00 a night owl's 01:30 belongs to the evening before."""
    chat = stage(now="2026-03-03 01:30", window=None, header={"day_starts": time(4)})
    chat.says("小明", "打卡")
    chat.until("2026-03-03 04:00")
    chat.says("小明", "打卡")
    assert chat.slot("小明").months["2026-03"].startswith("-oo")


def test_daylight_saving_makes_no_day_longer_or_double() -> None:
    """The days on which clocks change give one credit each."""
    chat = stage(now="2026-03-07 23:30", zone="America/New_York", window=None)
    chat.says("小明", "打卡")
    chat.until("2026-03-08 03:30")
    chat.says("小明", "打卡")
    chat.until("2026-03-09 00:00")
    chat.says("小明", "打卡")
    assert chat.slot("小明").streak == 3


def test_content_must_be_the_members_own_words() -> None:
    """The command, punctuation, emoji and a key held down don't make twenty characters."""
    chat = stage(content={"min_chars": 10})
    chat.says("小明", "打卡 !!!!!😊😊😊😊😊 好的")
    assert chat.bot() == ["小明 再多写一点点吧:打卡要 10 个字,现在 2 个。和「打卡」写在同一条里发来就好。"]
    chat.says("小明", "打卡 哈哈哈哈哈哈哈哈哈哈哈哈哈哈")
    assert chat.points("小明") == 0
    chat.says("小明", "打卡:今天读完了第三章,收获很大")
    assert chat.points("小明") == 5


def test_a_picture_will_do_where_the_playbook_says_so() -> None:
    """`or: image`: the picture may come with the command or right after it."""
    chat = stage(content={"min_chars": 20, "or": "image"})
    chat.says("小明", "打卡", image=True)
    assert chat.points("小明") == 5
    chat.says("小红", "打卡")
    assert chat.bot()[-1] == "小红 带上今天的内容吧:打卡 + 20 个字(现在 0 个),或者接着发一张图片也行。"
    chat.passes("2m")
    chat.says("小红", "", image=True)
    assert chat.points("小红") == 5


def test_a_picture_out_of_the_blue_is_chat() -> None:
    """Without a 打卡 before it, or too long after, a picture checks nobody in."""
    chat = stage(content={"min_chars": 20, "or": "image"})
    chat.says("小明", "", image=True)
    chat.says("小红", "打卡")
    chat.passes("11m")
    chat.says("小红", "", image=True)
    assert chat.points("小明") == chat.points("小红") == 0


def test_the_same_text_twice_is_not_new() -> None:
    """`novel: true` refuses yesterday's text, however it is punctuated."""
    chat = stage(content={"min_chars": 5, "novel": True})
    days_of(chat, "小明", "2026-03-02", text="打卡 今天读书三十页")
    chat.until("2026-03-03 08:00")
    chat.says("小明", "打卡 今天读书,三十页!")
    assert chat.bot() == ["小明 这段和上次一样呢,写点今天的新内容吧。"]


def test_a_form_to_fill_in() -> None:
    """`template`: the fixed words in their order, something in every blank."""
    chat = stage(content={"template": "今天读了__,收获是__"})
    chat.says("小明", "打卡 今天读了,收获是")
    assert chat.bot() == ["小明 按这个格式写就好:\n打卡 今天读了__,收获是__"]
    chat.says("小明", "打卡 今天读了第三章,收获是要多动笔")
    assert chat.points("小明") == 5


def test_makeup_closes_the_gap() -> None:
    """补卡 takes the latest missed day, costs points and joins the two halves of the streak."""
    chat = stage(points=20)
    days_of(chat, "小明", "2026-03-02", "2026-03-04")
    chat.says("小明", "补卡")
    assert chat.bot() == ["✅ 小明 补上了 3月3日,连续 3 天,用了 20 分,连续奖励 +10,还有 30 分。这个月还能补 1 天。"]
    assert chat.points("小明") == 30
    chat.says("小明", "补卡 3月3日")
    assert chat.bot() == ["小明 3月3日已经有记录啦,不用补。"]


def test_filling_a_gap_does_not_pay_a_bonus_twice() -> None:
    """Both halves of a joined streak had their three days; the joined one gets no third bonus."""
    chat = stage(points=20, streak={3: 10})
    days_of(chat, "小明", "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-06", "2026-03-07", "2026-03-08")
    chat.says("小明", "补卡 3月5日")
    assert chat.slot("小明").streak == 7
    assert chat.points("小明") == 6 * 20 + 2 * 10 - 20


def test_makeup_is_refused_kindly() -> None:
    """Too poor, too old, not yet, before the beginning, out of budget: each says which."""
    chat = stage()
    days_of(chat, "小明", "2026-03-02", "2026-03-04")
    asked = {
        "补卡 昨天": "补卡要 20 分,小明 现在有 10 分,先攒一攒吧。",
        "补卡 今天": "今天还没过完呢,直接发「打卡」就好。",
        "补卡 3月1日": "3月1日打卡还没开始呢。",
        "补卡 随便": "想补哪一天?例如「补卡 昨天」「补卡 3月5日」。",
    }
    for typed, said in asked.items():
        chat.says("小明", typed)
        assert chat.bot() == [said]
    chat.until("2026-03-07 08:00")
    chat.says("小明", "补卡 3月3日")
    assert chat.bot() == ["3月3日过去太久,补不了啦(只能补 72 小时内的)。从今天接着来!"]


def test_the_makeup_budget_is_by_month() -> None:
    """Two days of a month may be made up; the third is refused."""
    chat = stage(points=50)
    days_of(chat, "小明", "2026-03-02")
    chat.until("2026-03-05 20:00")
    chat.says("小明", "打卡")
    chat.says("小明", "补卡")
    chat.says("小明", "补卡")
    chat.take()
    days_of(chat, "小明", "2026-03-07")
    chat.says("小明", "补卡")
    assert chat.bot() == ["小明 3月的补卡次数用完啦(每月 2 天)。从今天接着来!"]


def test_leave_bridges_the_streak() -> None:
    """A day of leave neither counts nor breaks; the budget is kept."""
    chat = stage()
    days_of(chat, "小明", "2026-03-02", "2026-03-03")
    chat.says("小明", "请假 明天")
    assert chat.bot() == ["小明 3月4日请假,连续不会断。这个月还能请 0 天,好好休息。"]
    days_of(chat, "小明", "2026-03-05")
    assert chat.slot("小明").streak == 3
    chat.says("小明", "请假 3天")
    assert chat.bot() == ["小明 3月5日已经打卡了,不用请假 👍"]
    chat.says("小明", "请假 明天 家里有事")
    assert chat.bot() == ["小明 3月的请假用完啦(每月 1 天)。"]


def test_a_check_in_on_a_day_of_leave_gives_the_leave_back() -> None:
    """Who comes anyway counts, and the day of leave is free again."""
    chat = stage()
    chat.says("小明", "请假")
    chat.says("小明", "打卡")
    chat.says("小明", "请假 明天")
    assert chat.bot()[-1] == "小明 3月3日请假,连续不会断。这个月还能请 0 天,好好休息。"
    chat.says("小明", "销假")
    assert chat.bot() == ["小明 欢迎回来!取消了 1 天请假。"]


def test_the_calendar_is_a_month_at_a_glance() -> None:
    """我的打卡 shows the month by weeks, Monday first."""
    chat = stage(points=20)
    days_of(chat, "小明", "2026-03-02", "2026-03-04")
    chat.says("小明", "补卡")
    chat.says("小明", "请假 明天")
    chat.take()
    chat.until("2026-03-06 20:00")
    chat.says("小明", "我的打卡")
    assert chat.bot() == [
        "📅 小明 3月打卡 3 天\n"
        "一二三四五六日\n"
        "　　　　　　⬜\n"
        "✅🔁✅🌙👉▫️▫️\n"
        "▫️▫️▫️▫️▫️▫️▫️\n"
        "▫️▫️▫️▫️▫️▫️▫️\n"
        "▫️▫️▫️▫️▫️▫️▫️\n"
        "▫️▫️\n"
        "连续 3 天,最长 3 天,累计 3 天,30 分\n"
        "本月还能补卡 1 天、请假 0 天"
    ]


def test_recalling_the_message_takes_the_credit_back() -> None:
    """A check-in recalled the same day does not count, says so, and may be done again."""
    chat = stage()
    sent = chat.says("小明", "打卡")
    chat.take()
    chat.recalls("小明", sent)
    assert chat.bot() == ["小明 撤回了今天的打卡,这次先不算,5 分也退回了。重新发一次就好。"]
    assert chat.points("小明") == 0
    chat.says("小明", "打卡")
    assert chat.points("小明") == 5
    assert sorted(note.what for note in chat.notes.values()) == ["checkin", "checkin", "checkin_undone"]


def test_recalling_yesterdays_message_changes_nothing() -> None:
    """What was settled stays settled."""
    chat = stage()
    sent = chat.says("小明", "打卡")
    chat.until("2026-03-03 08:00")
    chat.take()
    chat.recalls("小明", sent)
    assert chat.bot() == []
    assert chat.points("小明") == 5


def test_spent_points_are_owed_not_conjured() -> None:
    """Check in, spend, recall, check in again: no points come out of nothing."""
    chat = stage()
    sent = chat.says("小明", "打卡")
    ref = next(iter(chat.plan.plays))
    chat.ledger[(ref, "spent")] = Award(member="sim:小明", points=-5, reason="兑换", key="spent")
    chat.recalls("小明", sent)
    chat.says("小明", "打卡")
    assert chat.points("小明") == 0
    chat.until("2026-03-03 08:00")
    chat.says("小明", "打卡")
    assert chat.points("小明") == 5


def test_the_reminder_mentions_those_missing_the_longest_streak_first() -> None:
    """Operators, members on leave and those who are done are left alone; mentions are bounded."""
    chat = stage(remind={"at": "21:00", "mention_at_most": 1})
    days_of(chat, "小红", "2026-03-02")
    chat.until("2026-03-03 08:00")
    chat.says("小刚", "打卡")
    chat.take()
    chat.until("2026-03-03 21:00")
    chat.fires("checkin", "remind")
    assert chat.bot() == ["@小红 今天还差我们的打卡,23:59 前发一条就好 ✊(还有 1 位也别忘了) 已经有 1 位完成了。"]


def test_no_reminder_when_all_are_done_or_in_quiet_hours() -> None:
    """Nothing to say is nothing said."""
    chat = stage(remind={"at": "21:00"})
    for name in ("小明", "小红", "小刚"):
        chat.says(name, "打卡")
    chat.take()
    chat.until("2026-03-02 21:00")
    chat.fires("checkin", "remind")
    assert chat.bot() == []
    quiet = stage(now="2026-03-02 21:00", remind={"at": "21:00"}, header={"quiet_hours": parse_window("20:00-07:00")})
    quiet.fires("checkin", "remind")
    assert quiet.bot() == []


def test_the_summary_waits_for_the_last_second_of_the_day() -> None:
    """A summary at 23:59 includes who checks in at 23:59:50, though it was due before."""
    chat = stage(summary={"at": "23:59", "top": 2})
    days_of(chat, "小红", "2026-03-02", "2026-03-03")
    chat.until("2026-03-03 23:59")
    chat.fires("checkin", "summary")
    chat.passes("50s")
    chat.says("小明", "打卡")
    chat.take()
    chat.passes("40s")
    assert chat.bot() == ["📊 昨日打卡 2 人(前一天 1 人)\n最早:小红 08:00\n连续榜:\n1. 小红 2 天\n2. 小明 1 天"]


def test_the_summary_does_not_disturb_the_night() -> None:
    """Due in quiet hours, it is posted when they end, about the day it belongs to."""
    chat = stage(summary={"at": "23:59"}, header={"quiet_hours": parse_window("23:00-07:00")})
    chat.says("小明", "打卡")
    chat.take()
    chat.until("2026-03-02 23:59")
    chat.fires("checkin", "summary")
    chat.until("2026-03-03 06:59")
    assert chat.bot() == []
    chat.until("2026-03-03 07:00")
    assert chat.bot() == ["📊 昨日打卡 1 人\n最早:小明 07:31\n连续榜:\n1. 小明 1 天"]


def test_the_ranking_counts_days() -> None:
    """打卡排行 for week, month and all; equal counts share a place."""
    chat = stage()
    days_of(chat, "小明", "2026-03-02", "2026-03-03", "2026-03-04")
    chat.says("小红", "打卡")
    chat.says("小刚", "打卡")
    chat.take()
    chat.says("小红", "打卡排行 周")
    assert chat.bot() == ["🏆 本周打卡榜\n1. 小明 3 天(连续 3)\n2. 小刚 1 天\n2. 小红 1 天"]
    chat.until("2026-03-09 08:00")
    chat.says("小红", "打卡排行周")
    assert chat.bot() == ["本周还没有人打卡,我们来当第一个吧!"]
    chat.says("小红", "打卡榜 总")
    assert chat.bot()[0].startswith("🏆 累计打卡榜\n1. 小明 3 天")


def test_operators_mend_the_record() -> None:
    """代打卡 and 撤销打卡 by name, with a reversal in the ledger; members can't."""
    chat = stage()
    chat.says("小明", "代打卡 小红")
    assert chat.bot() == []
    chat.says("老陈", "代打卡 小红 小刚 小李")
    assert chat.bot() == [
        "✅ 已替 小红 记上打卡,+5 分\n✅ 已替 小刚 记上打卡,+5 分\n没找到:小李。请 @ 本人或写全群名片。"
    ]
    chat.says("老陈", "撤销打卡 @小红", mentions=("sim:小红",))
    assert chat.bot() == ["已撤销 小红 今天的打卡,退回 5 分。"]
    assert (chat.points("小红"), chat.points("小刚")) == (0, 5)
    chat.says("老陈", "谁没打卡")
    assert chat.bot() == ["今日打卡 1 人\n还没打卡 2 人:小明、小红"]
    chat.says("老陈", "撤销打卡")
    assert chat.bot() == ["撤销谁的?例如「撤销打卡 @小明」或「撤销打卡 小明 昨天」。"]


def test_review_goes_round_until_it_passes() -> None:
    """Submission, 修改, second version, 通过: by quoting, and only by reviewers."""
    chat = stage(content={"min_chars": 5}, review={"by": "role:coach", "rubric": ["真实", "具体"], "points": 3})
    chat.roster["sim:小刚"] = replace(chat.roster["sim:小刚"], labels=frozenset({"role:coach"}))
    first = chat.says("小明", "打卡 今天读了第三章")
    chat.take()
    chat.says("小红", "通过", reply_to=first)
    assert chat.bot() == []
    chat.says("小刚", "修改 写写你自己的例子", reply_to=first)
    assert chat.bot() == [
        "✍️ 小明 这份再改一改会更好:写写你自己的例子\n我们看这几点:真实、具体\n改好后发「重交 + 内容」"
    ]
    second = chat.says("小明", "重交 我上周在单位遇到的事正好说明这一点")
    assert chat.bot() == ["小明 第 2 版收到,等老师点评。"]
    chat.says("小刚", "通过:很好", reply_to=second)
    assert chat.bot() == ["🌟 小明 3月2日的作业通过了(第 2 版),+3 分:很好"]
    chat.says("小刚", "通过", reply_to=second)
    assert chat.bot() == []
    assert chat.points("小明") == 8


def test_a_reviewer_at_the_console_is_heard_in_the_group() -> None:
    """The author is called by name; lines of the rubric carry points; what is no open submission is refused."""
    chat = stage(content={"min_chars": 5}, review={"rubric": ["真实", "具体"], "points": 3})
    first = chat.says("小明", "打卡 今天读了第三章")
    chat.take()
    assert chat.orders("checkin", "review", first, verdict="修改", comment="写写例子", scores="1:4,2:2") == ""
    assert chat.bot() == [
        "@小明 ✍️ 小明 这份再改一改会更好:写写例子\n我们看这几点:真实、具体\n改好后发「重交 + 内容」\n真实 4/5、具体 2/5"
    ]
    note = next(note for (_, what, _), note in chat.notes.items() if what == "review")
    assert (note.data["scores"], note.data["by"]) == ({"真实": 4, "具体": 2}, "console:老陈")
    second = chat.says("小明", "重交 我上周在单位遇到的事正好说明这一点")
    chat.take()
    assert chat.orders("checkin", "review", first, verdict="通过") == "no_such_work"
    assert chat.orders("checkin", "review", second, verdict="通过", scores="3:5") == "bad_scores"
    assert chat.orders("checkin", "review", second, verdict="滚") == "no_such_order"
    assert chat.orders("checkin", "review", second, verdict="通过") == ""
    assert chat.bot() == ["@小明 🌟 小明 3月2日的作业通过了(第 2 版),+3 分"]
    assert chat.orders("checkin", "review", second, verdict="通过") == "no_such_work"
    assert chat.points("小明") == 8
    assert stage().orders("checkin", "review", first, verdict="通过") == "no_such_order"


def test_in_private_the_answer_stays_private() -> None:
    """A check-in by private message counts for the group and is answered in private."""
    chat = stage()
    chat.says("小明", "打卡", private=True)
    assert chat.bot() == ["bot(私聊 小明): ✅ 小明 打卡成功,+5 分,共 5 分。再坚持 2 天有 10 分奖励"]


def test_operators_may_word_the_reply_themselves() -> None:
    """`reply` is their own template."""
    chat = stage(reply="{{ name }} 坚持第 {{ streak }} 天!")
    chat.says("小明", "打卡")
    assert chat.bot() == ["小明 坚持第 1 天!"]


def test_what_was_said_while_the_bot_was_away_counts_and_is_told_in_one_line() -> None:
    """Each for the time at which it was said; no answer to each, hours later."""
    chat = stage("2026-03-02 09:30")
    for name, said in (("小明", "2026-03-02 07:10"), ("小红", "2026-03-02 07:12"), ("小刚", "2026-03-02 04:30")):
        chat.says(name, "打卡", at=said)
    assert chat.bot() == []
    assert [chat.points(name) for name in ("小明", "小红", "小刚")] == [5, 5, 0]  # 小刚 was too early then, too
    chat.passes("1m")
    assert chat.bot() == ["我刚才不在线,这些打卡按发的时间补记好了: 小明、小红 ✅"]
    chat.says("小明", "打卡")
    assert chat.points("小明") == 5
    chat.passes("1h")
    assert len(chat.bot()) == 1


def test_yesterdays_check_in_that_comes_today_keeps_the_streak() -> None:
    """The bot was away over midnight."""
    chat = stage("2026-03-01 08:00")
    chat.says("小明", "打卡")
    chat.until("2026-03-03 08:00")
    chat.take()
    chat.says("小明", "打卡", at="2026-03-02 22:00")
    chat.says("小明", "打卡")
    assert chat.bot()[-1].startswith("✅ 小明 打卡成功,连续 3 天,+15 分")


def test_a_question_of_long_ago_is_not_answered() -> None:
    """Nor does it use up the answers of today; a leave is taken."""
    chat = stage("2026-03-02 12:00")
    for words in ("我的打卡", "打卡排行", "补卡", "请假"):
        chat.says("小明", words, at="2026-03-02 09:00")
    chat.passes("5m")
    assert chat.bot() == []
    chat.says("小明", "请假")
    assert chat.bot() == ["小明 3月2日已经请过假啦。"]


def test_of_a_hundred_caught_up_twenty_are_named() -> None:
    """And how many there were besides."""
    chat = stage("2026-03-02 12:00").members(*(f"营员{n}" for n in range(100)))
    for number in range(100):
        chat.says(f"营员{number}", "打卡", at="2026-03-02 08:00")
    chat.passes("1m")
    (line,) = chat.bot()
    assert line.endswith("营员19 等,另有 80 位 ✅")
