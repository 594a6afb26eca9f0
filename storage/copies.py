"""What a second account of ours heard, too: logged and marked as a copy, so that nothing counts twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, exists, func, select, update

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
    """What account `new` heard in the chat after the last that `old` heard there is a copy no longer.

    Networks tell the time in seconds: of the very second of that last one only what `old` did not hear, too.
    """
    m, e = t.message.c, t.event.c
    last_said = select(func.max(m.sent_at)).where(m.chat_id == chat_id, m.account_id == old)
    last_event = select(func.max(e.at)).where(e.chat_id == chat_id, e.account_id == old)
    since = max(connection.execute(query).scalar() or 0 for query in (last_said, last_event))
    olds, olde = t.message.alias(), t.event.alias()
    is_known = exists().where(
        olds.c.chat_id == chat_id, olds.c.account_id == old, olds.c.sent_at == m.sent_at,
        olds.c.member_id == m.member_id, olds.c.text == m.text,
    )  # fmt: skip
    has_happened = exists().where(
        olde.c.chat_id == chat_id, olde.c.account_id == old, olde.c.at == e.at, olde.c.member_id == e.member_id,
        olde.c.kind == e.kind,
    )  # fmt: skip
    messages = connection.execute(
        select(t.message, t.chat.c.uid.label("chat_uid"), t.member.c.uid.label("member_uid"))
        .join(t.chat, t.chat.c.id == m.chat_id)
        .outerjoin(t.member, t.member.c.id == m.member_id)
        .where(m.chat_id == chat_id, m.sent_at >= since, m.account_id == new, ~no_copy(), ~is_known)
        .order_by(m.sent_at, m.id)
    ).all()
    events = connection.execute(
        select(t.event, t.member.c.uid.label("member_uid"))
        .outerjoin(t.member, t.member.c.id == e.member_id)
        .where(e.chat_id == chat_id, e.at >= since, e.account_id == new, e.is_copy == 1, ~has_happened)
        .order_by(e.at, e.id)
    ).all()
    _count_again(connection, t.message, [row.id for row in messages], {"flags": m.flags - COPY})
    _count_again(connection, t.event, [row.id for row in events], {"is_copy": 0})
    search_index.add(connection, [row.id for row in messages])
    return Heard(messages, events)


def _count_again(connection: Connection, table: Table, ids: Sequence[int], values: dict[str, Any]) -> None:
    for start in range(0, len(ids), 500):
        connection.execute(update(table).where(table.c.id.in_(ids[start : start + 500])).values(**values))
