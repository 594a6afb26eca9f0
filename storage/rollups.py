"""The coarse figures behind the log: one group's day at a time, counted from the rollup per member and, while it is there, the log.

`refresh` is what the running bot does in small transactions; `settle` is the nightly comparison with the log. Both give the
same rows however often they are called.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, case, delete, distinct, func, insert, select, text, update

from bot.core.conversation import ANSWER_WITHIN_MS, Said, Talk, read_day, responses
from storage import tables as t
from storage.bulk import BulkInsert
from storage.copies import no_copy
from storage.persons import heads, unmoved, who

"""`message.flags` of what a second account saw: counted once already."""
_LINKS = BulkInsert(t.reply_day, ("chat_id", "day", "member_id", "to_id", "replies", "mentions"))
_QUESTIONS = BulkInsert(
    t.question, ("chat_id", "day", "message_id", "member_id", "asked_at", "answered_by", "answer_ms")
)
_MARKS = BulkInsert(t.stale_day, ("chat_id", "day"), key=("chat_id", "day"), conflict="nothing")
_FROM_THE_LOG = ("post_replies", "questions", "answered", "logged")


@dataclass(frozen=True, slots=True)
class Day:
    """A group's day with its bounds in ms: which moments it holds is the group's calendar."""

    chat_id: int
    day: str
    from_at: int
    to_at: int


LIVES = ""
"""The day of the mark that stands for `member_life` of a whole group."""


def stale(connection: Connection, limit: int, chat: int | None = None) -> Sequence[tuple[int, str]]:
    """(chat, day) of what waits to be counted, the oldest days first and `LIVES` behind them; of one group or of all."""
    day = t.stale_day.c.day
    query = select(t.stale_day.c.chat_id, day).order_by(case((day == LIVES, 1), else_=0), day, t.stale_day.c.chat_id)
    query = query if chat is None else query.where(t.stale_day.c.chat_id == chat)
    return [(row.chat_id, row.day) for row in connection.execute(query.limit(limit))]


def expect(connection: Connection, days: Sequence[tuple[int, str]]) -> None:
    """Marks those of `days` (chat, day) that were never counted: a silent day is a day, too."""
    s = t.day_stat.c
    names = {day for _, day in days}
    known = {(row.chat_id, row.day) for row in connection.execute(select(s.chat_id, s.day).where(s.day.in_(names)))}
    _MARKS.run(connection, [list(each) for each in days if each not in known])


def unsettled(connection: Connection, over_at: int) -> Day | None:
    """The oldest day that ended before `over_at` and was never compared with the log."""
    s = t.day_stat.c
    query = select(s.chat_id, s.day, s.from_at, s.to_at).where(text("is_settled = 0"), s.to_at <= over_at)
    row = connection.execute(query.order_by(s.day, s.chat_id).limit(1)).first()
    return Day(*row) if row is not None else None


def bots(connection: Connection) -> frozenset[int]:
    """Member ids that are no people: the accounts themselves, and what the network calls a bot."""
    m = t.member.c
    called = select(m.id).where(text("is_bot = 1"))
    accounts = select(m.id).where(m.uid.in_(select(t.account.c.uid)))
    query = called.union(accounts)
    return frozenset(connection.execute(query).scalars())


def refresh(connection: Connection, day: Day, *, has_changed: bool = True) -> None:
    """Counts the group's day again and takes its mark away, in the caller's transaction. `has_changed`: since the last time."""
    machines = bots(connection)
    s = t.day_stat
    here = (s.c.chat_id == day.chat_id, s.c.day == day.day)
    before = connection.execute(select(s).where(*here)).mappings().one_or_none()
    values = _people(connection, day, machines) | _events(connection, day)
    said = _said(connection, day)
    logged = sum(message.at_ms < day.to_at for message in said)
    if before is None or logged >= min(values["msgs"], before["logged"]):
        values |= _talk(connection, day, said, machines) | {"logged": logged}
    else:
        values |= {name: before[name] for name in _FROM_THE_LOG}
    if has_changed:
        _live(connection, day)
    connection.execute(delete(s).where(*here))
    row = {"chat_id": day.chat_id, "day": day.day, "from_at": day.from_at, "to_at": day.to_at, **values}
    connection.execute(insert(s).values(row))
    gone = (t.stale_day.c.chat_id == day.chat_id, t.stale_day.c.day == day.day)
    connection.execute(delete(t.stale_day).where(*gone))


def settle(connection: Connection, day: Day) -> list[str]:
    """Compares a day that is over with the log, counts it again and marks it settled; what differed, each as one sentence.

    A day whose log was cut can't be compared and is settled as it is.
    """
    d, m = t.member_day, t.message
    rolled = {
        row.member_id: row.msgs
        for row in connection.execute(
            select(d.c.member_id, d.c.msgs).where(d.c.chat_id == day.chat_id, d.c.day == day.day, d.c.msgs > 0)
        )
    }
    in_log = {
        row.member_id: row.n
        for row in connection.execute(
            select(m.c.member_id, func.count().label("n"))
            .where(*_of_the_day(day), m.c.member_id.is_not(None))
            .group_by(m.c.member_id)
        )
    }
    differences = []
    if not _is_cut(connection, day):
        differences = [
            f"member {who}: the rollup says {rolled.get(who, 0)} messages, the log {in_log.get(who, 0)}"
            for who in sorted(rolled.keys() | in_log.keys())
            if rolled.get(who, 0) != in_log.get(who, 0)
        ]
    s = t.day_stat
    here = (s.c.chat_id == day.chat_id, s.c.day == day.day)
    is_stale = select(t.stale_day.c.day).where(t.stale_day.c.chat_id == day.chat_id, t.stale_day.c.day == day.day)
    pending = connection.execute(is_stale).first() is not None
    before = connection.execute(select(s).where(*here)).mappings().one()
    refresh(connection, day, has_changed=pending)
    after = connection.execute(select(s).where(*here)).mappings().one()
    if not pending:
        # Answers may come when the day is over: that is no difference.
        exact = set(s.columns.keys()) - {"is_settled", "answered", "members", "post_replies"}
        differences += [
            f"{name}: counted as {before[name]}, now {after[name]}"
            for name in sorted(exact)
            if before[name] != after[name]
        ]
    connection.execute(update(s).where(*here).values(is_settled=1))
    return differences


def is_newest_settled(connection: Connection, day: Day) -> bool:
    """Whether no later day of the group is settled: standings are written forward only."""
    s = t.day_stat.c
    later = select(s.day).where(s.chat_id == day.chat_id, s.day > day.day, s.is_settled == 1).limit(1)
    return connection.execute(later).first() is None


def record_differences(connection: Connection, day: Day, differences: Sequence[str], at: int) -> None:
    """The alarm in the audit log."""
    detail = json.dumps({"day": day.day, "differences": list(differences)[:50]}, ensure_ascii=False)
    row = {"actor": "rollups", "action": "rollup.difference", "target": str(day.chat_id), "detail": detail, "at": at}
    connection.execute(insert(t.audit).values(row))


def rebuild_lives(connection: Connection, chat_id: int) -> None:
    """`member_life` of a whole group from its days; takes the mark away."""
    d, life, machines = t.member_day, t.member_life, bots(connection)
    connection.execute(delete(t.stale_day).where(t.stale_day.c.chat_id == chat_id, t.stale_day.c.day == LIVES))
    connection.execute(delete(life).where(life.c.chat_id == chat_id))
    newest = (
        select(d.c.member_id, func.max(d.c.day).label("last"))
        .where(d.c.chat_id == chat_id)
        .group_by(d.c.member_id)
        .subquery()
    )
    lived = (
        select(
            d.c.chat_id,
            d.c.member_id,
            func.min(d.c.day),
            func.max(d.c.day),
            func.count(),
            func.sum(d.c.msgs),
            func.sum(case((d.c.day == newest.c.last, d.c.msgs), else_=0)),
            func.max(d.c.last_at),
        )
        .join(newest, newest.c.member_id == d.c.member_id)
        .where(d.c.chat_id == chat_id, d.c.member_id.not_in(machines))
        .group_by(d.c.chat_id, d.c.member_id)
    )
    names = ["chat_id", "member_id", "first_day", "last_day", "days", "msgs", "last_msgs", "last_at"]
    connection.execute(insert(life).from_select(names, lived))


# -- inside -------------------------------------------------------------------------------------------------------------


def _people(connection: Connection, day: Day, machines: frozenset[int]) -> dict[str, int]:
    d, ms = t.member_day.c, t.membership.c
    here = (d.chat_id == day.chat_id, d.day == day.day, d.member_id.not_in(machines))
    sums = ("msgs", "chars", "replies", "checkins", "quiz", "chain", "helped")
    doers = ("checkins", "quiz", "chain")
    person = who(connection, d.member_id)
    row = connection.execute(
        select(
            func.count(distinct(person)),
            *(func.coalesce(func.sum(d[name]), 0) for name in sums),
            *(func.count(distinct(case((d[name] > 0, person)))) for name in doers),
        ).where(*here)
    ).one()
    names = ("active", *sums, "checkin_members", "quiz_members", "chain_members")
    members = connection.execute(
        select(func.count(distinct(who(connection, ms.member_id)))).where(
            ms.chat_id == day.chat_id,
            ms.member_id.not_in(machines),
            (ms.joined_at.is_(None)) | (ms.joined_at < day.to_at),
            (ms.left_at.is_(None)) | (ms.left_at >= day.to_at),
        )
    ).scalar()
    return {**{name: int(value) for name, value in zip(names, row, strict=True)}, "members": members or 0}


def _events(connection: Connection, day: Day) -> dict[str, int]:
    e, n = t.event.c, t.note.c
    moved = (
        select(e.kind, func.count().label("n"))
        .where(e.chat_id == day.chat_id, e.at >= day.from_at, e.at < day.to_at)
        .where(e.kind.in_(("MemberJoined", "MemberLeft")), e.is_copy == 0)
        .where(e.id.not_in(unmoved(connection, day.chat_id)))
        .group_by(e.kind)
    )
    counted = {row.kind: row.n for row in connection.execute(moved)}
    posts = select(func.count()).where(
        n.chat_id == day.chat_id, n.what == "post", n.at >= day.from_at, n.at < day.to_at
    )
    return {
        "joins": counted.get("MemberJoined", 0),
        "leaves": counted.get("MemberLeft", 0),
        "posts": connection.execute(posts).scalar() or 0,
    }


def _of_the_day(day: Day, later_ms: int = 0) -> tuple[Any, ...]:
    m = t.message.c
    return (
        m.chat_id == day.chat_id,
        m.sent_at >= day.from_at,
        m.sent_at < day.to_at + later_ms,
        no_copy(),
    )


def _said(connection: Connection, day: Day) -> list[Said]:
    m = t.message.c
    query = select(m.id, m.member_id, m.sent_at, m.text, m.platform_id, m.reply_to, m.mentions)
    query = query.where(*_of_the_day(day, ANSWER_WITHIN_MS), m.member_id.is_not(None)).order_by(m.sent_at, m.id)
    rows = connection.execute(query).all()
    named = {uid for row in rows if row.mentions for uid in json.loads(row.mentions)}
    found = select(t.member.c.uid, t.member.c.id).where(t.member.c.uid.in_(named))
    ids = {row.uid: row.id for row in connection.execute(found)} if named else {}
    return [
        Said(
            row.id, row.member_id, row.sent_at, row.text, row.platform_id, row.reply_to,
            tuple(ids[uid] for uid in json.loads(row.mentions) if uid in ids) if row.mentions else (),
        )
        for row in rows
    ]  # fmt: skip


def _talk(connection: Connection, day: Day, said: Sequence[Said], machines: frozenset[int]) -> dict[str, int]:
    persons = heads(connection)
    talk: Talk = read_day(said, day.to_at, machines, persons)
    for table in (t.reply_day, t.question):
        connection.execute(delete(table).where(table.c.chat_id == day.chat_id, table.c.day == day.day))
    _LINKS.run(connection, [[day.chat_id, day.day, *pair, *counts] for pair, counts in talk.links.items()])
    _QUESTIONS.run(
        connection,
        [[day.chat_id, day.day, q.message, q.member, q.at_ms, q.answered_by, q.answer_ms] for q in talk.questions],
    )
    n = t.note.c
    posts = select(n.at).where(n.chat_id == day.chat_id, n.what == "post", n.at >= day.from_at, n.at < day.to_at)
    return {
        "questions": len(talk.questions),
        "answered": sum(q.answered_by is not None for q in talk.questions),
        "post_replies": sum(responses(connection.execute(posts).scalars().all(), said, machines, persons).values()),
    }


_LIVE = text(
    "INSERT INTO member_life (chat_id, member_id, first_day, last_day, days, msgs, last_msgs, last_at)"
    " SELECT d.chat_id, d.member_id, d.day, d.day, 1, d.msgs, d.msgs, d.last_at FROM member_day d"
    " WHERE d.chat_id = :chat AND d.day = :day AND d.member_id NOT IN"
    " (SELECT id FROM member WHERE is_bot = 1 UNION SELECT p.id FROM member p JOIN account a ON a.uid = p.uid)"
    " ON CONFLICT (chat_id, member_id) DO UPDATE SET"
    " days = member_life.days + CASE WHEN excluded.last_day > member_life.last_day THEN 1 ELSE 0 END,"
    " msgs = member_life.msgs + excluded.last_msgs"
    " - CASE WHEN excluded.last_day = member_life.last_day THEN member_life.last_msgs ELSE 0 END,"
    " last_msgs = excluded.last_msgs, last_day = excluded.last_day,"
    " last_at = coalesce(excluded.last_at, member_life.last_at)"
)


def _live(connection: Connection, day: Day) -> None:
    """The day's people live a day longer. A day before the newest that was counted leaves the group to `rebuild_lives`: once for
    however many such days."""
    life = t.member_life.c
    newest = connection.execute(select(func.max(life.last_day)).where(life.chat_id == day.chat_id)).scalar()
    if newest is None or newest > day.day:
        _MARKS.run(connection, [[day.chat_id, LIVES]])
    else:
        connection.execute(_LIVE, {"chat": day.chat_id, "day": day.day})


def _is_cut(connection: Connection, day: Day) -> bool:
    """Whether retention took messages of the day."""
    a = t.audit.c
    cuts = select(a.detail).where(a.action == "retention", a.target == str(day.chat_id)).order_by(a.id.desc())
    for detail in connection.execute(cuts.limit(20)).scalars():
        cut = json.loads(detail)
        if cut["table"] == "message":
            return bool(cut["before"] > day.from_at)
    return False
