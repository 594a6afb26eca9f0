"""Where templates are: the operator's folder, and the program's own for all that it lacks.

So an operator keeps only what says something else, and an upgrade that brings new texts finds them. The console's pages are
the program's own alone: they belong to its code.
"""

from __future__ import annotations

from pathlib import Path

OWN = Path(__file__).resolve().parents[2] / "templates"


def folders(folder: Path, part: str) -> list[Path]:
    """Where to look for templates of one kind (`plays`, `reports`), in this order."""
    return [folder / part, OWN / part]


def file(folder: Path, part: str, name: str) -> Path:
    """The operator's file if there is one, else the program's own."""
    found = folder / part / name
    return found if found.exists() else OWN / part / name
