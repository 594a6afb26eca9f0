"""What the accounts will send, beside what they may: the forecast before anything is launched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from bot.console.ports.calendar import Cost
from bot.usecases.calendar.judge import Load


def costs_of(
    loads: Mapping[str, Mapping[date, Load]], first: date, today: date, accounts: Iterable[Any], quota: int,
    quota_left: Callable[[str], int | None],
) -> tuple[Cost, ...]:  # fmt: skip
    """`loads`: what is still to come. An account is over where a day asks for more than there is: today, what is left."""
    names = {row.uid: row.name for row in accounts}
    found = []
    for account, days in sorted(loads.items()):
        left = quota_left(account) if account else None
        week = [first + timedelta(days=n) for n in range(7)]
        counts = tuple(days[day].messages if day in days else 0 for day in week)
        over = [n > (left if day == today else quota) for day, n in zip(week, counts, strict=True) if left is not None]
        found.append(
            Cost(
                account=account, name=names.get(account, ""), quota=quota if left is not None else 0, left=left,
                days=counts, is_over=any(over),
            )
        )  # fmt: skip
    return tuple(found)
