"""Points and places: the specification's rules one by one, in the replay format."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.plays.quiz.replay import judged, replay
from bot.plays.quiz.scoring import half_up

DYNASTIES = {"type": "single", "options": ["唐", "宋", "元", "明"], "answer": ["B"]}
ANIMALS = {"type": "multi", "options": ["鲸", "鲨鱼", "蝙蝠", "企鹅"], "answer": ["A", "C"]}


def one(messages: list[list[Any]], *, question: dict[str, Any] | None = None, **config: Any) -> dict[str, Any]:
    return replay(config, [{**(question or DYNASTIES), "messages": messages}])


@pytest.mark.parametrize(
    ("after_s", "points"),
    [(0, 100), (1, 98), (5, 88), (9.9, 78), (10, 75), (19, 53), (20, 50), (0.4, 100), (13, 68), (20.9, 50)],
)
def test_speed_falls_from_full_to_half(after_s: float, points: int) -> None:
    """base × (1 − e / (2 × limit)), whole seconds, rounded half up: 87.5 is 88, 67.5 is 68."""
    assert one([["甲", after_s, "B"]])["per_question"] == [{"甲": points}]


@pytest.mark.parametrize("after_s", [-1, -0.1])
def test_an_answer_before_the_question_is_ignored(after_s: float) -> None:
    """A negative time is no answer at all; the member may still answer."""
    assert one([["甲", after_s, "B"]]) == {"per_question": [{}], "ranking": []}
    assert one([["甲", after_s, "A"], ["甲", 3, "B"]])["per_question"] == [{"甲": 93}]


def test_late_answers_take_part_and_earn_nothing() -> None:
    """After the limit: in the ranking with nothing, not among those who answered in time."""
    assert one([["甲", 21, "B"]]) == {"per_question": [{}], "ranking": [[1, "甲", 0]]}


def test_without_speed_every_right_answer_is_worth_the_base() -> None:
    """`speed: false`."""
    assert one([["甲", 19, "B"]], speed=False)["per_question"] == [{"甲": 100}]


def test_question_points_and_limit_replace_base_and_limit() -> None:
    """A question of 200 points and 40 seconds."""
    question = {**DYNASTIES, "points": 200, "limit": 40}
    assert one([["甲", 20, "B"], ["乙", 40, "B"]], question=question)["per_question"] == [{"甲": 150, "乙": 100}]


def test_attempts_the_last_of_the_first_ones_decides() -> None:
    """Two attempts: the second decides with its time, the third is ignored."""
    messages = [["甲", 1, "A"], ["甲", 10, "B"], ["甲", 11, "C"]]
    assert one(messages, attempts=2)["per_question"] == [{"甲": 75}]
    assert one(messages)["per_question"] == [{"甲": 0}]


def test_chat_uses_up_no_attempt() -> None:
    """Only answers count as attempts."""
    assert one([["甲", 1, "这题难"], ["甲", 2, "B?"], ["甲", 4, "B"]])["per_question"] == [{"甲": 90}]


def test_wrong_costs_what_the_options_say() -> None:
    """`wrong: 20`; late and missing answers cost nothing."""
    assert one([["甲", 1, "A"], ["乙", 30, "A"]], wrong=20) == {
        "per_question": [{"甲": -20}],
        "ranking": [[1, "乙", 0], [2, "甲", -20]],
    }


def test_several_are_all_or_nothing_unless_partial() -> None:
    """With `partial`, half of the right options is half of the points after speed; a wrong one spoils it."""
    messages = [["甲", 10, "A"], ["乙", 10, "AC"], ["丙", 10, "ABC"]]
    assert one(messages, question=ANIMALS)["per_question"] == [{"甲": 0, "乙": 75, "丙": 0}]
    assert one(messages, question=ANIMALS, partial=True)["per_question"] == [{"甲": 38, "乙": 75, "丙": 0}]


def test_a_race_has_one_winner() -> None:
    """The first right answer takes the base and closes; a wrong one locks its member out."""
    messages = [["甲", 1, "A"], ["甲", 2, "B"], ["乙", 3, "B"], ["丙", 3, "B"]]
    assert one(messages, mode="race") == {
        "per_question": [{"甲": 0, "乙": 100}],
        "ranking": [[1, "乙", 100], [2, "甲", 0], [2, "丙", 0]],
    }


def test_the_streak_bonus_grows_to_five_steps() -> None:
    """The second right answer in a row adds 10, the sixth and all later ones 50."""
    questions = [{**DYNASTIES, "messages": [["甲", 0, "B"]]}] * 8
    points = [row["甲"] for row in replay({}, questions)["per_question"]]
    assert points == [100, 110, 120, 130, 140, 150, 150, 150]
    assert [row["甲"] for row in replay({"streak": False}, questions)["per_question"]] == [100] * 8


@pytest.mark.parametrize("between", [[], [["甲", 1, "A"]], [["甲", 25, "B"]]])
def test_a_wrong_late_or_missing_answer_ends_the_streak(between: list[Any]) -> None:
    """All three reset it."""
    right = {**DYNASTIES, "messages": [["甲", 0, "B"]]}
    result = replay({}, [right, {**DYNASTIES, "messages": between}, right])
    assert result["per_question"][2] == {"甲": 100}


def test_a_void_question_leaves_the_streak() -> None:
    """As if it had not been asked."""
    right = {**DYNASTIES, "messages": [["甲", 0, "B"]]}
    result = replay({}, [right, {**right, "void": True}, right])
    assert result["per_question"] == [{"甲": 100}, {}, {"甲": 110}]


def test_ranking_by_points_then_right_answers_then_time() -> None:
    """Equal in all three share a rank, the next is skipped, in the order of the first answer."""
    result = one([["甲", 2, "B"], ["乙", 1, "B"], ["丙", 1, "B"], ["丁", 5, "A"]], speed=False)
    assert result["ranking"] == [[1, "乙", 100], [1, "丙", 100], [3, "甲", 100], [4, "丁", 0]]


def test_text_and_true_or_false_in_the_replay_format() -> None:
    """Accepted texts as a list, 对 or a letter for true or false."""
    text = {"type": "text", "answer": ["12", "十二"], "messages": [["甲", 0, "答案是十二"], ["乙", 0, "十三"]]}
    moon = {"type": "truefalse", "answer": ["B"], "messages": [["甲", 0, "×"], ["乙", 0, "对"]]}
    assert replay({"streak": False}, [text, moon])["per_question"] == [{"甲": 100, "乙": 0}] * 2


def test_judged_cases() -> None:
    """The letters, or nothing."""
    case = {"type": "multi", "options": ["鲸", "鲨鱼", "蝙蝠"], "typed": "鲸和蝙蝠"}
    assert judged(case) == ["A", "C"]
    assert judged({**case, "typed": "哈哈"}) is None


@pytest.mark.parametrize(("value", "rounded"), [("0.5", 1), ("1.5", 2), ("2.4999", 2), ("-0.5", 0), ("87.5", 88)])
def test_half_is_rounded_up(value: str, rounded: int) -> None:
    """Half up, not to the even number."""
    assert half_up(Fraction(value)) == rounded


def by_hand(config: dict[str, Any], questions: list[dict[str, Any]]) -> Iterator[dict[str, int]]:
    """The points of the mode `all` with single questions, once more in plain arithmetic of integers."""
    streaks: dict[str, int] = {}
    for question in questions:
        first: dict[str, tuple[int, str]] = {}
        for member, after, typed in question["messages"]:
            if 0 <= after <= 20:
                first.setdefault(member, (after, typed))
        points: dict[str, int] = {}
        for member, (after, typed) in first.items():
            if typed == "B":
                bonus = 10 * min(streaks.get(member, 0), 5)
                points[member] = (200 * (40 - after) + 40) // 80 + bonus
            else:
                points[member] = -config["wrong"]
        streaks = {member: streaks.get(member, 0) + 1 for member in points if first[member][1] == "B"}
        yield points


message = st.tuples(st.sampled_from("甲乙丙丁"), st.integers(-2, 25), st.sampled_from("ABCD")).map(list)


@settings(max_examples=60)
@given(
    rounds=st.lists(st.lists(message, max_size=8), max_size=8),
    wrong=st.integers(0, 30),
)
def test_points_agree_with_plain_arithmetic(rounds: list[list[Any]], wrong: int) -> None:
    """Any session: the same points as computed by hand, and a ranking that sums them."""
    config = {"wrong": wrong}
    questions = [{**DYNASTIES, "messages": messages} for messages in rounds]
    result = replay(config, questions)
    assert result["per_question"] == list(by_hand(config, questions))
    for _, member, points in result["ranking"]:
        assert points == sum(row.get(member, 0) for row in result["per_question"])
    assert sorted(row[2] for row in result["ranking"])[::-1] == [row[2] for row in result["ranking"]]
