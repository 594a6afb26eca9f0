"""What the console's calendar asks of the log: what fired, what became of each post, whom it reached.

Counted in the database: a post has the same occurrence in every group, so a week of a thousand groups is a few rows.
`chats` are ids, None: every group.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import tables as t

Chats = Collection[int] | None
ENDINGS = ("post", "post_end", "post_skipped")
TROUBLES = ("post_failed", "post_recalled")


def _among(column: ColumnElement[int], chats: Chats) -> list[ColumnElement[bool]]:
    return [] if chats is None else [column.in_(chats)]


async def runs(session: AsyncSession, kind: str, chats: Chats, *, is_busy: bool = False) -> Sequence[Any]:
    """(chat, ref, state) of the open runs of one kind; `is_busy`: only those with something in flight or waiting."""
    r = t.run.c
    query = select(t.chat.c.uid.label("chat"), r.ref, r.state).join_from(t.run, t.chat, t.chat.c.id == r.chat_id)
    query = query.where(r.kind == kind, r.status == "open", *_among(r.chat_id, chats))
    if is_busy:
        # As pydantic writes it: what is not there is null, or empty.
        query = query.where(r.state.like('%"flight":{%') | r.state.like('%"queue":[{%'))
    return (await session.execute(query)).all()


async def firings(
    session: AsyncSession, names: Collection[str], from_ms: int, to_ms: int, chats: Chats
) -> Sequence[Any]:  # fmt: skip
    """(ref, kind, name, at, status, n): in how many groups what was due then fired, was late, was skipped."""
    f, r = t.firing.c, t.run.c
    # The key begins with run and name: both are given, so that the span is read and not the whole history.
    mine = select(r.id).where(*_among(r.chat_id, chats))
    query = (
        select(r.ref, r.kind, f.name, f.scheduled_at.label("at"), f.status, func.count().label("n"))
        .join_from(t.firing, t.run, r.id == f.run_id)
        .where(f.run_id.in_(mine), f.name.in_(names), f.scheduled_at >= from_ms, f.scheduled_at < to_ms)
        .group_by(r.ref, r.kind, f.name, f.scheduled_at, f.status)
    )
    return (await session.execute(query)).all() if names else ()


async def endings(session: AsyncSession, from_ms: int, to_ms: int, chats: Chats) -> Sequence[Any]:
    """(ref, what, key, data, at, n) of what posts noted since: begun, ended, skipped."""
    n, r = t.note.c, t.run.c
    query = (
        select(r.ref, n.what, n.key, n.data, func.min(n.at).label("at"), func.count().label("n"))
        .join_from(t.note, t.run, r.id == n.run_id)
        .where(n.what.in_(ENDINGS), n.at >= from_ms, n.at < to_ms, *_noted(n.chat_id, chats))
        .group_by(r.ref, n.what, n.key, n.data)
    )
    return (await session.execute(query)).all()


async def troubles(session: AsyncSession, from_ms: int, to_ms: int, chats: Chats) -> Sequence[Any]:
    """(chat_id, ref, what, key, data) of messages of posts that failed, or that somebody took back."""
    n, r = t.note.c, t.run.c
    query = (
        select(n.chat_id, r.ref, n.what, n.key, n.data)
        .join_from(t.note, t.run, r.id == n.run_id)
        .where(n.what.in_(TROUBLES), n.at >= from_ms, n.at < to_ms, *_noted(n.chat_id, chats))
    )
    return (await session.execute(query)).all()


async def timers(
    session: AsyncSession, kinds: Collection[str], from_ms: int, to_ms: int, chats: Chats, *, limit: int
) -> Sequence[Any]:  # fmt: skip
    """(chat, ref, kind, name, at) of the timers that runs have set, soonest first."""
    r, m = t.run.c, t.timer.c
    query = (
        select(t.chat.c.uid.label("chat"), r.ref, r.kind, m.name, m.due_at.label("at"))
        .join_from(t.timer, t.run, r.id == m.run_id)
        .join(t.chat, t.chat.c.id == r.chat_id)
        .where(r.status == "open", r.kind.in_(kinds), m.due_at >= from_ms, m.due_at < to_ms, *_among(r.chat_id, chats))
        .order_by(m.due_at)
        .limit(limit)
    )
    return (await session.execute(query)).all()


async def fate(session: AsyncSession, ref: str, occurrence: str, chats: Collection[int]) -> Sequence[Any]:
    """(chat_id, what, key, data, at) of everything that was noted of one post, group by group."""
    n, r = t.note.c, t.run.c
    query = (
        select(n.chat_id, n.what, n.key, n.data, n.at)
        .join_from(t.note, t.run, r.id == n.run_id)
        .where(
            r.ref == ref, r.chat_id.in_(chats), n.what.in_((*ENDINGS, *TROUBLES)),
            (n.key == occurrence) | and_(n.key >= f"{occurrence}#", n.key < f"{occurrence}$"),
        )
        .order_by(n.id)
    )  # fmt: skip
    return (await session.execute(query)).all()


async def fired(session: AsyncSession, ref: str, name: str, at: int, chats: Collection[int]) -> dict[int, Any]:
    """Group → (status, fired_at) of one firing."""
    f, r = t.firing.c, t.run.c
    query = (
        select(r.chat_id, f.status, f.fired_at)
        .join_from(t.firing, t.run, r.id == f.run_id)
        .where(r.ref == ref, r.chat_id.in_(chats), f.name == name, f.scheduled_at == at)
    )
    return {row.chat_id: row for row in await session.execute(query)}


async def told(session: AsyncSession, ref: str, occurrence: str, chats: Collection[int]) -> dict[int, int]:
    """Group → how many members a post addressed by name."""
    n, r = t.note.c, t.run.c
    begin, end = f"{occurrence}|", f"{occurrence}}}"
    query = (
        select(n.chat_id, func.count())
        .join_from(t.note, t.run, r.id == n.run_id)
        .where(
            r.ref == ref, r.chat_id.in_(chats), n.what == "reached", n.key >= begin, n.key < end,
            n.data.like('%"arm":"told"%'),
        )
        .group_by(n.chat_id)
    )  # fmt: skip
    return {chat: count for chat, count in await session.execute(query)}  # noqa: C416


async def replies(
    session: AsyncSession, ref: str, occurrence: str, chats: Collection[int], within_ms: int
) -> dict[int, int]:  # fmt: skip
    """Group → how many people said something within that time after the post began; machines left out."""
    n, r, m, p = t.note.c, t.run.c, t.message.c, t.member.c
    machines = select(p.id).where(p.is_bot == 1).union(select(p.id).join(t.account, t.account.c.uid == p.uid))
    query = (
        select(n.chat_id, func.count(distinct(m.member_id)))
        .join_from(t.note, t.run, r.id == n.run_id)
        .join(t.message, and_(m.chat_id == n.chat_id, m.sent_at >= n.at, m.sent_at < n.at + within_ms))
        .where(
            r.ref == ref, r.chat_id.in_(chats), n.what == "post", n.key == occurrence, m.member_id.is_not(None),
            m.member_id.not_in(machines),
        )
        .group_by(n.chat_id)
    )  # fmt: skip
    return {chat: count for chat, count in await session.execute(query)}  # noqa: C416


def _noted(column: ColumnElement[int], chats: Chats) -> list[ColumnElement[bool]]:
    """The index of notes begins with the group: all groups are named, too, so that it is used."""
    return [column.in_(select(t.chat.c.id) if chats is None else chats)]
