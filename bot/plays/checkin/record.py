"""One member's record: marks on a calendar, and the streak that follows from them.

Every day carries at most one mark: `o` checked in, `b` made up (补卡), `j` on leave (请假). A month is a text of one
character per day, so a year of check-ins is some 400 bytes and a calendar is a slice.

A *run* is a row of days without a gap: `o` and `b` count, `j` bridges, anything else ends it. `streak`, `run_start`
and `last` describe the run that ends at the last counted day; whether it is still alive depends on today.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import Field

from bot.core.play import Frozen

Mark = Literal["o", "b", "j", "-"]
COUNTED = "ob"
ONE_DAY = timedelta(days=1)
_KEPT_CREDITS = 3
_KEPT_WORKS = 5


class Credit(Frozen):
    """One check-in. `gain` is what it was worth, `paid` what was entered in the ledger (less when points were owed).

    `turn` counts the check-ins of one day: a second one is possible only after the first was undone.
    """

    day: date
    at: datetime
    message_id: str
    gain: int
    paid: int
    turn: int = 1
    is_undone: bool = False


class Work(Frozen):
    """A submission that a reviewer may answer. `message_id` is of its newest version."""

    message_id: str
    day: date
    version: int = 1
    status: Literal["waiting", "returned", "passed"] = "waiting"


class Slot(Frozen):
    """One member. `bonuses`: length of streak → day on which its bonus was last paid. `owed`: points that could not be
    taken back because they were spent; the next check-ins pay for them. `told`: how often each answer was given on
    `told_on`. `waiting_at`: the command came without its picture, which may follow."""

    name: str = ""
    months: dict[str, str] = Field(default_factory=dict)
    last: date | None = None
    streak: int = 0
    run_start: date | None = None
    best: int = 0
    total: int = 0
    bonuses: dict[int, date] = Field(default_factory=dict)
    recent: tuple[Credit, ...] = ()
    owed: int = 0
    imprint: str = ""
    waiting_at: datetime | None = None
    told_on: date | None = None
    told: dict[str, int] = Field(default_factory=dict)
    works: tuple[Work, ...] = ()


def mark_of(slot: Slot, day: date) -> str:
    return _mark_in(slot.months, day)


def _mark_in(months: Mapping[str, str], day: date) -> str:
    month = months.get(_month_of(day))
    return month[day.day - 1] if month else "-"


def _month_of(day: date) -> str:
    """`2026-11`. By `isoformat`, which costs a fifth of `strftime`: each check-in asks some ten times."""
    return day.isoformat()[:7]


def marked(slot: Slot, day: date, mark: Mark) -> Slot:
    """`slot` with `mark` on `day`, everything that follows from the calendar computed anew."""
    before = mark_of(slot, day)
    key = _month_of(day)
    month = slot.months.get(key) or "-" * monthrange(day.year, day.month)[1]
    months = {**slot.months, key: month[: day.day - 1] + mark + month[day.day :]}
    total = slot.total + (mark in COUNTED) - (before in COUNTED)
    if mark in COUNTED and before == "-" and slot.last == day - ONE_DAY:
        last, streak, start = day, slot.streak + 1, slot.run_start
    elif mark in COUNTED and (slot.last is None or day > slot.last):
        # The newest day of all: nothing need be looked for, only what bridges to it.
        last, (streak, start) = day, run_ending(months, day)
    elif (counted := last_counted(months)) is None:
        last, streak, start = None, 0, None
    else:
        last, (streak, start) = counted, run_ending(months, counted)
    best = max(slot.best, streak)
    follows = {"months": months, "total": total, "last": last, "streak": streak, "run_start": start, "best": best}
    return slot.model_copy(update=follows)


def last_counted(months: Mapping[str, str]) -> date | None:
    """The last day that carries a counted mark."""
    for key in sorted(months, reverse=True):
        position = max(months[key].rfind("o"), months[key].rfind("b"))
        if position >= 0:
            return date.fromisoformat(f"{key}-01") + timedelta(days=position)
    return None


def run_ending(months: Mapping[str, str], last: date) -> tuple[int, date]:
    """Length and first day of the run that ends at `last`."""
    length, start, day = 0, last, last
    while (mark := _mark_in(months, day)) != "-":
        if mark in COUNTED:
            length, start = length + 1, day
        day -= ONE_DAY
    return length, start


def streak_on(slot: Slot, today: date) -> int:
    """The streak as it stands today: 0 once a day was missed. Today itself may still come."""
    if slot.last is None:
        return 0
    day = slot.last + ONE_DAY
    while day < today:
        if mark_of(slot, day) != "j":
            return 0
        day += ONE_DAY
    return slot.streak


def streak_until(slot: Slot, day: date) -> int:
    """The streak that `day` ended, even if the member has checked in again since."""
    return run_ending(slot.months, day)[0]


def is_bonus_due(before: Slot, after: Slot, length: int) -> bool:
    """Whether the change from `before` to `after` reached a streak of `length` for the first time in this run.

    A run that grows backwards, because a gap was filled, keeps the bonuses that were paid inside it.
    """
    if after.run_start is None or after.streak < length:
        return False
    reached = before.streak if before.last is not None and before.last >= after.run_start else 0
    paid_on = before.bonuses.get(length)
    return reached < length and (paid_on is None or paid_on < after.run_start)


def credit_of(slot: Slot, day: date) -> Credit | None:
    return next((credit for credit in slot.recent if credit.day == day), None)


def with_credit(slot: Slot, credit: Credit) -> Slot:
    return slot.model_copy(update={"recent": recent_with(slot, credit)})


def recent_with(slot: Slot, credit: Credit) -> tuple[Credit, ...]:
    """The last check-ins of the member with this one among them."""
    others = tuple(old for old in slot.recent if old.day != credit.day)
    return (*others, credit)[-_KEPT_CREDITS:]


def with_work(slot: Slot, work: Work) -> Slot:
    others = tuple(old for old in slot.works if old.day != work.day)
    return slot.model_copy(update={"works": (*others, work)[-_KEPT_WORKS:]})


def count(slot: Slot, first: date, last: date, marks: str = COUNTED) -> int:
    """Days with one of `marks` from `first` to `last`, both included."""
    found = 0
    for key, month in slot.months.items():
        begin = date.fromisoformat(f"{key}-01")
        if begin > last or begin + timedelta(days=len(month) - 1) < first:
            continue
        start, end = max(0, (first - begin).days), min(len(month), (last - begin).days + 1)
        found += sum(month[start:end].count(mark) for mark in marks)
    return found


def in_month(slot: Slot, day: date, mark: Mark) -> int:
    """How many days of `day`'s month carry `mark`."""
    return slot.months.get(_month_of(day), "").count(mark)
