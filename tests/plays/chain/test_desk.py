"""What operators do to a chain from the console: no words of theirs in the group, the same state as by command."""

from __future__ import annotations

from bot.plays.chain.records import Slot
from tests.plays.chain.test_chain import chat, lists
from tests.stage import Stage

_CAKES = {"type": "group_buy", "goods": [{"name": "蛋糕", "price": 30}]}


def _entry(group: Stage, number: int) -> Slot:
    found = group.slots["测试/chain"][f"c1/e{number}"]
    assert isinstance(found, Slot)
    return found


def test_paying_is_marked_and_taken_back() -> None:
    """Several lines at once, by entry: the numbers on the operator's screen may be old. The group hears nothing."""
    group = chat(_CAKES)
    group.says("小美", "#接龙\n蛋糕\n\n1. 小美 2个\n2. 阿杰 1个")
    group.take()
    assert group.orders("chain", "pay", "1", entries="1,2", paid="yes") == ""
    assert [_entry(group, n).paid for n in (1, 2)] == ["60.00", "30.00"]
    assert group.orders("chain", "pay", "1", entries="1", paid="") == ""
    assert [_entry(group, n).paid for n in (1, 2)] == ["", "30.00"]
    assert group.bot() == []


def test_what_cannot_be_paid_is_refused() -> None:
    """An entry that is not there, a chain without money: nothing of the rest is done either."""
    group = chat(_CAKES)
    group.says("小美", "#接龙\n蛋糕\n\n1. 小美 2个")
    assert group.orders("chain", "pay", "1", entries="1,9", paid="yes") == "no_such_entry"
    assert group.orders("chain", "pay", "1", entries="", paid="yes") == "no_such_entry"
    assert group.orders("chain", "pay", "7", entries="1", paid="yes") == "no_such_chain"
    assert group.orders("chain", "fly", "1") == "no_such_order"
    assert _entry(group, 1).paid == ""
    free = chat()
    free.says("小美", "#接龙\n徒步\n\n1. 小美")
    assert free.orders("chain", "pay", "1", entries="1", paid="yes") == "nothing_to_pay"
    assert free.orders("chain", "dun", "1") == "nothing_to_pay"


def test_a_step_is_taken_back_once() -> None:
    """The list follows and is posted; the undoing names the operator, and is a step that can be undone itself."""
    group = chat()
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    group.says("阿杰", "#接龙\n徒步\n\n1. 小美\n2. 阿杰")
    group.passes("20s")
    group.bot()
    assert group.orders("chain", "undo", "1", step="2") == ""
    group.passes("20s")
    assert lists(group) == ["1. 小美"]
    assert group.slots["测试/chain"]["c1/s3"].step.by == "console:老陈"
    assert group.orders("chain", "undo", "1", step="2") == "cannot_undo"
    group.says("老陈", "接龙历史")
    assert "\n3) 03-02 08:00 老陈 －阿杰\n" in group.bot()[0]
    assert group.orders("chain", "undo", "1", step="3") == ""
    group.passes("20s")
    assert lists(group) == ["1. 小美\n2. 阿杰"]


def test_two_operators_who_remind_are_one_reminder() -> None:
    """Bounded in mentions and in time; nobody is called who is on the list, nothing is said where nobody is missing."""
    group = chat({"remind": {"mention_at_most": 2}})
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    group.take()
    assert group.orders("chain", "remind", "1") == ""
    assert group.orders("chain", "remind", "1") == "just_reminded"
    (said,) = group.bot()
    assert said.endswith("@张三 @李四 等 4 位还没接，要来的回「+1」哦")
    group.passes("10m")
    assert group.orders("chain", "remind", "1") == ""
    group.says("小美", "#接龙\n徒步\n\n1. 小美\n2. 阿杰\n3. 张三\n4. 李四\n5. 老陈")
    group.passes("10m")
    group.take()
    assert group.orders("chain", "remind", "1") == "nobody_missing"
    assert group.bot() == []


def test_who_owes_is_reminded_until_all_have_paid() -> None:
    group = chat(_CAKES)
    group.says("小美", "#接龙\n蛋糕\n\n1. 小美 2个")
    group.take()
    assert group.orders("chain", "dun", "1") == ""
    assert "1. 小美 2个 60.00 元" in group.bot()[0]
    assert group.orders("chain", "pay", "1", entries="1", paid="yes") == ""
    group.passes("10m")
    group.take()
    assert group.orders("chain", "dun", "1") == "all_paid"


def test_closing_and_reopening() -> None:
    """Closing posts the last list and pays the points once, however often; a closed chain reminds nobody."""
    group = chat({"points": 5})
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    group.take()
    assert group.orders("chain", "reopen", "1") == "chain_open"
    assert group.orders("chain", "close", "1") == ""
    assert group.bot() == ["#接龙\n徒步\n\n1. 小美\n\n※ 接龙结束，共 1 条。谢谢大家～"]
    assert group.orders("chain", "close", "1") == "chain_closed"
    assert group.orders("chain", "remind", "1") == "chain_closed"
    assert group.orders("chain", "reopen", "1") == ""
    group.says("阿杰", "+1")
    group.passes("20s")
    assert lists(group)[-1] == "1. 小美\n2. 阿杰"
    assert group.orders("chain", "close", "1") == ""
    assert (group.points("小美"), group.points("阿杰")) == (5, 5)


def test_the_list_is_posted_when_asked_for() -> None:
    group = chat()
    group.says("小美", "#接龙\n徒步\n\n1. 小美")
    group.take()
    assert group.orders("chain", "post", "1") == ""
    assert lists(group) == ["1. 小美"]
