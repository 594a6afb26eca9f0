"""What a text is found by: its signs and its pairs of signs, folded. Most Chinese words have two signs.

A gram is 32 bits: two signs of 16 bits each, 0 in the second place for a single one. Signs beyond the basic plane share
numbers: whoever finds a text by grams compares the words themselves afterwards.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Sequence

VERSION = 1
"""Of the grams that a text has: an index that was built by another version is built anew."""
CHAT, MEMBER = 0xD800_0000, 0xDC00_0000
"""Grams that no text has (halves of surrogates come first in them): where it was said, and who said it, in 26 bits."""
_ID = (1 << 26) - 1


class _Folding(dict[int, str]):
    """Sign → what it is compared as, filled as signs come up. There are only so many of them."""

    def __missing__(self, sign: int) -> str:
        folded = unicodedata.normalize("NFKC", chr(sign)).casefold()
        self[sign] = folded = " " if folded.isspace() or not folded.isprintable() else folded
        return folded


_FOLDING = _Folding()


def folded(text: str) -> str:
    """Sign by sign: full-width as half-width, capitals as small, blanks and control characters as blanks."""
    return text.translate(_FOLDING)


def grams(text: str) -> set[int]:
    """The grams of `text`; none across a blank."""
    found: set[int] = set()
    for run in folded(text).split():
        signs = [ord(sign) & 0xFFFF for sign in run]
        found.update(sign << 16 for sign in signs)
        found.update(first << 16 | second for first, second in itertools.pairwise(signs))
    return found


def wanted(words: Iterable[str]) -> set[int]:
    """The grams that a text with all of the folded `words` must have: the pairs, and the sign of a word of one."""
    found: set[int] = set()
    for word in words:
        for run in word.split():
            has = grams(run)
            found |= {gram for gram in has if gram & 0xFFFF} or has
    return found


def chat_gram(chat_id: int) -> int:
    return CHAT | chat_id & _ID


def member_gram(member_id: int) -> int:
    return MEMBER | member_id & _ID


def places(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where the folded `words` stand in `text` as it was written, from and to, in order, without overlaps."""
    origin = [place for place, sign in enumerate(text) for _ in folded(sign)]
    plain, found = folded(text), []
    for word in words:
        begin = plain.find(word)
        while begin >= 0:
            found.append((origin[begin], origin[begin + len(word) - 1] + 1))
            begin = plain.find(word, begin + len(word))
    out: list[tuple[int, int]] = []
    for begin, end in sorted(found):
        if not out or begin >= out[-1][1]:
            out.append((begin, end))
        else:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
    return out
