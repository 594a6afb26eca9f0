"""The chain play as chat: signing up, buying together, filling in forms, in one group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from bot.core.effects import Note, SendFile
from bot.core.events import EffectSettled, MessageEdited
from bot.core.play import ALL_CAPABILITIES, Capability
from bot.plays.chain.params import Params
from tests.stage import ACCOUNT, CHAT, Stage


def chat(params: Mapping[str, Any] | None = None, **more: Any) -> Stage:
    """小美, 阿杰, 张三, 李四 and the operator 老陈 on a Monday morning."""
    return Stage("chain", params or {}, **more).members("小美", "阿杰", "张三", "李四", op="老陈")


def lists(stage: Stage) -> list[str]:
    """What the bot posted since, only the numbered lines of each post."""
    return [
        "\n".join(line for line in post.split("\n") if line[:1].isdigit())
        for post in stage.bot()
        if post.startswith("#接龙")
    ]


def test_a_signup_from_opening_to_the_last_list() -> None:
    """An operator opens, members join by +1 and by pasting, the group sees one list per twenty seconds."""
    group = chat({"close": "1d"})
    group.says("老陈", "发起接龙 周日徒步")
    group.says("小美", "+1")
    group.says("阿杰", "+2 带小孩")
    group.passes("20s")
    group.says("张三", "#接龙\n周日徒步\n\n1. 小美\n2. 张三")
    group.passes("20s")
    group.passes("1d")
    assert group.take() == [
        "老陈: 发起接龙 周日徒步",
        "bot: #接龙\n周日徒步\n\n1.\n\n※ 复制接着写，或直接回「+1」就能接，03月03日 08:00 截止",
        "小美: +1",
        "阿杰: +2 带小孩",
        "bot: #接龙\n周日徒步\n\n1. 小美\n2. 阿杰 +2 带小孩",
        "张三: #接龙\n周日徒步\n\n1. 小美\n2. 张三",
        "bot: #接龙\n周日徒步\n\n1. 小美\n2. 阿杰 +2 带小孩\n3. 张三",
        "bot: #接龙\n周日徒步\n\n1. 小美\n2. 阿杰 +2 带小孩\n3. 张三\n\n※ 接龙结束，共 3 条、4 份。谢谢大家～",
    ]


def test_a_line_about_oneself_carries_the_name() -> None:
    """「接龙 我带帐篷」 is read by everybody else: the list says who 我 is."""
    group = chat()
    group.says("老陈", "发起接龙 周日徒步")
    group.says("小美", "接龙 我带帐篷")
    group.says("阿杰", "接龙 我妈 2人")
    group.passes("20s")
    assert lists(group)[-1] == "1. 小美 我带帐篷\n2. 阿杰 我妈 2人"


def test_the_bot_stays_silent_while_the_list_is_right() -> None:
    """Members continue the list without a mistake: nothing to add."""
    group = chat()
    group.says("小美", "#接龙\n周日徒步\n\n1. 小美")
    group.says("阿杰", "#接龙\n周日徒步\n\n1. 小美\n2. 阿杰")
    group.passes("1m")
    assert group.bot() == []


def test_who_removes_another_is_told_kindly() -> None:
    """The line stays, the next list says so in one line, nobody is blamed."""
    group = chat()
    group.says("小美", "#接龙\n周日徒步\n\n1. 小美")
    group.says("阿杰", "#接龙\n周日徒步\n\n1. 小美\n2. 阿杰")
    group.says("阿杰", "#接龙\n周日徒步\n\n1. 阿杰")
    group.passes("20s")
    assert group.bot() == [
        "#接龙\n周日徒步\n\n1. 小美\n2. 阿杰\n\n※ 已保留 1. 小美（仅本人或管理员可修改）",
    ]


def test_notes_of_a_copied_post_do_not_become_entries() -> None:
    """Whoever copies the bot's post with its notes and adds a line adds only the line."""
    group = chat({"capacity": 5})
    group.says("小美", "#接龙\n周日徒步\n\n1. 小美")
    group.says("阿杰", "+1")
    group.passes("20s")
    (post,) = group.bot()
    assert "※ 名额 5 位，还剩 3 位" in post
    group.says("小美", f"{post}\n3. 小美妈妈".replace("\n\n※ 名额 5 位，还剩 3 位", "\n※ 名额 5 位，还剩 3 位"))
    group.says("张三", "接龙")
    assert lists(group)[-1] == "1. 小美\n2. 阿杰\n3. 小美妈妈"


