"""welcome 入群欢迎: who comes, who goes, who returns."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.effects import Approve
from bot.core.events import MemberJoined
from bot.core.play import ALL_CAPABILITIES, Capability, Score
from bot.core.serial import ALPHABET, code
from bot.core.units import parse_window
from tests.stage import ACCOUNT, CHAT, Stage


def greeted(**params: object) -> Stage:
    """A group of three with short texts, where a test reads better without the built-in ones."""
    values = {"text": "欢迎 {{ mentions }} 来到 {{ title }}", **params}
    return Stage("welcome", values).members("老王", "小李", op="老陈")


def test_everyone_within_the_batch_is_greeted_in_one_message() -> None:
    """Three people join within half a minute; the group reads one greeting."""
    stage = greeted()
    stage.joins("小明")
    stage.passes("20s")
    stage.joins("小红", "小刚")
    assert stage.bot() == []
    stage.passes("10s")
    assert stage.bot() == ["欢迎 @小明 @小红 @小刚 来到 测试营"]
    stage.passes("1d")
    assert stage.bot() == []


def test_the_built_in_greeting_says_what_comes_next() -> None:
    """Without any text of the operator the greeting is whole, with the rules and the introduction in it."""
    stage = Stage("welcome", {"rules_ack": {}, "self_intro": {}}).members("老王")
    stage.joins("小明")
    stage.passes("30s")
    assert stage.bot() == [
        "🎉 欢迎 @小明 来到 测试营！\n现在我们一共 2 人啦。\n先看看群规，看完回「已读」就好。\n再发「自我介绍」让大家认识一下～"
    ]


def test_a_text_without_mentions_mentions_nobody() -> None:
    """The operator decides whether anybody is mentioned."""
    stage = greeted(text="欢迎 {{ names }},你是第 {{ last_number }} 位营员")
    stage.joins("小明")
    stage.passes("30s")
    assert stage.bot() == ["欢迎 小明,你是第 1 位营员"]


def test_who_left_before_the_greeting_is_not_greeted() -> None:
    """Joined and gone within the batch: the others are greeted without them."""
    stage = greeted()
    stage.joins("路人", "小明")
    stage.leaves("路人")
    stage.passes("1m")
    assert stage.bot() == ["欢迎 @小明 来到 测试营"]


def test_nobody_left_means_no_greeting() -> None:
    """The only newcomer has left: silence rather than a greeting of nobody."""
    stage = greeted(farewell={})
    stage.joins("路人")
    stage.leaves("路人")
    stage.passes("1h")
    assert stage.bot() == []


def test_two_hundred_in_a_minute_get_one_summary_with_bounded_mentions() -> None:
    """A flood of newcomers is one message and ten mentions."""
    stage = greeted(mention_at_most=3, batch="1m")
    stage.joins(*(f"新{n}" for n in range(200)))
    stage.passes("1m")
    (summary,) = stage.bot()
    assert summary == "🎉 一下子来了 200 位新朋友，欢迎欢迎！\n@新0 @新1 @新2 还有另外 197 位，一个都没落下～"


def test_the_throttle_merges_greetings_instead_of_dropping_them() -> None:
    """Two greetings per hour: the third batch waits until the hour allows it, and nobody is lost."""
    stage = greeted(max_per_hour=2)
    for name in ("甲", "乙", "丙", "丁"):
        stage.joins(name)
        stage.passes("10m")
    assert stage.bot() == ["欢迎 @甲 来到 测试营", "欢迎 @乙 来到 测试营"]
    stage.passes("30m")
    assert stage.bot() == ["欢迎 @丙 @丁 来到 测试营"]


def test_quiet_hours_put_the_greeting_off_to_the_morning() -> None:
    """Who joins at midnight is greeted when the quiet hours end."""
    stage = Stage(
        "welcome",
        {"text": "欢迎 {{ mentions }} 来到这里"},
        now="2026-03-02 23:50",
        header={"quiet_hours": parse_window("23:00-07:00")},
    )
    stage.joins("夜猫子")
    stage.passes("1h")
    stage.joins("早起鸟")
    assert stage.bot() == []
    stage.until("2026-03-03 07:00")
    assert stage.bot() == ["欢迎 @夜猫子 @早起鸟 来到这里"]


def test_whoever_returns_is_welcomed_back_once() -> None:
    """Leaving and coming back over and over earns one welcome back, never a second newcomer's greeting."""
    stage = greeted()
    stage.joins("小明")
    stage.passes("1m")
    stage.take()
    for _ in range(3):
        stage.leaves("小明")
        stage.passes("1h")
        stage.joins("小明")
        stage.passes("1h")
    assert stage.bot() == ["👋 欢迎 @小明 回来，位置一直给留着呢。"]


