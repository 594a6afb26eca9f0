"""survey 问卷: one question from 0 to 10, one answer a person, sums for the group, the interval for operators."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.play import ALL_CAPABILITIES, Capability
from bot.plays.survey.params import Params
from bot.plays.survey.reading import answer, bare, choice
from tests.stage import Stage

CHOICES = {"ask": "最想改进什么?", "choices": ["节奏", "内容", "人太多"]}


class Club(Stage):
    def __init__(self, people: int = 12, caps: frozenset[Capability] = ALL_CAPABILITIES, **params: Any) -> None:
        super().__init__("survey", {"reminders": 0, **params}, caps=caps)
        self.names = [f"友{n:02}" for n in range(people)]
        self.members(*self.names, op="老陈").start()

    def begin(self) -> list[str]:
        self.says("老陈", "开始问卷")
        return self.bot()

    def types(self, who: str, text: str, *, private: bool = False) -> list[str]:
        self.says(who, text, private=private)
        return self.bot()

    def ends(self) -> list[str]:
        self.passes("3d")
        return self.bot()

    def taken(self) -> dict[str, int]:
        """The newest note of each member, as the metrics read it."""
        return {
            note.member.removeprefix("sim:"): note.data["score"] for note in self.notes.values() if note.what == "nps"
        }


def test_a_round_in_the_group() -> None:
    """Bare numbers are taken in silence; the group reads sums, operators the interval and the words without names."""
    club = Club()
    assert club.begin() == [
        "📋 请大家打个分：你有多愿意把我们的群推荐给朋友?\n0 分「完全不愿意」，10 分「非常愿意」\n"
        "直接回一个数字就行，想多说一句就发「评分 9 理由」，也可以私聊我，到 3月5日 08:00\n结果只看汇总，不公布谁打了几分"
    ]
    for name, text in zip(
        club.names, ("9", "10分", "我打9分吧", "满分", "十分", "8", "７", "9!", "10", "3"), strict=False
    ):
        assert club.types(name, text) == []
    assert club.types("友10", "评分 6 节奏可以慢一点") == ["✅ 6 分，记下了，谢谢！3月5日 08:00 前可以改"]
    group, operator = club.ends()
    assert group == (
        "📊 你有多愿意把我们的群推荐给朋友?\n11 位朋友打了分，平均 8.3 分：9–10 分 7 位，7–8 分 2 位，0–6 分 2 位\n"
        "谢谢大家，我们会照着改进"
    )
    assert operator.startswith("bot(私聊 老陈): 📊 第 1 轮问卷：你有多愿意把我们的群推荐给朋友?\n应答 11/12（92%）")
    assert "净推荐值 45（95% 区间 " in operator
    assert "「节奏可以慢一点」" in operator
    assert "友10" not in operator
    assert len(club.taken()) == 11


def test_the_last_answer_counts_until_it_closes() -> None:
    """One for each person, and none afterwards."""
    club = Club()
    club.begin()
    club.types("友00", "3")
    club.types("友00", "9")
    assert club.types("友00", "评分 8") == ["✅ 改成 8 分，记下了，谢谢！3月5日 08:00 前可以改"]
    assert club.taken() == {"友00": 8}
    club.ends()
    assert club.types("友00", "10") == []
    assert club.types("友00", "评分 10") == ["现在没有开着的问卷，有话随时说，我们都看得到～"]
    assert club.taken() == {"友00": 8}


def test_numbers_that_are_no_answers() -> None:
    """Out of range, no whole number, part of a sentence; a bare number long after the question; a word of another play."""
    club = Club()
    club.begin()
    for text in ("11", "-1", "8.5", "9点见", "第3章", "100分", "九"):
        club.types("友00", text)
    assert club.types("友00", "评分 100")[0].startswith("写法：评分 9")
    club.passes("3h")
    club.types("友00", "9")
    assert club.taken() == {}
    club.types("友00", "9分")
    assert club.taken() == {"友00": 9}
    club.types("老陈", "10分")
    assert club.taken() == {"友00": 9}


def test_talk_about_it_is_no_answer() -> None:
    """评分标准 is a topic, not a score."""
    club = Club()
    for _ in range(2):
        assert club.types("友00", "评分标准是什么呀") == []
        club.begin()
    assert club.taken() == {}


def test_few_answers_are_not_shown_to_the_group() -> None:
    """Nobody's score can be told from the sum; words of one or two people stay with the bot."""
    club = Club()
    club.begin()
    club.types("友00", "评分 2 群主太吵")
    group, operator = club.ends()
    assert group == "问卷结束了，收到 1 份，谢谢打分的朋友！人数少，结果先不公布"
    assert "应答 1/12（8%），不到两成，只能参考" in operator
    assert "群主太吵" not in operator


