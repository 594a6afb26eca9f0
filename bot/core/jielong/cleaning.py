"""What networks and phones add to a pasted list, taken away again."""

from __future__ import annotations

import re

_BREAKS = re.compile("<br ?/?>|\r\n?|[\u2028\u2029]", re.IGNORECASE)
# U+200D and U+FE0F stay: they hold emoji together.
_INVISIBLE = re.compile("[\u200b\u200c\u200e\u200f\u2060\ufeff\u00ad\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile("[\t\u00a0\u2000-\u200a\u3000]")
_QUOTE_END = re.compile(r" *-(?: +-){4,} *")
_MENTIONS = re.compile(r"\s*(?:@\S+ +)*")
_TRAILING_MENTIONS = re.compile(r"(?: +@\S+)+ *$")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def clean_list(text: str) -> str:
    """`text` with one kind of line break, one kind of space, no invisible characters and no quoted part."""
    text = _SPACES.sub(" ", _INVISIBLE.sub("", _BREAKS.sub("\n", text)))
    if "- - -" not in text:
        return text
    lines = text.split("\n")
    ends = [index for index, line in enumerate(lines) if _QUOTE_END.fullmatch(line)]
    return "\n".join(lines[ends[-1] + 1 :]) if ends else text


def fold_width(text: str) -> str:
    """Full-width ASCII as ASCII; nothing else."""
    return text if text.isascii() else text.translate(_FULL_WIDTH)


def without_mentions(line: str) -> str:
    """`line` without the mentions in front of it."""
    found = _MENTIONS.match(line)
    return line[found.end() :] if found else line


def without_outer_mentions(line: str) -> str:
    """`line` without the mentions before and after it."""
    return _TRAILING_MENTIONS.sub("", without_mentions(line)).strip()
