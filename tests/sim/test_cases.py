"""Operators' tests: what passes, what fails, and how the failure reads."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.core.errors import OperatorMistake
from bot.sim.cases import Verdict, load_suite, run_case, staged_for

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
CAMP = Path(__file__).parents[1] / "scenarios" / "playbooks" / "camp.yaml"
HEAD = """\
test: 打卡
playbook: camp.yaml
plays: [打卡]
given: {start: 2026-03-02 07:00, members: [小明, 小红], operators: [老陈]}
cases:
"""


def judged(tmp_path: Path, cases: str) -> Verdict:
    shutil.copy(CAMP, tmp_path / "camp.yaml")
    path = tmp_path / "test.yaml"
    path.write_text(HEAD + cases, encoding="utf-8")
    suite = load_suite(path)
    return run_case(suite, suite.cases[0], staged_for(suite))


@pytest.mark.parametrize("path", sorted((PLAYBOOKS / "tests").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_pass(path: Path) -> None:
    """The tests that come with the example playbooks pass."""
    suite = load_suite(path)
    staged = staged_for(suite)
    failed = [(case.name, verdict.problems) for case in suite.cases
              if not (verdict := run_case(suite, case, staged)).is_passed]  # fmt: skip
    assert failed == []


def test_a_chat_that_goes_as_written(tmp_path: Path) -> None:
    """People's lines, the bot's lines, silence where none are written."""
    verdict = judged(tmp_path, "  对的: |\n    07:31 小明: 打卡\n    群小助: 小明 第 1 天…\n    小红: 早上好\n")
    assert verdict.problems == []
    assert [row.text for row in verdict.chat] == [
        "07:31 小明: 打卡",
        "07:31 群小助: 小明 第 1 天,共 5 分",
        "07:31 小红: 早上好",
    ]


def test_a_difference_reads_as_chat(tmp_path: Path) -> None:
    """What was expected and what was said stand where they belong in the chat."""
    verdict = judged(
        tmp_path,
        "  错的: |\n    07:31 小明: 打卡\n    小红: 早\n    群小助: 小明 第 2 天…\n    小红: 打卡\n    群小助: 小红…\n",
    )
    assert verdict.problems == ["群小助说的和期望的不一样"]
    assert [(row.what, row.text) for row in verdict.chat] == [
        ("kept", "07:31 小明: 打卡"),
        ("missing", "群小助: 小明 第 2 天…"),
        ("extra", "07:31 群小助: 小明 第 1 天,共 5 分"),
        ("kept", "07:31 小红: 早"),
        ("kept", "07:31 小红: 打卡"),
        ("kept", "07:31 群小助: 小红 第 1 天,共 5 分"),
    ]
    assert verdict.place.endswith("test.yaml:6")


def test_words_where_silence_was_expected(tmp_path: Path) -> None:
    """A chat that ends with people's lines expects the bot to be silent."""
    verdict = judged(tmp_path, "  沉默: |\n    07:31 小明: 打卡\n")
    assert verdict.problems == ["这里群小助应该不出声"]


def test_steps_with_points_and_never(tmp_path: Path) -> None:
    """Steps check points and words that must not appear; a step without `then` lets the bot speak."""
    cases = """\
  步骤:
    - when: "07:31 小明: 打卡"
      points: {小明: 6, 小红: 0}
    - when: "小红: 打卡"
      never: 第 1 天
"""
    verdict = judged(tmp_path, cases)
    assert verdict.problems == [
        "小明 的积分应该是 6,实际是 5",
        "不该出现「第 1 天」: 群小助: 小红 第 1 天,共 5 分",
    ]


def test_a_line_that_cannot_be_played_is_a_problem_of_its_case(tmp_path: Path) -> None:
    """The case fails with the file's line; the other cases go on."""
    verdict = judged(tmp_path, "  谁: |\n    07:31 小明: 打卡\n    群小助: …\n    小杰: 早\n")
    assert verdict.problems[0].startswith("群里没有「小杰」")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("test: a\nplaybook: b.yaml\n", "cases"),
        ("test: a\nplaybook: b.yaml\ncases: {x: [{whn: 早}]}\n", "whn"),
        ("test: a\nplaybook: b.yaml\ncases: {x: [{when: '小明 跳舞'}]}\n", "不懂这一行"),
    ],
)
def test_test_files_with_mistakes(tmp_path: Path, text: str, message: str) -> None:
    """A test file that can't be read says where and why."""
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OperatorMistake, match=message):
        load_suite(path)
