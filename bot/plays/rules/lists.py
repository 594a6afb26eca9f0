"""接龙 lists in chat: members copy other people's lines, and nobody answers for a line that they copied.

A line is the sender's own when no list seen before had it. A numbered text that has neither the word 接龙 on top nor a
line of a list seen before is no list at all: it is judged like any other text, whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from bot.core.text import fold

KEY = "lists"
"""The slot of the lines that were seen."""
_HEAD = re.compile(r"^\s*(?:@\S+\s+)*[#＃]?\s*(?:接龙|接龍|group note)", re.IGNORECASE)
_ENTRY = re.compile(r"^\s*(?:[(（【\[]?\s*\d{1,3}\s*(?:[.、．。,，)）】\]:：]|\s)|[①-⑳]|\d\ufe0f?\u20e3)\s*")
_MOST_LINES = 1_500
"""Three of the longest lists that a client can make."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """A list as its sender sent it. `own` is what they wrote or changed themselves."""

    own: str
    marks: tuple[str, ...]


def may_be_list(text: str) -> bool:
    """Whether `text` could be a list: the word on top, or at least two numbered lines. Cheap."""
    if "\n" not in text:
        return False
    if _HEAD.match(text):
        return True
    return sum(1 for line in text.splitlines() if _ENTRY.match(line)) >= 2


def read(text: str, known: Sequence[str]) -> Pasted | None:
    """The list that `text` is, beside the lines `known` from before; None when it is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    marks = {line: _mark(line) for line in lines}
    before = set(known)
    entries = [line for line in lines if _ENTRY.match(line) and _ENTRY.sub("", line).strip()]
    is_continued = any(marks[line] in before for line in entries)
    if not is_continued and not _HEAD.match(text):
        return None
    if is_continued or before or len(entries) <= 1:
        own = [line for line in lines if marks[line] not in before]
    else:
        # The first list that is seen at all may have begun before the bot came: only its last line is surely new.
        own = entries[-1:]
    return Pasted("\n".join(own), tuple(dict.fromkeys(marks.values())))


def learn(known: tuple[str, ...], marks: Sequence[str]) -> tuple[str, ...]:
    """`known` with the lines of a list; those that were not seen for longest are forgotten."""
    fresh = dict.fromkeys(marks)
    return (*(mark for mark in known if mark not in fresh), *fresh)[-_MOST_LINES:]


def _mark(line: str) -> str:
    """A line without its number, hashed: renumbering is not writing."""
    return blake2b(fold(_ENTRY.sub("", line)).encode(), digest_size=5).hexdigest()
