"""Expected lines are matched forgivingly, and the difference reads as chat."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sim.matching import Seen, compare, does_match, expect


@pytest.mark.parametrize(
    ("pattern", "text", "is_match"),
    [
        ("打卡成功", "打卡成功", True),
        ("打卡成功!", "打卡 成功！", True),
        ("ABC", "abc", True),
        ("打卡成功", "打卡成功啦", False),
        ("…成功…", "@小明 打卡成功,第 3 天", True),
        ("@小明…第 3 天", "@小明 打卡成功,\n第3天", True),
        ("...成功", "打卡成功", True),
        ("成功…打卡", "打卡成功", False),
        ("打…打", "打", False),
        ("…", "", True),
    ],
)
def test_patterns(pattern: str, text: str, is_match: bool) -> None:
    """Width, case and white space don't matter; `…` is any text, all else must be there."""
    assert does_match(pattern, text) is is_match


@settings(max_examples=60)
@given(st.text("打卡成功 1a。", max_size=8), st.text("打卡成功 1a。", max_size=8), st.text("打卡成功 1a。", max_size=8))
def test_a_gap_matches_anything_between(first: str, middle: str, last: str) -> None:
    """Whatever stands between, `first…last` matches it."""
    assert does_match(f"{first}…{last}", first + middle + last)


def _compare(expected: list[str], seen: list[str]) -> tuple[bool, list[tuple[str, str]]]:
    is_same, rows = compare([expect(line, "群小助") for line in expected], [Seen("07:31", line) for line in seen])
    return is_same, [(row.what, row.text) for row in rows]


def test_the_same_chat() -> None:
    """Aliases of the bot's name, times and gaps match."""
    assert _compare(["bot: 早…", "07:31 群小助: 晚安"], ["群小助: 早上好", "群小助: 晚安"])[0]


def test_order_matters_and_a_gap_line_takes_any_number() -> None:
    """Lines out of order differ; a line of `…` stands for none or many."""
    assert not _compare(["群小助: 甲", "群小助: 乙"], ["群小助: 乙", "群小助: 甲"])[0]
    assert _compare(["…", "群小助: 丙"], ["群小助: 甲", "群小助: 乙", "群小助: 丙"])[0]
    assert _compare(["…"], [])[0]


def test_the_difference_keeps_what_is_common() -> None:
    """What is missing and what is extra stand where they belong."""
    is_same, rows = _compare(["群小助: 甲", "群小助: 乙"], ["群小助: 甲", "群小助: 丁"])
    assert not is_same
    assert rows == [("kept", "07:31 群小助: 甲"), ("missing", "群小助: 乙"), ("extra", "07:31 群小助: 丁")]


def test_a_wrong_time_differs() -> None:
    """A time that is written must be the one."""
    assert not _compare(["07:32 群小助: 甲"], ["群小助: 甲"])[0]