def test_posts_are_debounced() -> None:
    """Ten joins within twenty seconds make one list."""
    group = chat().members(*(f"队员{chr(0x4E00 + n)}" for n in range(10)))
    group.says("老陈", "发起接龙 大扫除")
    group.bot()
    for n in range(10):
        group.says(f"队员{chr(0x4E00 + n)}", "+1")
        group.passes("1s")
    assert group.bot() == []
    group.passes("20s")
    (post,) = lists(group)
    assert post.count("\n") == 9


def test_the_waitlist_moves_up() -> None:
    """Who waits is told when a place becomes free."""
    group = chat({"capacity": 2})
    group.says("小美", "#接龙\n桌游\n\n1. 小美")
    group.says("阿杰", "+1")
    group.says("张三", "+1")
    group.passes("20s")
    assert group.bot()[-1].endswith("※ 名额 2 位已满，第 3 条起候补（1 条）")
    group.says("阿杰", "取消")
    assert group.bot() == ["🎉 @张三 「桌游」有位置空出来，候补转正啦：张三"]


def test_places_are_lines_and_said_so_where_it_matters() -> None:
    """By default a line takes one place whatever it stands for: then the note speaks of lines, not of heads."""
    group = chat({"capacity": 4})
    group.says("小美", "#接龙\n桌游\n\n1. 小美 2人")
    group.says("阿杰", "+1")
    group.passes("20s")
    assert group.bot()[-1].endswith("※ 名额 4 条（一行算一条），还剩 2 条")


def test_places_may_be_people() -> None:
    """capacity_counts: people: +2 takes two, who comes after the first one that waits waits too, and moves up in order."""
    group = chat({"capacity": 4, "capacity_counts": "people"})
    group.says("小美", "#接龙\n桌游\n\n1. 小美 2人")
    group.says("阿杰", "+1")
    group.passes("20s")
    assert group.bot()[-1].endswith("※ 名额 4 位，还剩 1 位")
    group.says("张三", "+2")
    group.says("李四", "+1")
    group.passes("20s")
    assert group.bot()[-1].endswith("※ 名额 4 位已满，第 3 条起候补（2 条）")
    group.says("阿杰", "取消")
    assert group.bot() == ["🎉 @张三 「桌游」有位置空出来，候补转正啦：张三 +2"]
    group.says("小美", "取消")
    assert group.bot() == ["🎉 @李四 「桌游」有位置空出来，候补转正啦：李四"]


def test_without_a_waitlist_a_full_chain_says_so() -> None:
    """waitlist: false refuses the one too many instead of letting them wait."""
    group = chat({"capacity": 2, "waitlist": False})
    group.says("小美", "#接龙\n桌游\n\n1. 小美\n2. 阿杰")
    group.says("张三", "+1")
    assert group.bot() == ["名额已经满啦，有人退出会空出来，稍后再试试"]


def test_signing_up_somebody_else_and_taking_them_off() -> None:
    """替报: the line names its owner, who can take it back; a name that is no member stays with its author."""
    group = chat()
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    group.says("小美", "接龙 阿杰 2人")
    group.says("小美", "接龙 王阿姨")
    group.says("阿杰", "不来了")
    group.says("张三", "取消 王阿姨")
    group.passes("20s")
    assert group.bot() == [
        "2. 王阿姨 先给留着（仅本人或管理员可修改，管理员用「删除 2」）",
        "#接龙\n徒步\n\n1. 小美\n2. 王阿姨",
    ]


def test_joining_by_command_with_an_own_line() -> None:
    """接龙 with a quantity is the sender's own line; sent again it is an edit."""
    group = chat()
    group.says("小美", "#接龙\n订奶\n\n1. 小美 1瓶")
    group.says("阿杰", "接龙 2瓶")
    group.says("阿杰", "接龙 3瓶")
    group.passes("20s")
    assert lists(group) == ["1. 小美 1瓶\n2. 阿杰 3瓶"]


