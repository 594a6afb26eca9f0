"""welcome 入群欢迎: what members and operators type: the gate, the rules, introductions, goals."""

from __future__ import annotations

import pytest

from bot.core.effects import Approve, Award
from bot.core.play import ALL_CAPABILITIES, Capability
from bot.core.units import parse_window
from bot.plays.welcome.blanks import is_filled
from bot.plays.welcome.gate import answer_of
from tests.stage import Stage


def asked(stage: Stage) -> str:
    """The key of the one open question."""
    ((_, key),) = stage.questions
    return key


# -- the gate -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "answer"),
    [
        ("问题：从哪来？\n答案：豆瓣", "豆瓣"),
        ("问题:答案是什么\n答案:  四十二 ", "四十二"),
        ("我是小明介绍来的", "我是小明介绍来的"),
        ("", ""),
        ("问题：\n答案：", ""),
    ],
)
def test_the_answer_is_taken_out_of_the_network_s_wrapping(comment: str, answer: str) -> None:
    """QQ wraps question and answer into one text; a bare comment is the answer itself."""
    assert answer_of(comment) == answer


@pytest.mark.parametrize(
    ("answer", "is_approved"),
    [
        ("置身事内", True),
        ("《置身事内》", True),
        ("置身事内 ", True),
        ("ＡＢＣ", True),
        ("abc。", True),
        ("不知道abc吗", False),
        ("", False),
    ],
)
def test_an_answer_is_compared_as_people_type_it(answer: str, is_approved: bool) -> None:
    """Brackets, width, case and spaces don't matter; a sentence that merely contains it does not pass."""
    stage = Stage("welcome", {"gate": {"answers": ["置身事内", "abc"], "otherwise": "reject", "reject_text": "再想想"}})
    stage.requests("小明", f"问题：书名?\n答案：{answer}")
    (effect,) = stage.took(Approve)
    assert (effect.is_approved, effect.reason) == (is_approved, "" if is_approved else "再想想")


def test_operators_decide_what_no_answer_decides() -> None:
    """The question shows name, question and answer; 同意 lets the applicant in."""
    stage = Stage("welcome", {"gate": {"question": "为什么想来?"}}).members(op="老陈")
    flag = stage.requests("小明", "问题：为什么想来?\n答案：想读书")
    assert stage.take()[1:] == ["bot(问运营): 小明 申请进群\n问题：为什么想来?\n答案：想读书 [同意/拒绝]"]
    stage.decides("老陈", asked(stage), "同意")
    (effect,) = stage.took(Approve)
    assert (effect.flag, effect.is_approved) == (flag, True)
    assert stage.timers == {}


def test_a_repeated_request_is_one_question_and_the_newest_handle_is_answered() -> None:
    """The network tells the request again with a new handle before the operators answer."""
    stage = Stage("welcome", {"gate": {"reject_text": "名额满了"}}).members(op="老陈")
    stage.requests("小明", "想读书")
    newest = stage.requests("小明", "想读书!!")
    assert len(stage.questions) == 1
    stage.decides("老陈", asked(stage), "拒绝")
    (effect,) = stage.took(Approve)
    assert (effect.flag, effect.is_approved, effect.reason) == (newest, False, "名额满了")


def test_somebody_refused_may_ask_again() -> None:
    """A later request is a question of its own."""
    stage = Stage("welcome", {"gate": {}}).members(op="老陈")
    stage.requests("小明", "想读书")
    first = asked(stage)
    stage.decides("老陈", first, "拒绝")
    stage.requests("小明", "真的想读书")
    assert asked(stage) != first


def test_a_right_answer_after_a_wrong_one_withdraws_the_question() -> None:
    """While the operators think, the applicant finds the code."""
    stage = Stage("welcome", {"gate": {"codes": {"XHS88": "xhs"}}}).members(op="老陈")
    stage.requests("小明", "不知道")
    stage.requests("小明", "口令 xhs88 谢谢")
    assert stage.questions == {}
    assert [effect.is_approved for effect in stage.took(Approve)] == [True]
    stage.passes("2d")
    assert stage.took(Approve) == []


