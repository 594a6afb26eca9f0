"""`check`, `explain`, `diff` and `schema` as an operator types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import build

CAMP = """\
playbook: camp
title: 共读营
groups: ["qq:1"]
plays:
  打卡:
    kind: checkin
    metric: checkin.rate
    points: 5
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "camp.yaml").write_text(CAMP, "utf-8")
    (tmp_path / "base.yaml").write_text("kinds: {checkin: {points: 3}}\n", "utf-8")
    (tmp_path / "groups.yaml").write_text("groups: {'qq:1': {quiet_hours: 23:00-07:00}}\n", "utf-8")
    return tmp_path


def run(*words: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(build(), [str(word) for word in words])
    return done.exit_code, done.output


def test_check_is_content(folder: Path) -> None:
    """A sound folder ends with 0 and one line."""
    assert run("check", folder) == (0, "1 份剧本,1 份可用,没有问题\n")
    assert run("check", folder, "--lang", "en") == (0, "1 of 1 playbooks available, nothing to mend\n")


def test_check_finds_everything(folder: Path) -> None:
    """Errors end with 1; text shows place, caret and mending, JSON the same for editors."""
    (folder / "camp.yaml").write_text(CAMP.replace("points: 5", "pionts: 5\n    streak: 7"), "utf-8")
    code, text = run("check", folder)
    assert code == 1
    assert f"{folder.as_posix()}/camp.yaml:8:5 错误 PB201 这里没有「pionts」这个键" in text
    assert "是不是想写「points」?" in text
    assert text.endswith("1 份剧本,0 份可用;2 个错误,0 条建议\n")
    code, text = run("check", folder, "--format", "json")
    document = json.loads(text)
    assert code == 1
    assert [(each["code"], each["line"]) for each in document["problems"]] == [("PB201", 8), ("PB203", 9)]
    assert document["playbooks"] == [{"id": "camp", "file": "camp.yaml", "available": False}]


def test_check_one_file(folder: Path) -> None:
    """A single file is checked with the base and groups of its folder, and only its problems are shown."""
    (folder / "other.yaml").write_text("playbok: x\n", "utf-8")
    assert run("check", folder / "camp.yaml") == (0, "1 份剧本,1 份可用,没有问题\n")
    assert run("check", folder / "other.yaml")[0] == 1


def test_check_wrong_calls(folder: Path) -> None:
    """A path that isn't there ends with 2; advice fails only when asked to."""
    assert run("check", folder / "nothing")[0] == 2
    (folder / "camp.yaml").write_text(CAMP.replace("    metric: checkin.rate\n", ""), "utf-8")
    assert run("check", folder)[0] == 0
    assert run("check", folder, "--strict")[0] == 1


def test_explain_a_key() -> None:
    """A key without a file is explained from the schema; a misspelt one gets the nearest."""
    code, text = run("explain", "checkin.points")
    assert code == 0
    assert text.startswith("checkin.points = 5  [整数]\n")
    code, text = run("explain", "chekin")
    assert code == 1
    assert "checkin" in text
    assert run("explain", "PB206")[1].startswith("PB206 格式不对")
    assert "quiet_hours" in run("explain")[1]


def test_explain_a_value(folder: Path) -> None:
    """With a playbook or group the effective value and every layer's file and line are shown."""
    code, text = run("explain", "checkin.points", "--group", "qq:1", "--folder", folder)
    assert code == 0
    assert text.splitlines()[:3] == [
        "camp · plays.打卡.points = 5",
        "    base.yaml kinds.checkin  base.yaml:1:27  3",
        "  → camp.yaml  camp.yaml:8:13  5",
    ]
    assert "groups.yaml:1:32" in run("explain", "quiet_hours", "-p", "camp", "-g", "qq:1", "--folder", folder)[1]


def test_diff_of_two_folders(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two folders are compared by what they do in the groups."""
    new = tmp_path_factory.mktemp("new")
    for file in folder.iterdir():
        (new / file.name).write_text(file.read_text("utf-8"), "utf-8")
    assert run("diff", folder, new) == (0, "没有变化\n")
    (new / "camp.yaml").write_text(CAMP.replace("points: 5", "points: 8"), "utf-8")
    code, text = run("diff", folder, new)
    assert code == 0
    assert "~ points: 5 → 8" in text
    (new / "camp.yaml").write_text(CAMP.replace("points: 5", "points: x"), "utf-8")
    assert run("diff", folder, new)[0] == 1


def test_schema(tmp_path: Path) -> None:
    """The schema is printed, written and compared."""
    assert json.loads(run("schema")[1])["$schema"].endswith("2020-12/schema")
    assert run("schema", "--check", tmp_path)[0] == 1
    assert run("schema", "--write", tmp_path)[0] == 0
    assert run("schema", "--check", tmp_path)[0] == 0
