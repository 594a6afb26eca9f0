"""Sends that a person does for the bot, and the questions that ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, select, update

from storage import tables as t

KEY = "@relay:"
"""How the key of such a question begins; no play's key does."""


def waiting(connection: Connection) -> Sequence[Any]:
    """(chat, since) of every chat with relayed sends that nobody was asked for yet: when the first of them may go."""
    o = t.outbox.c
    query = select(t.chat.c.uid.label("chat"), func.min(o.not_before).label("since"))
    query = query.join_from(t.outbox, t.chat, t.chat.c.id == o.chat_id).group_by(t.chat.c.uid)
    return connection.execute(query.where(o.status == "relayed", _unasked())).all()


def unasked(connection: Connection, chat_id: int, now: int) -> Sequence[Any]:
    """The relayed sends of a chat that may go now and that nobody was asked for yet, in order."""
    o = t.outbox.c
    return connection.execute(_sends().where(o.chat_id == chat_id, o.not_before <= now, _unasked())).all()


def asked_in(connection: Connection, task_id: int) -> Sequence[Any]:
    """The sends that a question asks for, as far as they are open."""
    query = _sends().join(t.relay, t.relay.c.outbox_id == t.outbox.c.id)
    return connection.execute(query.where(t.relay.c.task_id == task_id)).all()


def attach(connection: Connection, task_id: int, rows: Sequence[int]) -> None:
    connection.execute(insert(t.relay), [{"outbox_id": row_id, "task_id": task_id} for row_id in rows])


def detach(connection: Connection, row_id: int) -> bool:
    """Takes a send out of its question; whether it was in one."""
    return bool(connection.execute(delete(t.relay).where(t.relay.c.outbox_id == row_id)).rowcount)


def turn(connection: Connection, row_id: int, status: str, expires_at: int | None) -> None:
    """Gives an open send to a person (`relayed`) or to the account (`ready`)."""
    o = t.outbox
    connection.execute(update(o).where(o.c.id == row_id).values(status=status, expires_at=expires_at))


def open_tasks(connection: Connection) -> Sequence[Any]:
    """(id, run_id, key, chat, expires_at) of the questions that are open, oldest first."""
    k = t.task.c
    query = select(k.id, k.run_id, k.key, t.chat.c.uid.label("chat"), k.expires_at)
    query = query.join_from(t.task, t.chat, t.chat.c.id == k.chat_id)
    return connection.execute(query.where(k.status == "open", k.key.startswith(KEY)).order_by(k.id)).all()


def _unasked() -> ColumnElement[bool]:
    return t.outbox.c.id.not_in(select(t.relay.c.outbox_id))


def _sends() -> Select[Any]:
    o = t.outbox.c
    query = select(
        o.id, o.run_id, o.lane, o.kind, o.body, o.effect_key, o.not_before, o.expires_at, o.attempts,
        t.account.c.uid.label("account"), t.run.c.ref,
    )  # fmt: skip
    query = query.join_from(t.outbox, t.account, t.account.c.id == o.account_id)
    query = query.join(t.run, t.run.c.id == o.run_id, isouter=True)
    return query.where(o.status == "relayed").order_by(o.id)