@pytest.mark.parametrize(("policy", "verdicts"), [("reject", [False]), ("approve", [True]), ("wait", [])])
def test_an_unanswered_request_ends_as_declared(policy: str, verdicts: list[bool]) -> None:
    """After the timeout the declared policy holds and the question is withdrawn."""
    stage = Stage("welcome", {"gate": {"timeout": "2h", "on_timeout": policy}})
    stage.requests("小明", "?")
    stage.passes("2h")
    assert [effect.is_approved for effect in stage.took(Approve)] == verdicts
    assert stage.questions == {}


def test_a_member_s_own_request_and_a_hidden_applicant_break_nothing() -> None:
    """Somebody already inside is left alone; two applicants without a uid are two questions."""
    stage = Stage("welcome", {"gate": {}}).members("老王")
    stage.requests("老王", "?")
    assert stage.questions == {}
    for flag in ("f-1", "f-2"):
        stage.requests("0", flag)
    assert len(stage.questions) == 2
    assert stage.took(Approve) == []


def test_without_the_right_to_approve_the_operators_are_told_so() -> None:
    """An account that isn't an admin asks people to do it by hand and sends nothing."""
    stage = Stage("welcome", {"gate": {}}, caps=ALL_CAPABILITIES - {Capability.APPROVE})
    stage.requests("小明", "想读书")
    assert stage.take()[1:] == [
        "bot(问运营): 小明 申请进群\n答案：想读书\n这个账号没有审批权限，请在群管理里处理。 [知道了]"
    ]
    stage.decides("老陈", asked(stage), "知道了")
    assert stage.took(Approve) == []


# -- the rules ----------------------------------------------------------------------------------------------------------


def rules(**ack: object) -> Stage:
    values = {"text": "欢迎 {{ mentions }} ~", "rules_ack": {"text": "1. 说人话", **ack}}
    return Stage("welcome", values).members("老王", op="老陈")


def test_reading_the_rules_is_noted_once_and_thanked() -> None:
    """已读, typed as phones type it; the second time is no second fact."""
    stage = rules(version=3)
    stage.says("老王", "以读。")
    stage.says("老王", "已读")
    assert stage.bot() == ["收到，谢谢 老王 👍", "早就收到啦，放心～"]
    assert [note.key for note in stage.notes.values()] == ["v3/sim:老王"]


def test_newcomers_who_have_not_read_are_reminded_and_only_they() -> None:
    """Two hours later: who acknowledged or left is not mentioned, and the reminder comes once."""
    stage = rules()
    stage.joins("快手", "慢手", "过客")
    stage.passes("1m")
    stage.says("快手", "已读")
    stage.leaves("过客")
    stage.take()
    stage.passes("2h")
    assert stage.bot() == ["@慢手 群规还没来得及看？花一分钟看看，回「已读」就好～"]
    stage.passes("3d")
    assert stage.bot() == []


def test_a_reminder_repeats_as_often_as_declared_and_stops_when_done() -> None:
    """Three reminders at most; after the second 慢手 acknowledges and hears no more."""
    stage = rules(remind_times=3)
    stage.joins("慢手")
    stage.passes("1m")
    stage.take()
    stage.passes("4h")
    assert len(stage.bot()) == 2
    stage.says("慢手", "已读")
    stage.take()
    stage.passes("1d")
    assert stage.bot() == []


def test_a_new_version_asks_everybody_again() -> None:
    """The operator raises the version; the group is told, and who has not acknowledged is reminded."""
    stage = rules(version=1)
    stage.says("老王", "已读")
    stage.take()
    stage.states["测试/welcome"] = stage.states["测试/welcome"].model_copy(update={"rules_version": 1})
    newer = rules(version=2)
    newer.start()
    newer.states, newer.slots = stage.states, stage.slots
    newer.fires("welcome", "daily")
    newer.passes("1m")
    assert newer.bot() == ["📋 群规更新到第 2 版，请大家再看一眼。\n1. 说人话\n看完回「已读」就好。"]
    newer.passes("2h")
    assert newer.bot() == ["@老王 群规还没来得及看？花一分钟看看，回「已读」就好～"]
    newer.says("老王", "已读")
    assert newer.bot() == ["收到，谢谢 老王 👍"]


