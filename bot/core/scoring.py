"""The activity score: a pure function of one member's day, so that changed weights are a new reading, never a recount.

Each part is a count of the day, capped, times its weight. The caps are what keeps a score honest: nobody reaches the top
by flooding, and a day that is quiet but helpful beats a noisy one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.core.play import Window


@dataclass(frozen=True, slots=True)
class Weight:
    """`points` for each unit, of which at most `cap` count in a day. `title` is what members read."""

    points: float
    cap: int
    title: str


WEIGHTS: Mapping[str, Weight] = MappingProxyType(
    {
        # Messages after the anti-flood rule: at most one in ten seconds counts.
        "counted": Weight(1, 40, "发言"),
        # Long messages are worth a little more than short ones: 1,000 characters are 5 points.
        "chars": Weight(0.005, 1000, "字数"),
        # Answers to somebody.
        "replies": Weight(0.5, 20, "回复"),
        "checkins": Weight(5, 3, "打卡"),
        # Right answers.
        "quiz": Weight(2, 20, "答题"),
        # Lines in a 接龙.
        "chain": Weight(3, 5, "接龙"),
        # Thanked or marked as helpful by others.
        "helped": Weight(4, 10, "互助"),
    }
)
"""Columns of the daily rollup → weight. 发言 40 + 字数 5 + 回复 10 is the most that talk alone can earn in a day."""

FLOOD_SPAN_S = 10
"""A member's messages within one such span of the clock count as one."""


def flood_span(at: datetime) -> int:
    """The number of the span that `at` falls in: two messages with the same number count once."""
    return int(at.timestamp()) // FLOOD_SPAN_S


def day_parts(counts: Mapping[str, int], weights: Mapping[str, Weight] = WEIGHTS) -> dict[str, float]:
    """Points per part for one day of one member; parts without points are left out."""
    parts = {name: min(counts.get(name, 0), weight.cap) * weight.points for name, weight in weights.items()}
    return {name: round(points, 3) for name, points in parts.items() if points > 0}


def total(parts: Mapping[str, float]) -> float:
    return round(sum(parts.values()), 3)


@dataclass(frozen=True, slots=True)
class Since:
    """The first day of a window in the group's own calendar, and the moment at which it began."""

    day: date
    at: datetime

    @property
    def at_ms(self) -> int:
        return int(self.at.timestamp() * 1000)


def since(window: Window, today: date, zone: ZoneInfo, day_starts: time = time(0)) -> Since | None:
    """Where `window` began: today, this Monday, the first of this month; None for all time.

    `today` is the group's day (`Context.day`), so that a day that begins at 04:00 still holds the small hours.
    """
    match window:
        case "day":
            first = today
        case "week":
            first = today - timedelta(days=today.weekday())
        case "month":
            first = today.replace(day=1)
        case "all":
            return None
    return Since(first, datetime.combine(first, day_starts, zone).astimezone(UTC))
