"""The rules play as a group lives it: what is said, what happens, and what can be taken back."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from bot.core.effects import Kick, Mute, MuteAll, Recall
from bot.core.play import ALL_CAPABILITIES, Capability, Member, Recent
from bot.core.segments import Card, Image, Mention, Text
from bot.playbook.model import plan_of
from tests.plays.rules.scene import LINKS, WORDS, after, case, edits, record, scene, sends
from tests.stage import CHAT, Stage

WECHAT = ALL_CAPABILITIES - {Capability.MUTE, Capability.RECALL_OTHERS, Capability.KICK, Capability.MUTE_ALL}


def test_an_advertisement_is_taken_back_and_its_writer_told_once() -> None:
    """Level 2: delete and warn, with the rule and the case number, without the words."""
    stage = scene()
    stage.says("小红", "大家早上好")
    message = stage.says("小明", "兼职的加薇信 tom99")
    assert stage.take() == [
        "小红: 大家早上好",
        "小明: 兼职的加薇信 tom99",
        "bot: @小明 这条消息碰到了群规「广告」，已帮忙撤回，先安静 10 分钟。\n"
        "编号 1，规则「广告」。如果是误会，72 小时内发「申诉 1」，我们来看。",
    ]
    (recall,) = stage.took(Recall)
    assert recall.message_id == message
    assert case(stage, 1).text == "兼职的加薇信 tom99"
    assert [(hit.base, hit.span, hit.views) for hit in case(stage, 1).hits] == [("加微信", "加薇信", ("folded",))]


def test_an_honest_spelling_is_a_level_milder() -> None:
    """Evasion is worth one level more; without it level 2 doesn't mute."""
    stage = scene()
    stage.says("小明", "有事加微信 tom99")
    assert stage.took(Mute) == []
    assert case(stage, 1).points_after == 2
    plain = scene(WORDS, evasion=0)
    plain.says("小明", "有事加薇信 tom99")
    assert plain.took(Mute) == []


def test_a_harmless_message_writes_nothing() -> None:
    """No slot, no effect, no change of state."""
    stage = scene().start()
    before = stage.states["测试/rules"]
    stage.says("小明", "今天读到第三章了，微信读书上有")
    assert stage.states["测试/rules"] == before
    assert stage.slots["测试/rules"] == {}


def test_shadow_records_and_says_nothing() -> None:
    """New rules observe: the operators see the case, the group sees nothing."""
    stage = scene(mode="shadow")
    stage.says("小明", "加薇信看福利")
    assert stage.bot() == []
    assert stage.effects == []
    stage.says("老陈", "案件")
    assert stage.bot() == ["最近的案件（共 1 个）\n1 小明 · 广告 · 仅记录\n看详情发「案件 编号」。"]
    assert record(stage, "小明").entries == ()
    assert stage.notes[("测试/rules", "verdict", "1")].data["mode"] == "shadow"


def test_observe_is_another_word_for_shadow() -> None:
    """Both words of the norm are understood, for the play and for a rule."""
    stage = scene(WORDS, {**LINKS, "mode": "observe"}, mode="enforce")
    stage.says("小明", "看https://a.com")
    assert stage.bot() == []
    stage.says("小明", "加微信")
    assert len(stage.bot()) == 1


def test_a_roll_out_by_dates() -> None:
    """Shadow until the first date, then reminders without points, then measures."""
    stage = scene(mode="shadow", rollout={"remind": "2026-03-03", "enforce": "2026-03-05"})
    stage.says("小明", "加微信")
    assert stage.bot() == []
    stage.until("2026-03-03 12:00")
    stage.says("小明", "加微信")
    assert stage.bot() == [
        "@小明 温馨提醒：这条消息碰到了群规「广告」。正式执行后会按群规处理，我们先熟悉一下。（编号 2）"
    ]
    assert stage.effects == []
    stage.until("2026-03-05 12:00")
    stage.says("小明", "加微信")
    assert len(stage.took(Recall)) == 1
    assert case(stage, 3).points_after == 2


