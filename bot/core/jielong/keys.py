"""When are two lines the same line, and when are they about the same person: the keys K and N."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from bot.core.jielong.cleaning import fold_width
from bot.core.jielong.numerals import EXPRESSION, is_chinese

_IGNORED = re.compile("[\\s\u200d\ufe0f]+")
_ROUND = re.compile(r"\([^()]*\)")
_SEPARATORS = re.compile(r"[ ,，、;；:：/|]+")
_ROOM = re.compile(r"[0-9]|[A-Za-z][0-9]")
_INNER_DIGIT = re.compile(r"(?<=[^0-9])[0-9]")
_CANCELLED = re.compile(r"(?:(?<![不别勿可未])(?:已?取消|不来了|不要了|退出|作废)|(?:^|(?<=[ (\[【,、]))已?退)$")


_CACHED = 256
"""Longer texts are no entries: they are not worth remembering."""


def comparison_key(text: str) -> str:
    """K: equal for texts that differ only in width, case, spaces and closing punctuation."""
    return _comparison_key(text) if len(text) <= _CACHED else _comparison_key.__wrapped__(text)


@lru_cache(maxsize=16384)
def _comparison_key(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _IGNORED.sub("", folded).rstrip("。.,、!~")


def name_key(text: str) -> str:
    """N: whom a line is about, without quantity and remark. Never empty unless `text` is."""
    return _name_key(text) if len(text) <= _CACHED else _name_key.__wrapped__(text)


@lru_cache(maxsize=16384)
def _name_key(text: str) -> str:
    parts = tokens(text)
    if not parts:
        return without_emoji(comparison_key(text))
    if is_room(parts[0]):
        name = parts[0] + (_bare_name(parts[1]) if len(parts) > 1 else "")
    else:
        name = _bare_name(parts[0])
    return without_emoji(comparison_key(name))


def is_room(token: str) -> bool:
    """Whether `token` begins as a room number does: `3-502`, `A12`."""
    return _ROOM.match(token) is not None


def unbracketed(text: str) -> str:
    """The first line of `text`, width folded, round brackets and their content gone."""
    return _ROUND.sub(" ", fold_width(text.split("\n", 1)[0])).strip().removeprefix("@")


def tokens(text: str) -> list[str]:
    """The parts of the first line."""
    return [part for part in _SEPARATORS.split(unbracketed(text)) if part]


def _bare_name(token: str) -> str:
    cut = len(token)
    for found in EXPRESSION.finditer(token):
        if found.start() and not (is_chinese(found[1]) and found.end() != len(token)):
            cut = found.start()
            break
    digit = _INNER_DIGIT.search(token, 0, cut)
    return token[: digit.start() if digit else cut].rstrip("-—_~+*xX×.") or token


def without_emoji(key: str) -> str:
    """`key` without emoji; a key of nothing else keeps them."""
    return key if key.isalnum() else "".join(char for char in key if not _is_emoji(char)) or key


def _is_emoji(char: str) -> bool:
    return (
        "\U0001f000" <= char <= "\U0001faff"
        or "\u2600" <= char <= "\u27bf"
        or char == "\u20e3"
        or unicodedata.category(char) in ("So", "Sk")
    )


def cancelled_name(text: str) -> str | None:
    """What stands before a cancel mark (`张三 取消` → `张三`, `取消` → ``); None when `text` carries none."""
    folded = fold_width(text).rstrip("。.!~ ")
    if folded[-1:] in (")", "]", "】"):
        folded = folded[:-1].rstrip("。.!~ ")
    found = _CANCELLED.search(folded)
    return folded[: found.start()].rstrip(" ([【,、-—:") if found else None
