"""Two calendars of one member, joined and parted."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.persons import Deed
from bot.plays.checkin.persons import join, part
from bot.plays.checkin.record import Mark, Slot, count, mark_of, marked

FIRST = date(2026, 1, 25)
_MARKS: st.SearchStrategy[Mark] = st.sampled_from(["o", "b", "j"])
_DAYS = st.dictionaries(st.integers(0, 20), _MARKS, max_size=12)


def _slot(days: dict[int, Mark], owed: int = 0) -> Slot:
    slot = Slot(owed=owed)
    for n, mark in sorted(days.items()):
        slot = marked(slot, FIRST + timedelta(days=n), mark)
    return slot


@given(_DAYS, _DAYS, st.integers(0, 9), st.integers(0, 9))
def test_joined_and_parted_at_once_is_nothing(
    one: dict[int, Mark], other: dict[int, Mark], owed: int, owes: int
) -> None:
    """What is taken back before anything happened gives both documents as they were."""
    older, newer = _slot(one, owed), _slot(other, owes)
    assert part(join(older, newer), older, newer, ()) == (older, newer)


@given(_DAYS, _DAYS)
def test_the_joined_record_is_that_of_its_calendar(one: dict[int, Mark], other: dict[int, Mark]) -> None:
    """Total, streak, its beginning and its end are what marking the same days one by one would give."""
    joined = join(_slot(one), _slot(other))
    union = {n: min((m for m in (one.get(n), other.get(n)) if m), key="obj".index) for n in one.keys() | other.keys()}
    alone = _slot(union)
    assert (joined.total, joined.streak, joined.run_start, joined.last) == (
        alone.total, alone.streak, alone.run_start, alone.last,
    )  # fmt: skip
    assert joined.best >= alone.streak
    assert all(mark_of(joined, FIRST + timedelta(days=n)) == mark for n, mark in union.items())


@given(_DAYS, _DAYS, st.lists(st.tuples(st.integers(21, 40), st.booleans()), unique_by=lambda act: act[0]))
def test_each_keeps_the_days_it_marked_meanwhile(
    one: dict[int, Mark], other: dict[int, Mark], acts: list[tuple[int, bool]]
) -> None:
    """After the split the calendars are those of two who were never joined, and no day is lost or doubled."""
    older, newer, deeds = _slot(one), _slot(other), []
    now = join(older, newer)
    expected = (older, newer)
    for n, is_newer in sorted(acts):
        day = FIRST + timedelta(days=n)
        now = marked(now, day, "o")
        if is_newer:
            deeds.append(Deed("checkin", f"wechat:old|{day}", {"day": day.isoformat()}))
        expected = tuple(  # type: ignore[assignment]
            marked(slot, day, "o") if is_newer == (place == 1) else slot for place, slot in enumerate(expected)
        )
    found = part(now, older, newer, deeds)
    assert [each.months for each in found] == [each.months for each in expected]
    assert [(each.total, each.streak, each.last) for each in found] == [
        (each.total, each.streak, each.last) for each in expected
    ]


def test_an_undone_day_is_undone_for_whoever_had_it() -> None:
    """A check-in from before the merge that was taken back meanwhile does not come back with the split."""
    older, newer = _slot({0: "o", 1: "o"}), _slot({2: "o"})
    now = marked(join(older, newer), FIRST + timedelta(days=2), "-")
    assert [count(slot, FIRST, FIRST + timedelta(days=9)) for slot in part(now, older, newer, ())] == [2, 0]