def test_the_ladder_climbs_and_an_operator_has_the_last_word() -> None:
    """Two links: muted for ten minutes at 4 points; three: for a day; four: the operators are asked."""
    stage = scene(LINKS)
    for _ in range(4):
        stage.says("小明", "看https://bad.com")
        after(stage, minutes=1)
    assert [mute.for_s for mute in stage.took(Mute)] == [600, 86400, 86400]
    assert stage.took(Kick) == []
    (question,) = [line for line in stage.bot() if line.startswith("bot(问运营)")]
    assert "小明，违规积分 8，案件 4（外链）" in question
    stage.decides("老陈", "kick:4:sim:小明", "踢出")
    assert [kick.member for kick in stage.took(Kick)] == ["sim:小明"]
    assert "kick" in case(stage, 4).done


def test_no_kick_when_the_operator_says_no() -> None:
    """不踢 settles it, and the next time the question may come again."""
    stage = scene(LINKS, ladder=[{"at": 2, "do": "kick"}])
    stage.says("小明", "看https://bad.com")
    stage.decides("老陈", "kick:1:sim:小明", "不踢")
    assert stage.took(Kick) == []
    stage.says("小明", "看https://bad.com")
    assert ("测试/rules", "kick:2:sim:小明") in stage.questions


def test_auto_kick_asks_nobody() -> None:
    """Only when the playbook says so."""
    stage = scene(LINKS, ladder=[{"at": 2, "do": "kick"}], auto_kick=True)
    stage.says("小明", "看https://bad.com")
    assert len(stage.took(Kick)) == 1
    assert stage.questions == {}


def test_points_expire() -> None:
    """One point a week."""
    stage = scene(LINKS)
    stage.says("小明", "看https://bad.com")
    after(stage, days=7)
    stage.says("小明", "看https://bad.com")
    assert (case(stage, 2).points_before, case(stage, 2).points_after) == (1, 3)


def test_wechat_warns_where_it_can_do_no_more() -> None:
    """No recall: asks the member. No mute: warns and counts a point more. No kick: asks the operators by hand."""
    stage = scene(LINKS, caps=WECHAT, ladder=[{"at": 2, "do": "mute", "for": "10m"}, {"at": 6, "do": "kick"}])
    stage.says("小明", "看https://bad.com")
    stage.says("小明", "看https://bad.com")
    lines = stage.bot()
    assert lines[0].startswith("@小明 这条消息碰到了群规「外链」。麻烦在 2 分钟内自己撤回一下，谢谢。")
    assert stage.effects == []
    assert case(stage, 1).replaced == {"delete": "ask_recall", "mute": "warn"}
    assert case(stage, 1).points_after == 3
    assert case(stage, 2).points_after == 6
    stage.says("小明", "看https://bad.com")
    assert [line for line in stage.bot() if "机器人没有移出成员的权限，请人工处理" in line]


@pytest.mark.parametrize("who", ["老陈", "管理", "机器人", "核心"])
def test_who_is_never_acted_on(who: str) -> None:
    """Operators, admins, other bots and exempt labels: logged, not silent, and nothing is done."""
    stage = scene(exempt=["tier:核心"])
    stage.roster |= {
        "sim:管理": Member(uid="sim:管理", name="管理", role="admin"),
        "sim:机器人": Member(uid="sim:机器人", name="机器人", is_bot=True),
        "sim:核心": Member(uid="sim:核心", name="核心", labels=frozenset({"tier:核心"})),
    }
    stage.says(who, "加微信 tom99 看https://bad.com")
    assert stage.bot() == []
    assert stage.effects == []
    (note,) = stage.notes.values()
    assert (note.what, note.data["rules"]) == ("exempt", ["广告", "外链"])


