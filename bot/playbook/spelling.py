"""The nearest allowed spelling of what somebody typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from bot.core.text import fold


def nearest(typed: str, allowed: Iterable[str], also: Mapping[str, str] | None = None) -> str:
    """The allowed word that `typed` was most likely meant to be, "" when nothing is near.

    `also` maps other names of an allowed word (打卡 for `checkin`) to it.
    """
    words = {_plain(word): word for word in allowed} | {_plain(word): real for word, real in (also or {}).items()}
    plain = _plain(typed[:80])
    if plain in words:
        return words[plain]
    close = get_close_matches(plain, words, n=1, cutoff=0.6)
    if close:
        return words[close[0]]
    inside = [word for word in words if len(plain) >= 2 and (plain in word or (len(word) >= 3 and word in plain))]
    return words[min(inside, key=len)] if inside else ""


def _plain(word: str) -> str:
    return fold(word).replace("-", "_").replace(" ", "_").strip("\"'“”‘’:")