def test_a_burst_of_acknowledgements_is_thanked_together() -> None:
    """Three personal answers, the rest of the class in one message."""
    stage = rules()
    stage.members(*(f"生{n}" for n in range(20)))
    for n in range(20):
        stage.says(f"生{n}", "已读")
    assert len(stage.bot()) == 3
    stage.passes("1m")
    assert stage.bot() == ["又收到 17 位朋友的确认，谢谢大家 👍"]
    assert len(stage.notes) == 20


def test_operators_see_who_has_not_read_and_members_don_t() -> None:
    """未读 counts and names without mentioning; a member who types it is just talking."""
    stage = rules()
    stage.says("老王", "未读")
    assert stage.bot() == []
    stage.says("老陈", "未读", private=True)
    assert stage.take()[-1] == "bot(私聊 老陈): 群规第 1 版：1/2 人还没确认\n老王"


def test_the_rules_are_shown_on_demand() -> None:
    """群规 shows text, version and whether this member has acknowledged."""
    stage = rules()
    stage.says("老王", "群规")
    stage.says("老王", "已读")
    stage.says("老王", "群规")
    assert stage.bot() == [
        "📋 群规（第 1 版）\n1. 说人话\n看完回「已读」。",
        "收到，谢谢 老王 👍",
        "📋 群规（第 1 版）\n1. 说人话\n这一版已经确认过啦 ✓",
    ]


# -- introductions ------------------------------------------------------------------------------------------------------


def intro(**more: object) -> Stage:
    return Stage("welcome", {"text": "欢迎", "self_intro": {"points": 5, **more}}).members("小明", "小红", "老王")


@pytest.mark.parametrize(
    ("text", "is_intro"),
    [
        ("我是小明,在杭州做设计,想通过本群读十本书", True),
        ("我是小明，在 杭州 做 设计，想通过本群 读十本书！", True),
        ("大家好,我是小明", False),
        ("我是__,在__做__,想通过本群__", False),
        ("我是来看看的", False),
        ("我是,在做,想通过本群", False),
        ("", False),
    ],
)
def test_a_filled_template_is_recognised(text: str, is_intro: bool) -> None:
    """Punctuation and spaces are free; a blank left blank or ordinary talk is no introduction."""
    assert is_filled("我是__,在__做__,想通过本群__", text) is is_intro


@pytest.mark.parametrize("template", ["我是__", "__", "", "没有空格"])
def test_a_template_that_tells_nothing_recognises_nothing(template: str) -> None:
    """我是__ alone would catch every second sentence of a group: only the prefix counts then."""
    assert not is_filled(template, "我是真的不知道")


def test_an_introduction_is_collected_and_paid_once() -> None:
    """First time five points; a better version replaces the old one without more points."""
    stage = intro()
    stage.says("小明", "我是小明，在杭州做设计，想通过本群读十本书")
    stage.says("小明", "自我介绍：我是小明,改行写代码啦")
    assert stage.bot() == ["很高兴认识 小明！介绍收进「名录」了，+5 积分 🌱", "介绍更新好了，「名录」里已经是新的～"]
    assert stage.points("小明") == 5
    stage.says("小红", "名录")
    assert stage.bot() == ["📒 名录 1 位\n· 小明：我是小明,改行写代码啦"]


def test_an_introduction_of_several_lines_is_taken_whole() -> None:
    """Phones send lists; the directory shows them on one line."""
    stage = intro()
    stage.says("小明", "自我介绍\n姓名:小明\n坐标:杭州\n爱好:看书")
    stage.says("小红", "通讯录 杭州")
    assert stage.bot()[-1] == "🔍 「杭州」找到 1 位\n· 小明：姓名:小明 坐标:杭州 爱好:看书"


def test_an_empty_or_too_short_introduction_gets_the_template() -> None:
    """自我介绍 alone shows what to copy; two characters are kindly not enough; nothing is paid."""
    stage = intro()
    stage.says("小明", "自我介绍")
    stage.says("小明", "自我介绍 你好")
    stage.says("小明", "自我介绍 我是__,在__做__,想通过本群__")
    first, second, third = stage.bot()
    assert first == "介绍一下自己吧，复制下面这句填好就行：\n自我介绍 我是__,在__做__,想通过本群__"
    assert second.startswith("差一点点")
    assert third == second
    assert stage.ledger == {}