def test_an_exempt_member_still_may_not_mention_everyone() -> None:
    """@所有人 is for operators; other exemptions don't cover it."""
    stage = scene({"id": "全体", "match": {"mention_all": True}}, exempt=["id:sim:小明"])
    for text in ("@所有人 看这里", "@全体成员 看", "＠all 看"):
        stage.says("小明", text)
    assert len(stage.took(Recall)) == 3
    stage.says("小明", "写信到 me@all.com")
    stage.says("老陈", "@所有人 今晚八点见")
    stage.says("小红", "看这里", mentions_all=True)
    assert len(stage.took(Recall)) == 1


def test_several_rules_one_measure() -> None:
    """Every hit is recorded, the gravest acts, once."""
    stage = scene()
    stage.says("小明", "刷单加微信 https://bad.com")
    assert len(stage.bot()) == 1
    assert {hit.base for hit in case(stage, 1).hits} == {"加微信", "刷单", "bad.com"}
    assert (case(stage, 1).level, case(stage, 1).rule) == (3, "广告")


def test_an_edit_is_judged_again_but_a_rule_acts_once() -> None:
    """Text slipped in by an edit counts; the same rule on the same message doesn't count twice."""
    stage = scene()
    message = stage.says("小明", "你好")
    edits(stage, "小明", message, "加微信")
    assert len(stage.took(Recall)) == 1
    edits(stage, "小明", message, "加微信 加微信")
    assert stage.took(Recall) == []
    edits(stage, "小明", message, "加微信 https://bad.com")
    assert [hit.rule for hit in case(stage, 2).hits] == ["外链"]


def test_a_flood_acts_once_per_window() -> None:
    """The eighth message within ten seconds; the ninth adds nothing."""
    stage = scene({"id": "刷屏", "match": {"flood": True}})
    for n in range(10):
        stage.says("小明", f"第{n}句话啊")
        after(stage, seconds=1)
    assert len(stage.bot()) == 1
    after(stage, minutes=1)
    for n in range(8):
        stage.says("小红", f"第{n}句话啊")
        after(stage, seconds=2)
    assert stage.bot() == []


def test_answers_to_a_quiz_are_no_flood() -> None:
    """A letter each is how a quiz is played."""
    stage = scene({"id": "刷屏", "match": {"flood": True}})
    for letter in "ABCDABCDAB":
        stage.says("小明", letter)
    assert stage.bot() == []


def test_the_same_text_three_times() -> None:
    """Folded alike counts as the same; short words don't count."""
    stage = scene({"id": "复读", "match": {"repeat": True}})
    for text in ("今晚有课吗", "今晚 有课 吗？", "今晚有課嗎！！"):
        stage.says("小明", text)
        after(stage, minutes=2)
    assert len(stage.took(Recall)) == 1
    for _ in range(5):
        stage.says("小红", "哈哈哈")
    assert stage.took(Recall) == []


def test_a_raid_of_newcomers() -> None:
    """Three who have just joined say the same: the third is stopped. Old members may agree with each other."""
    stage = scene({"id": "复读", "match": {"repeat": True}})
    stage.joins("甲", "乙", "丙")
    for name in ("甲", "乙", "丙"):
        stage.says(name, "免费领取全套资料")
    assert [recall.message_id for recall in stage.took(Recall)] == ["m6"]
    for name in ("小明", "小红", "小刚"):
        stage.says(name, "今天的分享太好了")
    assert stage.took(Recall) == []


def test_newcomers_wait_a_day_with_links_and_cards() -> None:
    """A day after joining they may; where nobody knows when they joined, their first message counts."""
    stage = scene({"id": "新人", "match": {"newcomer": True}})
    stage.joins("甲")
    stage.says("甲", "看 mp.weixin.qq.com/x")
    assert len(stage.took(Recall)) == 1
    assert case(stage, 1).points == 3
    after(stage, hours=25)
    stage.says("甲", "看 mp.weixin.qq.com/x")
    assert stage.took(Recall) == []
    stage.roster["sim:乙"] = Member(uid="sim:乙", name="乙")
    stage.says("乙", "大家好")
    after(stage, hours=2)
    sends(stage, "乙", Card("mini_program", "点我"))
    assert len(stage.took(Recall)) == 1
    after(stage, hours=23)
    stage.says("乙", "看 a.com")
    assert stage.took(Recall) == []


