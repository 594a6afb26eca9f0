"""What a change would change, as an operator reads it."""

from __future__ import annotations

from bot.playbook.diff import diff, render
from bot.playbook.load import load
from tests.playbook.demo import CHECKS
from tests.playbook.test_layers import BASE, CAMP, GROUPS


def changed(camp: str = CAMP, groups: str = GROUPS, lang: str = "zh") -> str:
    before = load({"base.yaml": BASE, "groups.yaml": GROUPS, "camp.yaml": CAMP}, CHECKS)
    after = load({"base.yaml": BASE, "groups.yaml": groups, "camp.yaml": camp}, CHECKS)
    return render(diff(before, after), "en" if lang == "en" else "zh")


def test_nothing() -> None:
    """The same files, or only other comments, change nothing."""
    assert changed() == "没有变化"
    assert changed(CAMP + "# 新的说明\n", lang="en") == "no change"


def test_a_value_and_a_new_play() -> None:
    """A change is listed once for all groups that it reaches alike."""
    camp = CAMP.replace("    count: 4\n", "    count: 6\n  再来:\n    kind: demo\n    commands: [再来]\n")
    assert changed(camp) == (
        "camp\n"
        "  ~ 演示 (demo)\n"
        "    ~ count: 4 → 6\n"
        "  + 新增 再来 (demo)\n"
        "进行中的一轮(答题、接龙等)按旧版本走完,之后用新版本。"
    ).replace("~ 演示", "~ 修改 演示")


def test_a_change_in_one_group() -> None:
    """What differs in one group only is listed under that group."""
    groups = GROUPS.replace("vars: {book: 三体}", "vars: {book: 红楼梦}")
    assert changed(groups=groups) == (
        "camp · 群 qq:3\n"
        "  ~ vars.book: 三体 → 红楼梦\n"
        "  ~ 修改 演示 (demo)\n"
        "进行中的一轮(答题、接龙等)按旧版本走完,之后用新版本。"
    )


def test_a_broken_file() -> None:
    """A file with errors changes nothing: the old version goes on."""
    assert changed(CAMP.replace("count: 4", "count: 40")) == "camp.yaml: 新文件有错误,继续用旧版本"


def test_a_removed_playbook() -> None:
    """Taking a playbook away stops its plays."""
    before = load({"groups.yaml": GROUPS, "camp.yaml": CAMP}, CHECKS)
    after = load({"groups.yaml": GROUPS}, CHECKS)
    assert "- 停用 演示 (demo)" in render(diff(before, after))
