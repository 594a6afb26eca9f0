"""What reports ask of the store beyond the metrics: people, hours, open questions and agreed actions of one group."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Integer, cast, func, select

from storage import tables as t
from storage.copies import no_copy
from storage.history import IMPORTED
from storage.persons import by_person

ACTION, ACTION_DONE = "action", "action_done"
"""Notes of the play `report`: what operators agreed to do, and that it is done."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    uid: str
    name: str
    msgs: int
    days: int
    replies: int
    checkins: int
    helped: int


@dataclass(frozen=True, slots=True)
class QuestionRow:
    asked_at: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """`done_at` None: still open."""

    number: int
    text: str
    by: str
    at: int
    done_at: int | None


def group_by_id(connection: Connection, chat: int) -> Any:
    """(id, uid, name, size), None when there is none."""
    c = t.chat.c
    return connection.execute(select(c.id, c.uid, c.name, c.size).where(c.id == chat)).one_or_none()


def span(connection: Connection, chat: int) -> tuple[str, str] | None:
    """The first and the last day with a message."""
    d = t.member_day.c
    row = connection.execute(select(func.min(d.day), func.max(d.day)).where(d.chat_id == chat, d.msgs > 0)).one()
    return (row[0], row[1]) if row[0] else None


def waits(connection: Connection, chat: int) -> bool:
    """Whether any day of the group waits to be counted."""
    query = select(t.stale_day.c.day).where(t.stale_day.c.chat_id == chat).limit(1)
    return connection.execute(query).first() is not None


def stale_days(connection: Connection, chat: int, first: str, last: str) -> int:
    """Days of the span that changed since they were counted."""
    s = t.stale_day.c
    query = select(func.count()).where(s.chat_id == chat, s.day >= first, s.day <= last)
    return connection.execute(query).scalar() or 0


def has_imported(connection: Connection, chat: int, from_at: int, to_at: int) -> bool:
    """Whether messages of the span came from an export and are still in the log."""
    m = t.message.c
    query = select(m.id).where(m.chat_id == chat, m.sent_at >= from_at, m.sent_at < to_at)
    return connection.execute(query.where(m.flags.op("&")(IMPORTED) != 0).limit(1)).first() is not None


def by_hour(connection: Connection, chat: int, from_at: int, to_at: int) -> Sequence[Any]:
    """(hour since 1970, messages of people) of the span, as far as the log goes."""
    m, p = t.message.c, t.member.c
    hour = cast(func.floor(m.sent_at / 3_600_000), Integer).label("hour")
    query = (
        select(hour, func.count())
        .select_from(t.message.join(t.member, p.id == m.member_id))
        .where(m.chat_id == chat, m.sent_at >= from_at, m.sent_at < to_at, no_copy(), p.is_bot == 0)
        .group_by(hour)
        .order_by(hour)
    )
    return connection.execute(query).all()


def people(connection: Connection, chat: int, first: str, last: str, limit: int) -> list[PersonRow]:
    """Who spoke most in the days, by messages and then uid; bots are not people."""
    days, memberships = by_person(connection, t.member_day, chat), by_person(connection, t.membership, chat)
    d, p, ms = days.c, t.member.c, memberships.c
    name = func.coalesce(func.nullif(func.max(ms.name), ""), func.max(p.name), "").label("name")
    msgs = func.sum(d.msgs)
    query = (
        select(
            p.uid, name, msgs.label("msgs"), func.count(d.day).label("days"), func.sum(d.replies).label("replies"),
            func.sum(d.checkins).label("checkins"), func.sum(d.helped).label("helped"),
        )
        .select_from(
            days.join(t.member, p.id == d.member_id).join(
                memberships, (ms.chat_id == d.chat_id) & (ms.member_id == d.member_id), isouter=True
            )
        )
        .where(d.chat_id == chat, d.day >= first, d.day <= last, d.msgs > 0, p.is_bot == 0)
        .where(p.uid.not_in(select(t.account.c.uid)))
        .group_by(p.uid)
        .order_by(msgs.desc(), p.uid)
        .limit(limit)
    )  # fmt: skip
    return [
        PersonRow(r.uid, r.name, int(r.msgs), int(r.days), int(r.replies), int(r.checkins), int(r.helped))
        for r in connection.execute(query)
    ]


def unanswered(connection: Connection, chat: int, first: str, last: str, limit: int) -> list[QuestionRow]:
    """Questions that nobody answered, the newest first, as far as the log goes."""
    q, m, p, ms = t.question.c, t.message.c, t.member.c, t.membership.c
    name = func.coalesce(func.nullif(ms.name, ""), p.name, "").label("name")
    query = (
        select(q.asked_at, name, m.text)
        .select_from(
            t.question.join(t.message, m.id == q.message_id)
            .join(t.member, p.id == q.member_id)
            .join(t.membership, (ms.chat_id == q.chat_id) & (ms.member_id == q.member_id), isouter=True)
        )
        .where(q.chat_id == chat, q.day >= first, q.day <= last, q.answered_by.is_(None), m.recalled_at.is_(None))
        .order_by(q.asked_at.desc(), q.message_id.desc())
        .limit(limit)
    )
    return [QuestionRow(r.asked_at, r.name, r.text) for r in connection.execute(query)]


def actions(connection: Connection, chat: int, until: int) -> list[ActionRow]:
    """What was agreed before `until` (ms), in order, with what was done of it by then. `by` is a name."""
    n = t.note.c
    query = select(n.run_id, n.what, n.key, n.data, n.at).where(
        n.chat_id == chat, n.what.in_((ACTION, ACTION_DONE)), n.at < until
    )
    rows = list(connection.execute(query.order_by(n.at, n.id)))
    done = {(row.run_id, row.key): row.at for row in rows if row.what == ACTION_DONE}
    agreed = [(row, json.loads(row.data)) for row in rows if row.what == ACTION]
    names = _names(connection, chat, {str(data.get("by", "")) for _, data in agreed})
    return [
        ActionRow(
            int(data["number"]),
            data["text"],
            names.get(data.get("by", ""), ""),
            row.at,
            done.get((row.run_id, row.key)),
        )
        for row, data in agreed
    ]


def _names(connection: Connection, chat: int, uids: set[str]) -> dict[str, str]:
    """uid → the name that the group knows."""
    p, ms = t.member.c, t.membership.c
    here = (ms.chat_id == chat) & (ms.member_id == p.id)
    query = select(p.uid, func.coalesce(func.nullif(ms.name, ""), p.name, "").label("name"))
    rows = connection.execute(query.select_from(t.member.join(t.membership, here, isouter=True)).where(p.uid.in_(uids)))
    return {row.uid: row.name for row in rows}
