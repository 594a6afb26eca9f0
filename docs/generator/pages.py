"""The pages and their blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.playbook.handbook import diagnostics_page
from bot.playbook.wording import Lang
from docs.generator import chats, commands, decisions, language, metrics, settings

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"(<!-- begin: (?P<name>[\w-]+)(?P<words>[^>]*?) -->\n).*?(<!-- end -->)", re.DOTALL)
_MAKERS: dict[str, Callable[..., str]] = {
    "chat": chats.chat,
    "chat-yaml": chats.playbook_of,
    "cli": commands.reference,
    "commands": commands.overview,
    "decisions": decisions.index,
    "play-keys": language.play_keys,
    "play-words": language.play_words,
    "head-keys": language.head_keys,
    "kinds": language.kinds,
    "metrics": metrics.catalogue,
    "settings": settings.table,
}


def pages() -> list[Path]:
    """Every page written by hand that may hold blocks."""
    handbook = ROOT / "docs" / "handbook"
    return [ROOT / "README.md", ROOT / "README.zh.md", decisions.FOLDER / "README.md", *sorted(handbook.rglob("*.md"))]


def language_of(page: Path) -> Lang:
    """Chinese for `README.zh.md` and below `zh/`, else English."""
    return "zh" if page.name == "README.zh.md" or "zh" in page.parts else "en"


def written() -> Iterator[tuple[Path, str]]:
    """(file, its text as it should be) for everything that is made from the code."""
    yield ROOT / "config.example.yaml", settings.example()
    yield ROOT / "docs" / "handbook" / "diagnostics.md", diagnostics_page()
    for page in pages():
        if page.name != "diagnostics.md":
            yield page, filled(page.read_text("utf-8"), language_of(page))


def filled(text: str, lang: Lang) -> str:
    """`text` with each of its blocks made anew. Raises `KeyError` for a block that nobody makes."""
    return _BLOCK.sub(lambda found: _block(found, lang), text)


def _block(found: re.Match[str], lang: Lang) -> str:
    made = _MAKERS[found["name"]](lang, *found["words"].split())
    return f"{found[1]}\n{made.strip()}\n\n{found[4]}"
