"""Forgetting on schedule: the log is cut per group, the daily rollup and the ledger stay.

Deletes go in chunks of at most 500 rows, each its own transaction, so that the writer is never blocked for long: the
caller (the running bot, or the command line when it is stopped) decides what happens between them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, delete, func, insert, select

from storage import search_index
from storage import tables as t

CHUNK = 500
DEFAULT_DAYS = 180
TRACE_DAYS = 30
"""Traces, dead events and raw frames serve the operator's questions of the last weeks, whatever the group keeps."""

# What belongs to a group, by the moment that ages it. What is still waiting to be sent is never cut.
_OF_A_CHAT: tuple[tuple[Table, Column[int]], ...] = (
    (t.message, t.message.c.sent_at),
    (t.event, t.event.c.at),
    (t.outbox, t.outbox.c.created_at),
)
_OF_ALL: tuple[tuple[Table, Column[int]], ...] = (
    (t.trace, t.trace.c.at),
    (t.dead_event, t.dead_event.c.at),
    (t.raw_frame, t.raw_frame.c.at),
)


@dataclass(frozen=True, slots=True)
class Cut:
    """One step of the work: everything of `table` older than `before` (ms); `chat_id` None concerns all groups."""

    table: Table
    chat_id: int | None
    before: int


def plan(connection: Connection, now: datetime, days: Mapping[str, int], default_days: int = DEFAULT_DAYS) -> list[Cut]:
    """What to cut. `days`: chat uid → days kept there; 0 keeps everything."""
    cuts = [Cut(table, None, _ms(now, TRACE_DAYS)) for table, _ in _OF_ALL]
    for chat in connection.execute(select(t.chat.c.id, t.chat.c.uid).order_by(t.chat.c.id)):
        kept = days.get(chat.uid, default_days)
        if kept > 0:
            cuts += [Cut(table, chat.id, _ms(now, kept)) for table, _ in _OF_A_CHAT]
    return cuts


def delete_chunk(connection: Connection, cut: Cut) -> int:
    """Deletes at most `CHUNK` of the oldest rows; how many. Fewer than `CHUNK` means the cut is done."""
    old = select(cut.table.c.id).where(_is_old(cut)).order_by(_age(cut.table)).limit(CHUNK)
    ids = connection.execute(old).scalars().all()
    if ids:
        if cut.table is t.message:
            search_index.forget(connection, ids)
        connection.execute(delete(cut.table).where(cut.table.c.id.in_(ids)))
    return len(ids)


def record(connection: Connection, cut: Cut, deleted: int, now: datetime) -> None:
    """Says in the audit log what is gone: the invariants ask before they miss it."""
    target = "*" if cut.chat_id is None else str(cut.chat_id)
    detail = json.dumps({"table": cut.table.name, "before": cut.before, "deleted": deleted})
    row = {"actor": "retention", "action": "retention", "target": target, "detail": detail, "at": _ms(now, 0)}
    connection.execute(insert(t.audit).values(row))


def count(connection: Connection, cut: Cut) -> int:
    """How many rows the cut would delete."""
    return connection.execute(select(func.count()).select_from(cut.table).where(_is_old(cut))).scalar() or 0


def run(
    begin: Callable[[], AbstractContextManager[Connection]], cuts: list[Cut], now: datetime
) -> Iterator[tuple[Cut, int]]:
    """Does all of `cuts`, one transaction a chunk, and yields (cut, rows deleted just now) after each."""
    for cut in cuts:
        total = 0
        while True:
            with begin() as connection:
                deleted = delete_chunk(connection, cut)
                total += deleted
                if deleted < CHUNK and total:
                    record(connection, cut, total, now)
            yield cut, deleted
            if deleted < CHUNK:
                break


def _is_old(cut: Cut) -> ColumnElement[bool]:
    old = _age(cut.table) < cut.before
    if cut.chat_id is not None:
        old = and_(cut.table.c.chat_id == cut.chat_id, old)
    if cut.table is t.outbox:
        old = and_(old, t.outbox.c.settled_at.is_not(None))
    return old


def _age(table: Table) -> Column[int]:
    return dict(_OF_A_CHAT + _OF_ALL)[table]


def _ms(now: datetime, days: int) -> int:
    return int((now - timedelta(days=days)).timestamp() * 1000)
