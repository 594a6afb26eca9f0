"""What a formula gives back, and how the formulas of one subject are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from bot.core.intervals import Interval
from bot.insight.figures import Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """`hits` of `of` where the value is a share of independent things, so that it has Wilson's interval; `interval` where it has
    one of its own. `is_people`: `of` counts people."""

    value: float | None = None
    hits: int | None = None
    of: int = 0
    interval: Interval | None = None
    is_people: bool = False
    is_too_early: bool = False


Formula: TypeAlias = Callable[[Figures], Raw]
TOO_EARLY = Raw(is_too_early=True)


class Formulas(dict[str, Formula]):
    """Metric id → formula, of one subject."""

    def of(self, id: str) -> Callable[[Formula], Formula]:
        """A decorator: what it stands over computes the metric `id`."""

        def keep(compute: Formula) -> Formula:
            self[id] = compute
            return compute

        return keep


def share(hits: int, of: int, *, is_people: bool = True) -> Raw:
    return Raw(value=hits / of if of else None, hits=hits, of=of, is_people=is_people)


def ratio(some: float, of: float) -> Raw:
    return Raw(value=some / of if of else None, of=int(of))


def count(figures: Figures, number: int) -> Raw:
    return Raw(value=float(number) if figures.days else None)


def per_day(figures: Figures, name: str) -> Raw:
    return ratio(figures.total(name), len(figures.days))
