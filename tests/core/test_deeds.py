"""Deeds by day: when a rule was reached, and how far somebody came."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.deeds import DEEDS, reached, total

DAYS = st.dictionaries(
    st.integers(0, 60).map(lambda n: (date(2026, 2, 20) + timedelta(days=n)).isoformat()),
    st.integers(0, 5),
    max_size=40,
)


def test_a_sum_is_reached_on_its_day() -> None:
    """Whatever order the days come in; what is taken back later doesn't undo the day on which it was reached."""
    course = {"2026-03-05": 40, "2026-03-01": 70, "2026-03-09": -30}
    assert reached("messages", course, 100) == "2026-03-05"
    assert reached("messages", course, 111) is None
    assert total("messages", course) == 110


def test_a_run_breaks_with_a_day_without() -> None:
    """Across the end of a month; many times a day are one; 0 bridges a day that doesn't count itself."""
    course = {"2026-02-27": 1, "2026-02-28": 3, "2026-03-01": 1, "2026-03-03": 1, "2026-03-04": 0, "2026-03-05": 1}
    assert reached("checkin_streak", course, 3) == "2026-03-01"
    assert total("checkin_streak", course) == 3
    assert reached("checkin_streak", {**course, "2026-03-02": 0}, 5) == "2026-03-05"


@given(course=DAYS, needed=st.integers(1, 30))
def test_reached_and_total_agree(course: dict[str, int], needed: int) -> None:
    """A rule is reached exactly when the total says so, and on the first such day: what came later is not needed for it."""
    for deed in DEEDS:
        day = reached(deed, course, needed)
        assert (day is not None) == (total(deed, course) >= needed)
        if day is not None:
            until = {each: n for each, n in course.items() if each <= day}
            before = {each: n for each, n in course.items() if each < day}
            assert total(deed, until) >= needed > total(deed, before)
