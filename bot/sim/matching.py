"""Whether what the bot said is what a test expects, and the difference as chat.

Forgiving on purpose: width, case and white space don't matter, `…` (or `...`) stands for any text, and a line of `…`
alone for any number of lines. Everything else must be there, and nothing else may be.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.core.text import fold
from bot.sim import moments

_GAP = re.compile(r"…+|\.{3,}")
SILENCE = ("沉默", "(沉默)", "silence")


@dataclass(frozen=True, slots=True)
class Expected:
    """A line that a test expects. `clock` is its `HH:MM`, "" for any."""

    source: str
    text: str
    clock: str = ""

    @property
    def is_anything(self) -> bool:
        return not _GAP.sub("", self.text).strip()


@dataclass(frozen=True, slots=True)
class Seen:
    """A line that the bot produced."""

    clock: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the difference: kept, missing (expected, not seen), extra (seen, not expected)."""

    what: Literal["kept", "missing", "extra"]
    text: str


def expect(source: str, bot: str) -> Expected:
    """`21:00 群小助: …` → what to look for; `bot` is the name that the group reads for `bot` and `群小助`."""
    when, rest = moments.split(source.strip())
    text = rest if when is not None else source.strip()
    for alias in ("群小助", "bot", "Bot", "机器人"):
        if text.startswith(alias) and text[len(alias) : len(alias) + 1] in (":", "：", " ", "(", "（"):
            text = bot + text[len(alias) :]
            break
    clock = f"{when.clock:%H:%M}" if when is not None and when.clock is not None else ""
    return Expected(source.strip(), text, clock)


def does_match(pattern: str, text: str) -> bool:
    """Whole text against a pattern with `…` gaps."""
    parts = [_squeeze(part) for part in _GAP.split(pattern)]
    body = _squeeze(text)
    if len(parts) == 1:
        return parts[0] == body
    first, *middle, last = parts
    if not body.startswith(first) or not body.endswith(last) or len(first) + len(last) > len(body):
        return False
    at, end = len(first), len(body) - len(last)
    for part in middle:
        found = body.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _squeeze(text: str) -> str:
    return "".join(fold(text.replace("\n", " ")).split())


def fits(expected: Expected, seen: Seen) -> bool:
    return (not expected.clock or expected.clock == seen.clock) and does_match(expected.text, seen.text)


def compare(expected: Sequence[Expected], seen: Sequence[Seen]) -> tuple[bool, list[Row]]:
    """Whether `seen` is what was expected, in order and complete; and the alignment that says most in common."""
    rows_of: dict[tuple[int, int], tuple[int, tuple[int, int, str] | None]] = {}
    for i in range(len(expected), -1, -1):
        for j in range(len(seen), -1, -1):
            rows_of[i, j] = _best(expected, seen, i, j, rows_of)
    rows: list[Row] = []
    i = j = 0
    is_same = rows_of[0, 0][0] == 0
    while (step := rows_of[i, j][1]) is not None:
        next_i, next_j, what = step
        if what == "missing":
            rows.append(Row("missing", expected[i].source))
        elif what == "extra":
            rows.append(Row("extra", f"{seen[j].clock} {seen[j].text}"))
        elif what == "kept":
            rows.append(Row("kept", f"{seen[j].clock} {seen[j].text}"))
        i, j = next_i, next_j
    return is_same, rows


def _best(
    expected: Sequence[Expected],
    seen: Sequence[Seen],
    i: int,
    j: int,
    rest: dict[tuple[int, int], tuple[int, tuple[int, int, str] | None]],
) -> tuple[int, tuple[int, int, str] | None]:
    """(differences from here on, the step to take)."""
    if i == len(expected) and j == len(seen):
        return 0, None
    options: list[tuple[int, tuple[int, int, str]]] = []
    if i < len(expected):
        if expected[i].is_anything:
            options.append((rest[i + 1, j][0], (i + 1, j, "skip")))
            if j < len(seen):
                options.append((rest[i, j + 1][0], (i, j + 1, "kept")))
        else:
            if j < len(seen) and fits(expected[i], seen[j]):
                options.append((rest[i + 1, j + 1][0], (i + 1, j + 1, "kept")))
            options.append((rest[i + 1, j][0] + 1, (i + 1, j, "missing")))
    if j < len(seen):
        options.append((rest[i, j + 1][0] + 1, (i, j + 1, "extra")))
    return min(options, key=lambda option: option[0])
