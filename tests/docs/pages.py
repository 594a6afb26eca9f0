"""The documentation as the tests read it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
HANDBOOK = ROOT / "docs" / "handbook"
READMES = (ROOT / "README.md", ROOT / "README.zh.md")
PAGES = (*READMES, *sorted((ROOT / "docs").rglob("*.md")), ROOT / "deploy" / "README.md")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def text(page: Path) -> str:
    return page.read_text("utf-8")


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of a page in one of `languages`."""
    return [body for language, body in _FENCE.findall(text(page)) if language in languages]


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", text(page))


def anchors(page: Path) -> set[str]:
    """What a link into the page may point at, as GitHub makes it of headings."""
    made = {re.sub(r"[^\w\- ]", "", found.lower()).strip().replace(" ", "-") for found in headings(page)}
    return made | set(re.findall(r'<a id="([^"]+)"', text(page)))


def headings(page: Path) -> list[str]:
    return re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)


def levels(page: Path) -> list[int]:
    return [len(found) for found in re.findall(r"^(#+) ", prose(page), re.MULTILINE)]
