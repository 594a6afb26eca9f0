"""Single values change where they stand; comments, order and layout stay."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playbook.edits import Edit, EditFailed, added, apply, replaced, written
from bot.playbook.nodes import Node, plain
from bot.playbook.reading import read

BOOK = """\
# 早起营的剧本
plays:
  群规:
    kind: rules   # 不要改
    mode: "shadow"  # 先看一周
    rules:
      - id: 外链  # 公众号放行
        match: {link: {}}
      - {id: 拉人, match: {regex: 加微信}, level: 3}
      -
        match: {regex: "a: b"}
        id: 两行
  打卡: {kind: checkin}
  空: {}
"""


def tree(text: str = BOOK) -> Node:
    found, problems = read("camp.yaml", text)
    assert found is not None
    assert problems == []
    return found


def node(*path: str | int) -> Node:
    found = tree().get(*path)
    assert found is not None
    return found


def changed(edit: Edit, *path: str | int, value: Any) -> list[tuple[str, str]]:
    """The lines that differ, before and after; added lines stand beside ""."""
    after = apply(BOOK, [edit], [(path, value)]).split("\n")
    before = BOOK.split("\n")
    if len(after) > len(before):
        place = next(n for n, (a, b) in enumerate(zip(after, before, strict=False)) if a != b)
        before.insert(place, "")
    return [(a, b) for a, b in zip(before, after, strict=True) if a != b]


def test_a_value_is_replaced_and_its_comment_stays() -> None:
    edit = replaced(node("plays", "群规", "mode"), "enforce")
    assert changed(edit, "plays", "群规", "mode", value="enforce") == [
        ('    mode: "shadow"  # 先看一周', "    mode: enforce  # 先看一周")
    ]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("plays", "群规", "rules", 0), "        mode: shadow"),
        (("plays", "群规", "rules", 1), "      - {id: 拉人, mode: shadow, match: {regex: 加微信}, level: 3}"),
        (("plays", "群规", "rules", 2), "        mode: shadow"),
        (("plays", "打卡"), "  打卡: {kind: checkin, mode: shadow}"),
        (("plays", "空"), "  空: {mode: shadow}"),
    ],
)
def test_a_key_is_added_behind_the_first_single_value(path: tuple[str | int, ...], line: str) -> None:
    """In block style as a line of its own, in flow style between the braces."""
    edit = added(node(*path), "mode", "shadow")
    assert [after for _, after in changed(edit, *path, "mode", value="shadow")] == [line]


def test_several_edits_at_once() -> None:
    """The places are those of the text as it was."""
    rules = ("plays", "群规", "rules")
    edits = [
        replaced(node("plays", "群规", "mode"), "enforce"),
        *(added(node(*rules, n), "mode", "shadow") for n in range(3)),
    ]
    meant = [(("plays", "群规", "mode"), "enforce"), *(((*rules, n, "mode"), "shadow") for n in range(3))]
    text = apply(BOOK, edits, meant)
    assert [rule["mode"] for rule in plain(tree(text))["plays"]["群规"]["rules"]] == ["shadow"] * 3
    assert [line for line in text.split("\n") if "#" in line] == [
        "# 早起营的剧本", "    kind: rules   # 不要改", "    mode: enforce  # 先看一周", "      - id: 外链  # 公众号放行",
    ]  # fmt: skip


def test_what_an_anchor_shares_is_not_changed_unseen() -> None:
    """The value stands in two places of the tree: changing one would change both."""
    text = "a: {mode: &m shadow}\nb: {mode: *m}\n"
    shared = tree(text).get("b", "mode")
    assert shared is not None
    with pytest.raises(EditFailed):
        apply(text, [replaced(shared, "enforce")], [(("b", "mode"), "enforce")])


def test_long_texts_and_maps_are_left_to_the_editor() -> None:
    with pytest.raises(EditFailed):
        replaced(node("plays", "群规"), "x")
    with pytest.raises(EditFailed):
        added(node("plays", "群规"), "mode", "x")


@given(st.text(max_size=20) | st.integers(-(10**9), 10**9) | st.booleans())
def test_what_is_written_is_read_back(value: str | int | bool) -> None:
    """Any text, number or truth value, in block and in flow style."""
    for text in (f"a: {written(value)}  # c\n", f"x: {{a: {written(value)}, b: 1}}\n"):
        found, problems = read("x.yaml", text)
        if problems:  # an invisible character is refused wherever it stands
            assert isinstance(value, str)
            assert any(not sign.isprintable() for sign in value)
            continue
        assert found is not None
        assert next(child.value for path, child in found.scalars() if path[-1] == "a") == value
