"""A group's whole past by other counting rules, made by reading only: what `scoring recompute` puts into its preview."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from sqlalchemy import Connection, func, select

from bot.core.scoring import FOLDED
from bot.core.tally import Counting
from storage import tables as t
from storage.scoring import Counts, Span, fold_days

Row: TypeAlias = tuple[str, int, int, int, int, int, int]
"""(day, member, the counters in the order of `FOLDED`)."""
_DAYS_AT_ONCE = 31
"""An answer is read whole: a month of a busy group is a hundred thousand messages."""


def mark_of(connection: Connection, chat_id: int) -> int:
    """Changes whenever the group's log does: messages, recalls and joins are counted together, from indexes alone."""
    m, e = t.message.c, t.event.c
    said = select(func.count()).where(m.chat_id == chat_id)
    happened = select(func.count()).where(e.chat_id == chat_id, e.kind.in_(("MemberJoined", "MessageRecalled")))
    return sum(int(connection.execute(query).scalar() or 0) for query in (said, happened))


def refold(connection: Connection, spans: Sequence[Span], rules: Counting) -> Iterator[Row]:
    """The counters of each of a group's days, which are in order. A day whose log was cut keeps those that it has."""
    if not spans:
        return
    d = t.member_day.c
    sums = select(d.day, func.sum(d.msgs)).where(d.chat_id == spans[0].chat_id).group_by(d.day)
    known = {day: int(msgs) for day, msgs in connection.execute(sums)}
    for start in range(0, len(spans), _DAYS_AT_ONCE):
        part = spans[start : start + _DAYS_AT_ONCE]
        for span, (_, folded, said) in zip(part, fold_days(connection, part, rules), strict=True):
            counts = folded if said >= known.get(span.day, 0) else _stored(connection, span)
            for who in sorted(counts):
                yield span.day, who, *counts[who]  # type: ignore[misc]


def _stored(connection: Connection, span: Span) -> Counts:
    d = t.member_day.c
    query = select(d.member_id, *(d[column] for column in FOLDED)).where(d.chat_id == span.chat_id, d.day == span.day)
    return {row[0]: list(row[1:]) for row in connection.execute(query)}
