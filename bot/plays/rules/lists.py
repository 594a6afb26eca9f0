"""接龙 lists in chat: members copy other people's lines, and nobody answers for a line that they copied.

A line is the sender's own when no list seen before had it. Of a list that shares no line with any seen before only
this much is certain: with one entry all of it is the sender's; with more, the last entry is.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from hashlib import blake2b

from bot.core.text import fold

_HEAD = re.compile(r"^\s*#?\s*接龙")
_ENTRY = re.compile(r"^\s*\d{1,3}\s*(?:[.、．,，)）:：]|\s)\s*")
_MOST_LINES = 400


def is_list(text: str) -> bool:
    """Whether `text` is a 接龙 list: the word on top, or at least two numbered lines."""
    if "\n" not in text:
        return False
    if _HEAD.match(text):
        return True
    return sum(1 for line in text.splitlines() if _ENTRY.match(line)) >= 2


def _mark(line: str) -> str:
    """A line without its number, hashed: renumbering is not writing."""
    return blake2b(fold(_ENTRY.sub("", line)).encode(), digest_size=5).hexdigest()


def own_lines(text: str, known: Collection[str]) -> str:
    """The lines of a list that its sender wrote or changed."""
    lines = [line for line in text.splitlines() if line.strip()]
    entries = [line for line in lines if _ENTRY.match(line) and _ENTRY.sub("", line).strip()]
    if len(entries) <= 1:
        return "\n".join(line for line in lines if _mark(line) not in known)
    if any(_mark(line) in known for line in entries):
        return "\n".join(line for line in lines if _mark(line) not in known)
    return entries[-1]


def learn(text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """`known` with the lines of this list; the oldest are forgotten."""
    marks = dict.fromkeys((*known, *(_mark(line) for line in text.splitlines() if line.strip())))
    return tuple(marks)[-_MOST_LINES:]
