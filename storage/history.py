"""Statements for imported histories: what the log already has around a moment, and the rollup in any order of time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, func, select, text

from storage import tables as t
from storage.bulk import BulkInsert, rows_source

IMPORTED = 32
"""The bit of `message.flags`."""

_DAY_COUNTS = ("msgs", "counted", "chars", "replies")
_MEMBER_DAYS = BulkInsert(
    t.member_day,
    ("chat_id", "day", "member_id", *_DAY_COUNTS, "last_at"),
    key=("chat_id", "day", "member_id"),
    conflict=", ".join(f"{c} = member_day.{c} + excluded.{c}" for c in _DAY_COUNTS)
    + ", last_at = CASE WHEN member_day.last_at > excluded.last_at THEN member_day.last_at ELSE excluded.last_at END",
)
_STALE = BulkInsert(t.stale_day, ("chat_id", "day"), key=("chat_id", "day"), conflict="nothing")
_AUDIT = BulkInsert(t.audit, ("actor", "action", "target", "detail", "at"))


def near(connection: Connection, chat_id: int, spans: Sequence[tuple[int, int]]) -> Sequence[Any]:
    """(sent_at, member_id, uid, name, nick, text, platform_id) of the group's messages in `spans` (ms, end excluded)."""
    picks = "CAST(r.value ->> 0 AS bigint) AS a, CAST(r.value ->> 1 AS bigint) AS b"
    source = rows_source(connection.dialect.name)
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    sql = (
        f"SELECT m.sent_at, m.member_id, p.uid, ms.name, p.name AS nick, m.text, m.platform_id"
        f" FROM (SELECT {picks} FROM {source}) k"
        f" {'CROSS JOIN' if mark == '?' else 'JOIN'} message m ON m.sent_at >= k.a AND m.sent_at < k.b"
        f" AND m.chat_id = {mark} AND m.flags & 16 = 0"
        " LEFT JOIN member p ON p.id = m.member_id"
        " LEFT JOIN membership ms ON ms.chat_id = m.chat_id AND ms.member_id = m.member_id"
    )
    return connection.exec_driver_sql(sql, (orjson.dumps(spans).decode(), chat_id)).all()


def count_days(connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
    """Adds (chat, day, member, msgs, counted, chars, replies, last_at) to the rollup; the days wait to be counted anew."""
    _MEMBER_DAYS.run(connection, rows)
    _STALE.run(connection, sorted({(row[0], row[1]) for row in rows}))


def cut_before(connection: Connection, chat_id: int) -> int:
    """Retention has taken the group's messages before this moment (ms); 0: none."""
    a = t.audit.c
    query = select(a.detail).where(a.action == "retention", a.target == str(chat_id), a.detail.like('%"message"%'))
    return max((int(json.loads(detail)["before"]) for detail in connection.execute(query).scalars()), default=0)


def counted_days(connection: Connection, chat_id: int, first: str, last: str) -> set[str]:
    """Days from `first` to `last` that the rollup has messages of."""
    d = t.member_day.c
    query = select(d.day).where(d.chat_id == chat_id, d.day >= first, d.day <= last, d.msgs > 0).distinct()
    return set(connection.execute(query).scalars())


def is_logged(connection: Connection, chat_id: int, since_ms: int, until_ms: int) -> bool:
    m = t.message.c
    query = select(m.id).where(m.chat_id == chat_id, m.sent_at >= since_ms, m.sent_at < until_ms).limit(1)
    return connection.execute(query).first() is not None


def mark_bots(connection: Connection) -> None:
    """Members who are accounts of this bot are bots: an export holds what it said, too."""
    connection.execute(text("UPDATE member SET is_bot = 1 WHERE is_bot = 0 AND uid IN (SELECT uid FROM account)"))


def name_group(connection: Connection, chat: str, name: str) -> None:
    """A group that is known from an export alone is called what the export calls it."""
    c = t.chat.c
    connection.execute(t.chat.update().where(c.uid == chat, c.name == "").values(name=name))


def open_gaps(connection: Connection) -> None:
    """A process that ended without a word left no gap; the next start finds it from the newest row of the log. What is
    imported meanwhile would be newer: the gaps begin here instead."""
    newest = connection.execute(
        select(t.message.c.received_at, t.message.c.flags).order_by(t.message.c.id.desc()).limit(1)
    ).one_or_none()
    if newest is None or newest.flags & IMPORTED:
        return
    open_ones = select(t.gap.c.account_id).where(t.gap.c.status == "open", t.gap.c.chat_id.is_(None))
    accounts = select(t.chat.c.primary_account_id).where(
        t.chat.c.primary_account_id.is_not(None), t.chat.c.primary_account_id.not_in(open_ones)
    )
    rows = [
        {"account_id": account, "from_at": newest.received_at, "to_at": newest.received_at, "status": "open"}
        for account in connection.execute(accounts.distinct()).scalars()
    ]
    if rows:
        connection.execute(t.gap.insert(), rows)


def record(connection: Connection, actor: str, chat: str, detail: dict[str, Any], at_ms: int) -> None:
    """Says in the audit log what was imported."""
    _AUDIT.run(connection, [[actor, "import", chat, json.dumps(detail, ensure_ascii=False), at_ms]])


def imported_span(connection: Connection, chat_id: int) -> tuple[int, int] | None:
    """The first and last moment (ms) of what was imported into the group and is still in the log."""
    m = t.message.c
    row = connection.execute(
        select(func.min(m.sent_at), func.max(m.sent_at)).where(m.chat_id == chat_id, m.flags.op("&")(IMPORTED) != 0)
    ).one()
    return (int(row[0]), int(row[1])) if row[0] is not None else None
