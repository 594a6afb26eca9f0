"""The activity score is honest: capped, monotonous, explained by its parts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.scoring import WEIGHTS, day_parts, flood_span, since, total

SHANGHAI = ZoneInfo("Asia/Shanghai")
counts = st.fixed_dictionaries({name: st.integers(0, 10_000) for name in WEIGHTS})


def test_a_quiet_helpful_day_beats_a_flood() -> None:
    """Ten thousand messages are worth less than a check-in, three right answers and four thanks with some talk."""
    flood = total(day_parts({"counted": 10_000}))
    helpful = total(day_parts({"counted": 15, "chars": 300, "checkins": 1, "quiz": 3, "helped": 4}))
    assert (flood, helpful) == (40, 43.5)


@settings(max_examples=60)
@given(counts, st.sampled_from(sorted(WEIGHTS)), st.integers(0, 100))
def test_more_never_scores_less(day: dict[str, int], name: str, more: int) -> None:
    """A further unit of anything never lowers the score, and caps bound it."""
    before, after = total(day_parts(day)), total(day_parts({**day, name: day[name] + more}))
    assert before <= after <= sum(weight.points * weight.cap for weight in WEIGHTS.values())


def test_windows_begin_where_the_group_s_day_begins() -> None:
    """A day that begins at 04:00: the window holds the small hours of the next date."""
    window = since("week", date(2026, 3, 4), SHANGHAI, time(4))
    assert window is not None
    assert (window.day, window.at) == (date(2026, 3, 2), datetime(2026, 3, 1, 20, 0, tzinfo=UTC))
    assert since("all", date(2026, 3, 4), SHANGHAI) is None
    month = since("month", date(2026, 3, 31), SHANGHAI)
    assert month is not None
    assert month.day == date(2026, 3, 1)


def test_a_span_counts_once() -> None:
    """Messages within ten seconds of the clock share a span."""
    at = datetime(2026, 3, 2, 8, 0, 1, tzinfo=UTC)
    assert flood_span(at) == flood_span(at.replace(second=9)) != flood_span(at.replace(second=10))
