"""Points of a member, with decay: computed from the entries, so that undoing one leaves no trace in the sum."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from bot.plays.rules.state import Entry


def total(entries: Iterable[Entry], at: datetime, decay: timedelta, undone: Collection[int] = ()) -> int:
    """Points at `at`: one expires every `decay`, counted from when the sum last rose above zero."""
    points, since = 0, at
    for entry in sorted(entries, key=lambda entry: entry.at):
        if entry.case in undone or entry.at > at:
            continue
        points, since = _settled(points, since, entry.at, decay)
        if points == 0:
            since = entry.at
        points += entry.points
    return _settled(points, since, at, decay)[0]


def _settled(points: int, since: datetime, at: datetime, decay: timedelta) -> tuple[int, datetime]:
    expired = min(points, max(0, (at - since) // decay))
    return points - expired, since + expired * decay


def living(entries: tuple[Entry, ...], at: datetime, decay: timedelta) -> tuple[Entry, ...]:
    """`entries` without the oldest that had wholly expired when the next one came: they can't matter again.

    Undone entries stay until then: taking one out must not change which others had expired.
    """
    for index in range(len(entries) - 1, 0, -1):
        if total(entries[:index], entries[index].at, decay) == 0:
            return entries[index:]
    return () if total(entries, at, decay) == 0 else entries