def test_who_leaves_is_hidden_and_who_asks_is_erased() -> None:
    """The directory shows who is here; 删除我的介绍 removes the words for good and pays nothing the next time."""
    stage = intro()
    stage.says("小明", "自我介绍 我是小明,在杭州做设计")
    stage.says("小红", "自我介绍 我是小红,在成都做菜")
    stage.leaves("小明")
    stage.take()
    stage.says("老王", "名录")
    assert stage.bot() == ["📒 名录 1 位\n· 小红：我是小红,在成都做菜"]
    stage.joins("小明")
    stage.says("老王", "名录")
    assert "小明" in stage.bot()[0]
    stage.says("小红", "删除我的介绍")
    stage.says("小红", "自我介绍 我是小红,又回来了呀")
    assert stage.bot() == ["已经从名录里删掉了，什么时候想写再写～", "介绍更新好了，「名录」里已经是新的～"]
    assert stage.points("小红") == 5


def test_a_long_directory_is_paged() -> None:
    """Twelve introductions are two pages, newest first."""
    stage = intro(min_chars=2)
    for n in range(12):
        stage.members(f"生{n:02}")
        stage.says(f"生{n:02}", f"自我介绍 我是第{n}个")
        stage.passes("1s")
    stage.take()
    stage.says("老王", "名录")
    first = stage.bot()[0]
    assert first.startswith("📒 名录 12 位（1/2 页）\n· 生11：我是第11个\n")
    assert first.endswith("下一页发「名录 2」")
    stage.says("老王", "名录 2")
    assert stage.bot() == ["📒 名录 12 位（2/2 页）\n· 生01：我是第1个\n· 生00：我是第0个"]
    stage.says("老王", "名录 999")
    assert stage.bot()[0].startswith("📒 名录 12 位（2/2 页）")


def test_an_introduction_is_data_not_a_template() -> None:
    """What a member typed is shown as typed, in the directory too."""
    stage = intro()
    stage.says("小明", "自我介绍 {{ 7 * 7 }} {% for x in y %} [CQ:at,qq=all]")
    stage.says("小红", "名录")
    assert stage.bot()[-1] == "📒 名录 1 位\n· 小明：{{ 7 * 7 }} {% for x in y %} [CQ:at…"


def test_the_reminder_to_introduce_oneself_stops_when_done() -> None:
    """A day later only who has not done it is reminded, with what to copy."""
    stage = Stage("welcome", {"text": "欢迎", "self_intro": {"points": 5}})
    stage.joins("勤快", "忙人")
    stage.passes("1m")
    stage.says("勤快", "自我介绍 我是勤快,在杭州")
    stage.take()
    stage.passes("1d")
    assert stage.bot() == [
        "@忙人 大家都想认识新朋友呢，有空介绍一下自己吧：\n自我介绍 我是__,在__做__,想通过本群__\n介绍完 +5 积分～"
    ]
    assert [award.points for award in stage.ledger.values()] == [5]
    assert stage.took(Award) == []


def test_an_introduction_in_private_is_answered_in_private() -> None:
    """Shy people may tell the bot alone; the directory has it all the same."""
    stage = intro()
    stage.says("小明", "自我介绍 我是小明,在杭州做设计", private=True)
    assert stage.take()[-1].startswith("bot(私聊 小明): 很高兴认识 小明")


# -- goals --------------------------------------------------------------------------------------------------------------


def test_a_goal_is_quoted_back_at_the_end() -> None:
    """Twenty-one days later the group and its owner hear the goal in the owner's own words."""
    stage = Stage("welcome", {"goal": {"quote_after": "21d"}}, header={"quiet_hours": parse_window("23:00-09:00")})
    stage.members("小明", "小红")
    stage.says("小明", "我的目标 每天读十页")
    stage.says("小红", "我的目标 早睡")
    stage.says("小明", "我的目标")
    assert stage.bot() == [
        "🎯 记下了：每天读十页\n21 天后我们一起回头看。",
        "🎯 记下了：早睡\n21 天后我们一起回头看。",
        "🎯 我们的目标：每天读十页",
    ]
    stage.leaves("小红")
    stage.take()
    stage.until("2026-03-23 08:59")
    assert stage.bot() == []
    stage.until("2026-03-23 09:00")
    assert stage.bot() == ["🎯 @小明 21 天前写下的目标：\n「每天读十页」\n走到哪一步了？来说说吧～"]
