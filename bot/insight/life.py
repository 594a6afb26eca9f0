"""Where a group stands in its life, and how its activity went since it was opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from bot.core.stages import Stage, stage_of
from bot.insight.coverage import Span
from bot.insight.figures import Figures, Scope
from bot.insight.formulas import COMPUTED
from storage import measures


@dataclass(frozen=True, slots=True)
class DayOf:
    """`active` None: the day was not counted. `lost_ms`: how much of it nobody heard."""

    day: str
    active: int | None
    msgs: int
    lost_ms: int


def stage(figures: Figures) -> Stage | None:
    """The stage of one group, None when nobody has spoken yet."""
    began = figures.opening
    if began is None:
        return None
    pyramid = figures.standing.get("pyramid", {})
    return stage_of(
        age_days=(figures.scope.last - date.fromisoformat(began)).days + 1,
        members=figures.members,
        net_growth=figures.total("joins") - figures.total("leaves"),
        core=pyramid.get("核心", 0),
        dau_mau=COMPUTED["activity.dau_mau"](figures).value,
    )


def series(figures: Figures) -> tuple[DayOf, ...]:
    """Every day of the scope, oldest first, with what was lost of it: for charts that shade gaps."""
    known = {day.day: day for day in figures.days}
    lost = figures.coverage.lost
    found = []
    for offset in range((figures.scope.last - figures.scope.first).days + 1):
        name = (figures.scope.first + timedelta(days=offset)).isoformat()
        day = known.get(name)
        if day is None:
            found.append(DayOf(name, None, 0, 0))
        else:
            found.append(DayOf(name, day["active"], day["msgs"], _within(lost, day.from_at, day.to_at)))
    return tuple(found)


def opening(connection: Connection, scope: Scope, days: int = 28) -> tuple[int | None, ...]:
    """Active people on day 1, 2, … after a group was opened: where its window for conversion lies. None: not counted yet."""
    began = measures.opening(connection, scope.chat) if isinstance(scope.chat, int) else None
    if began is None:
        return ()
    first = date.fromisoformat(began)
    last = min(first + timedelta(days=days - 1), scope.last)
    counted = {d.day: d["active"] for d in measures.days(connection, scope.chat, began, last.isoformat())}
    return tuple(counted.get((first + timedelta(days=n)).isoformat()) for n in range((last - first).days + 1))


def _within(lost: Sequence[Span], begin: int, end: int) -> int:
    return sum(max(0, min(end, until) - max(begin, since)) for since, until in lost)
