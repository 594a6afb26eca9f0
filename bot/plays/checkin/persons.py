"""Two ids of one member: their calendars laid over each other, and taken apart again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from bot.core.persons import Deed, Persons
from bot.plays.checkin.record import (
    COUNTED,
    ONE_DAY,
    Mark,
    Slot,
    last_counted,
    mark_of,
    marked,
    run_ending,
    with_credit,
    with_work,
)

_BETTER = "obj-"
"""A day that both have marked keeps the mark that stands first here."""


def join(older: Slot, newer: Slot) -> Slot:
    """Every day once, with the better of its two marks; what is owed adds up. A bonus of either was paid."""
    months = {
        key: "".join(
            min(pair, key=_BETTER.index)
            for pair in zip(*(slot.months.get(key) or "-" * 31 for slot in (older, newer)), strict=False)
        )
        for key in sorted(older.months.keys() | newer.months.keys())
    }
    lengths = older.bonuses.keys() | newer.bonuses.keys()
    slot = older.model_copy(
        update={
            "name": newer.name or older.name,
            "months": months,
            "total": sum(month.count(mark) for month in months.values() for mark in COUNTED),
            "bonuses": {
                n: max(slot.bonuses[n] for slot in (older, newer) if n in slot.bonuses) for n in sorted(lengths)
            },
            "owed": older.owed + newer.owed,
            "imprint": newer.imprint or older.imprint,
            "waiting_at": newer.waiting_at or older.waiting_at,
        }
    )
    for credit in sorted({c.day: c for c in (*newer.recent, *older.recent)}.values(), key=lambda credit: credit.day):
        slot = with_credit(slot, credit)
    for work in sorted({w.day: w for w in (*newer.works, *older.works)}.values(), key=lambda work: work.day):
        slot = with_work(slot, work)
    if (newer.told_on or date.min) > (older.told_on or date.min):
        slot = slot.model_copy(update={"told_on": newer.told_on, "told": newer.told})
    last = last_counted(months)
    streak, start = run_ending(months, last) if last else (0, None)
    best = max(older.best, newer.best, _longest(slot))
    return slot.model_copy(update={"last": last, "streak": streak, "run_start": start, "best": best})


def part(now: Slot, older: Slot, newer: Slot, deeds: Sequence[Deed]) -> tuple[Slot, Slot]:
    """Each gets back what it was, and the days that it marked meanwhile; what nobody can assign stays with the older."""
    before, mine = join(older, newer), frozenset(_days(deeds))
    for day in _marked_days(before, now):
        mark = mark_of(now, day)
        if mark == mark_of(before, day):
            continue
        if mark == "-":
            older, newer = (_cleared(slot, day) for slot in (older, newer))
        elif day in mine:
            newer = marked(newer, day, _mark(mark))
        else:
            older = marked(older, day, _mark(mark))
    for credit in now.recent:
        if credit in before.recent:
            continue
        if day_of(newer, credit.day) or credit.day in mine:
            newer = with_credit(newer, credit)
        else:
            older = with_credit(older, credit)
    for work in now.works:
        if work in before.works:
            continue
        if work.day in mine:
            newer = with_work(newer, work)
        else:
            older = with_work(older, work)
    for length, paid_on in now.bonuses.items():
        if before.bonuses.get(length) == paid_on:
            continue
        slot = newer if paid_on in mine else older
        changed = slot.model_copy(update={"bonuses": {**slot.bonuses, length: paid_on}})
        older, newer = (older, changed) if paid_on in mine else (changed, newer)
    owed = now.owed - before.owed + older.owed
    rest = {"name": now.name or older.name, "told_on": now.told_on, "told": now.told, "imprint": now.imprint}
    changed = older.model_copy(update={**rest, "owed": max(0, owed)})
    newer = newer.model_copy(update={"owed": max(0, newer.owed + min(0, owed))})
    return (older if now == before else changed), newer


def day_of(slot: Slot, day: date) -> bool:
    """Whether the slot has a credit of the day, which an undo has changed since."""
    return any(credit.day == day for credit in slot.recent)


def _cleared(slot: Slot, day: date) -> Slot:
    return marked(slot, day, "-") if mark_of(slot, day) != "-" else slot


def _mark(mark: str) -> Mark:
    return "o" if mark == "o" else "b" if mark == "b" else "j"


def _days(deeds: Sequence[Deed]) -> Iterator[date]:
    for deed in deeds:
        text = str(deed.data.get("day") or deed.key.rpartition("|")[2]).partition("#")[0]
        try:
            yield date.fromisoformat(text)
        except ValueError:
            continue


def _marked_days(*slots: Slot) -> Iterator[date]:
    for key in sorted({key for slot in slots for key in slot.months}):
        first = date.fromisoformat(f"{key}-01")
        length = max(len(slot.months.get(key, "")) for slot in slots)
        yield from (first + timedelta(days=n) for n in range(length))


def _longest(slot: Slot) -> int:
    best = length = 0
    before: date | None = None
    for day in _marked_days(slot):
        mark = mark_of(slot, day)
        if mark == "-":
            length = 0
        else:
            length = (length if before is not None and day - before == ONE_DAY else 0) + (mark in COUNTED)
            before = day
        best = max(best, length)
    return best


PERSONS: Persons[Slot] = Persons(join, part)