def test_whoever_was_never_greeted_comes_back_as_a_newcomer() -> None:
    """Gone before the first greeting, back later: that is a first welcome."""
    stage = greeted()
    stage.joins("小明")
    stage.leaves("小明")
    stage.passes("1h")
    stage.joins("小明")
    stage.passes("1m")
    assert stage.bot() == ["欢迎 @小明 来到 测试营"]
    assert stage.slot("小明").journey.number == 1


def test_a_join_told_twice_counts_once() -> None:
    """Networks repeat notices with another id: one greeting, one number."""
    stage = greeted()
    stage.joins("小明")
    stage.passes("40s")
    stage.joins("小明")
    stage.passes("40s")
    assert stage.bot() == ["欢迎 @小明 来到 测试营"]
    assert stage.states["测试/welcome"].admitted == 1


def test_the_bot_does_not_greet_itself() -> None:
    """The account's own arrival is no newcomer."""
    stage = greeted()
    stage.happens(MemberJoined(id="j0", account=ACCOUNT, chat=CHAT, at=stage.now, member=ACCOUNT))
    stage.passes("1m")
    assert stage.bot() == []


def test_joins_found_long_after_a_gap_are_not_greeted() -> None:
    """A backfill tells of somebody who came three days ago: they have a number, and no belated fanfare."""
    stage = greeted()
    stage.members("小明")
    at = stage._time("2026-02-27 08:00")
    stage.happens(MemberJoined(id="j0", account=ACCOUNT, chat=CHAT, at=at, member="sim:小明", name="小明"))
    stage.passes("1h")
    assert stage.bot() == []
    assert stage.slot("小明").journey.number == 1


def test_a_stale_greeting_timer_says_nothing() -> None:
    """The same timer fired again after a crash finds nobody waiting."""
    stage = greeted()
    stage.joins("小明")
    stage.passes("30s")
    stage.take()
    stage.fires("welcome", "greet")
    assert stage.bot() == []


@pytest.mark.parametrize(
    "name", ["{{ 7 * 7 }}", "[CQ:at,qq=all]", "😀" * 300, "\u202e反着写", "a\nb", "\ue000all\ue001", ""]
)
def test_a_name_is_only_ever_a_name(name: str) -> None:
    """Markup, emoji and markers in a name are shown as they are, on one line of sane length."""
    stage = greeted(text="欢迎 {{ names }}|{{ mentions }}")
    stage.joins(name)
    stage.passes("30s")
    (line,) = stage.bot()
    assert "49" not in line
    assert "全体" not in line
    assert line.count("\n") == 0
    assert len(line) < 80


# -- leaving ------------------------------------------------------------------------------------------------------------


def test_no_farewell_unless_asked_for() -> None:
    """By default nobody is seen off in public."""
    stage = greeted()
    stage.leaves("小李")
    stage.passes("1d")
    assert stage.bot() == []


def test_a_farewell_is_batched_and_leaves_out_who_was_removed_or_came_back() -> None:
    """Two leave by themselves, one is removed, one returns within the five minutes."""
    stage = greeted(farewell={})
    stage.members("甲", "乙", "丙")
    stage.leaves("甲")
    stage.leaves("乙")
    stage.leaves("丙", kicked_by="sim:老陈")
    stage.leaves("小李")
    stage.joins("小李")
    stage.passes("5m")
    assert [line for line in stage.bot() if "👋" in line] == ["👋 有位朋友 先走一步，一路顺利，随时欢迎回来。"]


def test_a_farewell_names_those_whose_names_are_known() -> None:
    """Whoever came while the play was running is called by name."""
    stage = greeted(farewell={})
    stage.joins("小明", "小红")
    stage.passes("1m")
    stage.take()
    stage.leaves("小明")
    stage.leaves("小红")
    stage.passes("5m")
    assert stage.bot() == ["👋 小明、小红 先走一步，一路顺利，随时欢迎回来。"]


def test_a_farewell_for_operators_stays_among_operators() -> None:
    """The group reads nothing; the operators' queue has it."""
    stage = greeted(farewell={"to": "operators"})
    stage.joins("小明")
    stage.passes("1m")
    stage.take()
    stage.leaves("小明")
    stage.passes("5m")
    assert stage.take() == ["← 小明 退群", "bot(问运营): 1 位成员退群：小明 [知道了]"]


# -- milestones ---------------------------------------------------------------------------------------------------------


def test_a_milestone_happens_once_though_the_size_oscillates() -> None:
    """Fifty, forty-nine, fifty again: we celebrate once."""
    stage = Stage("welcome", {"text": "欢迎", "milestones": {"sizes": [5], "text": "满 {{ size }} 人!"}})
    stage.members("甲", "乙", "丙", "丁").start()
    stage.joins("戊")
    assert stage.bot() == ["满 5 人!"]
    for _ in range(3):
        stage.leaves("戊")
        stage.joins("戊")
    stage.joins("己")
    stage.passes("1h")
    assert [line for line in stage.bot() if "满" in line] == []


