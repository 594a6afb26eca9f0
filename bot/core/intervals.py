"""How sure a figure is: 95 % intervals for shares, their differences and NPS, and bounds for time that nobody saw.

Wilson (1927) for a share; Newcombe's hybrid (1998, method 10) for the difference of two independent shares; for NPS the same
with the correlation that promoters and detractors of one sample have (MOVER, Zou and Donner 2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


def wilson(hits: int, of: int, z: float = Z95) -> Interval | None:
    """The interval of the share `hits / of`; None when `of` is 0. Never below 0 or above 1, sound for small numbers."""
    if of <= 0:
        return None
    share, square = hits / of, z * z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = z / (1 + square / of) * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return Interval(max(0.0, middle - half) if hits else 0.0, min(1.0, middle + half) if hits < of else 1.0)


def difference(hits: int, of: int, other_hits: int, other_of: int) -> Interval | None:
    """The interval of `hits / of - other_hits / other_of`, two groups of people."""
    one, other = wilson(hits, of), wilson(other_hits, other_of)
    if one is None or other is None:
        return None
    return _combined(hits / of, one, other_hits / other_of, other, 0.0)


def nps(promoters: int, passives: int, detractors: int) -> tuple[float, Interval] | None:
    """(score, interval) from -100 to 100; None without an answer."""
    of = promoters + passives + detractors
    up, down = wilson(promoters, of), wilson(detractors, of)
    if up is None or down is None:
        return None
    p, q = promoters / of, detractors / of
    spread = p * (1 - p) * q * (1 - q)
    together = -p * q / sqrt(spread) if spread > 0 else 0.0
    found = _combined(p, up, q, down, together)
    return 100 * (p - q), Interval(100 * found.low, 100 * found.high)


def _combined(p: float, one: Interval, q: float, other: Interval, together: float) -> Interval:
    below, above = p - one.low, one.high - p
    under, over = q - other.low, other.high - q
    low = sqrt(max(0.0, below * below - 2 * together * below * over + over * over))
    high = sqrt(max(0.0, above * above - 2 * together * above * under + under * under))
    return Interval(max(-1.0, p - q - low), min(1.0, p - q + high))


def unseen(value: Interval, seen: float, low: float, high: float) -> Interval:
    """`value` was measured over the share `seen` of the time; the rest may have been anything from `low` to `high`."""
    return Interval(seen * value.low + (1 - seen) * low, seen * value.high + (1 - seen) * high)
