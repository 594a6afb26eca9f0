"""`qunops quiz judge` and `qunops quiz import` as a script sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import build

BANK = "bank: 样\nquestions:\n  - {id: a, text: 甲, options: [一, 二], answer: A, explanation: x}\n"


def test_judge_prints_letters_and_points(tmp_path: Path) -> None:
    """Both halves of the file, keyed by id."""
    file = tmp_path / "cases.json"
    question = {
        "type": "single",
        "options": ["唐", "宋"],
        "answer": ["B"],
        "messages": [["甲", 0, "选B吧"], ["乙", 20, "宋"]],
    }
    cases = {
        "answers": [
            {"id": "one", "type": "single", "options": ["唐", "宋"], "typed": "第二个"},
            {"id": "two", "type": "single", "options": ["唐", "宋"], "typed": "b站"},
        ],
        "scoring": [{"id": "s", "config": {"limit": 20}, "questions": [question]}],
    }
    file.write_text(json.dumps(cases, ensure_ascii=False), "utf-8")
    result = CliRunner().invoke(build(), ["quiz", "judge", str(file)])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "answers": {"one": ["B"], "two": None},
        "scoring": {"s": {"per_question": [{"甲": 100, "乙": 50}], "ranking": [[1, "甲", 100], [2, "乙", 50]]}},
    }


@pytest.mark.parametrize(
    "content",
    [
        b"nonsense",
        b"",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"answers": {}}',
        b'{"answers": [1]}',
        b'{"answers": [{"typed": "A"}]}',
        b'{"answers": [{"id": 1, "options": ["b", "c"], "typed": "A"}]}',
        b'{"answers": [{"id": 1, "type": "singel", "options": ["b", "c"], "typed": "A"}]}',
        b'{"scoring": [{"id": 1}]}',
        b'{"scoring": [{"id": "a", "questions": [{"messages": [["x", "soon", "A"]]}]}]}',
        b'{"scoring": [{"id": "a", "config": {"limit": 0}, "questions": [{"answer": ["A"], "options": ["b", "c"],'
        b' "messages": [["x", 0, "A"]]}]}]}',
    ],
)
def test_judge_refuses_what_is_not_its_format(tmp_path: Path, content: bytes) -> None:
    """One line that names the place, and the exit code of a wrong call; never a traceback."""
    file = tmp_path / "cases.json"
    file.write_bytes(content)
    result = CliRunner().invoke(build(), ["quiz", "judge", str(file)])
    assert result.exit_code == 2
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.stderr.count("\n") == 1


def test_one_malformed_case_does_not_stop_the_others(tmp_path: Path) -> None:
    """The results of the rest are printed, the mistake is named, the exit code says that there was one."""
    file = tmp_path / "cases.json"
    good = {"id": "good", "type": "single", "options": ["唐", "宋"], "typed": "B"}
    cases = {"answers": [good, {"id": "bad", "options": 3, "typed": "A"}, good, {"typed": "A"}]}
    file.write_text(json.dumps(cases, ensure_ascii=False), "utf-8-sig")
    result = CliRunner().invoke(build(), ["quiz", "judge", str(file)])
    assert result.exit_code == 2
    assert json.loads(result.stdout) == {"answers": {"good": ["B"]}, "scoring": {}}
    places = [line.split(": ")[1] for line in result.stderr.splitlines()]
    assert places == ["answers[2] bad", "answers[3] good", "answers[4]"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Exit code 3."""
    assert CliRunner().invoke(build(), ["quiz", "judge", str(tmp_path / "none.json")]).exit_code == 3


def test_import_prints_every_problem_with_its_line(tmp_path: Path) -> None:
    """Exit code 1 while there is an error; json for scripts."""
    file = tmp_path / "b.yaml"
    file.write_text(BANK + "  - {id: b, text: 乙, options: [一, 二], answer: C}\n", "utf-8")
    result = CliRunner().invoke(build(), ["quiz", "import", str(file)])
    assert result.exit_code == 1
    assert f"{file}:4: 错误 bank-answer-without-option: 题目 b:答案 C 没有对应的选项" in result.stdout
    result = CliRunner().invoke(build(), ["quiz", "import", str(file), "--format", "json", "--lang", "en"])
    assert [row["code"] for row in json.loads(result.stdout)["problems"]] == [
        "bank-no-license",
        "bank-answer-without-option",
    ]
    assert json.loads(result.stdout)["problems"][1]["message"] == "question b: answer C has no option"
    file.write_text(BANK, "utf-8")
    assert CliRunner().invoke(build(), ["quiz", "import", str(file)]).exit_code == 0
    file.write_text(BANK.replace("bank: 样", "bank: 样\nlicense: CC0-1.0"), "utf-8")
    said = CliRunner().invoke(build(), ["quiz", "import", str(file)])
    assert said.stdout == "样: 1 题,0 个错误,可以用\n"


def test_import_reads_what_chinese_spreadsheets_write(tmp_path: Path) -> None:
    """GB18030 when it is not UTF-8."""
    file = tmp_path / "题库.csv"
    file.write_bytes("编号,题目,A,B,答案,解析\n1,首都?,北京,上海,A,是\n".encode("gb18030"))
    result = CliRunner().invoke(build(), ["quiz", "import", str(file)])
    assert result.exit_code == 0
    assert "题库: 1 题,0 个错误,可以用" in result.stdout
