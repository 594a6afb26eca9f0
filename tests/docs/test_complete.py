"""Every setting, kind, effect, command, failpoint, metric, state and code stands in the handbook, in both languages."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from bot.core.effects import InwardEffect, OnUnknown, OutwardEffect
from bot.engine.failpoints import POINTS
from bot.playbook.codes import CODES
from bot.playbook.wording import Lang
from bot.plays import all_plays
from bot.transports.onebot11 import OneBotSettings
from docs.generator.commands import every
from docs.generator.libraries import named
from docs.generator.settings import every as settings
from tests.docs.pages import HANDBOOK, READMES, ROOT, blocks, headings, text

OUTBOX_STATES = ("ready", "sending", "done", "dead", "unknown", "expired", "stopped")
LANGUAGES: tuple[Lang, ...] = ("zh", "en")


@pytest.fixture(params=LANGUAGES)
def lang(request: pytest.FixtureRequest) -> Lang:
    return request.param  # type: ignore[no-any-return]


def test_settings(lang: Lang) -> None:
    """Each with its own row; those of QQ on the page about QQ, too."""
    for key, _ in settings():
        assert f"| `{key}` |" in text(HANDBOOK / lang / "settings.md")
    for key in OneBotSettings.model_fields:
        assert f"| `onebot.{key}` |" in text(HANDBOOK / lang / "qq.md")


def test_environment(lang: Lang) -> None:
    """Each variable that the program reads, and no other."""
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "bot").rglob("*.py"))
    page = text(HANDBOOK / lang / "settings.md")
    assert set(re.findall(r"QUNOPS_[A-Z_]+", sources)) == set(re.findall(r"^\| `(QUNOPS_[A-Z_]+)` \|", page, re.M))


def test_kinds(lang: Lang) -> None:
    """One page for each kind of play, reached from the list, with a chat, its YAML and its keys."""
    for kind, play in all_plays().items():
        page = HANDBOOK / lang / "plays" / f"{kind}.md"
        assert f"(plays/{kind}.md)" in text(HANDBOOK / lang / "plays.md")
        assert len(blocks(page, "text")) == 1
        assert len(blocks(page, "yaml")) == 1
        for field in play.Params.model_fields.items():
            assert f"| `{field[1].alias or field[0]}` |" in text(page), (kind, field[0])


def test_effects(lang: Lang) -> None:
    """The vocabulary, and what its policies mean."""
    page = text(HANDBOOK / lang / "extending.md")
    for effect in (*get_args(OutwardEffect), *get_args(InwardEffect)):
        assert f"| `{effect.__name__}` |" in page
    for policy in get_args(OnUnknown):
        assert f"| `{policy}` |" in text(HANDBOOK / lang / "operation.md")


def test_commands(lang: Lang) -> None:
    """Each in the reference with a section of its own, and in the README's table."""
    readme = READMES[0] if lang == "en" else READMES[1]
    titles = headings(HANDBOOK / lang / "commands.md")
    for words, command in every():
        assert f"`qunops {words}`" in titles
        assert f"| `qunops {words}` |" in text(readme)
        assert command.help, words


def test_failpoints_and_outbox_states(lang: Lang) -> None:
    """What an operator may rehearse, and what they may see."""
    page = text(HANDBOOK / lang / "operation.md")
    for word in (*POINTS, *OUTBOX_STATES):
        assert f"| `{word}` |" in page, word


def test_codes() -> None:
    """Each diagnostic has its anchor."""
    page = text(HANDBOOK / "diagnostics.md")
    for code in CODES:
        assert f'id="{code.lower()}"' in page


def test_libraries() -> None:
    """Each dependency has its row in the decision: why it and not its rival, and its licence."""
    page = text(ROOT / "docs" / "adr" / "0008-libraries.md")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    for name in named():
        (row,) = [line for line in rows if line.startswith(f"| {name} |")]
        assert all(cell.strip() for cell in row.strip("|").split("|")), row
    for name in named("dev"):
        assert name.removeprefix("pytest-") in page, name


@pytest.mark.parametrize(("words", "command"), [pytest.param(*each, id=each[0]) for each in every()])
def test_every_command_speaks_both_languages(words: str, command: Any) -> None:
    """What a command does, each argument and each option: Chinese, a dot, English."""
    first = (command.help or "").split("\n\n")[0]
    said = {words: first} | {each.name: each.help or "" for each in command.params if each.name != "help"}
    assert [name for name, about in said.items() if not _BOTH.search(about)] == []


_BOTH = re.compile(r"[\u4e00-\u9fff].* ?· ?[^·]*[A-Za-z]{2}", re.DOTALL)