@pytest.mark.parametrize(
    ("who", "text", "said"),
    [
        ("小美", "+1", "已经接上啦：1. 小美。要改就重发一行「接龙 小美 …」，不来了回「取消」"),
        ("阿杰", "取消", "没找到要取消的那条，发「接龙」可以看看名单"),
        ("阿杰", "删除 1", "这个请发起人或管理员来操作～"),
        ("阿杰", "截止", "这个请发起人或管理员来操作～"),
        ("小美", "-3", "数量对不上：1. 小美。整条不要了就回「取消」，只改数量就重发一行"),
    ],
)
def test_a_refused_reply_is_answered_in_one_line(who: str, text: str, said: str) -> None:
    """What was not done is said at once, with what to do instead; no list follows."""
    group = chat()
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    group.says(who, text)
    group.passes("1m")
    assert group.bot() == [said]


def test_ordinary_chat_is_left_alone() -> None:
    """Talk that looks a little like a chain gets no answer."""
    group = chat()
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    for text in [
        "10:30 集合吗",
        "明天接龙吗",
        "我觉得+1",
        "1. 几点出发？",
        "取消订单怎么弄",
        "取消 上周那个快递的保价服务要怎么弄呀",
    ]:
        group.says("阿杰", text)
    group.passes("1m")
    assert group.bot() == []


def test_cancelling_with_a_mention() -> None:
    """取消 @张三 is about 张三, not about whoever types it."""
    group = chat()
    group.says("小美", "#接龙\n徒步\n\n1. 小美\n2. 张三")
    group.says("老陈", "取消 @张三")
    group.passes("20s")
    assert lists(group) == ["1. 小美"]


def test_several_chains_at_once() -> None:
    """A +1 must say which one; a reply to the bot's own post does."""
    group = chat()
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    group.says("阿杰", "#接龙\n火锅\n\n1. 阿杰")
    group.says("张三", "+1")
    group.says("张三", "接龙")
    assert group.bot() == [
        "现在有好几个接龙，引用要接的那条名单再回复就好",
        "进行中的接龙：\n・徒步（1 条）\n・火锅（1 条）\n引用那条名单再回复，就知道是哪一个啦",
    ]
    group.says("老陈", "+1", reply_to="m2")
    group.passes("20s")
    assert lists(group) == ["1. 阿杰\n2. 老陈"]
    group.happens(
        EffectSettled(
            id="s",
            account=ACCOUNT,
            chat=CHAT,
            at=group.now,
            play="测试/chain",
            key="post:1:1",
            outcome="done",
            message_id="ours",
        )
    )
    group.says("张三", "+1", reply_to="ours")
    group.passes("20s")
    assert lists(group) == ["1. 小美\n2. 张三"]


def test_a_schedule_opens_and_ends_the_last_round() -> None:
    """Every week a new list; last week's is closed with its totals first."""
    group = chat({"title": "周六羽毛球", "example": "姓名 人数", "open": {"cron": "0 10 * * wed"}})
    group.fires("chain", "open")
    assert group.bot() == ["#接龙\n周六羽毛球\n例 姓名 人数\n\n1.\n\n※ 复制接着写，或直接回「+1」就能接"]
    group.says("小美", "+1")
    group.fires("chain", "open")
    assert [post.split("※")[1].strip() for post in group.bot()] == [
        "接龙结束，共 1 条。谢谢大家～",
        "复制接着写，或直接回「+1」就能接",
    ]


def test_members_open_only_where_they_may() -> None:
    """Where the schedule opens, a member's own list is chat; an operator's opens."""
    group = chat({"title": "周六羽毛球", "open": {"cron": "0 10 * * wed"}})
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    group.says("阿杰", "+1")
    assert group.slots["测试/chain"] == {}
    group.says("老陈", "#接龙\n徒步\n\n1. 老陈")
    group.says("阿杰", "+1")
    group.passes("20s")
    assert lists(group) == ["1. 老陈\n2. 阿杰"]


def test_the_reminder_mentions_who_is_missing_up_to_a_bound() -> None:
    """Two hours before the end, at most so many mentions."""
    group = chat({"close": "10h", "remind": {"before_close": "2h", "mention_at_most": 2}})
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    group.passes("8h")
    assert group.bot() == ["⏰ 「徒步」03月02日 18:00 截止，已接 1 条。\n\n@张三 @李四 等 4 位还没接，要来的回「+1」哦"]


