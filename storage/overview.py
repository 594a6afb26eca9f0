"""What the console's first page shows: what runs, fires next and waits. Each from an index or a small table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import tables as t


async def running(session: AsyncSession) -> Sequence[Any]:
    """(chat, ref, kind) of every open run."""
    query = select(t.chat.c.uid.label("chat"), t.run.c.ref, t.run.c.kind).join_from(
        t.run, t.chat, t.chat.c.id == t.run.c.chat_id
    )
    return (await session.execute(query.where(t.run.c.status == "open"))).all()


async def kinds(session: AsyncSession) -> Sequence[Any]:
    """(kind, n) of the open runs."""
    query = select(t.run.c.kind, func.count().label("n")).where(t.run.c.status == "open").group_by(t.run.c.kind)
    return (await session.execute(query)).all()


async def next_firings(session: AsyncSession, *, limit: int) -> list[Any]:
    """(at, name, ref, kind, chat, chat_name) of what is due next: schedules and the timers of runs, soonest first."""
    found: list[Any] = []
    for at, name, run_id, is_on in (
        (t.schedule.c.next_at, t.schedule.c.name, t.schedule.c.run_id, t.schedule.c.is_paused == 0),
        (t.timer.c.due_at, t.timer.c.name, t.timer.c.run_id, None),
    ):
        query = (
            select(
                at.label("at"), name, t.run.c.ref, t.run.c.kind, t.chat.c.uid.label("chat"),
                t.chat.c.name.label("chat_name"),
            )
            .join_from(at.table, t.run, t.run.c.id == run_id)
            .join(t.chat, t.chat.c.id == t.run.c.chat_id)
            .where(at.is_not(None), t.run.c.status == "open")
            .order_by(at)
            .limit(limit)
        )  # fmt: skip
        found += (await session.execute(query if is_on is None else query.where(is_on))).all()
    return sorted(found, key=lambda row: row.at)[:limit]


async def waiting(session: AsyncSession, *, limit: int) -> Sequence[Any]:
    """Open questions with their group, play and member: those that expire first, then the oldest."""
    k = t.task
    shown = func.coalesce(func.nullif(t.membership.c.name, ""), t.member.c.name, "")
    query = (
        select(
            k.c.id, k.c.key, k.c.text, k.c.choices, k.c.created_at, k.c.expires_at, t.run.c.ref, t.run.c.kind,
            t.chat.c.uid.label("chat"), t.chat.c.name.label("chat_name"), t.member.c.uid.label("member"),
            shown.label("member_name"),
        )
        .join_from(k, t.chat, t.chat.c.id == k.c.chat_id)
        .join(t.run, t.run.c.id == k.c.run_id)
        .join(t.member, t.member.c.id == k.c.member_id, isouter=True)
        .join(
            t.membership,
            (t.membership.c.chat_id == k.c.chat_id) & (t.membership.c.member_id == k.c.member_id),
            isouter=True,
        )
        .where(k.c.status == "open")
        .order_by(k.c.expires_at.is_(None), k.c.expires_at, k.c.id)
        .limit(limit)
    )  # fmt: skip
    return (await session.execute(query)).all()


async def relayed(session: AsyncSession) -> dict[int, list[Any]]:
    """Question → (kind, body) of the sends that it asks a person for."""
    query = (
        select(t.relay.c.task_id, t.outbox.c.kind, t.outbox.c.body)
        .join_from(t.relay, t.outbox, t.outbox.c.id == t.relay.c.outbox_id)
        .join(t.task, t.task.c.id == t.relay.c.task_id)
        .where(t.task.c.status == "open")
        # By the relay's own column: by the outbox's SQLite walks all of the outbox in that order.
        .order_by(t.relay.c.outbox_id)
    )
    found: dict[int, list[Any]] = {}
    for row in await session.execute(query):
        found.setdefault(row.task_id, []).append(row)
    return found


async def task(session: AsyncSession, task_id: int) -> Any:
    """(chat, ref, choices) of an open question."""
    query = (
        select(t.chat.c.uid.label("chat"), t.run.c.ref, t.task.c.choices)
        .join_from(t.task, t.chat, t.chat.c.id == t.task.c.chat_id)
        .join(t.run, t.run.c.id == t.task.c.run_id)
        .where(t.task.c.id == task_id, t.task.c.status == "open")
    )
    return (await session.execute(query)).first()


async def unsent(session: AsyncSession, row_id: int) -> str | None:
    """The group of an outbox row that failed or is unknown."""
    query = select(t.chat.c.uid).join_from(t.outbox, t.chat, t.chat.c.id == t.outbox.c.chat_id)
    ended = t.outbox.c.status.in_(("dead", "unknown", "expired", "stopped"))
    found: str | None = await session.scalar(query.where(t.outbox.c.id == row_id, ended))
    return found


async def accounts(session: AsyncSession) -> Sequence[Any]:
    """(uid, name, platform, gone_since) of every account; `gone_since`: when its open gap began."""
    gone = (
        select(func.max(t.gap.c.from_at))
        .where(t.gap.c.account_id == t.account.c.id, t.gap.c.status == "open", t.gap.c.chat_id.is_(None))
        .scalar_subquery()
    )
    query = select(t.account.c.uid, t.account.c.name, t.account.c.platform, gone.label("gone_since"))
    return (await session.execute(query.order_by(t.account.c.uid))).all()
