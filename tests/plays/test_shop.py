"""shop 商店: goods, orders, stock, prizes, delivery."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.effects import Award
from tests.stage import Stage

ITEMS: dict[str, Any] = {
    "书签": {"price": 30, "stock": 2, "note": "请私聊我地址"},
    "电子书": {"price": 10, "delivery": "none", "per_person": 1},
    "奖杯": {"price": 0, "stock": 1, "prize_only": True},
}


def shop(**more: Any) -> Stage:
    stage = Stage(plays={"商店": ("shop", {"items": ITEMS}), **more}).members("小明", "小红", "小刚", op="老陈")
    for name in ("小明", "小红", "小刚"):
        rich(stage, name, 100)
    return stage


def rich(stage: Stage, name: str, points: int) -> None:
    stage.award("测试/答题", Award(member=f"sim:{name}", points=points, reason="", key=f"start{points}"), "x")


def test_goods_and_a_redemption() -> None:
    """The list, an order by name, another by number; points go to the shop."""
    stage = shop()
    stage.says("小明", "商品")
    stage.says("小明", "兑换 书签")
    stage.says("小明", "兑换 2")
    assert stage.bot() == [
        "🛍️ 我们的商店\n1. 书签　30 积分　剩 2\n2. 电子书　10 积分\n现在有 100 积分，发「兑换 名字」就能换",
        "bot(问运营): 单号 1：书签 给 小明，发了吗？ [已发/取消]",
        "🎉 小明 换到「书签」，单号 1，用掉 30 积分，还剩 70。请私聊我地址",
        "🎉 小明 换到「电子书」，单号 2，用掉 10 积分，还剩 60",
    ]
    assert stage.points("小明") == 60
    assert {award.account for award in stage.ledger.values() if award.points < 0} == {"shop"}


def test_typed_twice_is_redeemed_once() -> None:
    """A slip of the finger costs nothing; after two minutes it is meant."""
    stage = shop()
    stage.says("小明", "兑换 书签")
    stage.take()
    stage.says("小明", "兑换书签")
    stage.says("小明", "兑换码在哪里呀")
    assert stage.bot() == ["刚刚已经换过「书签」了（单号 1），没有重复扣分。真要再来一份，2m 后再发一次"]
    stage.passes("3m")
    stage.says("小明", "兑换 书签")
    assert stage.points("小明") == 40


def test_stock_limit_and_purse_are_kept() -> None:
    """The third bookmark is not there, a second e-book is one too many, and 100 points don't buy everything."""
    stage = shop()
    for name in ("小明", "小红", "小刚"):
        stage.says(name, "兑换 书签")
    assert "已经换完了" in stage.bot()[-1]
    stage.says("小刚", "兑换 电子书")
    stage.passes("1h")
    stage.says("小刚", "兑换 电子书")
    assert stage.bot()[-1] == "「电子书」每人最多 1 份，已经换到了"
    rich(stage, "小刚", -85)
    stage.says("小刚", "兑换 奖杯")
    assert stage.bot()[-1] == "没有找到「奖杯」，发「商品」看看有什么可以换"
    assert (stage.points("小刚"), stage.points("小明")) == (5, 70)


def test_delivery_by_the_operator() -> None:
    """待发 lists, 发货 and 取消兑换 settle; a cancelled order returns points and stock; members can't."""
    stage = shop()
    stage.says("小明", "兑换 书签")
    stage.says("小红", "兑换 书签")
    stage.take()
    stage.says("小明", "发货 1")
    assert stage.bot() == []
    stage.says("老陈", "待发")
    assert stage.bot() == [
        "📦 待发 2 件\n1. 书签 → 小明　03-02\n2. 书签 → 小红　03-02\n发「发货 单号」或「取消兑换 单号」"
    ]
    stage.says("老陈", "发货 1")
    stage.says("老陈", "取消兑换 #2")
    stage.says("老陈", "取消兑换 2")
    assert stage.bot() == [
        "@小明 📦 小明 的「书签」（单号 1）已发出",
        "@小红 ↩️ 小红 的「书签」（单号 2）已取消，退回 30 积分",
        "没有待发的单号 2，发「待发」看看",
    ]
    assert stage.questions == {}
    assert (stage.points("小明"), stage.points("小红")) == (70, 100)
    stage.says("小红", "我的兑换")
    assert stage.bot() == ["🧾 我的兑换\n2. 书签　03-02　已取消"]
    stage.says("小刚", "商品")
    assert "书签　30 积分　剩 1" in stage.bot()[0]


def test_the_operators_answer_settles_too() -> None:
    """From the queue of the console or in private."""
    stage = shop()
    stage.says("小明", "兑换 书签")
    stage.decides("老陈", "order:1", "取消")
    assert stage.points("小明") == 100
    assert "已取消" in stage.bot()[-1]


def test_a_streak_wins_a_prize_from_the_stock() -> None:
    """The second day of checking in; undone and done again it is the same prize; then the stock is empty."""
    stage = shop(打卡=("checkin", {"points": 5, "prizes": {2: "奖杯"}}))
    for _ in range(2):
        stage.says("小明", "打卡")
        stage.says("小红", "打卡")
        stage.passes("24h")
    said = [line for line in stage.bot() if "奖杯" in line]
    assert said == [
        "bot(问运营): 单号 1：奖杯 给 小明（连续打卡 2 天），发了吗？ [已发/取消]",
        "@小明 🎁 小明 获得「奖杯」（连续打卡 2 天），单号 1",
        "「奖杯」已经发完了，小红 的奖品（连续打卡 2 天）请运营另外安排",
    ]


commands = st.lists(
    st.tuples(
        st.sampled_from(["小明", "小红", "小刚", "老陈"]),
        st.sampled_from(
            ["兑换 书签", "兑换 电子书", "发货 1", "发货 2", "取消兑换 1", "取消兑换 2", "取消兑换 3", "商品"]
        ),
        st.sampled_from(["0s", "1m", "1h"]),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(commands)
def test_books_balance_whatever_is_typed(said: list[tuple[str, str, str]]) -> None:
    """Points and stock: what is gone is exactly what open and delivered orders hold, and never more than there was."""
    stage = shop()
    for name, words, pause in said:
        stage.says(name, words)
        stage.passes(pause)
    slots = [slot for key, slot in stage.slots["测试/商店"].items()]
    held = [order for slot in slots for order in slot.orders if order.status != "cancelled"]
    assert sum(order.item == "书签" for order in held) <= 2
    for name in ("小明", "小红", "小刚"):
        mine = stage.slots["测试/商店"].get(f"sim:{name}")
        paid = sum(order.price for order in mine.orders if order.status != "cancelled") if mine else 0
        assert stage.points(name) == 100 - paid >= 0
