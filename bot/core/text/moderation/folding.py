"""Folding: what one character stands for, whatever script, width, sign or look-alike it was typed as.

Every step looks at one character alone, so the whole of it is one table, filled as characters turn up and bounded by
Unicode itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from bot.core.text import tables

_VISUAL: dict[str, str] = {}
_SYMBOL: dict[str, str] = {}
_LATIN: dict[str, str] = {}
PARTS: list[tuple[str, str]] = []
"""(sequence of characters, the character that they are parts of), in the order of the table."""
FORMS: dict[str, tuple[str, ...]] = {}
"""Class name → the forms that `{name}` stands for inside a word."""

for _kind, _canonical, _variants in tables.rows("variants.tsv"):
    if _kind == "parts":
        PARTS.extend((sequence, _canonical) for sequence in _variants.split())
    elif _kind == "class":
        FORMS[_canonical] = tuple(_variants.split())
    else:
        _into = {"visual": _VISUAL, "symbol": _SYMBOL, "latin": _LATIN}[_kind]
        _into.update((variant, _canonical) for variant in _variants.split())

_SIMPLIFIED = {old: new for new, olds in tables.rows("simplified.tsv") for old in olds}
_DROPPED = {"Cf", "Mn", "Me"}


def _without_marks(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in _DROPPED and not "\ufe00" <= c <= "\ufe0f")


def fold_character(char: str) -> str:
    """What `char` folds to: nothing, one character, or several (a sign that stands for a word)."""
    char = _SYMBOL.get(char) or _LATIN.get(char) or char
    plain = _without_marks(_without_marks(unicodedata.normalize("NFKC", char)).casefold())
    out: list[str] = []
    for c in plain:
        c = _LATIN.get(c, c)
        c = _SIMPLIFIED.get(c, c)
        out.extend(_VISUAL.get(part, part) for part in _SYMBOL.get(c, c))
    return "".join(out)


def is_kept(char: str) -> bool:
    """Letters and digits stay in the compact view; everything else is gap."""
    return unicodedata.category(char)[0] in "LN"


def _keep_character(char: str) -> str:
    return "".join(c for c in fold_character(char) if is_kept(c))


def plain_character(char: str) -> str:
    """`char` without what nobody does on purpose: capitals, full width, traditional script."""
    if "\uff00" <= char <= "\uffef":
        char = unicodedata.normalize("NFKC", char)
    return "".join(_SIMPLIFIED.get(c, c) for c in char.casefold())


class _Table(dict[int, str]):
    """A translation table that computes an entry when it is first wanted."""

    def __init__(self, compute: Callable[[str], str]) -> None:
        super().__init__()
        self._compute = compute

    def __missing__(self, code: int) -> str:
        value = self[code] = self._compute(chr(code))
        return value


FOLD = _Table(fold_character)
_KEEP = _Table(_keep_character)
_PLAIN = _Table(plain_character)
_RUN = re.compile(r"(.)\1+", re.DOTALL)
_PARTS = re.compile("|".join(re.escape(sequence) for sequence, _ in PARTS))
_PART_OF: dict[str, str] = {}
for _sequence, _whole in PARTS:
    _PART_OF.setdefault(_sequence, _whole)


def join_parts(text: str) -> str:
    """`text` with every sequence of parts replaced by its character, from left to right."""
    return _PARTS.sub(lambda match: _PART_OF[match[0]], text)


def fold(text: str) -> str:
    """The folded text, signs and spaces included."""
    return join_parts(text.translate(FOLD))


def fast_kept(text: str) -> str:
    """The same as `kept`, without the way through the folded text unless parts make it necessary."""
    compact = text.translate(_KEEP)
    return kept(text) if _PARTS.search(compact) else compact


def kept(text: str) -> str:
    """The compact text: folded letters and digits."""
    return "".join(c for c in fold(text) if is_kept(c))


def plain(text: str) -> str:
    """`text` as it would read had its writer hidden nothing."""
    return text.translate(_PLAIN)


def single(text: str) -> str:
    """`text` with runs of one character reduced to one."""
    return _RUN.sub(r"\1", text) if _RUN.search(text) else text


# -- homophones ---------------------------------------------------------------------------------------------------------

HOMOPHONES: dict[str, frozenset[str]] = {
    row[0]: frozenset(row[2]) if len(row) > 2 else frozenset() for row in tables.rows("homophones.tsv")
}
"""Character → common characters that sound like it, without tone."""


def _sounds() -> dict[int, str]:
    """Each character that appears in `HOMOPHONES` → one that stands for all that are linked with it."""
    leader: dict[str, str] = {}

    def find(char: str) -> str:
        while leader.setdefault(char, char) != char:
            char = leader[char]
        return char

    for char, others in HOMOPHONES.items():
        for other in sorted(others):
            leader[find(other)] = find(char)
    return {ord(char): find(char) for char in leader}


_SOUND = _sounds()


def sounded(text: str) -> str:
    """`text` with homophones made equal: wider than the homophone table, so good for candidates only."""
    return text.translate(_SOUND)
