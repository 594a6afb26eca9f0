"""One member's own total, read by the member's rows alone: what a play may ask in the middle of an event.

The same figures as `storage.boards` gives for everybody, with what the transaction at hand has not written yet.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from bot.core.scoring import COLUMNS, Scoring, Since
from storage import tables as t
from storage.explanation import newest_day
from storage.writer import ROLLUP


def points(
    connection: Connection, chat: int, who: Sequence[int], since: Since | None, account: str | None,
    pending: Iterable[Sequence[Any]],
) -> float:  # fmt: skip
    """What the entries of the person's ids add up to; `account` None: all of them. `pending`: rows for `Writer.ledger`."""
    entries = t.ledger.c
    query = select(func.coalesce(func.sum(entries.delta), 0)).where(entries.chat_id == chat, entries.member_id.in_(who))
    if since is not None:
        query = query.where(entries.at >= since.at_ms)
    if account is not None:
        query = query.where(entries.account == account)
    fresh = sum(row[2] for row in pending if row[0] == chat and row[1] in who and account in (None, row[9]))
    return float(connection.execute(query).scalar_one() + fresh)


def activity(
    connection: Connection, scoring: Scoring, chat: int, who: Sequence[int], since: Since | None,
    pending: Mapping[tuple[str, int], Sequence[Any]],
) -> float:  # fmt: skip
    """The person's activity score. `pending`: (day, member id) → what is to be added to that day, in the order of `ROLLUP`."""
    d = t.member_day.c
    columns = sorted(set(COLUMNS.values()))
    query = select(d.day, *(d[column] for column in columns)).where(d.chat_id == chat, d.member_id.in_(who))
    first = since.day.isoformat() if since is not None else ""
    days: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in connection.execute(query.where(d.day >= first)).mappings():
        days[row["day"]].update({column: int(row[column]) for column in columns})
    for (day, member), added in pending.items():
        if member in who and day >= first:
            days[day].update(dict(zip(ROLLUP, added, strict=False)))
    if not days:
        return 0.0
    newest = max(newest_day(connection, chat) or date.min, date.fromisoformat(max(days)))
    mp = sum(sum(scoring.day(counts, (newest - date.fromisoformat(day)).days).values()) for day, counts in days.items())
    return mp / 1000
