"""A copy of an example is asked for its name, groups, times, numbers and words; all else stays as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playbook.nodes import plain
from bot.playbook.reading import read
from bot.playbook.starting import parameters, started

EXAMPLES = sorted((Path(__file__).parents[2] / "playbooks" / "examples").glob("*.yaml"))
BOOK = """\
playbook: example   # 改名
title: 例子
groups: [tag:例子]
roles:
  coach: ["qq:1"]   # 换成老师
plays:
  打卡:
    kind: checkin
    commands: [打卡, 签到]
    points: 5       # 每次几分
    remind: {at: "21:00"}
    text: |
      早上好
      来打卡吧
"""


def tree(source: str) -> Any:
    root, problems = read("", source)
    assert root is not None
    assert not problems
    return plain(root)


def test_what_is_asked_has_its_kind_and_the_comment_beside_it() -> None:
    asked = {each.path: (each.play, each.kind, each.value, each.hint) for each in parameters(BOOK)}
    assert asked == {
        "roles/coach": ("", "list", "qq:1", "换成老师"),
        "plays/打卡/commands": ("打卡", "list", "打卡、签到", ""),
        "plays/打卡/points": ("打卡", "number", "5", "每次几分"),
        "plays/打卡/remind/at": ("打卡", "time", "21:00", ""),
        "plays/打卡/text": ("打卡", "text", "早上好\n来打卡吧", ""),
    }


def test_answers_are_put_in_where_they_stand() -> None:
    """Comments, order and what was not asked stay; an answer that is the old value changes nothing."""
    made = started(
        BOOK, "mine", "我的营", ["qq:7", "tag:新"],
        {"plays/打卡/points": "7", "plays/打卡/commands": "早起、报到", "plays/打卡/text": "起床啦\r\n\r\n看书啦",
         "plays/打卡/remind/at": "21:00", "nowhere": "x"},
    )  # fmt: skip
    assert made == BOOK.replace("example", "mine").replace("title: 例子", "title: 我的营").replace(
        "[tag:例子]", '["qq:7", "tag:新"]' if '"qq:7"' in made else "[qq:7, tag:新]"
    ).replace("points: 5", "points: 7").replace("[打卡, 签到]", "[早起, 报到]").replace(
        "      早上好\n      来打卡吧\n", "      起床啦\n\n      看书啦\n"
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_can_be_begun_with(path: Path) -> None:
    """Each has something to ask, and a copy with the example's own answers is the example under another name."""
    source = path.read_text("utf-8")
    asked = parameters(source)
    assert asked
    made = started(source, "mine", "", [], {each.path: each.value for each in asked})
    assert tree(made) == {**tree(source), "playbook": "mine"}


@given(st.text(max_size=40), st.text(max_size=40), st.lists(st.text(min_size=1, max_size=12), max_size=3))
def test_no_answer_becomes_anything_but_a_value(words: str, title: str, groups: list[str]) -> None:
    """Whatever is typed: the text stays readable, and nothing but what was asked differs."""
    made = tree(started(BOOK, "mine", title, groups, {"plays/打卡/text": words, "plays/打卡/remind/at": words}))
    before = tree(BOOK)
    assert made.keys() == before.keys()
    assert {key for key in made if made[key] != before[key]} <= {"playbook", "title", "groups", "plays"}
    assert made["plays"]["打卡"].keys() == before["plays"]["打卡"].keys()
    assert made["plays"]["打卡"]["points"] == 5


def test_a_text_that_cant_be_read_asks_nothing() -> None:
    assert parameters("a: [") == ()
    assert started("a: [", "mine", "x", ["y"], {}) == "a: ["