def test_who_has_not_joined() -> None:
    """Names, no mentions: looking must not ring anybody."""
    group = chat()
    group.says("小美", "#接龙\n交作业\n\n1. 小美\n2. 阿杰")
    group.says("张三", "谁还没接")
    assert group.bot() == ["「交作业」还没接的：张三、李四、老陈"]


def test_too_late_is_said_and_operators_correct() -> None:
    """After the end nothing changes but by an operator; reopening brings it back."""
    group = chat()
    group.says("小美", "#接龙\n蛋糕 今天10:00截止\n\n1. 小美")
    group.passes("3h")
    group.bot()
    group.says("阿杰", "#接龙\n蛋糕 今天10:00截止\n\n1. 小美\n2. 阿杰")
    assert group.bot() == ["「蛋糕 今天10:00截止」已经截止啦，要加要改请找管理员"]
    group.says("老陈", "重开接龙")
    group.says("阿杰", "+1")
    group.passes("20s")
    assert lists(group) == ["1. 小美\n2. 阿杰"]


def test_the_deadline_follows_the_title() -> None:
    """The creator writes another 截止 into the title: it holds, once, and the reminder moves with it."""
    group = chat({"remind": {"before_close": "1h", "mention_at_most": 0}})
    group.says("小美", "#接龙\n蛋糕 今晚8点截止\n\n1. 小美\n2. 小美妈妈")
    group.passes("1h")
    group.says("阿杰", "#接龙\n蛋糕 今晚7点截止\n\n1. 小美\n2. 小美妈妈\n3. 阿杰")
    group.passes("20s")
    assert lists(group) == []
    group.says("小美", "#接龙\n蛋糕 明晚9点截止\n\n1. 小美\n2. 小美妈妈\n3. 阿杰")
    group.says("小美", "#接龙\n蛋糕 明晚9点截止\n\n1. 小美\n2. 小美妈妈\n3. 阿杰\n4. 小美爸爸")
    assert group.bot() == ["好，「蛋糕 明晚9点截止」改到 03月03日 21:00 截止"]
    group.passes("24h")
    group.says("小美", "#接龙\n蛋糕 明晚9点截止\n\n1. 小美\n2. 小美妈妈\n3. 阿杰\n4. 小美爸爸")
    group.passes("8h")
    assert group.bot() == []
    group.passes("3h")
    assert group.bot()[0].startswith("⏰ 「蛋糕 明晚9点截止」03月03日 21:00 截止")
    group.passes("1h")
    assert "接龙结束" in group.bot()[-1]


def test_a_deadline_that_is_past_closes_at_once() -> None:
    """Whoever writes yesterday into the title ends the chain."""
    group = chat()
    group.says("小美", "#接龙\n蛋糕\n\n1. 小美\n2. 小美妈妈")
    group.says("小美", "#接龙\n蛋糕 3月1日20:00截止\n\n1. 小美\n2. 小美妈妈")
    group.passes("1s")
    assert "接龙结束" in group.bot()[-1]


def test_a_recalled_paste_is_undone() -> None:
    """撤回 takes back what the message did, and the group sees the list again."""
    group = chat()
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    message = group.says("阿杰", "#接龙\n徒步\n\n1. 小美\n2. 阿杰\n3. 阿杰妈妈")
    group.recalls("阿杰", message)
    group.passes("20s")
    assert lists(group) == ["1. 小美"]


def test_an_edited_paste_is_the_senders_next_list() -> None:
    """Where a network lets members edit, their lines follow."""
    group = chat()
    group.says("小美", "#接龙\n徒步\n\n1. 小美 1人")
    edit = MessageEdited(
        id="e",
        account=ACCOUNT,
        chat=CHAT,
        member="sim:小美",
        at=group.now,
        message_id="m1",
        text="#接龙\n徒步\n\n1. 小美 4人",
    )
    group.happens(edit)
    group.says("阿杰", "接龙")
    assert lists(group) == ["1. 小美 4人"]


