"""A group's whole past by other counting rules, made by reading only: what `scoring recompute` puts into its preview."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, func, select, text

from bot.core.scoring import FOLDED
from bot.core.tally import Counting
from storage import tables as t
from storage.scoring import Counts, Span, fold_days

_DAYS_AT_ONCE = 31
"""A server sends the answer whole: a month of a busy group is a hundred thousand messages."""


def mark_of(connection: Connection, chat_id: int) -> int:
    """Changes whenever the group's log does: messages, recalls and joins are counted together."""
    m, e = t.message.c, t.event.c
    said = select(func.count() + func.count(m.recalled_at)).where(m.chat_id == chat_id, text("flags & 16 = 0"))
    joined = select(func.count()).where(e.chat_id == chat_id, e.kind == "MemberJoined")
    return sum(int(connection.execute(query).scalar() or 0) for query in (said, joined))


def refold(connection: Connection, spans: Sequence[Span], rules: Counting) -> Iterator[tuple[str, Counts]]:
    """(day, counters) of each of a group's days, which are in order. A day whose log was cut keeps the counters that it has."""
    if not spans:
        return
    d = t.member_day.c
    sums = select(d.day, func.sum(d.msgs)).where(d.chat_id == spans[0].chat_id).group_by(d.day)
    known = {day: int(msgs) for day, msgs in connection.execute(sums)}
    for start in range(0, len(spans), _DAYS_AT_ONCE):
        part = spans[start : start + _DAYS_AT_ONCE]
        for span, (_, counts, said) in zip(part, fold_days(connection, part, rules), strict=True):
            yield span.day, counts if said >= known.get(span.day, 0) else _stored(connection, span)


def _stored(connection: Connection, span: Span) -> Counts:
    d = t.member_day.c
    query = select(d.member_id, *(d[column] for column in FOLDED)).where(d.chat_id == span.chat_id, d.day == span.day)
    return {row[0]: list(row[1:]) for row in connection.execute(query)}
