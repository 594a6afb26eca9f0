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


def shifted(day: str, by: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=by)).isoformat()
