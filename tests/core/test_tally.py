"""What counts of a day, message by message."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.tally import DAY_MS, Counting, Credit, Tally, Written

MING, HONG, GANG = 1, 2, 3
BEGIN = 1_772_380_800_000


class Day:
    """A day of chat: each message a minute after the one before unless told otherwise."""

    def __init__(self, rules: Counting | None = None) -> None:
        self.tally = Tally(rules or Counting(), "2026-03-02")
        self.at = BEGIN

    def says(self, who: int, text: str, *, after_s: int = 60, answers: str = "", recalled: bool = False) -> Credit:
        self.at += after_s * 1000
        self.last = f"m{self.at}"
        return self.tally.count(who, self.at, text, self.last, answers or None, BEGIN, recalled=recalled)


def test_a_message_counts_with_its_characters_up_to_a_limit() -> None:
    """A long text is worth 200 characters."""
    day = Day()
    assert day.says(MING, "今天读完了第三章") == Credit("counted", 8)
    assert day.says(MING, "长" * 500 + "文") == Credit("counted", 200)
    assert day.says(MING, "") == Credit("counted", 0), "a picture"


def test_flooding_counts_once_in_ten_seconds() -> None:
    """Of each span of the clock one message; others are not held back."""
    day = Day()
    said = [
        day.says(MING, text, after_s=after).verdict for text, after in (("甲", 60), ("乙", 2), ("丙", 2), ("丁", 8))
    ]
    assert said == ["counted", "flood", "flood", "counted"]
    assert day.says(HONG, "戊", after_s=1).verdict == "counted"


def test_repeats_and_copies_count_nothing() -> None:
    """One's own words again, and a long text of others; 早上好 is everybody's."""
    day = Day()
    assert day.says(MING, "早上好").verdict == "counted"
    assert day.says(HONG, "早上好").verdict == "counted"
    assert day.says(MING, "早上好").verdict == "repeat"
    assert day.says(MING, "推荐大家都来读这一本书").verdict == "counted"
    assert day.says(HONG, "推荐大家都来读这一本书").verdict == "copy"
    day.tally.turn("2026-03-03")
    assert day.says(MING, "早上好").verdict == "counted", "tomorrow is another day"


def test_answers_count_for_both_and_once_a_day_for_who_is_answered() -> None:
    """小红 answers 小明 twice: two answers of hers, one reply to him; answering oneself is nothing."""
    day = Day()
    day.says(MING, "有人知道在哪买吗")
    question = day.last
    assert day.says(HONG, "书店就有", answers=question) == Credit("counted", 4, MING, MING)
    assert day.says(HONG, "网上也有哦", answers=question) == Credit("counted", 5, MING, 0)
    assert day.says(GANG, "图书馆能借", answers=question).replied == MING
    assert day.says(MING, "谢谢大家", answers=question).answered == 0
    assert day.says(HONG, "书店就有", answers=question).verdict == "repeat"


def test_a_newcomer_is_helped_within_a_week() -> None:
    """Once a day by each member; after a week no more, and not before they came."""
    day = Day()
    day.tally.joined |= {MING: BEGIN, GANG: BEGIN - 8 * DAY_MS}
    day.says(MING, "新来的,怎么打卡")
    new = day.last
    day.says(GANG, "我也不知道呀")
    old = day.last
    assert day.says(HONG, "发打卡两个字", answers=new).helped
    assert not day.says(HONG, "再加上内容", answers=new).helped
    assert not day.says(HONG, "你也可以试试", answers=old).helped


def test_a_recalled_message_keeps_its_place_and_earns_nothing() -> None:
    """Its copy is still a copy."""
    day = Day()
    assert day.says(MING, "推荐大家都来读这一本书", recalled=True).verdict == "recalled"
    assert day.says(MING, "推荐大家都来读这一本书").verdict == "repeat"


def test_memory_is_bounded() -> None:
    """Ten thousand messages later the first one is forgotten, as it is by the recount."""
    day = Day(Counting(flood_s=0))
    ids = []
    for number in range(10_000):
        day.says(MING, f"第 {number} 句话", after_s=1)
        ids.append(day.last)
    assert day.says(MING, "第 9999 句话").verdict == "repeat"
    assert day.says(MING, "第 0 句话").verdict == "counted"
    assert day.tally.written_at(ids[0]) is None
    assert day.tally.written_at(ids[-1]) == BEGIN + 10_000_000


@given(
    st.lists(st.tuples(st.sampled_from([-(2**63), -1, 0, 1, 256, 2**62]), st.integers(1, 9)), max_size=40),
    st.integers(0, 1100),
)
def test_the_newest_of_the_last_thousand_is_found(tail: list[tuple[int, int]], before: int) -> None:
    """Whatever bytes the ids are made of, and however often the columns have gone round."""
    written = Written()
    said = [(7 * n + 3, n, n + 10) for n in range(before)] + [(key, 2000 + n, who) for n, (key, who) in enumerate(tail)]
    for message in said:
        written.add(*message)
    newest = {key: (at, who) for key, at, who in said[-1000:]}
    for key in {key for key, _, _ in said} | {5}:
        assert written.find(key) == newest.get(key)