def test_the_longest_message() -> None:
    """By characters or by lines."""
    stage = scene({"id": "太长", "match": {"length": {"characters": 20, "lines": 3}}})
    stage.says("小明", "好" * 20)
    assert stage.bot() == []
    stage.says("小明", "好" * 21)
    stage.says("小明", "一\n二\n三\n四")
    assert len(stage.bot()) == 2


def test_quiet_hours_remind_once_a_night() -> None:
    """One friendly word per member and night, after midnight it is still the same night."""
    stage = scene({"id": "夜间", "match": {"quiet_hours": True}}, now="2026-03-02 23:00")
    stage.says("小明", "还有人吗")
    assert stage.bot() == ["@小明 夜深了，我们约好 22:30-06:59 让群里安静休息，有话明早接着聊～"]
    stage.until("2026-03-03 01:00")
    stage.says("小明", "睡不着")
    assert stage.bot() == []
    stage.until("2026-03-03 07:00")
    stage.says("小红", "早")
    assert stage.bot() == []
    stage.until("2026-03-03 22:30")
    stage.says("小明", "又来了")
    assert len(stage.bot()) == 1


def test_strict_quiet_hours_act() -> None:
    """With `strict` it is a rule like any other."""
    stage = scene({"id": "夜间", "level": 2, "match": {"quiet_hours": {"strict": True}}}, now="2026-03-02 23:00")
    stage.says("小明", "还有人吗")
    assert len(stage.took(Recall)) == 1


def test_a_closed_group_is_for_operators_and_listed_speakers() -> None:
    """Others' messages go, with one friendly word a day; the network's own mute is used where there is one."""
    stage = scene({"id": "公告群", "match": {"mute_group": {"speakers": ["id:sim:小红"]}}}).start()
    assert stage.took(MuteAll) == [MuteAll(on=True)]
    stage.says("小明", "我有话说")
    stage.says("小明", "再说一句")
    stage.says("小红", "今天的通知")
    stage.says("老陈", "收到")
    assert len(stage.took(Recall)) == 2
    assert stage.bot() == ["@小明 这里目前只由运营发言，想说的可以私聊运营，谢谢体谅。"]


def test_a_group_that_closes_at_night() -> None:
    """Closed and opened by the clock."""
    stage = scene({"id": "夜禁", "hours": "23:00-06:00", "match": {"mute_group": True}})
    stage.fires("rules", "close:夜禁")
    stage.fires("rules", "open:夜禁")
    assert [effect.on for effect in stage.took(MuteAll)] == [True, False]
    stage.says("小明", "白天说话没事")
    assert stage.effects == []


def test_forbidden_kinds_of_message() -> None:
    """By what the message is made of."""
    stage = scene({"id": "类型", "match": {"type": ["mini_program", "image"]}})
    stage.says("小明", "", image=True)
    sends(stage, "小明", Card("json", "小程序"))
    stage.says("小明", "字没问题")
    assert len(stage.took(Recall)) == 2


def test_a_pattern_over_raw_or_folded_text() -> None:
    """RE2 on the text as typed, or after folding."""
    raw = {"id": "手机号", "match": {"regex": r"1[3-9]\d{9}"}, "level": 1}
    folded = {"id": "口令", "match": {"regex": {"pattern": "开门", "on": "folded"}}, "level": 1}
    stage = scene(raw, folded)
    stage.says("小明", "打我电话13812345678")
    stage.says("小明", "芝麻開門")
    assert [case(stage, n).rule for n in (1, 2)] == ["手机号", "口令"]
    assert case(stage, 1).hits[0].span == "13812345678"


