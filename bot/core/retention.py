"""Retention from counts by (first day, day): pure arithmetic over what a query grouped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

Pairs: TypeAlias = Mapping[tuple[str, str], int]
"""(first day, day) → people; a day with itself is the cohort's size."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Of `of` people `hits` were active on the n-th day after their first."""

    n: int
    hits: int
    of: int

    @property
    def share(self) -> float | None:
        return self.hits / self.of if self.of else None


def kept(pairs: Pairs, n: int, last: str) -> Kept:
    """Classic day-n retention: cohorts whose n-th day is not over (`last` is the last day that is) are left out."""
    hits = of = 0
    for (first, day), people in pairs.items():
        if first == day and shifted(first, n) <= last:
            of += people
            hits += pairs.get((first, shifted(first, n)), 0) if n else people
    return Kept(n, hits, of)


def curve(pairs: Pairs, last: str, days: int = 30) -> tuple[Kept, ...]:
    """Retention on day 0 to `days`."""
    return tuple(kept(pairs, n, last) for n in range(days + 1))


def table(pairs: Pairs, last: str, days: tuple[int, ...] = (1, 7, 30)) -> dict[str, tuple[Kept, ...]]:
    """Cohort (first day) → retention on `days`, oldest first."""
    return {
        first: tuple(kept({pair: n for pair, n in pairs.items() if pair[0] == first}, n, last) for n in days)
        for first in sorted({first for first, day in pairs if first == day})
    }


def shifted(day: str, by: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=by)).isoformat()
