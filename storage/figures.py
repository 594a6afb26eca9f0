"""The figures of one group for `stats`: from the rollup and the roster, never from the message log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, and_, distinct, func, select

from storage import tables as t
from storage.persons import by_person
from storage.rollups import bots


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures:
    """Bots are left out. `members`: those in the group that the bot has met; `size` is what the network says. `daily`: messages of the last
    days, oldest first."""

    id: int
    uid: str
    name: str
    size: int
    members: int
    messages: int
    checkins: int
    active_today: int
    active_7d: int
    active_30d: int
    daily: tuple[int, ...]


def groups(connection: Connection, today: date, *, uid: str = "", days: int = 14) -> list[GroupFigures]:
    """Every group, or the one of `uid`, by its uid. `today` is the day in the groups' calendar."""
    query = select(t.chat).where(t.chat.c.kind == "group").order_by(t.chat.c.uid)
    rows = connection.execute(query.where(t.chat.c.uid == uid) if uid else query).all()
    return [_figures(connection, chat, today, days) for chat in rows]


def _figures(connection: Connection, chat: Any, today: date, days: int) -> GroupFigures:
    d = by_person(connection, t.member_day, chat.id)
    people = by_person(connection, t.membership, chat.id)
    machines = bots(connection)
    here = and_(d.c.chat_id == chat.id, d.c.member_id.not_in(machines))

    def active(last: int) -> int:
        first = (today - timedelta(days=last - 1)).isoformat()
        query = select(func.count(distinct(d.c.member_id))).where(here, d.c.day >= first, d.c.msgs > 0)
        return connection.execute(query).scalar() or 0

    first = today - timedelta(days=days - 1)
    by_day = select(d.c.day, func.sum(d.c.msgs)).where(here, d.c.day >= first.isoformat()).group_by(d.c.day)
    counts = {day: int(count) for day, count in connection.execute(by_day)}
    sums = connection.execute(select(func.sum(d.c.msgs), func.sum(d.c.checkins)).where(here)).one()
    roster = select(func.count()).where(people.c.chat_id == chat.id, people.c.left_at.is_(None))
    roster = roster.where(people.c.member_id.not_in(machines))
    return GroupFigures(
        id=chat.id,
        uid=chat.uid,
        name=chat.name,
        size=chat.size,
        members=connection.execute(roster).scalar() or 0,
        messages=int(sums[0] or 0),
        checkins=int(sums[1] or 0),
        active_today=active(1),
        active_7d=active(7),
        active_30d=active(30),
        daily=tuple(counts.get((first + timedelta(days=n)).isoformat(), 0) for n in range(days)),
    )