def test_in_private_each_is_asked_and_once_more() -> None:
    """Score, then the follow-up by a letter; who has answered is not reminded; who was not drawn is not in the sample."""
    club = Club(people=6, via="private", follow_up=CHOICES, reminders=1, at_most=5)
    asked = [line.split("(私聊 ")[1][:3] for line in club.begin()]
    assert len(asked) == 5
    first, left_out = asked[0], next(name for name in club.names if name not in asked)
    assert club.types(first, "9", private=True) == [
        f"bot(私聊 {first}): ✅ 9 分，记下了\n最想改进什么?\nA. 节奏\nB. 内容\nC. 人太多"
    ]
    assert club.types(first, "我的积分", private=True) == [
        f"bot(私聊 {first}): 回一个字母就行：\nA. 节奏\nB. 内容\nC. 人太多"
    ]
    assert club.types(first, "B", private=True) == [f"bot(私聊 {first}): 谢谢，都记下了 🙏"]
    assert club.types(first, "好的", private=True) == []
    assert club.types(left_out, "9", private=True) == []
    club.until("2026-03-04 21:00")
    reminded = [line.split("(私聊 ")[1][:3] for line in club.bot()]
    assert sorted(reminded) == sorted(set(asked) - {first})
    club.passes("1d")
    assert "节奏 0 位\n内容 1 位\n人太多 0 位" in club.bot()[-1]


def test_reminders_are_counted() -> None:
    """Two at most, and they say how many have answered."""
    club = Club(reminders=2)
    club.begin()
    club.types("友00", "9")
    club.passes("71h")
    said = club.bot()
    assert [line.startswith("⏰ 还差你一票") for line in said] == [True, True]
    assert all("已经收到 1 份" in line for line in said)


def test_some_days_after_joining() -> None:
    """Asked once in private, in the member's own time; leaving before it or rejoining changes nothing for others."""
    club = Club(after_join="7d")
    club.joins("新来的", "走了的")
    club.passes("1d")
    club.leaves("走了的")
    club.passes("6d")
    (question,) = club.bot()
    assert question.startswith("bot(私聊 新来的): 新来的，📋 请大家打个分")
    assert club.types("新来的", "10", private=True)[0].startswith("bot(私聊 新来的): ✅ 10 分，记下了")
    assert club.taken() == {"新来的": 10}
    club.joins("新来的")
    club.passes("8d")
    assert club.bot() == []


def test_where_nobody_can_be_written_to_in_private() -> None:
    """A private round is asked in the group instead, and results stay out of the group."""
    club = Club(caps=ALL_CAPABILITIES - {Capability.PRIVATE}, via="private", after_join="7d")
    (asked,) = club.begin()
    assert asked.startswith("📋 请大家打个分")
    club.types("友00", "9")
    assert club.taken() == {"友00": 9}
    assert club.types("老陈", "问卷结果") == ["结果在私聊里看，我在这里发不了私聊"]


def test_operators_end_it_and_ask_for_results() -> None:
    club = Club()
    assert club.types("老陈", "问卷结果") == ["还没有做过问卷，发「开始问卷」开始一轮"]
    club.begin()
    club.types("友00", "9")
    assert "（进行中，到 3月5日 08:00）" in club.types("老陈", "问卷结果")[0]
    assert club.types("友01", "结束问卷") == []
    assert len(club.types("老陈", "结束问卷")) == 2
    assert "应答 1/12" in club.types("老陈", "问卷结果")[0]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"closes": "10m"}, "至少 1h"),
        ({"after_join": "10m"}, "至少 1h"),
        ({"follow_up": {"ask": "为什么?", "choices": ["一"]}}, "至少两项"),
        ({"follow_up": {"ask": "为什么?", "choices": ["一", " "]}}, "1 到 30"),
    ],
)
def test_mistakes_are_named(params: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Params.model_validate(params)


@given(
    score=st.integers(0, 10),
    before=st.sampled_from(["", "打", "我打", "给", " "]),
    after=st.sampled_from(["", "分", " 分", "分吧", "!", "/10"]),
)
def test_a_score_is_read_as_it_is_typed(score: int, before: str, after: str) -> None:
    found = bare(f"{before}{score}{after}")
    assert found is not None
    assert found[0] == score


@given(text=st.text(max_size=60))
def test_any_text_is_a_score_or_none(text: str) -> None:
    """What is read is from 0 to 10, and what stood behind it is the member's own words."""
    for found in (bare(text), answer(text)):
        assert found is None or 0 <= found[0] <= 10


def test_words_behind_a_score() -> None:
    assert answer("9 讲得很清楚,Thanks") == (9, "讲得很清楚,Thanks")
    assert answer("10/10 好") == (10, "好")
    assert answer("3章都没看") == (3, "章都没看")
    assert answer("10.5") is None
    assert choice("b", CHOICES["choices"]) == "内容"
    assert choice("B。", CHOICES["choices"]) == "内容"
    assert choice("觉得人太多了", CHOICES["choices"]) == "人太多"
    assert choice("节奏和内容", CHOICES["choices"]) == ""
    assert choice("H", CHOICES["choices"]) == ""
