"""What the documentation takes from the program is what the program says now. `python -m docs.generator` writes it anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Settings, load_settings
from docs.generator import settings
from docs.generator.chats import CHATS
from docs.generator.pages import ROOT, filled, language_of, pages
from tests.docs.pages import HANDBOOK, name

EXAMPLE = ROOT / "config.example.yaml"


@pytest.mark.parametrize("page", [page for page in pages() if page.name != "diagnostics.md"], ids=name)
def test_page_is_current(page: Path) -> None:
    """Tables, commands and chats of the page are made of the code as it is: chats are played again."""
    now = page.read_text("utf-8")
    assert now == filled(now, language_of(page)), "out of date: python -m docs.generator"


def test_example_settings_are_current() -> None:
    """`config.example.yaml` has every setting with its default and what it means."""
    assert EXAMPLE.read_text("utf-8") == settings.example(), "out of date: python -m docs.generator"


def test_example_settings_are_the_defaults() -> None:
    """The file as it stands loads to exactly what the bot does without one."""
    assert load_settings(EXAMPLE, {}) == Settings()


def test_every_setting_says_what_it_is() -> None:
    """In Chinese and in English, as do the sections."""
    for key, field in settings.every():
        zh, dot, en = (field.description or "").partition("·")
        assert dot, key
        assert any("一" <= sign <= "鿿" for sign in zh), key
        assert any("a" <= sign <= "z" for sign in en), key
    for section, field in Settings.model_fields.items():
        assert field.description or section in settings.SECTIONS, section


def test_every_chat_is_shown() -> None:
    """A scenario beside the handbook that no page shows is one that nobody reads."""
    shown = "".join(page.read_text("utf-8") for page in pages())
    for chat in CHATS.glob("*.yaml"):
        assert f"<!-- begin: chat {chat.stem} -->" in shown, chat
    assert HANDBOOK in CHATS.parents
