"""Scores as people type them: `9`, `9分`, `打８分吧`, `十分`, `满分`, `9 讲得很清楚`. What is no whole number from 0 to 10 is none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bot.core.text import fold

LONGEST = 200
_WORDS = {word: n for n, word in enumerate("零一二三四五六七八九十")} | {"两": 2, "满": 10}
_NUMBER = r"(10|[0-9]|[零一二三四五六七八九十两]|满(?=分))"
_SAID = r"(?:我?(?:就)?(?:打|给|评|选)个?)?\s*"
_WHOLE = re.compile(rf"{_SAID}{_NUMBER}\s*(分)?(?:\s*/\s*10)?\s*[吧了啦哦呀~!。.]*")
_HEAD = re.compile(rf"{_SAID}{_NUMBER}(?![\d.])\s*(?:分)?(?:\s*/\s*10)?[\s,，。:：;；!~]*(.*)", re.S)
_LETTER = re.compile(r"\s*([a-h])(?:\W.*)?", re.S)


def bare(text: str) -> tuple[int, bool] | None:
    """(score, whether 分 stands behind it) of a message that is nothing but a score."""
    found = _WHOLE.fullmatch(fold(text[:40])) if len(text) <= 40 else None
    return (_number(found[1]), bool(found[2])) if found else None


def answer(text: str) -> tuple[int, str] | None:
    """(score, what was said behind it)."""
    # Not folded: what is said keeps its capitals.
    found = _HEAD.fullmatch(unicodedata.normalize("NFKC", text[: LONGEST + 40]).strip())
    return (_number(found[1]), " ".join(found[2].split())[:LONGEST]) if found is not None else None


def choice(text: str, choices: Sequence[str]) -> str:
    """Which of the choices is meant, by letter or by its words; "" where that is not clear."""
    typed = fold(text)
    letter = _LETTER.fullmatch(typed)
    if letter is not None and ord(letter[1]) - ord("a") < len(choices):
        return choices[ord(letter[1]) - ord("a")]
    named = [each for each in choices if fold(each) == typed] or [each for each in choices if fold(each) in typed]
    return named[0] if len(named) == 1 else ""


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else _WORDS[text]
