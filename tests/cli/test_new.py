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