def test_names_are_told_to_the_operators() -> None:
    """Nobody is punished for a name."""
    stage = scene({"id": "昵称", "match": {"nickname": {"words": "ads.txt"}}})
    stage.joins("加V信领资料")
    assert stage.bot() == ["bot(问运营): 有成员的群昵称碰到规则「昵称」：加V信领资料 [知道了]"]
    assert stage.effects == []


def test_titles_of_cards_count_but_quoted_text_and_mentioned_names_do_not() -> None:
    """Only the sender's own words are judged."""
    stage = scene()
    sends(stage, "小明", Card("json", "加微信领资料", "https://mp.weixin.qq.com/x"))
    assert len(stage.took(Recall)) == 1
    sends(stage, "小刚", Card("json", "好文", "https://bad.com/x"))
    assert len(stage.took(Recall)) == 1
    stage.says("小红", "「广告号：加微信 tom」\n- - - - - - -\n这个人是骗子吧")
    sends(stage, "小红", Mention("sim:tom", "加微信tom"), Text(" 请改名"))
    assert stage.effects == []


def test_whoever_copies_a_list_does_not_answer_for_it() -> None:
    """In a 接龙 only new lines are the sender's; the one who wrote the advertisement is the one."""
    stage = scene(WORDS, {"id": "太长", "match": {"length": {"lines": 3}}})
    stage.says("小红", "#接龙 周末读书会\n1. 小红")
    stage.says("小明", "#接龙 周末读书会\n1. 小红\n2. 小明 加微信 tom99")
    assert [recall.message_id for recall in stage.took(Recall)] == ["m2"]
    stage.says("小刚", "#接龙 周末读书会\n1. 小红\n2. 小明 加微信 tom99\n3. 小刚")
    stage.says("小红", "#接龙 周末读书会\n1. 小红两位\n2. 小明 加微信 tom99\n3. 小刚")
    assert stage.effects == []
    stage.says("小刚", "#接龙 团购\n1. 加微信 tom99")
    assert len(stage.took(Recall)) == 1


def test_numbers_are_no_cover() -> None:
    """A numbered text that continues no list is judged whole, for words, length and pace; so is a new 接龙."""
    stage = scene(WORDS, {"id": "太长", "match": {"length": {"lines": 3}}}, ladder=[{"at": 99, "do": "mute"}])
    stage.says("小明", "1. 加微信领资料\n2. 大家好")
    assert case(stage, 1).rule == "广告"
    stage.says("小红", "1. 甲\n2. 乙\n3. 丙\n4. 丁")
    assert case(stage, 2).rule == "太长"
    stage.says("小刚", "#接龙 读书会\n1. 小刚\n2. 小刚妈妈")
    stage.says("小明", "#接龙 团购\n1. 加微信领资料\n2. 小明")
    assert case(stage, 3).rule == "广告"


def test_the_first_list_that_is_seen_may_be_older_than_the_bot() -> None:
    """Whoever continues it does not answer for the lines that stood there before; a line of their own is theirs."""
    stage = scene(WORDS)
    stage.says("小明", "#接龙 团购\n1. 卖家 加微信 tom99\n2. 小明")
    assert stage.effects == []
    stage.says("小红", "#接龙 团购\n1. 卖家 加微信 tom99\n2. 小明\n3. 小红 加微信 amy")
    assert [recall.message_id for recall in stage.took(Recall)] == ["m2"]


def test_copies_of_the_longest_lists_are_nobodys_own() -> None:
    """Two lists of five hundred lines at once: nobody answers for a line far up."""
    stage = scene(WORDS)
    lines = [f"书友{n} 第{n}号" for n in range(500)]
    other = [f"邻居{n} 第{n}户" for n in range(500)]

    def pasted(title: str, rows: list[str]) -> str:
        return f"#接龙 {title}\n" + "\n".join(f"{n}. {row}" for n, row in enumerate(rows, 1))

    stage.says("小刚", "#接龙 读书会\n1. 小刚")
    stage.says("小明", pasted("读书会", ["有事加微信 tom99", *lines]))
    assert len(stage.took(Recall)) == 1
    stage.says("小刚", pasted("团购", other))
    stage.says("小红", pasted("读书会", ["有事加微信 tom99", *lines, "小红"]))
    assert stage.took(Recall) == []
    assert "lines" not in stage.states["测试/rules"].model_dump()