def test_history_and_undo() -> None:
    """Every step can be looked at and taken back, and taking back can be taken back."""
    group = chat()
    group.says("小美", "#接龙\n徒步\n\n1. 小美 1人")
    group.says("阿杰", "+1")
    group.says("小美", "#接龙\n徒步\n\n1. 小美 2人\n2. 阿杰")
    group.says("阿杰", "取消")
    group.says("老陈", "接龙历史")
    assert group.bot() == [
        "「徒步」最近的改动：\n"
        "1) 03-02 08:00 小美 ＋小美 1人\n"
        "2) 03-02 08:00 阿杰 ＋阿杰\n"
        "3) 03-02 08:00 小美 改 小美 1人 → 小美 2人\n"
        "4) 03-02 08:00 阿杰 －阿杰\n"
        "撤回某一步：撤销接龙 序号"
    ]
    group.says("老陈", "撤销接龙 4")
    group.says("老陈", "撤销接龙 3")
    group.passes("20s")
    assert lists(group) == ["1. 小美 1人\n2. 阿杰"]
    group.says("老陈", "撤销接龙 5")
    group.passes("20s")
    assert lists(group) == ["1. 小美 1人"]
    group.says("老陈", "撤销接龙 5")
    assert group.bot() == ["第 5 步没有可以撤回的：不存在、已撤回，或者之后都又改过了"]


def test_a_long_history_is_looked_at_in_parts_and_each_step_undone() -> None:
    """Ten steps at a time; the number leads to the earlier ones, and the very first can still be taken back."""
    group = chat().members(*(f"队员{chr(0x4E00 + n)}" for n in range(25)))
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    for n in range(25):
        group.says(f"队员{chr(0x4E00 + n)}", "+1")
    group.bot()
    group.says("老陈", "接龙历史")
    (said,) = group.bot()
    assert said.count("＋") == 10
    assert said.endswith("撤回某一步：撤销接龙 序号；更早的：接龙历史 16")
    group.says("老陈", "接龙历史 16")
    assert group.bot()[0].split("\n")[1].startswith("7) ")
    group.says("老陈", "接龙历史 3")
    assert "更早" not in group.bot()[0]
    group.says("老陈", "撤销接龙 1")
    group.passes("20s")
    assert lists(group)[-1].startswith("1. 队员一\n2. ")


@pytest.mark.parametrize("key", ["title", "example", "tail"])
def test_words_of_the_list_are_no_template(key: str) -> None:
    """{{ … }} would stand in the group as it is: refused where it is written, in both languages."""
    with pytest.raises(ValidationError, match="this stands in the list as it is") as caught:
        Params.model_validate({key: "{{ book }} 读书会"})
    assert caught.value.errors()[0]["loc"] == (key,)


_FRUIT = {
    "type": "group_buy",
    "goods": [{"name": "车厘子", "price": 69, "key": "A"}, {"name": "芒果", "price": "39.5", "key": "B"}],
}


def test_a_group_buy_adds_up_and_collects() -> None:
    """Orders become amounts; operators mark who paid, the rest is reminded once each."""
    group = chat(_FRUIT)
    group.says("小美", "#接龙\n团水果\n\n1. 小美 A1 B2\n2. 阿杰 芒果3箱\n3. 张三 随便")
    group.says("老陈", "已付 1")
    group.says("老陈", "已付 9")
    group.says("老陈", "收款")
    group.says("老陈", "催款")
    assert group.bot() == [
        "1. 小美 A1 B2 已付 ✓\n还有 2 条未付",
        "写上序号或名字吧，比如「已付 2 5-8」「已付 全部」；没对上：9",
        "「团水果」收款：\n1. 小美 A1 B2 148.00 元 ✓\n2. 阿杰 芒果3箱 118.50 元 未付\n3. 张三 随便 待确认 未付",
        "💰 「团水果」还差几位的款，方便时付一下哦\n2. 阿杰 芒果3箱 118.50 元\n3. 张三 随便 待确认\n@阿杰 @张三 看到回一声就好",
    ]
    group.says("小美", "截止")
    assert group.bot()[-1].endswith(
        "※ 待确认：3. 张三 随便\n※ 接龙结束，共 3 条：车厘子 ×1，芒果 ×5，合计 266.50 元。谢谢大家～"
    )


