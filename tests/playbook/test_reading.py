"""YAML means what it shows; hostile files end as a message."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from bot.playbook.nodes import Node, plain, text_position
from bot.playbook.reading import MAX_BYTES, read


def tree(text: str) -> Node:
    node, problems = read("a.yaml", text)
    assert problems == []
    assert node is not None
    return node


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("19:05", "19:05"),
        ("on", "on"),
        ("no", "no"),
        ("y", "y"),
        ("2026-03-01", "2026-03-01"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("12:30:45", "12:30:45"),
        (".inf", ".inf"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e3", 1000.0),
        ("1.5", 1.5),
        ("'12'", "12"),
        ('"true"', "true"),
        ("12345678901234567890123", "12345678901234567890123"),
    ],
)
def test_scalars_follow_yaml_1_2(written: str, meant: object) -> None:
    """Plain scalars are what the YAML 1.2 core schema says, never times, dates or Norway."""
    found = plain(tree(f"a: {written}"))["a"]
    assert found == meant
    assert type(found) is type(meant)


def test_numbers_as_keys_are_text() -> None:
    """`streak: {7: 30}` is accepted; the key is the text 7."""
    assert plain(tree("streak: {7: 30}")) == {"streak": {"7": 30}}


def test_positions_count_characters() -> None:
    """Columns count characters, so a caret lands right behind Chinese text, after a BOM and with CRLF."""
    node = tree("\ufeff标题: 营\r\n玩法:\r\n  打卡: {字数: 二十}\r\n")
    value = node.get("玩法", "打卡", "字数")
    assert value is not None
    assert (value.line, value.col, value.end_col) == (3, 12, 14)
    assert value.place().text == "  打卡: {字数: 二十}"


def test_positions_inside_a_block_text() -> None:
    """A place within a block scalar is a place in the file."""
    node = tree("a:\n  text: |\n    第一行\n    第二行\n")
    text = node.get("a", "text")
    assert text is not None
    assert (text_position(text, 2, 2).line, text_position(text, 2, 2).col) == (4, 6)


def test_aliases_share_a_value() -> None:
    """An alias is the value that the anchor marked."""
    assert plain(tree("a: &x [1, 2]\nb: *x\n")) == {"a": [1, 2], "b": [1, 2]}


def test_large_file_is_refused() -> None:
    """A file over 1 MiB is refused before it is read."""
    node, problems = read("a.yaml", "# " + "群" * (MAX_BYTES // 2))
    assert node is None
    assert [problem.code for problem in problems] == ["PB101"]


HOSTILE = {
    "brackets": "'[' * 200_000",
    "braces": "'{a: ' * 100_000",
    "dashes": "'- ' * 100_000",
    "indents": "'\\n'.join(' ' * n + 'a:' for n in range(1_000))",
    "bomb": "'a0: &a0 [x,x,x,x,x,x,x,x,x]\\n' + ''.join(f'a{n}: &a{n} [' + ','.join([f'*a{n-1}'] * 9) + ']\\n' for n in range(1, 10))",
    "deep aliases": "'a0: &a0 ' + '[' * 30 + ']' * 30 + '\\n' + ''.join(f'a{n}: &a{n} ' + '[' * 30 + f'*a{n-1}' + ']' * 30 + '\\n' for n in range(1, 190))",
    "many aliases": "'a: &a 1\\n' + ''.join(f'b{n}: *a\\n' for n in range(1_000))",
    "self": "'a: &a [*a]'",
    "many": "'[' + '1,' * 100_000 + ']'",
    "keys": "'? ' * 50_000",
    "quotes": "'\"' + 'a' * 900_000",
    "anchors": "'&a ' * 50_000",
    "tags": "'!' * 300_000",
    "nul": "'a: \\x00'",
    "surrogate": "'a: \\ud800'",
}


def test_hostile_files_end_as_messages() -> None:
    """None of the hostile inputs kills the interpreter, hangs it or raises; each gets a problem with a place."""
    program = textwrap.dedent(
        f"""
        from bot.playbook.load import load
        from bot.playbook.reading import read
        from tests.effort import with_effort
        from tests.playbook.demo import CHECKS
        for name, text in {{{", ".join(f"{name!r}: {source}" for name, source in HOSTILE.items())}}}.items():
            loaded, took_s = with_effort(lambda: load({{"a.yaml": text}}, CHECKS), within_s=1)
            assert loaded.problems, name
            assert all(p.place.line >= 1 and p.place.col >= 1 for p in loaded.problems), name
            print(name, loaded.problems[0].code, "slow" if took_s > 1 else "quick")
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert len(lines) == len(HOSTILE)
    assert [line for line in lines if line.endswith("slow")] == []
