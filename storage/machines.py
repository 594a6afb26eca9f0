"""Who is no person: other bots, as far as the network or an operator says so. Their rows stay; whoever counts people leaves them out."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select, union, update

from storage import tables as t
from storage.bulk import BulkInsert
from storage.rollups import LIVES

_MARKS = BulkInsert(t.stale_day, ("chat_id", "day"), key=("chat_id", "day"), conflict="nothing")


def mark(connection: Connection, ids: Sequence[int], *, is_bot: bool) -> list[int]:
    """Says of the members that they are bots, or people; those of whom that is news. Their groups' days are counted again."""
    m, ms, s = t.member.c, t.membership.c, t.day_stat.c
    news = select(m.id).where(m.id.in_(ids), m.is_bot != int(is_bot)) if ids else None
    changed = list(connection.execute(news).scalars()) if news is not None else []
    if not changed:
        return []
    connection.execute(update(t.member).where(m.id.in_(changed)).values(is_bot=int(is_bot)))
    since = select(ms.chat_id, func.min(func.coalesce(ms.joined_at, 0)).label("at")).where(ms.member_id.in_(changed))
    met = since.group_by(ms.chat_id).subquery().c
    days = select(s.chat_id, s.day).where(s.chat_id == met.chat_id, s.to_at > met.at)
    d = t.member_day.c
    active = select(d.chat_id, d.day).where(d.chat_id == met.chat_id, d.member_id.in_(changed))
    marked = {(row.chat_id, row.day) for row in connection.execute(union(days, active))}
    marked |= {(chat, LIVES) for chat, _ in marked}
    _MARKS.run(connection, [list(each) for each in sorted(marked)])
    return changed
