"""`qunops new`: what it writes can be read at once, overwrites nothing, and is not finished."""

from __future__ import annotations

import ast
from pathlib import Path

from typer.testing import CliRunner, Result

from bot.cli import build


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(build(), [str(each) for each in arguments])


def test_a_new_playbook_is_sound(tmp_path: Path) -> None:
    """`check` finds no error in what `new playbook` wrote."""
    assert call("new", "playbook", "my-camp", "--folder", tmp_path).exit_code == 0
    checked = call("check", tmp_path / "my-camp.yaml")
    assert checked.exit_code == 0, checked.output


def test_an_example_is_begun_with_its_values_set(tmp_path: Path) -> None:
    """`--ask` lists what can be set, with the example's own comments; what is set stands in the file, which `check` finds sound."""
    example = Path(__file__).parents[2] / "playbooks" / "examples" / "checkin.yaml"
    asked = call("new", "playbook", "mine", "--like", example, "--ask").stdout
    assert 'roles/coach="qq:10001"  # 换成点评老师的号' in asked
    made = call(
        "new", "playbook", "mine", "--like", example, "--folder", tmp_path, "--title", "我的营", "--group", "qq:7",
        "--group", "tag:新", "--set", "plays/每日打卡/points=7", "--set", "plays/每日打卡/commands=早起、报到",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    text = (tmp_path / "mine.yaml").read_text("utf-8")
    assert "points: 7" in text
    assert "commands: [早起, 报到]" in text
    assert "# 换成点评老师的号" in text
    assert call("check", tmp_path / "mine.yaml").exit_code == 0
    wrong = call("new", "playbook", "other", "--like", example, "--folder", tmp_path, "--set", "plays/x=1")
    assert wrong.exit_code == 2
    assert call("new", "playbook", "other", "--like", tmp_path / "nothing.yaml").exit_code == 2


def test_a_new_play_and_transport_come_with_a_test(tmp_path: Path) -> None:
    """Source, texts and a test that asserts something; Python that parses."""
    assert call("new", "play", "lottery", "--root", tmp_path).exit_code == 0
    assert call("new", "transport", "telegram", "--root", tmp_path).exit_code == 0
    written = {str(path.relative_to(tmp_path).as_posix()) for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {
        "bot/plays/lottery.py", "templates/plays/lottery/hello.j2", "tests/plays/test_lottery.py",
        "bot/transports/telegram.py", "tests/transports/test_telegram.py",
    }  # fmt: skip
    for path in tmp_path.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        if path.name.startswith("test_"):
            assert any(isinstance(node, ast.Assert) for node in ast.walk(tree))


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """Exit 2 for a name that is taken or can't be one; the file stays as it was."""
    assert call("new", "playbook", "a-camp", "--folder", tmp_path).exit_code == 0
    (tmp_path / "a-camp.yaml").write_text("mine", "utf-8")
    assert call("new", "playbook", "a-camp", "--folder", tmp_path).exit_code == 2
    assert (tmp_path / "a-camp.yaml").read_text("utf-8") == "mine"
    assert call("new", "play", "../evil", "--root", tmp_path).exit_code == 2
    assert call("new", "playbook", "../evil", "--folder", tmp_path).exit_code == 2