def test_sizes_reached_before_the_play_are_not_celebrated() -> None:
    """A playbook saved for a group of six says nothing about five."""
    stage = Stage("welcome", {"milestones": {"sizes": [5, 8]}}).members(*"甲乙丙丁戊己")
    stage.joins("庚", "辛")
    assert stage.bot() == ["🎊 我们满 8 人啦！谢谢每一位在这里的朋友，一起往下走～"]


def test_a_size_unknown_at_the_start_is_not_a_milestone() -> None:
    """The roster was not there yet when the play began: the first join does not celebrate every size below."""
    stage = Stage("welcome", {"milestones": {"sizes": [2, 3, 5]}}).start()
    stage.members("甲", "乙", "丙")
    stage.joins("丁")
    assert stage.bot() == []
    stage.joins("戊")
    assert [line for line in stage.bot() if "满" in line] == ["🎊 我们满 5 人啦！谢谢每一位在这里的朋友，一起往下走～"]


@settings(max_examples=40)
@given(moves=st.lists(st.sampled_from("+-"), max_size=60))
def test_any_walk_of_the_size_passes_each_milestone_at_most_once(moves: list[str]) -> None:
    """However the size walks, a milestone is said once, and only at a size that was really reached."""
    stage = Stage(
        "welcome",
        {"greet_returning": False, "text": "欢迎", "milestones": {"sizes": [3, 5, 8], "text": "满{{ size }}"}},
    )
    stage.start()
    inside: list[str] = []
    top = 0
    for n, move in enumerate(moves):
        if move == "+":
            inside.append(f"人{n}")
            stage.joins(inside[-1])
        elif inside:
            stage.leaves(inside.pop())
        top = max(top, len(inside))
    said = [line for line in stage.bot() if line.startswith("满")]
    assert said == [f"满{size}" for size in (3, 5, 8) if size <= top]


# -- admission letters --------------------------------------------------------------------------------------------------


def test_letters_are_numbered_in_the_order_of_joining_and_can_be_verified() -> None:
    """小明 gets No.0001 and its code; anybody can have it verified, typed in small letters too."""
    stage = greeted(admission={"prefix": "26春"})
    stage.joins("小明")
    stage.passes("30s")
    assert stage.slot("小明").journey.number == 1
    mark = code("测试/welcome|sim:群", "sim:小明", 1)
    assert stage.bot() == [
        "欢迎 @小明 来到 测试营",
        f"📜 录取通知书 No.26春0001\n小明：\n欢迎成为 测试营 的一员！\n2026-03-02 · 校验码 {mark}",
    ]
    stage.says("老王", f"验证 {mark.lower()}")
    assert stage.bot() == [f"✅ 校验码 {mark} 属实\nNo.26春0001 小明，2026-03-02 入群"]
    stage.says("老王", "验证 AAAAAAAA")
    assert stage.bot() == ["没有查到校验码 AAAAAAAA，再对一下？是 8 位字母和数字。"]


def test_letters_of_a_batch_are_one_message_and_one_s_own_is_a_command_away() -> None:
    """Three newcomers, one list; each can fetch the whole letter, the founders are told kindly that they need none."""
    stage = greeted(admission={}, mention_at_most=2)
    stage.joins("甲", "乙", "丙")
    stage.passes("30s")
    first, second = (code("测试/welcome|sim:群", f"sim:{name}", n) for name, n in (("甲", 1), ("乙", 2)))
    assert stage.bot()[1] == (
        f"📜 录取通知书\nNo.0001 甲 · {first}\nNo.0002 乙 · {second}\n还有 1 张没列出来，\n发「录取通知书」随时看自己的那张。"
    )
    stage.says("丙", "录取通知书")
    assert stage.bot()[0].startswith("📜 录取通知书 No.0003\n丙：")
    stage.says("老王", "录取通知书")
    assert stage.bot() == ["我们还没有录取通知书的时候就已经在这里了——元老是不用编号的 😄"]


def test_a_number_is_kept_for_ever() -> None:
    """Leaving and returning does not make a second number."""
    stage = greeted(admission={"deliver": "command"})
    stage.joins("小明")
    stage.leaves("小明")
    stage.joins("小红")
    stage.joins("小明")
    assert (stage.slot("小明").journey.number, stage.slot("小红").journey.number) == (1, 2)


@settings(max_examples=60)
@given(st.text(), st.text(), st.integers(1, 10**6))
def test_a_code_has_eight_clear_signs_and_depends_on_all_of_its_parts(seed: str, member: str, number: int) -> None:
    """Anybody who knows seed, member and number gets the same code; another number gives another."""
    mark = code(seed, member, number)
    assert len(mark) == 8
    assert set(mark) <= set(ALPHABET)
    assert mark == code(seed, member, number)
    assert mark != code(seed, member, number + 1)


