"""Markdown tables, and the two languages of a description."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.playbook.wording import Lang

_DOT = re.compile(r"\s*·\s+")


def spoken(text: str | None, lang: Lang) -> str:
    """The half of `中文 · English` in `lang`; the whole where there is only one."""
    zh, _, en = (_DOT.sub("\0", text or "", count=1)).partition("\0")
    return (zh if lang == "zh" else en or zh).strip()


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; what would break a cell is escaped."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(_cell(each) for each in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").strip() or "–"


def code(text: str) -> str:
    return f"`{text}`" if text else ""