def test_a_word_and_a_rule_are_tried_on_what_was_said() -> None:
    """On the group's last thousand messages, without operators'; with counts, quoted in private only."""
    stage = scene(WORDS, LINKS, {"id": "太长", "match": {"length": {"characters": 30}}}, mode="shadow")
    for n in range(1100):
        stage.heard.append(
            Recent("sim:小明", stage.now - timedelta(hours=1200 - n), f"拼单吗{n}" if n % 50 == 0 else "好", "")
        )
    stage.says("小红", "看https://a.com和b.com")
    stage.says("老陈", "看https://bad.com")
    stage.says("老陈", "试词 拼单")
    (said,) = [line for line in stage.bot() if "会命中" in line]
    assert said.startswith("bot(私聊 老陈): 最近 999 条消息里会命中 19 条（1.9%）：\n「拼单」 19 条\n· 拼单吗")
    stage.says("老陈", "试规则")
    assert stage.bot()[-1] == "bot(私聊 老陈): 最近 998 条消息里会命中 1 条（0.1%）：\n「外链」 1 条"
    stage.says("老陈", "试规则 外链")
    assert stage.bot()[-1].endswith("「外链」 1 条\n· 看https://a.com和b.com")
    stage.says("老陈", "试规则 太长")
    assert "一条也不会命中，可以放心加：\n「太长」 0 条" in stage.bot()[-1]
    stage.says("老陈", "试规则 没有的")
    assert stage.bot()[-1] == "没有这条规则。有：广告、外链、太长"


def _with(stage: Stage, *rules: dict[str, Any]) -> None:
    """The operator changes the playbook."""
    (active,) = stage.plan.plays.values()
    params = type(active.params).model_validate({"mode": "enforce", "rules": list(rules)})
    stage.plan = plan_of(CHAT, [dataclasses.replace(active, params=params)])


def test_a_rule_that_is_added_observes_first() -> None:
    """Where rules act already a new one only records, until an operator lets it act; one that says so acts at once."""
    stage = scene(WORDS)
    stage.says("小明", "早")
    _with(stage, WORDS, LINKS, {"id": "拼单", "mode": "enforce", "match": {"phrases": ["拼单"]}})
    stage.says("小明", "看https://bad.com")
    asked = [line for line in stage.bot() if "是新加的，先观察" in line]
    assert len(asked) == 1
    assert asked[0].endswith("[恢复执行/先不恢复]")
    assert (case(stage, 1).rule, case(stage, 1).mode, stage.effects) == ("外链", "shadow", [])
    stage.says("小明", "一起拼单")
    assert len(stage.took(Recall)) == 1
    stage.says("老陈", "恢复规则 外链")
    stage.says("小明", "看https://bad.com")
    assert len(stage.took(Recall)) == 1
    assert not [line for line in stage.bot() if "是新加的" in line]


def test_a_rule_that_is_taken_out_and_put_back_is_new_again() -> None:
    """And what is gone is not watched any more."""
    stage = scene(WORDS, LINKS)
    for rules in ([WORDS], [WORDS, LINKS]):
        _with(stage, *rules)
        stage.says("小明", "早")
    assert stage.states["测试/rules"].watched == ("外链",)
    _with(stage, WORDS)
    stage.says("小明", "早")
    assert stage.states["测试/rules"].watched == ()


