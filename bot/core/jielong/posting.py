"""A chain as text that members can copy and continue: the form of the native clients."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.jielong.records import Head


def native(head: Head, entries: Iterable[str]) -> str:
    """`#接龙`, title, example, blank line, numbered entries, blank line and tail."""
    top = ["#接龙", *filter(None, (head.title, head.example))]
    numbered = [f"{number}. {text}" for number, text in enumerate(entries, start=1)]
    return "\n".join([*top, "", *numbered, *(["", head.tail] if head.tail else [])]).rstrip()