@pytest.mark.parametrize(
    ("typed", "paid"),
    [
        ("已付 2", "2"),
        ("已付2 3", "23"),
        ("已付 2-4", "234"),
        ("已付 4到2", "234"),
        ("已付 1、3，第4", "134"),
        ("已收 １，２", "12"),
        ("已付 阿杰", "2"),
        ("已付 @阿杰 李四", "24"),
        ("已付 全部", "1234"),
        ("已付 3 9", "3"),
        ("已付 没这个人", ""),
        ("已付", ""),
    ],
)
def test_who_paid_is_named_as_people_type_it(typed: str, paid: str) -> None:
    """Numbers, ranges, names, everybody; what names nobody is said."""
    group = chat(_FRUIT)
    group.says("小美", "#接龙\n团水果\n\n1. 小美 A1\n2. 阿杰 B1\n3. 张三 A1\n4. 李四 B2")
    group.says("老陈", typed)
    group.says("老陈", "收款")
    rows = group.bot()[-1].split("\n")[1:]
    assert "".join(row[0] for row in rows if row.endswith("✓")) == paid


def test_buying_together_from_the_first_order_to_the_last_payment() -> None:
    """Orders, payments, a reminder of who is left only, a change after payment, a refund, and the table of it all."""
    group = chat({**_FRUIT, "capacity": 3})
    group.says("小美", "#接龙\n团水果\n\n1. 小美 A1\n2. 阿杰 B1\n3. 张三 A1\n4. 李四 B2")
    group.says("小美", "已付 1")
    assert group.bot() == []
    group.says("老陈", "已付 1 2")
    assert group.bot()[-1].endswith("还有 1 条未付")
    group.says("老陈", "催款")
    assert group.bot() == ["💰 「团水果」还差几位的款，方便时付一下哦\n3. 张三 A1 69.00 元\n@张三 看到回一声就好"]
    group.says("阿杰", "不来了")
    group.says("小美", "#接龙\n团水果\n\n1. 小美 A2\n2. 张三 A1\n3. 李四 B2")
    group.bot()
    group.says("老陈", "收款")
    assert group.bot()[-1] == (
        "「团水果」收款：\n1. 小美 A2 138.00 元 已付 69.00，金额有变\n2. 张三 A1 69.00 元 未付\n"
        "3. 李四 B2 79.00 元 未付\n已退出：阿杰 B1 付过 39.50，记得退款"
    )
    group.says("老陈", "已付 全部")
    group.says("老陈", "催款")
    assert group.bot()[-1] == "全部付清啦，不用催～"
    group.says("老陈", "导出接龙")
    (sent,) = group.took(SendFile)
    assert [row[7] for row in sent.rows] == ["已付", "已付", "已付", ""]


def test_an_order_changed_after_payment_is_shown() -> None:
    """What was paid is remembered, so that a later change is seen."""
    group = chat(_FRUIT)
    group.says("小美", "#接龙\n团水果\n\n1. 小美 A1")
    group.says("老陈", "已付1")
    group.says("小美", "#接龙\n团水果\n\n1. 小美 A2")
    group.says("老陈", "收款")
    assert group.bot()[-1] == "「团水果」收款：\n1. 小美 A2 138.00 元 已付 69.00，金额有变"
    group.says("老陈", "未付 1")
    assert group.bot() == ["1. 小美 A2 改回未付\n还有 1 条未付"]


def test_the_table_goes_to_the_operator() -> None:
    """Exported in private, XLSX unless CSV is asked for."""
    group = chat(_FRUIT)
    group.says("小美", "#接龙\n团水果\n\n1. 小美 A1\n2. 阿杰 B2")
    group.says("老陈", "导出接龙")
    assert group.bot() == ["表格（2 条）私聊发过去了"]
    (sent,) = group.took(SendFile)
    assert (sent.to, sent.name) == ("sim:老陈", "团水果.xlsx")
    assert sent.columns == ("序号", "内容", "接龙人", "归属", "车厘子", "芒果", "金额", "收款")
    assert sent.rows[1] == (2, "阿杰 B2", "小美", "阿杰", "", 2, 79.0, "未付")
    assert sent.rows[-1] == ("合计", "", "", "", 1, 2, 148.0, "")
    group.says("老陈", "导出接龙 CSV", private=True)
    (sent,) = group.took(SendFile)
    assert (sent.format, sent.name, len(sent.rows)) == ("csv", "团水果.csv", 3)


