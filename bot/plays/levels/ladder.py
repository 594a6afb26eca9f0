"""Who reaches which level: pure, over everybody's score at one moment.

A level by share is a line drawn through the group: the score of the last who is within the share. Equals stand on the
same side of it, so a tie goes up together; one that would give away more than twice the places stays below together,
because a top tenth that half of the group is in means nothing. Newcomers draw no line, but may cross it. With fewer people
than `min_members`, or less than one place, there is no line: nobody gets the level, and who has it keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf

from bot.plays.levels.params import Level

_CROWD = 2
EPSILON = 1e-9
CLOSED = inf
"""The line of a level that nobody can reach today."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """`lines`: the score that each level needs today, in the order of the levels."""

    levels: Sequence[Level]
    lines: Sequence[float]

    def reached(self, score: float) -> int:
        """The place of the highest level that `score` reaches, -1: none. A closed level hides none below it."""
        return max((at for at, line in enumerate(self.lines) if score >= line), default=-1)

    def is_open(self, at: int) -> bool:
        return self.lines[at] < CLOSED

    def next_after(self, at: int) -> int | None:
        """The next higher level that can be reached today."""
        return next((n for n in range(at + 1, len(self.lines)) if self.is_open(n)), None)


def ladder(levels: Sequence[Level], scores: Iterable[float], min_members: int) -> Ladder:
    """The lines of today. `scores`: of everybody who draws them; nothing is no score."""
    ranked = sorted((score for score in scores if score > 0), reverse=True)
    return Ladder(levels, [max(level.at, cut(ranked, level.top, min_members)) for level in levels])


def cut(ranked: Sequence[float], top: float | None, min_members: int) -> float:
    """The score of the last within the share `top` of `ranked` (the best first)."""
    if top is None:
        return 0
    places = floor(top * len(ranked) + EPSILON)
    if len(ranked) < min_members or places < 1:
        return CLOSED
    line = ranked[places - 1]
    if sum(score >= line for score in ranked) <= _CROWD * places:
        return line
    return min((score for score in ranked if score > line), default=CLOSED)


def shown(score: float) -> str:
    """A score as members read it."""
    return f"{score:.1f}".removesuffix(".0")


def missing(score: float, line: float) -> str:
    """How much more it takes, never less than it really takes."""
    return shown(max(0.1, ceil(round((line - score) * 10, 6)) / 10))


def stored(ladder: Ladder) -> dict[str, float]:
    """Level → line, as JSON has it: -1 is a closed one."""
    return {level.name: -1 if line == CLOSED else line for level, line in zip(ladder.levels, ladder.lines, strict=True)}


def restored(levels: Sequence[Level], lines: Mapping[str, float]) -> Ladder:
    """The ladder of the last count; a level that was not in it yet goes by its points, by share it is closed."""
    return Ladder(levels, [_line(level, lines.get(level.name)) for level in levels])


def _line(level: Level, known: float | None) -> float:
    if level.top is None:
        return level.at
    return CLOSED if known is None or known < 0 else max(level.at, known)