# -- the days after -----------------------------------------------------------------------------------------------------


def test_a_follow_up_reaches_only_those_who_still_need_it() -> None:
    """On the first day, those who have not introduced themselves and are still here; on the third, nobody is left."""
    follow = {"after": "1d", "only_if": "not_introduced", "text": "{{ mentions }} 来介绍一下吧"}
    stage = greeted(self_intro={"remind_after": None}, follow_ups=[follow, {**follow, "after": "3d"}])
    stage.joins("勤快", "忙人", "过客")
    stage.passes("1m")
    stage.says("勤快", "自我介绍 我是勤快,在杭州做设计")
    stage.leaves("过客")
    stage.take()
    stage.passes("1d")
    assert stage.bot() == ["@忙人 来介绍一下吧"]
    stage.says("忙人", "自我介绍 我是忙人,在北京写代码")
    stage.take()
    stage.passes("3d")
    assert stage.bot() == []


def test_a_private_follow_up_falls_back_to_the_group_where_private_is_impossible() -> None:
    """Declared for private, sent in one message to the group when the network can't."""
    follow = {"after": "1d", "to": "private", "text": "{{ name }},第 {{ days }} 天啦"}
    stage = greeted(follow_ups=[follow])
    stage.joins("甲", "乙")
    stage.passes("1m")
    stage.take()
    stage.passes("1d")
    assert stage.take() == ["bot(私聊 甲): 甲,第 1 天啦", "bot(私聊 乙): 乙,第 1 天啦"]
    limited = Stage("welcome", {"text": "欢迎", "follow_ups": [follow]}, caps=ALL_CAPABILITIES - {Capability.PRIVATE})
    limited.joins("甲", "乙")
    limited.passes("1m")
    limited.take()
    limited.passes("1d")
    assert limited.take() == ["bot: 甲、乙,第 1 天啦"]


def test_who_has_spoken_is_not_asked_why_they_are_silent() -> None:
    """The activity ranking knows who spoke."""
    stage = greeted(follow_ups=[{"after": "3d", "only_if": "not_spoken", "text": "{{ mentions }} 冒个泡吧"}])
    stage.joins("话多", "潜水")
    stage.passes("1m")
    stage.take()
    stage.scores[("activity", "all")] = (Score(member="sim:话多", name="话多", total=9),)
    stage.passes("3d")
    assert stage.bot() == ["@潜水 冒个泡吧"]


def test_a_follow_up_can_wait_for_an_hour_of_the_day() -> None:
    """`at` moves it to ten in the morning of that day."""
    stage = greeted(follow_ups=[{"after": "1d", "at": "10:00", "text": "早"}])
    stage.joins("小明")
    stage.passes("1m")
    stage.take()
    stage.until("2026-03-03 09:59")
    assert stage.bot() == []
    stage.until("2026-03-03 10:00")
    assert stage.bot() == ["早"]


def test_first_words_that_nobody_answers_alert_the_operators() -> None:
    """小明 says hello into an empty room; half an hour later the operators know."""
    stage = greeted(unanswered={"after": "30m", "text": "{{ mentions }} 看到啦,等等就有人来~"})
    stage.joins("小明")
    stage.passes("1m")
    stage.take()
    stage.says("小明", "大家好呀")
    stage.passes("30m")
    assert stage.take() == [
        "小明: 大家好呀",
        "bot(问运营): 小明 第一次发言，30 分钟了还没有人接话，去打个招呼吧。 [知道了]",
        "bot: @小明 看到啦,等等就有人来~",
    ]
    stage.says("小明", "又是我")
    stage.passes("2h")
    assert stage.bot() == []


def test_first_words_that_somebody_answers_are_no_alert() -> None:
    """老王 says hello back, and everyone's older messages never count."""
    stage = greeted(unanswered={})
    stage.says("老王", "早")
    stage.joins("小明")
    stage.passes("1m")
    stage.take()
    stage.says("小明", "大家好呀")
    stage.says("老王", "欢迎欢迎")
    stage.passes("1d")
    assert stage.bot() == []


def test_channel_and_gate_meet_when_the_member_joins() -> None:
    """The code that was accepted becomes a tag once the member is in."""
    stage = greeted(gate={"codes": {"豆瓣7": "douban"}})
    stage.requests("小明", "问题：口令?\n答案：豆瓣 7")
    assert [effect.is_approved for effect in stage.took(Approve)] == [True]
    assert stage.tags == {}
    stage.joins("小明")
    assert stage.tags == {"sim:小明": {"channel:douban"}}