@pytest.mark.parametrize("private", [False, True])
def test_what_is_for_operators_is_silence_to_members(private: bool) -> None:
    """No table with everybody's answers, no undoing, no marking as paid, no reminder: also not by the chain's creator."""
    group = chat(_FRUIT)
    group.says("小美", "#接龙\n团水果\n\n1. 小美 A1\n2. 阿杰 B2")
    before = dict(group.slots["测试/chain"])
    for typed in (
        "导出接龙",
        "接龙历史",
        "撤销接龙 1",
        "已付 1",
        "已付 全部",
        "未付 1",
        "收款",
        "催款",
        "发起接龙 新的",
    ):
        group.says("小美", typed, private=private)
        group.says("阿杰", typed, private=private)
    group.passes("1m")
    assert group.bot() == []
    assert group.took(SendFile) == []
    assert {key: slot for key, slot in group.slots["测试/chain"].items() if slot != before.get(key)} == {}


def test_no_table_where_no_file_can_be_sent() -> None:
    """A network without files says so."""
    group = chat(caps=ALL_CAPABILITIES - {Capability.FILE})
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    group.says("老陈", "导出接龙")
    assert group.bot() == ["这个账号现在发不了文件，发「接龙」可以看名单"]


def test_an_interactive_chain_takes_free_text() -> None:
    """The operator's example stands on top, every line keeps its author's name."""
    group = chat({"type": "interactive", "example": "老陈 今天最开心的是下班早"})
    group.says("老陈", "发起接龙 今天的小确幸")
    group.says("小美", "接龙 喝到了好喝的桂花拿铁")
    group.passes("20s")
    assert group.bot()[-1] == "#接龙\n今天的小确幸\n例 老陈 今天最开心的是下班早\n\n1. 小美 喝到了好喝的桂花拿铁"


def test_a_list_for_reading_where_native_is_off() -> None:
    """native: false shows the list without the header that invites copying."""
    group = chat({"native": False})
    group.says("老陈", "发起接龙 徒步")
    group.says("小美", "+1")
    group.passes("20s")
    assert group.bot()[-1] == "📋 徒步\n1. 小美"


def test_old_chains_are_archived() -> None:
    """A week after its end a chain is one note for reports and no longer a slot."""
    group = chat()
    group.says("小美", "#接龙\n徒步\n\n1. 小美\n2. 阿杰 2人")
    group.says("小美", "截止")
    assert group.slots["测试/chain"]
    group.passes("8d")
    assert group.slots["测试/chain"] == {}
    note: Note = group.notes["测试/chain", "chain", "1"]
    assert [entry["text"] for entry in note.data["entries"]] == ["小美", "阿杰 2人"]


def test_three_quiet_days_end_a_chain() -> None:
    """Nobody has to close what everybody forgot; each entry moves the end."""
    group = chat()
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    group.passes("2d")
    group.says("阿杰", "+1")
    group.passes("2d")
    group.says("张三", "+1")
    group.bot()
    group.passes("71h")
    group.bot()
    group.passes("2h")
    assert "接龙结束" in group.bot()[-1]


def test_a_message_writes_only_what_it_changed() -> None:
    """A +1 in a long chain touches the head, one entry and one step."""
    group = chat()
    group.says("小美", "#接龙\n徒步\n\n" + "\n".join(f"{n}. 客人{chr(0x4E00 + n)}" for n in range(1, 80)))
    before = dict(group.slots["测试/chain"])
    group.says("阿杰", "+1")
    after = group.slots["测试/chain"]
    assert sorted(key for key in after if after[key] is not before.get(key)) == ["c1/e80", "c1/h", "c1/s2"]


