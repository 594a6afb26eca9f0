"""Static tables that ship beside the code: facts about characters, read once at import."""

from __future__ import annotations

from importlib.resources import files


def lines(name: str) -> list[str]:
    """The lines of `data/<name>` without comments and empty ones."""
    text = (files("bot.core.text") / "data" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def rows(name: str) -> list[list[str]]:
    """The tab-separated columns of each line."""
    return [line.split("\t") for line in lines(name)]
