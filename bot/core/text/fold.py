"""Folding: the same words typed on any phone become the same text."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufe0e\ufe0f]")
_SPACES = re.compile("[\t\u00a0\u2000-\u200a\u3000 ]+")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """`text` without what no database can keep: NUL and lone surrogates (both appear in the wild)."""
    return _UNSTORABLE.sub("\ufffd", text) if _UNSTORABLE.search(text) else text


def fold(text: str) -> str:
    """NFKC, casefolded, invisible characters dropped, runs of spaces collapsed, trimmed."""
    if text.isascii():
        return " ".join(text.split()).casefold()
    folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
    return _SPACES.sub(" ", folded).strip()
