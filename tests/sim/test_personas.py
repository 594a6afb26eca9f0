"""Synthetic members: who they are follows from the seed alone, and they answer what they read as people do."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.play import CommandSpec
from bot.core.text import CommandTable, parse_command
from bot.sim.deeds import Joins, Says
from bot.sim.personas import Crowd, Habit, names
from bot.sim.plans import ZONE

MONDAY = datetime(2026, 3, 2, tzinfo=ZONE)
NOON = MONDAY.replace(hour=12)
TABLE = CommandTable.build([("p", [CommandSpec(name="打卡", rest="optional", is_glued=True)])])


def crowd(count: int = 200, **more: object) -> Crowd:
    return Crowd(names(count), "1", (Habit(("打卡",)),), **more)  # type: ignore[arg-type]


def test_names_are_different_and_not_taken() -> None:
    """More members than the list has names for still get one each."""
    assert len(set(names(300))) == 300
    assert "小明" not in names(10, taken=["小明"])


def test_the_mix_is_as_declared() -> None:
    """Of many members about a quarter are eager, and a few are nuisances."""
    everybody = crowd(1000)
    mix = Counter(everybody.persona(name).title for name in everybody.names)
    assert 200 < mix["积极"] < 300
    assert 400 < mix["普通"] < 500
    assert 20 < mix["捣乱"] < 80


def test_another_member_changes_nobody_else() -> None:
    """What somebody does depends on the seed and the name alone."""

    def days(count: int) -> list[object]:
        everybody = crowd(count)
        return sorted(
            (at, deed.text) for at, deed in everybody.day(MONDAY, 0) if isinstance(deed, Says) and deed.name == "小红"
        )

    assert days(50) == days(51) != []


def test_most_check_in_so_that_the_bot_understands() -> None:
    """Typos included, nearly all check-ins are the command; the rest is chat."""
    said = [deed.text for _, deed in crowd().day(MONDAY, 0) if isinstance(deed, Says)]
    understood = [text for text in said if parse_command(text.replace(" [图片]", ""), TABLE)]
    assert 90 < len(understood) < 160
    assert any("卡" not in text for text in understood)


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("第 1/5 题\\nA. 一\\nB. 二\\nC. 三", {"A", "B", "C", "a", "b", "c", "选A", "选B", "选C", "Ａ", "Ｂ", "Ｃ"}),
        ("判断:地铁都赚钱。\\n对 还是 错?", {"对", "错", "选对", "选错"}),
        ("大家早", set()),
    ],
)
def test_questions_are_answered_in_time(line: str, answers: set[str]) -> None:
    """Letters for options, 对/错 for a statement, nothing for chat; all within half a minute."""
    everybody = crowd()
    found = everybody.hears(line.replace("\\n", "\n"), NOON, everybody.names)
    assert {deed.text for _, deed in found if isinstance(deed, Says)} <= answers
    assert bool(found) == bool(answers)
    assert all(0 < (at - NOON).total_seconds() < 30 for at, _ in found)


def test_a_chain_is_signed_once_a_day() -> None:
    """By +1 or by posting the list with the next number, and not again when the list is posted anew."""
    everybody = crowd()
    chain = "#接龙\n晚饭\n例 姓名\n\n1. 老周\n2. \n\n直接回「+1」也行\n※ 名额 20"
    first = [deed for _, deed in everybody.hears(chain, NOON, everybody.names) if isinstance(deed, Says)]
    assert {deed.text for deed in first if not deed.text.startswith("#")} == {"+1"}
    pasted = next(deed for deed in first if deed.text.startswith("#接龙"))
    assert pasted.text == f"#接龙\n晚饭\n例 姓名\n\n1. 老周\n2. {pasted.name}\n\n直接回「+1」也行"
    assert everybody.hears(chain, NOON, everybody.names) == []


def test_newcomers_join_in_the_first_days_and_read_the_rules() -> None:
    """Only who is new answers the welcome."""
    people = names(30)
    everybody = Crowd(people, "1", newcomers=people[-6:])
    joined = [
        name
        for nth in range(3)
        for _, deed in everybody.day(MONDAY, nth)
        if isinstance(deed, Joins)
        for name in deed.names
    ]
    assert sorted(joined) == sorted(people[-6:])
    readers = {deed.name for _, deed in everybody.hears("看完回「已读」", NOON, people) if isinstance(deed, Says)}
    assert readers
    assert readers <= set(people[-6:])


@settings(max_examples=60)
@given(st.text(max_size=200))
def test_nothing_that_the_bot_says_breaks_them(line: str) -> None:
    """Any text is only read; whatever comes of it lies ahead."""
    everybody = crowd(10)
    assert all(at > NOON for at, _ in everybody.hears(line, NOON, everybody.names))
