"""Who asked, who answered, who spoke to whom."""

from __future__ import annotations

import pytest

from bot.core.conversation import Said, asks, read_day, responses

MINUTE = 60_000
MING, HONG, BOT = 1, 2, 9
END = 24 * 60 * MINUTE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天几点集合?", True), ("请问怎么打卡", True), ("有人知道这本书吗", True), ("这个怎么弄呀,求助", True),
        ("为什么打不了卡", True), ("打卡", False), ("哈?", False), ("我觉得怎样都行", False), ("今天读到第三页", False),
        ("?", False),
    ],
)  # fmt: skip
def test_questions_by_their_form(text: str, expected: bool) -> None:
    """A question mark or an asking word in its place; not every message with such a word."""
    assert asks(text) is expected


def test_a_quote_answers_before_the_nearest_words() -> None:
    """The quoted answer counts even if somebody else spoke first; the asker and the bot never answer."""
    said = [
        Said(1, MING, 0, "请问在哪里报名?", "a"),
        Said(2, BOT, 1000, "我是机器人", "b"),
        Said(3, MING, 2000, "急", "c"),
        Said(4, HONG, 3 * MINUTE, "今天好热", "d"),
        Said(5, 3, 60 * MINUTE, "公告里有", "e", reply_to="a"),
    ]
    (question,) = read_day(said, END, {BOT}).questions
    assert (question.answered_by, question.answer_ms) == (3, 60 * MINUTE)
    (near,) = read_day(said[:4], END, {BOT}).questions
    assert (near.answered_by, near.answer_ms) == (HONG, 3 * MINUTE)


def test_nobody_answers() -> None:
    """Words after ten minutes, another question, or a quote of something else are no answer; a mention is one."""
    asked = Said(1, MING, 0, "请问在哪里报名?", "a")
    late = Said(2, HONG, 11 * MINUTE, "今天好热", "b")
    too = Said(3, HONG, MINUTE, "我也想问,怎么报名?", "c")
    other = Said(4, HONG, MINUTE, "同意", "d", reply_to="z")
    for follower in (late, too, other):
        assert read_day([asked, follower], END).questions[0].answered_by is None
    named = Said(5, HONG, 5 * 60 * MINUTE, "看公告", "e", mentions=(MING,))
    assert read_day([asked, named], END).questions[0].answered_by == HONG


def test_links_and_responses() -> None:
    """Quotes and mentions of others, each mention once a message; people after a post, each once."""
    said = [
        Said(1, MING, 0, "早", "a"),
        Said(2, HONG, MINUTE, "早", "b", reply_to="a", mentions=(MING, MING)),
        Said(3, HONG, 2 * MINUTE, "自言自语", "c", reply_to="b"),
        Said(4, MING, END + 1, "明天的话", "d", reply_to="b"),
    ]
    assert read_day(said, END).links == {(HONG, MING): [1, 1]}
    assert responses([0, 30 * MINUTE, END], said) == {0: 2, 30 * MINUTE: 0, END: 1}