def test_sixty_pastes_of_one_stale_list_lose_nobody() -> None:
    """A whole group copies the same first list within a minute: sixty lines stand, and two or three lists are posted."""
    names = [f"{surname}{given}" for surname in "王李张刘陈杨" for given in "伟芳娜敏静丽强磊军洋"]
    group = chat().members(*names)
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    for name in names:
        group.says(name, f"#接龙\n徒步\n\n1. 小美\n2. {name}")
        group.passes("1s")
    group.passes("30s")
    posts = lists(group)
    assert [line.split(". ")[1] for line in posts[-1].split("\n")] == ["小美", *names]
    assert len(posts) <= 4


def test_a_reply_to_something_else_is_chat() -> None:
    """Where the network names our posts, +1 as an answer to other talk joins nothing."""
    group = chat()
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    other = group.says("阿杰", "今晚吃火锅吧")
    group.says("张三", "接龙")  # our post gets its id
    group.says("张三", "+1", reply_to=other)
    group.says("李四", "+1", reply_to="m1")
    group.passes("20s")
    assert lists(group)[-1] == "1. 小美\n2. 李四"


def test_two_chain_plays_in_one_group() -> None:
    """A signup by schedule and a members' group buy: each message reaches the one it is meant for."""
    plays = {
        "报名": ("chain", {"title": "周六徒步", "open": {"cron": "0 10 * * wed"}}),
        "团购": ("chain", {"type": "group_buy", "opens_with": ["团"], "short_replies": "replied"}),
    }
    group = Stage(plays=plays).members("小美", "阿杰", "张三", op="老陈")
    group.fires("报名", "open")
    fruit = group.says("小美", "#接龙\n团橙子 9.9元/斤\n\n1. 小美 2斤")
    group.says("阿杰", "+1")
    group.says("张三", "+2", reply_to=fruit)
    group.says("小美", "#接龙\n周六徒步\n\n1. 阿杰\n2. 小美")
    group.says("老陈", "催款")
    group.passes("20s")
    posts = group.bot()
    assert posts[0].startswith("#接龙\n周六徒步")
    assert posts[1].startswith("💰 「团橙子 9.9元/斤」还差几位的款")
    assert sorted(posts[2:]) == [
        "#接龙\n周六徒步\n\n1. 阿杰\n2. 小美",
        "#接龙\n团橙子 9.9元/斤\n\n1. 小美 2斤\n2. 张三 +2",
    ]


def test_an_operator_opens_with_the_first_lines() -> None:
    """The example stands above the lines that the operator wrote along, or not at all."""
    group = chat({"example": "姓名 人数"})
    group.says("老陈", "发起接龙 徒步\n1. 老陈 2人\n2. 小美")
    assert group.bot() == ["#接龙\n徒步\n\n1. 老陈 2人\n2. 小美"]


def test_points_at_the_end_once() -> None:
    """Whoever stands on the last list gets the points, and only once though the chain is reopened."""
    group = chat({"points": 3})
    group.says("小美", "#接龙\n徒步\n\n1. 小美\n2. 阿杰")
    group.says("张三", "+1")
    group.says("张三", "取消")
    group.says("小美", "截止")
    group.says("老陈", "重开接龙")
    group.says("老陈", "截止")
    assert [group.points(name) for name in ("小美", "阿杰", "张三")] == [3, 3, 0]


def test_commands_follow_the_playbooks_word() -> None:
    """word: 团购 makes 团购, 发起团购 and 谁还没团购; the answers say it the same way."""
    group = chat({**_FRUIT, "word": "团购"})
    group.says("老陈", "发起团购")
    group.says("老陈", "发起团购 团水果")
    group.bot()
    group.says("小美", "团购 A1 B1")
    group.says("阿杰", "谁还没团购")
    group.says("阿杰", "取消")
    group.says("阿杰", "接龙")
    assert group.bot() == [
        "「团水果」还没接的：张三、李四、老陈、阿杰",
        "没找到要取消的那条，发「团购」可以看看名单",
    ]


def test_a_flurry_of_late_lists_gets_one_answer() -> None:
    """Everybody reads the first answer; a late +1 still gets its own."""
    group = chat()
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    group.says("小美", "截止")
    group.bot()
    for name in ("阿杰", "张三", "李四"):
        group.says(name, f"#接龙\n徒步\n\n1. 小美\n2. {name}")
    group.says("阿杰", "+1")
    assert group.bot() == ["「徒步」已经截止啦，要加要改请找管理员"] * 2
