"""A figure against the period before: how much it changed, whether that is good, and whether chance explains it."""

from __future__ import annotations

from math import sqrt

from bot.insight.catalogue import Value
from bot.insight.reports.model import Figure, Trend

_ABSOLUTE = frozenset(("share", "score"))
_COUNTED = frozenset(("people", "count"))


def figure(
    now: Value, before: Value | None, target: float | None = None, course: tuple[float | None, ...] = ()
) -> Figure:
    """The two side by side. Shares and scores differ by points, all else by a ratio."""
    plain = Figure(now=now, before=before, target=target, course=course)
    if before is None or now.value is None or before.value is None:
        return plain
    difference = now.value - before.value
    if now.metric.unit in _ABSOLUTE or now.metric.is_signed:
        change = difference
    elif before.value:
        change = difference / before.value
    else:
        return plain
    certain = _is_certain(now, before)
    trend: Trend = "even"
    if certain and difference:
        trend = "good" if (difference > 0) != now.metric.is_lower_better else "bad"
    return Figure(
        now=now, before=before, change=change, trend=trend, is_certain=certain, target=target, course=course
    )  # fmt: skip


def _is_certain(now: Value, before: Value) -> bool:
    """Intervals apart where both have one; counts further apart than two standard deviations of their difference."""
    if now.value is None or before.value is None:
        return False
    if now.low is not None and now.high is not None and before.low is not None and before.high is not None:
        return now.low > before.high or now.high < before.low
    difference = abs(now.value - before.value)
    if now.metric.unit in _COUNTED:
        return difference > 2 * sqrt(max(1.0, abs(now.value) + abs(before.value)))
    return difference > 0.2 * max(abs(before.value), 1e-9)


def is_change_of_counts(now: int, before: int) -> bool:
    """Whether two counts differ by more than chance explains."""
    return abs(now - before) > 2 * sqrt(max(1.0, now + before))
