"""Prizes of a quiz: the shop's things for places, once, from the stock; and what a question voided afterwards changes."""

from __future__ import annotations

from typing import Any

from bot.plays.quiz.bank import Bank, Question
from tests.stage import Stage

QUESTIONS = tuple(
    Question(id=f"q{n}", type="single", text=f"第 {n} 道选乙?", options=("甲", "乙"), answer=("B",)) for n in (1, 2)
)
GOODS = {
    "奖杯": {"price": 0, "stock": 1, "prize_only": True},
    "书签": {"price": 30, "stock": 5, "delivery": "none"},
}


def evening(prizes: dict[int, str], goods: dict[str, Any] | None = None) -> Stage:
    """A session of two questions with a shop beside it, its first question open."""
    quiz = {"bank": "b.yaml", "questions": 2, "time_limit": "20s", "prizes": prizes}
    stage = Stage(
        plays={"答题": ("quiz", quiz), "商店": ("shop", {"items": goods or GOODS})},
        assets={"b.yaml": Bank(name="常识", questions=QUESTIONS)},
        now="2026-03-02 20:00",
    )
    stage.members("小明", "小红", "小刚", op="老陈")
    stage.says("老陈", "开始答题")
    stage.passes("5s")
    stage.take()
    return stage


def answers(stage: Stage, *typed: tuple[str, str], after: str = "1s") -> None:
    """One after the other, then the question ends and the next begins."""
    for who, text in typed:
        stage.passes(after)
        stage.says(who, text)
    stage.passes("35s")


def won(stage: Stage) -> list[str]:
    return [line for line in stage.bot() if "🎁" in line or "发完" in line]


def orders(stage: Stage, who: str) -> list[str]:
    slot = stage.slot(who, "商店")
    return [order.item for order in slot.orders] if slot is not None else []


def test_places_win_what_the_shop_has() -> None:
    """First and second place, named with the reason; the trophy waits for an operator, the points come as well."""
    stage = evening({1: "奖杯", 2: "书签"})
    for _ in range(2):
        answers(stage, ("小明", "B"), ("小红", "B"), ("小刚", "A"))
    assert won(stage) == [
        "@小明 🎁 小明 获得「奖杯」（答题第 1 名），单号 1",
        "@小红 🎁 小红 获得「书签」（答题第 2 名），单号 2",
    ]
    assert (orders(stage, "小明"), orders(stage, "小红"), orders(stage, "小刚")) == (["奖杯"], ["书签"], [])
    assert stage.points("小明") > stage.points("小红") > stage.points("小刚") == 0
    assert [key for _, key in stage.questions] == ["order:1"]


def test_equals_share_a_place_and_the_stock_has_an_end() -> None:
    """Two first places: one trophy, and the operators are told of the other. There is no second place."""
    stage = evening({1: "奖杯", 2: "书签"})
    for _ in range(2):
        stage.says("小明", "B")
        stage.says("小红", "B")
        stage.passes("35s")
    assert won(stage) == [
        "@小明 🎁 小明 获得「奖杯」（答题第 1 名），单号 1",
        "「奖杯」已经发完了，小红 的奖品（答题第 1 名）请运营另外安排",
    ]


def test_a_place_without_points_wins_nothing() -> None:
    """Alone and wrong is rank one, but nothing to reward; nobody at all is nobody."""
    stage = evening({1: "奖杯"})
    for _ in range(2):
        answers(stage, ("小明", "A"))
    assert won(stage) == []
    assert orders(stage, "小明") == []
    silent = evening({1: "奖杯"})
    silent.passes("2m")
    assert won(silent) == []


def test_every_session_has_its_own_prizes() -> None:
    """The next evening's winner gets one too; nothing is given twice for the same session."""
    stage = evening({1: "书签"})
    for _ in range(2):
        answers(stage, ("小明", "B"))
    stage.passes("31d")  # A question rests for thirty days.
    stage.says("老陈", "开始答题")
    stage.passes("5s")
    for _ in range(2):
        answers(stage, ("小明", "B"))
    assert orders(stage, "小明") == ["书签", "书签"]


def test_a_question_voided_afterwards_moves_a_prize_with_the_places() -> None:
    """The new first place gets one where there is one; the old one keeps theirs until an operator takes it back."""
    stage = evening({1: "奖杯"}, {"奖杯": {"price": 0, "stock": 2, "prize_only": True}})
    answers(stage, ("小明", "B"), ("小红", "A"))
    answers(stage, ("小红", "B"), ("小明", "B"))
    assert orders(stage, "小明") == ["奖杯"]
    stage.take()
    stage.says("老陈", "作废 1")
    voided, asked, given = stage.bot()
    assert "第 1 名的「奖杯」:原来 小明,现在 小红。发出去的请运营核对,要收回就发「取消兑换 单号」" in voided
    assert asked.startswith("bot(问运营): 单号 2")
    assert given == "@小红 🎁 小红 获得「奖杯」（答题第 1 名），单号 2"
    assert (orders(stage, "小明"), orders(stage, "小红")) == (["奖杯"], ["奖杯"])
    stage.says("老陈", "取消兑换 1")
    assert "已取消" in stage.bot()[0]


def test_a_question_voided_afterwards_that_moves_nobody_says_nothing_of_prizes() -> None:
    stage = evening({1: "书签"})
    for _ in range(2):
        answers(stage, ("小明", "B"), ("小红", "A"))
    stage.take()
    stage.says("老陈", "作废 2")
    (voided,) = stage.bot()
    assert "书签" not in voided
    assert orders(stage, "小明") == ["书签"]
