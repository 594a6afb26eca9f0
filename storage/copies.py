"""What a second account of ours heard, too: logged and marked as a copy, so that nothing counts twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select, update

from storage import search_index
from storage import tables as t
from storage.tables import COPY


class Heard(NamedTuple):
    """Rows of `message` (with `chat_uid` and `member_uid`) and of `event` (with `member_uid`), each in order of time."""

    messages: Sequence[Any]
    events: Sequence[Any]


def no_copy() -> ColumnElement[bool]:
    """Of messages: not what a second account heard, too."""
    return t.message.c.flags.op("&")(COPY) == 0


def take_over(connection: Connection, chat_id: int, old: int, new: int) -> Heard:
    """What account `new` heard in the chat after the last that `old` heard there is a copy no longer."""
    m, e = t.message.c, t.event.c
    last_said = select(func.max(m.sent_at)).where(m.chat_id == chat_id, m.account_id == old)
    last_event = select(func.max(e.at)).where(e.chat_id == chat_id, e.account_id == old)
    since = max(connection.execute(query).scalar() or 0 for query in (last_said, last_event))
    said = (m.chat_id == chat_id, m.sent_at > since, m.account_id == new, m.flags.op("&")(COPY) != 0)
    happened = (e.chat_id == chat_id, e.at > since, e.account_id == new, e.is_copy == 1)
    messages = connection.execute(
        select(t.message, t.chat.c.uid.label("chat_uid"), t.member.c.uid.label("member_uid"))
        .join(t.chat, t.chat.c.id == m.chat_id)
        .outerjoin(t.member, t.member.c.id == m.member_id)
        .where(*said)
        .order_by(m.sent_at, m.id)
    ).all()
    events = connection.execute(
        select(t.event, t.member.c.uid.label("member_uid"))
        .outerjoin(t.member, t.member.c.id == e.member_id)
        .where(*happened)
        .order_by(e.at, e.id)
    ).all()
    connection.execute(update(t.message).where(*said).values(flags=m.flags - COPY))
    search_index.add(connection, [row.id for row in messages])
    connection.execute(update(t.event).where(*happened).values(is_copy=0))
    return Heard(messages, events)