def test_a_rule_for_some_hours_groups_and_members_only() -> None:
    """Scope and hours hold per rule, as do exemptions."""
    stage = scene(
        {**LINKS, "groups": ["sim:别的群"]},
        {"id": "早上", "hours": "06:00-09:00", "match": {"phrases": ["拼单"]}},
        {"id": "暗号", "exempt": ["id:sim:小明"], "match": {"phrases": ["芝麻开门"]}},
    )
    stage.says("小明", "https://bad.com 拼单 芝麻开门")
    assert stage.effects == []
    stage.says("小红", "芝麻开门")
    assert len(stage.took(Recall)) == 1
    stage.until("2026-03-03 08:00")
    stage.says("小明", "拼单吗")
    assert len(stage.took(Recall)) == 1
    assert CHAT == "sim:群"


def test_literal_words_where_nothing_is_seen_through() -> None:
    """`normalise: false` takes words as they stand."""
    stage = scene({"id": "词", "match": {"phrases": ["拼单"], "normalise": False}})
    stage.says("小明", "拼-单")
    assert stage.effects == []
    stage.says("小明", "拼单")
    assert len(stage.took(Recall)) == 1


def test_private_messages_are_nobody_elses_business() -> None:
    """Only commands are heard in private."""
    stage = scene()
    stage.says("小明", "加微信 tom99", private=True)
    assert stage.take() == ["小明(私聊): 加微信 tom99"]


def test_a_picture_with_words() -> None:
    """The words count."""
    stage = scene()
    sends(stage, "小明", Text("加微信"), Image(url="https://example.com/a.png"))
    assert len(stage.took(Recall)) == 1


def test_the_rules_on_request() -> None:
    """群规 shows the operator's own text."""
    stage = scene(text="我们的群规：\n和气交流\n")
    stage.says("小明", "群规")
    assert stage.bot() == ["我们的群规：\n和气交流"]


def test_old_evidence_goes() -> None:
    """After ninety days the case is deleted."""
    stage = scene()
    stage.says("小明", "加微信")
    stage.until("2026-05-30 12:00")
    stage.fires("rules", "cleanup")
    assert "case:1" in stage.slots["测试/rules"]
    stage.until("2026-06-01 12:00")
    stage.fires("rules", "cleanup")
    assert "case:1" not in stage.slots["测试/rules"]


def _status(stage: Stage) -> str:
    stage.take()
    stage.says("老陈", "规则状态")
    (line,) = stage.bot()
    return line


def test_the_state_of_the_rules_for_operators_only() -> None:
    """Mode, verdicts and false alarms per rule; nobody else gets an answer."""
    stage = scene()
    stage.says("小明", "规则状态")
    assert stage.bot() == []
    stage.says("小明", "加微信")
    assert _status(stage) == "广告：执行中，最近 1 次，撤销 0 次\n外链：执行中，最近 0 次，撤销 0 次"


def test_evidence_goes_to_the_operator_in_private() -> None:
    """案件 with a number, asked in the group, is answered in private."""
    stage = scene()
    stage.says("小明", "加薇信 tom99")
    stage.take()
    stage.says("老陈", "案件 1")
    private, public = stage.bot()
    assert private == (
        "bot(私聊 老陈): 案件 1：小明，03-02 12:00\n规则「广告」，级别 3\n原文：加薇信 tom99\n命中：加薇信 → 加微信\n"
        "积分 0 → 3\n已做：提醒、撤回、禁言"
    )
    assert public == "案件 1 的详情已私发。"


def test_a_word_is_tried_on_what_was_just_said() -> None:
    """Before it becomes active: how many it would hit, with examples, in private."""
    stage = scene()
    for text in ("周末拼单买书吗", "我也想拼 单", "今天天气真好"):
        stage.says("小明", text)
    stage.take()
    stage.says("老陈", "试词 拼单")
    assert stage.bot() == [
        "bot(私聊 老陈): 最近 3 条消息里会命中 2 条（66.7%）：\n「拼单」 2 条\n· 周末拼单买书吗\n· 我也想拼 单"
    ]
