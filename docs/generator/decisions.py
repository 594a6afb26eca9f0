"""The index of decisions."""

from __future__ import annotations

from pathlib import Path

from bot.playbook.wording import Lang
from docs.generator import tables

FOLDER = Path(__file__).parents[1] / "adr"


def index(lang: Lang) -> str:
    """Every decision with its title, in order of their numbers."""
    files = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
    return tables.table(("Decision",), ((f"[{_title(path)}]({path.name})",) for path in files))


def _title(path: Path) -> str:
    return path.read_text("utf-8").partition("\n")[0].removeprefix("# ").replace("`", "")
