"""What is wrong with a playbook, as a value: where, what, what was expected, how to mend it. Never an exception."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.playbook.codes import CODES, Severity
from bot.playbook.wording import NOTHING, Lang, Wording, bilingual

__all__ = ["NOTHING", "Lang", "Place", "Problem", "Severity", "Wording", "bilingual", "ordered"]


@dataclass(frozen=True, slots=True)
class Place:
    """`line` and `col` count from 1, in characters; `text` is the source line, `length` what the caret underlines."""

    path: str
    line: int = 1
    col: int = 1
    length: int = 1
    text: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.col}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`suggestion` is the nearest allowed spelling; `key` the dotted path inside the file."""

    code: str
    place: Place
    message: Wording
    expected: Wording = NOTHING
    suggestion: str = ""
    hint: Wording = NOTHING
    key: str = ""

    @property
    def severity(self) -> Severity:
        return CODES[self.code].severity

    @property
    def is_error(self) -> bool:
        return CODES[self.code].severity == "error"


def ordered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """By file and place, each once: the same mistake seen through two groups is one mistake."""
    unique: dict[tuple[str, int, int, str, str], Problem] = {}
    for p in problems:
        # Seen through two models, an unknown key is described twice; the nearer description came first.
        words = "" if p.code == "PB201" else p.message.en
        unique.setdefault((p.place.path, p.place.line, p.place.col, p.code, words), p)
    return tuple(unique[key] for key in sorted(unique))
