"""Rankings of one group, from the daily rollup and the ledger; never from the message log.

They serve members in the chat (inside the writer's transaction), the command line and the console alike. Bots and those
who have left are not ranked; ids that are one person have one row.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, case, func, select

from bot.core.play import Score
from bot.core.scoring import Scoring, Since, Weight
from storage import tables as t
from storage.persons import by_person
from storage.scoring import active
from storage.tables import member

_EVER = Since(date.min, datetime(1970, 1, 1, tzinfo=UTC))


def board(
    connection: Connection, chat_id: int, kind: str, since: Since | None, limit: int | None = None
) -> tuple[Score, ...]:
    """The ranking of `kind` (`points`, `earned` or `activity`) since then, best first; equals in the order of their uids.

    Points within a window are what was gained less what was spent or taken back; `since` None is the balance itself.
    What is earned is what awards gave, less what was undone.
    `limit` None ranks everybody. Nobody is listed with nothing.
    """
    match kind:
        case "activity":
            return _activity(connection, chat_id, since, limit)
        case "points":
            return _points(connection, chat_id, since, limit)
        case "earned":
            return _points(connection, chat_id, since or _EVER, limit, "issue")
    raise ValueError(f"no such board: {kind}")


def _activity(connection: Connection, chat_id: int, since: Since | None, limit: int | None) -> tuple[Score, ...]:
    scoring = active(connection)
    if scoring.half_life_days:
        return _faded(connection, scoring, chat_id, since, limit)
    days = by_person(connection, t.member_day, chat_id).c
    # Thousandths of a point: whole numbers are ordered the same by both databases and by Python.
    mp = {
        name: func.sum(_units(days[weight.column], weight) * weight.mp)
        for name, weight in scoring.weights.items()
        if weight.mp
    }
    if not mp:
        return ()
    # Summed up before anybody is looked up: a join for each day of each member costs five times as much.
    days_of = select(days.member_id, *(column.label(name) for name, column in mp.items())).where(
        days.chat_id == chat_id
    )
    if since is not None:
        days_of = days_of.where(days.day >= since.day.isoformat())
    sums = days_of.group_by(days.member_id).subquery("sums").c
    score = reduce(add, (sums[name] for name in mp))
    memberships = by_person(connection, t.membership, chat_id)
    query = _people(chat_id, memberships, sums.member_id, *(sums[name] for name in mp)).where(score > 0)
    rows = connection.execute(query.order_by(score.desc(), member.c.uid).limit(limit))
    return tuple(_score(uid, shown, zip(mp, gained, strict=True)) for _, uid, shown, *gained in rows)


def _units(column: ColumnElement[int], weight: Weight) -> ColumnElement[int]:
    return case((column > weight.cap, weight.cap), (column < 0, 0), else_=column)


def _score(uid: str, shown: str, mp: Iterable[tuple[str, int]]) -> Score:
    gained = {name: int(each) for name, each in mp if each}
    parts = {name: each / 1000 for name, each in gained.items()}
    return Score(member=uid, name=shown, total=sum(gained.values()) / 1000, parts=parts)


def _faded(
    connection: Connection, scoring: Scoring, chat_id: int, since: Since | None, limit: int | None
) -> tuple[Score, ...]:
    """With a half-life: each day fades by its age, counted from the newest day of the group; what is older than the
    horizon is worth nothing."""
    d = by_person(connection, t.member_day, chat_id).c
    newest = connection.execute(select(func.max(d.day)).where(d.chat_id == chat_id)).scalar()
    if newest is None:
        return ()
    today, horizon = date.fromisoformat(newest), scoring.horizon_days() or 0
    first = max(since.day if since else date.min, today - timedelta(days=min(horizon, today.toordinal() - 1)))
    columns = [d[weight.column].label(name) for name, weight in scoring.weights.items()]
    memberships = by_person(connection, t.membership, chat_id)
    query = _people(chat_id, memberships, d.member_id, d.day, *columns).where(
        d.chat_id == chat_id, d.day >= first.isoformat()
    )
    people: dict[str, Any] = {}
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    left: dict[str, int] = {}
    for row in connection.execute(query).mappings():
        day = row["day"]
        if day not in left:
            left[day] = scoring.decay((today - date.fromisoformat(day)).days)
        people[row["uid"]] = row
        for name, weight in scoring.weights.items():
            if mp := weight.worth(row[name], left[day]):
                sums[row["uid"]][name] += mp
    ranked = sorted(sums, key=lambda uid: (-sum(sums[uid].values()), uid))
    return tuple(_score(uid, people[uid]["shown"], sums[uid].items()) for uid in ranked[:limit])


def _points(
    connection: Connection, chat_id: int, since: Since | None, limit: int | None, account: str | None = None
) -> tuple[Score, ...]:
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
        if account is not None:
            query = query.where(entries.account == account)
        query = query.group_by(member.c.id, member.c.uid, memberships.c.name, member.c.name).having(gained > 0)
        query = query.order_by(gained.desc())
    rows = connection.execute(query.order_by(member.c.uid).limit(limit)).all()
    if account is not None:
        # Everybody is ranked, and nobody asks for the sources.
        return tuple(Score(member=r.uid, name=r.shown, total=float(r.sum)) for r in rows)
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
