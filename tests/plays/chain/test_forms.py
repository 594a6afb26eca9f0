"""填表 as chat: what is asked, what is hidden, and who gets to see it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.effects import SendFile
from bot.core.play import ALL_CAPABILITIES, Capability
from bot.plays.chain.params import FormField
from bot.plays.chain.privacy import hide
from tests.plays.chain.test_chain import chat, lists
from tests.stage import Stage

_SHIRT = {
    "type": "form",
    "fields": [
        {"name": "姓名"},
        {"name": "尺码", "type": "choice", "choices": ["S", "M", "L"]},
        {"name": "身高", "type": "number", "minimum": 100, "maximum": 220},
        {"name": "手机", "type": "phone", "private": True},
    ],
}
_PARCEL = {
    "type": "form",
    "fields": [
        {"name": "姓名"},
        {"name": "尺码", "type": "choice", "choices": ["S", "M", "L"]},
        {"name": "地址", "private": True},
        {"name": "病史", "type": "choice", "choices": ["有", "无"], "private": True},
        {"name": "手机", "type": "phone", "private": True},
    ],
}


def table(group: Stage) -> list[tuple[Any, ...]]:
    group.says("老陈", "导出接龙", private=True)
    (sent,) = group.took(SendFile)
    return [row[4:] for row in sent.rows[:-1]]


def test_a_form_asks_what_is_missing_and_the_private_part_in_private() -> None:
    """The group sees what may be seen; the phone is asked and kept between member and operator."""
    group = chat(_SHIRT)
    group.says("老陈", "发起接龙 队服登记")
    group.bot()
    group.says("小美", "接龙 小美 M")
    assert group.take() == [
        "小美: 接龙 小美 M",
        "bot: @小美 接上啦，还差：身高（100–220）。补在自己那一行就好",
        "bot(私聊 小美): 「队服登记」还要一项，只有管理员看得到：\n请回复你的手机（11 位手机号）",
    ]
    group.says("小美", "我的号码", private=True)
    group.says("小美", "138 0000 1111", private=True)
    group.says("小美", "谢谢", private=True)
    assert group.bot() == [
        "bot(私聊 小美): 没认出来，再试一次：\n请回复你的手机（11 位手机号）",
        "bot(私聊 小美): 收到，「队服登记」都填好了，谢谢！",
    ]
    group.says("小美", "接龙 小美 M 165")
    assert table(group) == [(1, "小美", "M", "165", "13800001111")]


def test_a_phone_in_the_group_is_masked_and_kept() -> None:
    """A member who types the number anyway: the list hides it, the table has it, and copies of both forms agree."""
    group = chat(_SHIRT)
    group.says("小美", "#接龙\n队服\n\n1. 小美 M 165 13800001111")
    group.says("阿杰", "#接龙\n队服\n\n1. 小美 M 165 13800001111\n2. 阿杰 L 180 139-0000-2222")
    group.says("张三", "#接龙\n队服\n\n1. 小美 M 165 138****1111\n2. 阿杰 L 180 139****2222\n3. 张三 S 170")
    group.says("老陈", "接龙")
    assert lists(group)[-1] == "1. 小美 M 165 138****1111\n2. 阿杰 L 180 139****2222\n3. 张三 S 170"
    assert [row[-1] for row in table(group)] == ["13800001111", "13900002222", ""]


def test_everybodys_phone_of_a_long_first_list_is_kept() -> None:
    """One organiser pastes five lines at once: all five numbers are hidden and all five are in the table."""
    group = chat(_SHIRT)
    lines = [f"{n}. 同学{name} M 16{n} 1380000111{n}" for n, name in enumerate("甲乙丙丁戊", 1)]
    group.says("小美", "#接龙\n队服\n\n" + "\n".join(lines))
    group.says("老陈", "接龙")
    assert "1380000" not in lists(group)[-1]
    assert [row[-1] for row in table(group)] == [f"1380000111{n}" for n in range(1, 6)]


def test_private_words_typed_in_the_group_never_stand_in_the_list() -> None:
    """Labelled they are kept, without a label they are hidden all the same and asked in private."""
    group = chat(_PARCEL, zone="Asia/Shanghai")
    group.says("小美", "#接龙\n寄书\n\n1. 小美 M 地址：北京市 朝阳区5号 病史:无")
    group.says("阿杰", "#接龙\n寄书\n\n1. 小美 M 地址：北京市 朝阳区5号 病史:无\n2. 阿杰 L 上海市徐汇路9弄")
    group.says("张三", "+1 S 广州市天河路8号 有")
    group.passes("20s")
    assert lists(group)[-1] == "1. 小美 M 地址：*** 病史:***\n2. 阿杰 L ***\n3. 张三 S *** ***"
    assert [row[1:] for row in table(group)] == [
        ("小美", "M", "北京市 朝阳区5号", "无", ""),
        ("阿杰", "L", "", "", ""),
        ("张三", "S", "", "有", ""),
    ]
    group.take()
    group.says("阿杰", "上海市徐汇路9弄 3 室", private=True)
    group.says("阿杰", "无", private=True)
    group.says("阿杰", "13900002222", private=True)
    assert [line.split("：")[-1].split("\n")[-1] for line in group.bot()] == [
        "请回复你的病史（有 / 无）",
        "请回复你的手机（11 位手机号）",
        "bot(私聊 阿杰): 收到，「寄书」都填好了，谢谢！",
    ]
    assert table(group)[1][3:] == ("上海市徐汇路9弄 3 室", "无", "13900002222")


def test_what_the_bot_writes_holds_nothing_private() -> None:
    """Neither the store nor a post has the words that were hidden, save among the answers."""
    group = chat(_PARCEL)
    group.says("小美", "#接龙\n寄书\n\n1. 小美 M 北京市朝阳区5号 13800001111")
    group.says("老陈", "接龙历史")
    slots = {key: slot.model_dump_json() for key, slot in group.slots["测试/chain"].items()}
    assert "朝阳区" not in "".join(slots.values()) + "".join(group.bot())
    assert [key for key, text in slots.items() if "13800001111" in text] == ["c1/e1"]


def test_a_member_with_two_lines_is_asked_about_one_after_the_other() -> None:
    """替报: the second question waits until the first is answered, and says which line it is about."""
    group = chat(_SHIRT)
    group.says("小美", "#接龙\n队服\n\n1. 小美 M 165\n2. 小美妈妈 L 160")
    assert [line for line in group.bot() if "私聊" in line] == [
        "bot(私聊 小美): 「队服」还要一项，只有管理员看得到：\n请回复「小美 M 165」这一行的手机（11 位手机号）",
    ]
    group.says("小美", "13800001111", private=True)
    assert group.bot() == [
        "bot(私聊 小美): 收到，「队服」都填好了，谢谢！",
        "bot(私聊 小美): 「队服」还要一项，只有管理员看得到：\n请回复「小美妈妈 L 160」这一行的手机（11 位手机号）",
    ]
    group.says("小美", "13800002222", private=True)
    assert [row[-1] for row in table(group)] == ["13800001111", "13800002222"]


def test_where_nothing_can_be_asked_in_private_it_is_only_hidden() -> None:
    """A network without private messages: no question, nothing shown."""
    group = chat(_PARCEL, caps=ALL_CAPABILITIES - {Capability.PRIVATE})
    group.says("小美", "#接龙\n寄书\n\n1. 小美 M 北京市朝阳区5号")
    group.says("小美", "接龙")
    assert lists(group)[-1] == "1. 小美 M ***"


def test_a_line_that_begins_with_an_answer_gets_the_name() -> None:
    """接龙 M 165 is the sender's line, not somebody's who is called M."""
    group = chat(_SHIRT)
    group.says("老陈", "发起接龙 队服登记")
    group.says("小美", "接龙 M 165")
    group.passes("20s")
    assert lists(group)[-1] == "1. 小美 M 165"


_FIELDS = [FormField.model_validate(each) for each in _PARCEL["fields"]]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("小美 M", "小美 M"),
        ("小美 M 2份", "小美 M 2份"),
        ("小美 M +2", "小美 M +2"),
        ("小美 取消", "小美 取消"),
        ("3-502 小美 M", "3-502 小美 M"),
        ("小美 M 我家住在幸福路", "小美 M ***"),
        ("小美，M，幸福路3号", "小美，M，***"),
        ("小美 地址 = 幸福路3号 尺码：M", "小美 地址 = *** 尺码：M"),
        ("小美 M 病史：有高血压", "小美 M 病史：***"),
        ("小美 M 有", "小美 M ***"),
        ("小美 M +86 138 0000 1111", "小美 M 138****1111"),
        ("小美\nM\n幸福路3号", "小美\nM\n***"),
        ("小美 M 138****1111 ***", "小美 M 138****1111 ***"),
        ("小美M 幸福路幸福路 幸福路", "小美M *** ***"),
        ("小美 地址:甲 13800001111 地址：乙路", "小美 地址:*** 138****1111 地址：***"),
    ],
)
def test_what_a_line_keeps(line: str, shown: str) -> None:
    """Names, public answers and quantities stay; everything else in a form with a private text goes."""
    assert hide(line, _FIELDS)[0] == shown


@given(
    st.lists(
        st.sampled_from(["小美", "M", "地址：", "地址:甲", "有", "13800001111", "***", "2份", "乙 丙", "\n"]),
        max_size=8,
    )
)
@settings(max_examples=300)
def test_hiding_twice_is_hiding_once(parts: list[str]) -> None:
    """Copies of copies stay the same line."""
    once, _ = hide(" ".join(["小美", *parts]).strip(), _FIELDS)
    assert hide(once, _FIELDS) == (once, {})
