"""Pages lead where they say, their examples are sound, and both languages say the same things in the same order."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest

from bot.config import load_settings
from bot.engine.playbooks import PlaybookFolder
from bot.playbook.load import load
from docs.generator.commands import every
from tests.docs.pages import HANDBOOK, PAGES, READMES, ROOT, anchors, blocks, levels, name, prose, text

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PAIRS = [
    (page, HANDBOOK / "en" / page.relative_to(HANDBOOK / "zh")) for page in sorted((HANDBOOK / "zh").rglob("*.md"))
]
_COMMANDS = {words.split()[0] for words, _ in every()}
_FOREIGN = re.compile(r"/(?:work|home|root|Users|tmp)/|[A-Z]:\\\\")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_resolve(page: Path) -> None:
    """Every link within the repository leads to a file, and to a heading where it names one."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in target:
            continue
        path, _, anchor = unquote(target).partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_path_of_a_machine(page: Path) -> None:
    """What somebody copies works anywhere."""
    assert _FOREIGN.findall(text(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_exist(page: Path) -> None:
    """`qunops …` in a block or in the text is a command; its options are options of it; `make …` is a target;
    what `python` runs is there."""
    known = dict(every())
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    shell = "\n".join(blocks(page, "sh", "powershell", ""))
    inline = re.findall(r"`([^`\n]+)`", prose(page))
    lines = [line.partition(" #")[0] for line in [*shell.splitlines(), *inline]]
    for line in lines:
        if made := re.match(r"make (\w+)", line):
            assert made[1] in targets, line
        if ran := re.match(r"(?:\.venv\S+)?python (?:-m (benchmarks[\w.]+|docs[\w.]+)|(\S+\.py))", line):
            path = ran[2] or ran[1].replace(".", "/")
            assert (ROOT / path).is_file() or (ROOT / f"{path}.py").is_file() or (ROOT / path).is_dir(), line
        found = re.search(r"(?:^|.*[\s\\/])qunops ([a-z].*)$", line)
        if found is None:
            continue
        words = found[1].split()
        assert words[0] in _COMMANDS, line
        command = next((known[" ".join(words[:n])] for n in (2, 1) if " ".join(words[:n]) in known), None)
        if command is not None:
            options = {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | {"--help"}
            assert [word for word in words if word.startswith("-") and word.partition("=")[0] not in options] == [], (
                line
            )


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_playbooks_are_sound(page: Path) -> None:
    """The YAML of a page that has a file name is read as one folder, without an error."""
    named = [re.match(r"# (\S+\.yaml)\n(.*)", body, re.DOTALL) for body in blocks(page, "yaml")]
    files = {found[1]: found[2] for found in named if found is not None and found[1] != "config.yaml"}
    checks = PlaybookFolder(ROOT / "playbooks", lambda: NOW).checks()
    problems = load(files, checks).problems if files else ()
    assert [f"{each.place} {each.message.zh}" for each in problems if each.is_error] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_settings_are_sound(page: Path, tmp_path: Path) -> None:
    """A block of `config.yaml` loads."""
    for body in blocks(page, "yaml"):
        if body.startswith("# config.yaml\n"):
            (tmp_path / "config.yaml").write_text(body, "utf-8")
            load_settings(tmp_path / "config.yaml", {})


@pytest.mark.parametrize(("zh", "en"), [(READMES[1], READMES[0]), *PAIRS], ids=lambda page: page.stem)
def test_both_languages_have_the_same_structure(zh: Path, en: Path) -> None:
    """The same headings and as many blocks, in the same order."""
    assert en.exists(), en
    assert levels(zh) == levels(en)
    for languages in (("yaml",), ("sh", "powershell"), ("text",)):
        assert len(blocks(zh, *languages)) == len(blocks(en, *languages))
    assert blocks(zh, "powershell") == blocks(en, "powershell")


def test_nothing_is_missing_in_chinese() -> None:
    """A page in English has its twin."""
    english = {page.relative_to(HANDBOOK / "en") for page in (HANDBOOK / "en").rglob("*.md")}
    assert english == {page.relative_to(HANDBOOK / "zh") for page in (HANDBOOK / "zh").rglob("*.md")}


def test_every_decision_is_one() -> None:
    """Numbers without a gap; each with its context, decision and consequences. (The index is generated.)"""
    files = sorted(path for path in (ROOT / "docs" / "adr").glob("*.md") if path.name != "README.md")
    numbers = [path.name[:4] for path in files if path.name[:4].isdigit()]
    assert numbers == [f"{n:04}" for n in range(1, len(numbers) + 1)]
    for path in files:
        assert {"## Context", "## Decision", "## Consequences"} <= set(text(path).splitlines()), path.name
