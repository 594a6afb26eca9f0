"""`qunops report`: from an import to a page, and what it says when there is nothing to tell."""

from __future__ import annotations

import os
from pathlib import Path

from typer.testing import CliRunner, Result

from bot.cli import build
from tests.cli.running import ROOT, qunops

SAMPLES = ROOT / "tests" / "fixtures" / "exports"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


def test_day_one(database_url: str, tmp_path: Path) -> None:
    """Import a group's past, then ask for it: the days are counted on the way, files are written, the same bytes twice, in another
    process with another order of its sets, too."""
    call("import", str(SAMPLES / "qq.txt"), "--group", "qq:600", "--db", database_url)
    said = call("report", "qq:600", "--period", "past", "--db", database_url)
    assert said.exit_code == 0, said.output
    assert "这个群的过去" in said.output
    assert "5 人活跃，共 7 条消息" in said.output
    made = []
    for folder in ("a", "b"):
        words = ("report", "qq:600", "--period", "past", "--db", database_url, "-o", str(tmp_path / folder),
                 "--format", "html,xlsx,png,text")  # fmt: skip
        if folder == "a":
            done = call(*words)
            assert done.exit_code == 0, done.output
        else:
            ended = qunops({**os.environ, "PYTHONHASHSEED": "4711"}, *words)
            assert ended.returncode == 0, ended.stderr
        made.append({path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()})
    assert made[0] == made[1]
    assert sorted(name.rpartition(".")[2] for name in made[0]) == ["html", "png", "txt", "xlsx"]
    page = next(content.decode() for name, content in made[0].items() if name.endswith("html"))
    assert "从聊天记录导出文件导入" in page
    week = call("report", "qq:600", "--period", "week", "--date", "2026-03-03", "--db", database_url)
    assert "2026-03-02 – 2026-03-08" in week.output


def test_nothing_to_tell(database_url: str, tmp_path: Path) -> None:
    """Exit 1 for an unknown group, 2 for a call that lacks something."""
    assert call("report", "qq:1", "--db", database_url).exit_code == 1
    assert call("report", "qq:1", "--period", "camp", "--db", database_url).exit_code == 2
    assert call("report", "qq:1", "--format", "xlsx", "--db", database_url).exit_code == 2
    assert call("report", "qq:1", "--format", "docx", "--db", database_url).exit_code == 2
    assert call("report", "qq:1", "--db", f"sqlite:///{tmp_path}/none.db").exit_code == 3
