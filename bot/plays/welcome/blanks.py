"""Recognising a filled-in template: `我是__,在__做__` → 我是小明，在 杭州 做设计."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.core.text import fold

_BLANK = re.compile(r"_{2,}|＿{1,}")
_NOISE = re.compile(r"[\W_]+")
_SEARCHED = 1500


@lru_cache(maxsize=256)
def fixed_parts(template: str) -> tuple[str, ...]:
    """The words between the blanks, folded, without punctuation; () when they are too few to recognise anything."""
    parts = tuple(part for raw in _BLANK.split(template) if (part := _NOISE.sub("", fold(raw))))
    is_telling = len(parts) >= 2 and sum(map(len, parts)) >= 4
    return parts if is_telling and _BLANK.search(template) else ()


def is_filled(template: str, text: str) -> bool:
    """Whether `text` is the template with something in every blank: its words in order, the first at the very start."""
    parts = fixed_parts(template)
    if not parts or len(text) > _SEARCHED or _BLANK.search(text):
        return False
    squeezed = _NOISE.sub("", fold(text))
    if not squeezed.startswith(parts[0]):
        return False
    end = len(parts[0])
    for part in parts[1:]:
        found = squeezed.find(part, end + 1)
        if found < 0:
            return False
        end = found + len(part)
    return bool(_NOISE.sub("", fold(_BLANK.split(template)[-1]))) or len(squeezed) > end


def is_unfilled(text: str) -> bool:
    """Whether blanks were left as they are."""
    return _BLANK.search(text) is not None
