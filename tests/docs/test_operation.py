"""What the handbook tells operators to do and to look at is tried on a running bot."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import build
from tests.cli.running import Running, house, qunops
from tests.docs.pages import HANDBOOK, READMES, blocks, text

TALK = "打卡\n小红: 早上好\n"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return house(tmp_path)


def test_every_metric_is_explained_and_no_other(env: dict[str, str]) -> None:
    """`/metrics` and the tables of both languages name the same things."""
    with Running(env) as bot:
        found = set(re.findall(r"^(qunops_\w+)", bot.get("/metrics")[1], re.MULTILINE))
    for lang in ("zh", "en"):
        explained = set(re.findall(r"^\| `(qunops_\w+)` \|", text(HANDBOOK / lang / "operation.md"), re.MULTILINE))
        assert explained == found


def test_the_banner_is_what_the_readme_shows(env: dict[str, str]) -> None:
    """Its lines, in their order; only addresses and numbers are this machine's."""
    printed = qunops(env, "run", typed=TALK).stdout.splitlines()
    start = next(n for n, line in enumerate(printed) if "已启动" in line)
    labels = [_label(line) for line in printed[start : printed.index("", start)]]
    for page in READMES:
        shown = next(block for block in blocks(page, "text") if "已启动" in block)
        assert [_label(line) for line in shown.splitlines()] == labels


def _label(line: str) -> str:
    return re.split(r"\s{2,}", line.strip())[0]


def call(env: dict[str, str], *words: str) -> Result:
    return CliRunner(env=env).invoke(build(), list(words))


def test_the_backup_drill_works_as_written(env: dict[str, str], tmp_path: Path) -> None:
    """Backed up, verified, restored elsewhere, checked, counted: every line of both blocks ends with 0."""
    assert qunops(env, "run", typed=TALK).returncode == 0
    made, drill = blocks(HANDBOOK / "zh" / "operation.md", "sh")
    assert _bare(made + drill) == _bare("".join(blocks(HANDBOOK / "en" / "operation.md", "sh")))
    for line in (made + drill).splitlines():
        words = shlex.split(line, comments=True)
        here = dict(env)
        while "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            here[name] = value.replace("sqlite:///", f"sqlite:///{tmp_path}/")
        backup = next(iter(tmp_path.glob("data/backups/*.backup")), None)
        done = call(here, *(str(backup) if word.endswith(".backup") else word for word in words[1:]))
        assert done.exit_code == 0, (line, done.output)
    assert (tmp_path / "drill" / "qunops.db").exists()


def _bare(shell: str) -> str:
    """Commands without their comments and the name of the file."""
    return re.sub(r"backups/\S+|\s*#.*", "", shell)


def test_the_first_playbook_works_as_written(env: dict[str, str], tmp_path: Path) -> None:
    """The README's playbook and groups, saved into a folder, pass `check` and live through a week of members."""
    for page in READMES:
        folder = tmp_path / page.stem
        folder.mkdir()
        for body in blocks(page, "yaml"):
            if named := re.match(r"# (\S+\.yaml)\n", body):
                (folder / named[1]).write_text(body, "utf-8")
        checked = call(env, "check", str(folder))
        assert checked.exit_code == 0, checked.output
        played = call(env, "simulate", str(folder / "my-camp.yaml"), "--days", "7", "--members", "20", "--quiet")
        assert played.exit_code == 0, played.output
