"""Intervals: figures from the literature, and what must hold for any counts."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.intervals import Interval, difference, nps, unseen, wilson


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published(hits: int, of: int, low: float, high: float) -> None:
    """Newcombe 1998, Statistics in Medicine 17, 857-872, table I, score method without correction."""
    found = wilson(hits, of)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("a", "m", "b", "n", "low", "high"),
    [(56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090), (10, 10, 0, 10, 0.6075, 1.0), (5, 56, 0, 29, -0.0381, 0.1926)],
)  # fmt: skip
def test_difference_as_published(a: int, m: int, b: int, n: int, low: float, high: float) -> None:
    """Newcombe 1998, Statistics in Medicine 17, 873-890, table II, method 10."""
    found = difference(a, m, b, n)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_nothing_has_no_interval() -> None:
    """Nobody asked: no share, no difference, no score."""
    assert wilson(0, 0) is None
    assert difference(0, 0, 1, 2) is None
    assert nps(0, 0, 0) is None


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400))
def test_nps_lies_in_its_interval(promoters: int, passives: int, detractors: int) -> None:
    """Between -100 and 100, the score inside, and as wide below as its mirror image is above."""
    found = nps(promoters, passives, detractors)
    if found is None:
        return
    score, interval = found
    assert -100 <= interval.low <= score <= interval.high <= 100
    mirrored = nps(detractors, passives, promoters)
    assert mirrored is not None
    assert (-mirrored[1].high, -mirrored[1].low) == pytest.approx((interval.low, interval.high))


def test_nps_covers_the_truth() -> None:
    """Over every sample of twelve people of a known crowd, the interval holds the true score at least nine times in ten."""
    size, up, down = 12, 0.5, 0.2
    covered = 0.0
    for promoters in range(size + 1):
        for detractors in range(size + 1 - promoters):
            passives = size - promoters - detractors
            ways = comb(size, promoters) * comb(size - promoters, detractors)
            chance = ways * up**promoters * down**detractors * (1 - up - down) ** passives
            found = nps(promoters, passives, detractors)
            assert found is not None
            covered += chance * (found[1].low <= 100 * (up - down) <= found[1].high)
    assert covered > 0.9


@given(st.integers(0, 200), st.integers(1, 200), st.floats(0, 1))
def test_unseen_time_widens(hits: int, more: int, seen: float) -> None:
    """What nobody saw can only widen a share, all unseen means anything at all."""
    found = wilson(hits, hits + more)
    assert found is not None
    wide = unseen(found, seen, 0.0, 1.0)
    assert -1e-12 <= wide.low <= found.low + 1e-12
    assert found.high - 1e-12 <= wide.high <= 1 + 1e-12
    assert unseen(found, 0.0, 0.0, 1.0) == Interval(0.0, 1.0)
