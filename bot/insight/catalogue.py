"""Every metric of the catalogue, measured: a value, how sure it is, and what it rests on.

    scope = scope_of(chat_id, today, now_ms)            # a group's last 30 days; None: all groups
    for value in measure(connection, scope):            # or measure(connection, scope, ["activity.dau_mau"])
        print(value.metric.zh, value.value, value.low, value.high, value.reasons)

One function below computes one metric, and nothing else does. A figure that can't be defended is None with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection

from bot.core.intervals import Interval, unseen, wilson
from bot.core.metrics import METRICS, Metric
from bot.insight.figures import Figures, Scope, scope_of
from bot.insight.formulas import COMPUTED

Reason = Literal["gap", "small", "no_data", "too_early", "proxy"]
"""`gap`: time without a connection widened or voided it. `small`: fewer than `SMALL` people. `no_data`: nothing to divide by.
`too_early`: the days that it needs are not over. `proxy`: it stands for something that a chat doesn't show."""

SMALL = 30
_SEEN_ENOUGH = 0.5
_FROM_ELSEWHERE = frozenset(("content", "nps", "tier", "chain"))
"""Families that don't rest on hearing every message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """`value` None: there is no figure, and `reasons` say why. `low`, `high`: 95 % interval, widened by gaps; None where it has
    none. `n`: the people or things it rests on, 0 where that makes no sense. Shares are 0 to 1."""

    metric: Metric
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    reasons: tuple[Reason, ...] = ()


def measure(connection: Connection, scope: Scope, ids: Iterable[str] = ()) -> tuple[Value, ...]:
    """The metrics of `ids`, all of them by default, in the order of the catalogue. Raises `KeyError` for an unknown id."""
    figures = Figures(connection, scope)
    wanted = [METRICS[each] for each in ids] if ids else list(METRICS.values())
    return tuple(value_of(figures, metric) for metric in wanted)


def value_of(figures: Figures, metric: Metric) -> Value:
    """One metric over figures that are loaded already or will be."""
    raw = COMPUTED[metric.id](figures)
    found = Value(metric=metric, value=None, reasons=("proxy",) if metric.is_proxy else ())
    if raw.is_too_early:
        return replace(found, reasons=(*found.reasons, "too_early"))
    if raw.value is None:
        return replace(found, reasons=(*found.reasons, "no_data"))
    interval = raw.interval
    if interval is None and raw.hits is not None:
        interval = wilson(raw.hits, raw.of)
    seen = 1.0 if metric.id.partition(".")[0] in _FROM_ELSEWHERE else figures.coverage.seen
    reasons = list(found.reasons)
    if seen < 1:
        reasons.append("gap")
    if seen < _SEEN_ENOUGH:
        return replace(found, reasons=tuple(reasons))
    if seen < 1:
        interval = _widened(metric, interval or Interval(raw.value, raw.value), seen)
    if raw.is_people and 0 < raw.of < SMALL:
        reasons.append("small")
    low, high = (interval.low, interval.high) if interval else (None, None)
    return replace(found, value=raw.value, low=low, high=high, n=raw.of, reasons=tuple(reasons))


def _widened(metric: Metric, interval: Interval, seen: float) -> Interval:
    """What the time that nobody saw could have made of it: anything where the metric has bounds, else more of the same."""
    low, high = metric.bounds
    if high != float("inf") and low != -float("inf"):
        return unseen(interval, seen, low, high)
    if metric.is_signed or metric.unit in ("minutes", "chars", "per_person", "ratio"):
        return Interval(min(interval.low * seen, interval.low / seen), max(interval.high * seen, interval.high / seen))
    return Interval(interval.low, interval.high / seen)


__all__ = ["Figures", "Reason", "Scope", "Value", "measure", "scope_of", "value_of"]
