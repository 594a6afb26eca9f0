"""Rankings of one group, from the daily rollup and the ledger; never from the message log.

They serve members in the chat (inside the writer's transaction), the command line and the console alike. Bots and those
who have left are not ranked; ids that are one person have one row.
"""

from __future__ import annotations

from collections import defaultdict
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, case, func, select

from bot.core.play import Score
from bot.core.scoring import WEIGHTS, Since, total
from storage import tables as t
from storage.persons import by_person
from storage.tables import member


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
    days = by_person(connection, t.member_day, chat_id).c
    sums = {
        name: func.sum(case((days[name] > weight.cap, weight.cap), else_=days[name]))
        for name, weight in WEIGHTS.items()
    }
    capped = [column.label(name) for name, column in sums.items()]
    # In thousandths of a point: whole numbers are ordered the same by both databases and by Python.
    score = reduce(add, (sums[name] * round(weight.points * 1000) for name, weight in WEIGHTS.items()))
    memberships = by_person(connection, t.membership, chat_id)
    query = _people(chat_id, memberships, days.member_id, *capped).where(days.chat_id == chat_id)
    if since is not None:
        query = query.where(days.day >= since.day.isoformat())
    query = query.group_by(member.c.id, member.c.uid, memberships.c.name, member.c.name).having(score > 0)
    scores = []
    for row in connection.execute(query.order_by(score.desc(), member.c.uid).limit(limit)).mappings():
        parts = {name: round(int(row[name]) * weight.points, 3) for name, weight in WEIGHTS.items() if row[name]}
        scores.append(Score(member=row["uid"], name=row["shown"], total=total(parts), parts=parts))
    return tuple(scores)


def _points(connection: Connection, chat_id: int, since: Since | None, limit: int | None) -> tuple[Score, ...]:
    memberships = by_person(connection, t.membership, chat_id)
    if since is None:
        held = by_person(connection, t.balance, chat_id).c
        query = _people(chat_id, memberships, held.member_id, held.points.label("sum"))
        query = query.where(held.chat_id == chat_id, held.points > 0).order_by(held.points.desc())
    else:
        entries = by_person(connection, t.ledger, chat_id).c
        gained = func.sum(entries.delta)
        query = _people(chat_id, memberships, entries.member_id, gained.label("sum"))
        query = query.where(entries.chat_id == chat_id, entries.at >= since.at_ms)
        query = query.group_by(member.c.id, member.c.uid, memberships.c.name, member.c.name).having(gained > 0)
        query = query.order_by(gained.desc())
    rows = connection.execute(query.order_by(member.c.uid).limit(limit)).all()
    parts = _sources(connection, chat_id, [row.id for row in rows], since)
    return tuple(Score(member=r.uid, name=r.shown, total=float(r.sum), parts=parts[r.id]) for r in rows)


def _sources(
    connection: Connection, chat_id: int, members: list[int], since: Since | None
) -> defaultdict[int, dict[str, float]]:
    """Member → source of the points → sum, for the few that are shown."""
    found: defaultdict[int, dict[str, float]] = defaultdict(dict)
    entries = by_person(connection, t.ledger, chat_id).c
    for start in range(0, len(members), 500):
        query = (
            select(entries.member_id, entries.source, func.sum(entries.delta))
            .where(entries.chat_id == chat_id, entries.member_id.in_(members[start : start + 500]))
            .group_by(entries.member_id, entries.source)
            .order_by(entries.source)
        )
        if since is not None:
            query = query.where(entries.at >= since.at_ms)
        for who, source, points in connection.execute(query):
            found[who][source] = float(points)
    return found


def _people(
    chat_id: int, memberships: FromClause, who: ColumnElement[int], *columns: ColumnElement[Any]
) -> Select[Any]:
    """A query over members who are people and still here, by the name that the group knows them by."""
    shown = func.coalesce(func.nullif(memberships.c.name, ""), member.c.name).label("shown")
    here = and_(memberships.c.chat_id == chat_id, memberships.c.member_id == who)
    return (
        select(member.c.id, member.c.uid, shown, *columns)
        .join_from(who.table, member, member.c.id == who)
        .join(memberships, here, isouter=True)
        .where(member.c.is_bot == 0, memberships.c.left_at.is_(None))
    )
