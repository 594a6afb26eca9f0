"""What is left of old points, and what caps leave."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.points import PointRules, held_since


def test_what_is_paid_takes_the_oldest_points() -> None:
    """10 of March, 5 of April, 8 paid: 2 of March are left."""
    entries = [(3, 10, "issue"), (4, 5, "issue"), (5, -8, "shop")]
    assert held_since(entries, 3) == 2
    assert held_since(entries, 4) == 7


def test_what_is_undone_takes_the_newest_points() -> None:
    """Checking in and taking it back does not renew old points."""
    entries = [(3, 10, "issue"), (9, 10, "issue"), (9, -10, "issue")]
    assert held_since(entries, 3) == 10


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, int, str]]:
    """Entries that never push the balance below zero."""
    balance, entries = 0, []
    for at in range(draw(st.integers(0, 30))):
        account = draw(st.sampled_from(["issue", "issue", "shop", "expiry"]))
        points = draw(st.integers(-balance, 20 if account == "issue" else 0))
        if points:
            entries.append((at, points, account))
            balance += points
    return entries


@given(histories(), st.integers(-1, 31))
def test_old_points_are_part_of_the_balance(entries: list[tuple[int, int, str]], until: int) -> None:
    """Never more than the balance, never less than nothing, and all of it for the newest moment."""
    balance = sum(points for _, points, _ in entries)
    assert 0 <= held_since(entries, until) <= balance
    assert held_since(entries, 31) == balance
    assert held_since(entries, until) <= held_since(entries, until + 1)


@given(histories(), st.integers(0, 30))
def test_after_a_lapse_nothing_old_is_left(entries: list[tuple[int, int, str]], until: int) -> None:
    """Taking away what is old leaves exactly what is younger."""
    old = held_since(entries, until)
    lapsed = [*entries, (32, -old, "expiry")] if old else entries
    assert held_since(lapsed, until) == 0
    assert sum(points for _, points, _ in lapsed) == sum(points for _, points, _ in entries) - old


def test_the_tighter_cap_counts() -> None:
    """A source's own cap and the day's cap at once."""
    rules = PointRules(caps={"quiz": 50}, a_day=60)
    assert rules.left("quiz", {"quiz": 45}) == 5
    assert rules.left("quiz", {"quiz": 45, "checkin": 15}) == 0
    assert rules.left("chain", {"quiz": 45}) == 15
    assert PointRules().left("quiz", {"quiz": 10**6}) is None
