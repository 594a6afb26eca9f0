"""The activity score is honest: capped, monotonous, explained by its parts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.scoring import COLUMNS, DEFAULT, FULL, Event, Scoring, Weight, lines_of, scoring_of, since, total

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
counts = st.fixed_dictionaries({column: st.integers(0, 10_000) for column in COLUMNS.values()})


def test_a_quiet_helpful_day_beats_a_flood() -> None:
    """Ten thousand messages are worth less than a check-in, three right answers and four newcomers helped with some talk."""
    flood = DEFAULT.day({"counted": 10_000})
    helpful = DEFAULT.day({"counted": 15, "counted_chars": 300, "checkins": 1, "quiz": 3, "helped": 4})
    assert (sum(flood.values()), sum(helpful.values())) == (40_000, 43_500)


@settings(max_examples=60)
@given(counts, st.sampled_from(sorted(COLUMNS.values())), st.integers(0, 100), st.integers(0, 40))
def test_more_never_scores_less(day: dict[str, int], column: str, more: int, age: int) -> None:
    """A further unit of anything never lowers the score, caps bound it, and age never raises it."""
    scoring = Scoring(half_life_days=7)
    before, after = (sum(scoring.day(each, age).values()) for each in (day, {**day, column: day[column] + more}))
    assert before <= after <= sum(weight.mp * weight.cap for weight in scoring.weights.values())
    assert sum(scoring.day(day, age + 1).values()) <= before


units = st.dictionaries(st.sampled_from(sorted(COLUMNS)), st.integers(0, 300), max_size=3)


@settings(max_examples=100)
@given(st.lists(units, max_size=30), st.integers(0, 60), st.sampled_from([0, 0.5, 7, 30]))
def test_the_lines_sum_up_to_the_score(said: list[dict[str, int]], age: int, half_life: float) -> None:
    """Exactly, with caps and decay, whatever happened in whatever order."""
    scoring = Scoring(half_life_days=half_life)
    lines = lines_of(scoring, [Event(at=NOON, text="", units=each) for each in said], age)
    day = {column: sum(each.get(name, 0) for each in said) for name, column in COLUMNS.items()}
    assert sum(line.mp for line in lines) == sum(scoring.day(day, age).values())
    for name in COLUMNS:
        assert sum(line.parts.get(name, 0) for line in lines) == scoring.day(day, age).get(name, 0)


def test_what_was_taken_back_is_a_line_below_zero() -> None:
    """A check-in undone: +5, −5."""
    lines = lines_of(DEFAULT, [Event(at=NOON, text="", units={"checkins": n}) for n in (1, -1)], 0)
    assert [line.mp for line in lines] == [5000, -5000]


def test_a_line_says_which_cap_it_met() -> None:
    """The fourth check-in of a day brings nothing."""
    lines = lines_of(DEFAULT, [Event(at=NOON, text="", units={"checkins": 1})] * 4, 0)
    assert [(line.mp, line.capped) for line in lines] == [(5000, ())] * 3 + [(0, ("checkins",))]


def test_half_of_the_points_are_left_after_the_half_life() -> None:
    """And nothing after the horizon."""
    scoring = Scoring(half_life_days=14)
    assert (scoring.decay(0), scoring.decay(14), scoring.decay(28)) == (FULL, FULL // 2, FULL // 4)
    horizon = scoring.horizon_days()
    assert horizon is not None
    assert scoring.decay(horizon) == 0
    assert DEFAULT.decay(10_000) == FULL


def test_a_version_survives_json() -> None:
    """What is stored reads back the same."""
    scoring = Scoring(version="2", weights={"quiz": Weight("quiz", 3000, 5, "答题")}, half_life_days=3)
    assert scoring_of(scoring.document()) == scoring
    assert total({"a": 0.1, "b": 0.2}) == 0.3


def test_windows_begin_where_the_group_s_day_begins() -> None:
    """A day that begins at 04:00: the window holds the small hours of the next date."""
    window = since("week", date(2026, 3, 4), SHANGHAI, time(4))
    assert window is not None
    assert (window.day, window.at) == (date(2026, 3, 2), datetime(2026, 3, 1, 20, 0, tzinfo=UTC))
    assert since("all", date(2026, 3, 4), SHANGHAI) is None
    month = since("month", date(2026, 3, 31), SHANGHAI)
    assert month is not None
    assert month.day == date(2026, 3, 1)
