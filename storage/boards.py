"""Rankings of one group, from the daily rollup and the ledger; never from the message log.

They serve members in the chat (inside the writer's transaction), the command line and the console alike. Bots and those
who have left are not ranked.
"""

from __future__ import annotations

from collections import defaultdict
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select

from bot.core.play import Score
from bot.core.scoring import WEIGHTS, Since, total
from storage.tables import balance, ledger, member, member_day, membership


def board(
    connection: Connection, chat_id: int, kind: str, since: Since | None, limit: int | None = None
) -> tuple[Score, ...]:
    """The ranking of `kind` (`points` or `activity`) since then, best first; equals in the order of their uids.

    Points within a window are what was gained less what was spent or taken back; `since` None is the balance itself.
    `limit` None ranks everybody. Nobody is listed with nothing.
    """
    match kind:
        case "activity":
            return _activity(connection, chat_id, since, limit)
        case "points":
            return _points(connection, chat_id, since, limit)
    raise ValueError(f"no such board: {kind}")


def _activity(connection: Connection, chat_id: int, since: Since | None, limit: int | None) -> tuple[Score, ...]:
    sums = {
        name: func.sum(case((member_day.c[name] > weight.cap, weight.cap), else_=member_day.c[name]))
        for name, weight in WEIGHTS.items()
    }
    capped = [column.label(name) for name, column in sums.items()]
    # In thousandths of a point: whole numbers are ordered the same by both databases and by Python.
    score = reduce(add, (sums[name] * round(weight.points * 1000) for name, weight in WEIGHTS.items()))
    query = _people(chat_id, member_day.c.member_id, *capped).where(member_day.c.chat_id == chat_id)
    if since is not None:
        query = query.where(member_day.c.day >= since.day.isoformat())
    query = query.group_by(member.c.id, member.c.uid, membership.c.name, member.c.name).having(score > 0)
    scores = []
    for row in connection.execute(query.order_by(score.desc(), member.c.uid).limit(limit)).mappings():
        parts = {name: round(int(row[name]) * weight.points, 3) for name, weight in WEIGHTS.items() if row[name]}
        scores.append(Score(member=row["uid"], name=row["shown"], total=total(parts), parts=parts))
    return tuple(scores)


def _points(connection: Connection, chat_id: int, since: Since | None, limit: int | None) -> tuple[Score, ...]:
    if since is None:
        query = _people(chat_id, balance.c.member_id, balance.c.points.label("sum"))
        query = query.where(balance.c.chat_id == chat_id, balance.c.points > 0).order_by(balance.c.points.desc())
    else:
        gained = func.sum(ledger.c.delta)
        query = _people(chat_id, ledger.c.member_id, gained.label("sum"))
        query = query.where(ledger.c.chat_id == chat_id, ledger.c.at >= since.at_ms)
        query = query.group_by(member.c.id, member.c.uid, membership.c.name, member.c.name).having(gained > 0)
        query = query.order_by(gained.desc())
    rows = connection.execute(query.order_by(member.c.uid).limit(limit)).all()
    parts = _sources(connection, chat_id, [row.id for row in rows], since)
    return tuple(Score(member=r.uid, name=r.shown, total=float(r.sum), parts=parts[r.id]) for r in rows)


def _sources(
    connection: Connection, chat_id: int, members: list[int], since: Since | None
) -> defaultdict[int, dict[str, float]]:
    """Member → source of the points → sum, for the few that are shown."""
    found: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for start in range(0, len(members), 500):
        query = (
            select(ledger.c.member_id, ledger.c.source, func.sum(ledger.c.delta))
            .where(ledger.c.chat_id == chat_id, ledger.c.member_id.in_(members[start : start + 500]))
            .group_by(ledger.c.member_id, ledger.c.source)
            .order_by(ledger.c.source)
        )
        if since is not None:
            query = query.where(ledger.c.at >= since.at_ms)
        for who, source, points in connection.execute(query):
            found[who][source] = float(points)
    return found


def _people(chat_id: int, who: ColumnElement[int], *columns: ColumnElement[Any]) -> Select[Any]:
    """A query over members who are people and still here, by the name that the group knows them by."""
    shown = func.coalesce(func.nullif(membership.c.name, ""), member.c.name).label("shown")
    here = and_(membership.c.chat_id == chat_id, membership.c.member_id == who)
    return (
        select(member.c.id, member.c.uid, shown, *columns)
        .join_from(who.table, member, member.c.id == who)
        .join(membership, here, isouter=True)
        .where(member.c.is_bot == 0, membership.c.left_at.is_(None))
    )
