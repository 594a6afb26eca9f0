"""What the tiers are made of: each member's month, from the rollups. One group at a time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, case, distinct, func, select

from bot.core.influence import ranks
from bot.core.tiers import MONTH, Facts
from storage import tables as t
from storage.persons import by_person, heads
from storage.rollups import bots

_DAY_MS = 86_400_000


def month(connection: Connection, chat: int, day: str) -> tuple[list[Facts], int]:
    """(everybody in the group as of the end of `day`, days since the group was opened), in the order of uids."""
    last = date.fromisoformat(day)
    first = (last - timedelta(days=MONTH - 1)).isoformat()
    ends = select(t.day_stat.c.to_at).where(t.day_stat.c.chat_id == chat, t.day_stat.c.day == day)
    end: int | None = connection.execute(ends).scalar()
    counts = _counts(connection, chat, last)
    known = heads(connection)
    lives: dict[int, str] = {}
    life = t.member_life.c
    for member, last_day in connection.execute(select(life.member_id, life.last_day).where(life.chat_id == chat)):
        who = known.get(member, member)
        lives[who] = max(last_day, lives.get(who, ""))
    given, received, weights = _links(connection, chat, first, day, known)
    answered = _answers(connection, chat, first, day, known)
    share = ranks(weights)
    memberships, m = by_person(connection, t.membership, chat), t.member.c
    ms = memberships.c
    name = func.coalesce(func.nullif(ms.name, ""), m.name).label("name")
    roster = (
        select(ms.member_id, m.uid, name, ms.joined_at)
        .join_from(memberships, t.member, m.id == ms.member_id)
        .where(ms.chat_id == chat, ms.left_at.is_(None), ms.member_id.not_in(bots(connection)))
        .order_by(m.uid)
    )
    people = []
    for row in connection.execute(roster):
        who = row.member_id
        spoke = lives.get(who)
        found = counts.get(who, {})
        people.append(
            Facts(
                id=who,
                uid=row.uid,
                name=row.name,
                joined_days=max(0, (end - row.joined_at) // _DAY_MS) if end and row.joined_at else None,
                silent_days=max(0, (last - date.fromisoformat(spoke)).days) if spoke else None,
                days=found.get("days", 0),
                msgs=found.get("msgs", 0),
                given=found.get("replies", 0) + found.get("helped", 0),
                plays=found.get("plays", 0),
                received_from=len(received[who]),
                helped_people=len(given[who]),
                answers=answered.get(who, 0),
                days_before=found.get("days_before", 0),
                days_now=found.get("days_now", 0),
                rank=share.get(who, 0.0),
            )
        )
    opened = connection.execute(
        select(func.min(t.member_life.c.first_day)).where(t.member_life.c.chat_id == chat)
    ).scalar()
    return people, (last - date.fromisoformat(opened)).days + 1 if opened else 1


def _counts(connection: Connection, chat: int, last: date) -> dict[int, dict[str, int]]:
    d = by_person(connection, t.member_day, chat).c
    first, fortnight, six_weeks = ((last - timedelta(days=n)).isoformat() for n in (MONTH - 1, 13, 41))

    def within(low: str, high: str, what: Any = 1) -> Any:
        return func.sum(case(((d.day >= low) & (d.day <= high), what), else_=0))

    day = last.isoformat()
    query = select(
        d.member_id,
        within(first, day).label("days"),
        within(first, day, d.msgs).label("msgs"),
        within(first, day, d.replies).label("replies"),
        within(first, day, d.helped).label("helped"),
        within(first, day, d.checkins + d.quiz + d.chain).label("plays"),
        func.sum(case(((d.day >= six_weeks) & (d.day < fortnight), 1), else_=0)).label("days_before"),
        within(fortnight, day).label("days_now"),
    ).where(d.chat_id == chat, d.day >= six_weeks, d.day <= day)
    return {
        row["member_id"]: {key: int(value) for key, value in row.items() if key != "member_id"}
        for row in connection.execute(query.group_by(d.member_id)).mappings()
    }


def _links(
    connection: Connection, chat: int, first: str, last: str, known: Mapping[int, int]
) -> tuple[defaultdict[int, set[int]], defaultdict[int, set[int]], dict[tuple[int, int], float]]:
    """(whom somebody answered, who answered somebody, weights of the graph)."""
    r = t.reply_day.c
    query = select(r.member_id, r.to_id, func.sum(r.replies), func.sum(r.mentions)).where(
        r.chat_id == chat, r.day >= first, r.day <= last
    )
    given: defaultdict[int, set[int]] = defaultdict(set)
    received: defaultdict[int, set[int]] = defaultdict(set)
    weights: dict[tuple[int, int], float] = {}
    for one, other, replies, mentions in connection.execute(query.group_by(r.member_id, r.to_id)):
        who, to = known.get(one, one), known.get(other, other)
        if who == to:
            continue
        given[who].add(to)
        received[to].add(who)
        weights[(who, to)] = weights.get((who, to), 0.0) + float(replies + mentions)
    return given, received, weights


def _answers(connection: Connection, chat: int, first: str, last: str, known: Mapping[int, int]) -> dict[int, int]:
    q = t.question.c
    query = select(q.answered_by, func.count(distinct(q.message_id))).where(
        q.chat_id == chat, q.day >= first, q.day <= last, q.answered_by.is_not(None)
    )
    found: Counter[int] = Counter()
    for who, count in connection.execute(query.group_by(q.answered_by)):
        found[known.get(who, who)] += count
    return found
