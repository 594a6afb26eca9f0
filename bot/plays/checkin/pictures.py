"""The answers that may be pictures, as data of their cards."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from bot.core.effects import Drawing
from bot.plays.checkin.answer import Here
from bot.plays.checkin.record import ONE_DAY, Slot, mark_of, streak_on, streak_until

_TOP = 10


def calendar_of(slot: Slot, today: date, ctx: Here) -> Drawing | None:
    """The member's month; None where calendars are text."""
    if "calendar" not in ctx.params.pictures:
        return None
    first = today.replace(day=1)
    days = [first + timedelta(days=n) for n in range(monthrange(today.year, today.month)[1])]
    data = {
        "name": slot.name[:60], "word": ctx.params.word, "title": ctx.title or ctx.chat_name,
        "year": today.year, "month": today.month, "today": today.day, "marks": [mark_of(slot, day) for day in days],
        "row_before": streak_until(slot, first - ONE_DAY), "streak": streak_on(slot, today), "best": slot.best,
        "total": slot.total,
    }  # fmt: skip
    return Drawing("calendar", data)


def ranking_of(
    rows: Sequence[tuple[int, int, str, str]], places: Sequence[int], window: str, first: date, today: date,
    member: str, ctx: Here,
) -> Drawing | None:  # fmt: skip
    """`rows`: (days, streak, name, uid), best first; None where rankings are text."""
    if "ranking" not in ctx.params.pictures:
        return None
    table = [
        {"place": place, "name": name[:60], "total": days}
        for place, (days, _, name, _) in zip(places, rows, strict=True)
    ]
    own = next((n for n, row in enumerate(rows) if row[3] == member), None)
    data: dict[str, Any] = {
        "board": "checkin", "word": ctx.params.word,
        "window": window, "unit": "days", "group": ctx.title or ctx.chat_name,
        "first": first.isoformat() if first > date.min else None, "last": today.isoformat(),
        "rows": table[:_TOP], "own": table[own] if own is not None and own >= _TOP else None,
        "own_place": places[own] if own is not None and own < _TOP else 0, "ranked": len(table),
    }  # fmt: skip
    return Drawing("leaderboard", data)
