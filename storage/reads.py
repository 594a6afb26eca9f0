"""What the console and the health page read: short queries over one read-only snapshot, newest first.

Pages go by the id of the last row seen (`before`), never by offset: the log grows while somebody reads it. Times are
milliseconds since 1970 UTC, as stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from storage import tables as t

PAGE = 50
FAILED = text("status IN ('dead','unknown')")
"""Word for word the predicate of the index `outbox_failed`."""
_OPEN = text("status IN ('ready','sending')")


async def chats(session: AsyncSession) -> Sequence[Any]:
    """(id, uid, platform, name, size, account) of every group."""
    query = select(
        t.chat.c.id, t.chat.c.uid, t.chat.c.platform, t.chat.c.name, t.chat.c.size, t.account.c.uid.label("account")
    ).join_from(t.chat, t.account, t.account.c.id == t.chat.c.primary_account_id, isouter=True)
    return (await session.execute(query.where(t.chat.c.kind == "group").order_by(t.chat.c.uid))).all()


async def chat_id(session: AsyncSession, uid: str) -> int | None:
    found: int | None = await session.scalar(select(t.chat.c.id).where(t.chat.c.uid == uid))
    return found


async def messages(
    session: AsyncSession, chat: int, *, before: int | None = None, containing: str = "", limit: int = PAGE
) -> Sequence[Any]:
    """Messages of a chat, newest first; `containing` is plain text (its `%` and `_` mean themselves)."""
    m = t.message
    query = _log().where(m.c.chat_id == chat).order_by(m.c.sent_at.desc(), m.c.id.desc())
    if containing:
        query = query.where(m.c.text.contains(containing, autoescape=True))
    if before is not None:
        sent_at = select(m.c.sent_at).where(m.c.id == before).scalar_subquery()
        query = query.where((m.c.sent_at < sent_at) | ((m.c.sent_at == sent_at) & (m.c.id < before)))
    found: Sequence[Any] = (await session.execute(query.limit(limit))).all()
    return found


async def member_history(session: AsyncSession, chat: int, member: str, *, days: int = 90) -> Sequence[Any]:
    """The member's days in a chat from the rollup, newest first. There is no index on members in the log: on purpose."""
    d = t.member_day
    query = select(d).join_from(d, t.member, t.member.c.id == d.c.member_id)
    query = query.where(d.c.chat_id == chat, t.member.c.uid == member).order_by(d.c.day.desc())
    return (await session.execute(query.limit(days))).all()


async def points_history(session: AsyncSession, chat: int, member: str, *, limit: int = PAGE) -> Sequence[Any]:
    """(at, delta, balance_after, source, reason, cause), newest first."""
    entry = t.ledger.c
    query = (
        select(entry.at, entry.delta, entry.balance_after, entry.source, entry.reason, entry.cause)
        .join_from(t.ledger, t.member, t.member.c.id == entry.member_id)
        .where(entry.chat_id == chat, t.member.c.uid == member)
    )
    return (await session.execute(query.order_by(entry.id.desc()).limit(limit))).all()


async def outbox(
    session: AsyncSession, *, status: str = "", chat: int | None = None, before: int | None = None, limit: int = PAGE
) -> Sequence[Any]:
    """Outbox rows with their chat and account, newest first; `status` "" shows all, "failed" what may be sent again."""
    o = t.outbox
    query = (
        select(o, t.chat.c.uid.label("chat"), t.chat.c.name.label("chat_name"), t.account.c.uid.label("account"))
        .join_from(o, t.chat, t.chat.c.id == o.c.chat_id)
        .join(t.account, t.account.c.id == o.c.account_id)
    )
    if status in ("failed", "dead", "unknown"):
        # Few of very many: by the index of those, which an order by the bare id would keep SQLite from taking.
        query = query.where(FAILED).order_by((o.c.id + 0).desc())
    else:
        query = query.order_by(o.c.id.desc())
    if status and status != "failed":
        query = query.where(o.c.status == status)
    if chat is not None:
        query = query.where(o.c.chat_id == chat)
    if before is not None:
        query = query.where(o.c.id < before)
    return (await session.execute(query.limit(limit))).all()


async def dead_events(
    session: AsyncSession, *, chat: int | None = None, before: int | None = None, limit: int = PAGE
) -> Sequence[Any]:
    """Events whose step failed, or that spoiled their batch: newest first, with the chat where known."""
    d = t.dead_event
    query = select(d, t.chat.c.uid.label("chat"), t.chat.c.name.label("chat_name")).join_from(
        d, t.chat, t.chat.c.id == d.c.chat_id, isouter=True
    )
    if chat is not None:
        query = query.where(d.c.chat_id == chat)
    if before is not None:
        query = query.where(d.c.id < before)
    return (await session.execute(query.order_by(d.c.id.desc()).limit(limit))).all()


async def open_tasks(session: AsyncSession, *, chat: int | None = None) -> Sequence[Any]:
    """What waits for an operator, oldest first."""
    k = t.task
    query = (
        select(
            k, t.chat.c.uid.label("chat"), t.chat.c.name.label("chat_name"), t.run.c.ref, t.member.c.uid.label("member")
        )
        .join_from(k, t.chat, t.chat.c.id == k.c.chat_id)
        .join(t.run, t.run.c.id == k.c.run_id)
        .join(t.member, t.member.c.id == k.c.member_id, isouter=True)
        .where(k.c.status == "open")
    )
    if chat is not None:
        query = query.where(k.c.chat_id == chat)
    return (await session.execute(query.order_by(k.c.id))).all()


async def traces_of(session: AsyncSession, cause: str, *, chat: int | None = None) -> Sequence[Any]:
    """Every step that the event `cause` led to, in order: what `why` prints. `cause` may be the platform's message id.

    Without `chat` every group is asked, one index probe each.
    """
    wanted = {cause, *(await _keys(session, cause, chat))}
    chats_asked = [chat] if chat is not None else (await session.scalars(select(t.chat.c.id))).all()
    query = (
        select(t.trace, t.chat.c.uid.label("chat"))
        .join_from(t.trace, t.chat, t.chat.c.id == t.trace.c.chat_id)
        .where(t.trace.c.chat_id.in_(chats_asked), t.trace.c.cause.in_(wanted))
    )
    return (await session.execute(query.order_by(t.trace.c.id))).all()


async def sends_of(session: AsyncSession, traces: Sequence[Any]) -> Sequence[Any]:
    """The sends of these steps of which there is something to tell: what failed, or went another way than was meant.

    A send is written in the transaction of its step: group and time find it by an index.
    """
    o = t.outbox
    found: dict[int, Any] = {}
    for chat_id, at, cause in {(trace.chat_id, trace.at, trace.cause) for trace in traces}:
        query = select(o.c.id, o.c.status, o.c.error).where(
            o.c.chat_id == chat_id, o.c.created_at == at, o.c.cause == cause, o.c.error != ""
        )
        found |= {row.id: row for row in await session.execute(query)}
    return [found[key] for key in sorted(found)]


async def _keys(session: AsyncSession, cause: str, chat: int | None) -> Sequence[str]:
    """The keys of the messages and sends that `cause` names by another of their names."""
    sent = select(t.outbox.c.cause).where((t.outbox.c.idem == cause) | (t.outbox.c.message_id == cause))
    heard = select(t.message.c.key).where(t.message.c.platform_id == cause)
    if chat is not None:
        sent, heard = sent.where(t.outbox.c.chat_id == chat), heard.where(t.message.c.chat_id == chat)
    return [*(await session.scalars(sent)).all(), *(await session.scalars(heard.limit(20))).all()]


async def gaps(session: AsyncSession, *, chat: int | None = None, status: str = "", limit: int = PAGE) -> Sequence[Any]:
    """Intervals without a connection, newest first: of every account and group, or of one group; of one status."""
    query = (
        select(t.gap, t.account.c.uid.label("account"), t.chat.c.uid.label("chat"), t.chat.c.name.label("chat_name"))
        .join_from(t.gap, t.account, t.account.c.id == t.gap.c.account_id)
        .join(t.chat, t.chat.c.id == t.gap.c.chat_id, isouter=True)
    )
    if chat is not None:
        query = query.where(t.gap.c.chat_id == chat)
    if status:
        query = query.where(t.gap.c.status == status)
    return (await session.execute(query.order_by(t.gap.c.id.desc()).limit(limit))).all()


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`oldest_ready_at`: when the longest-waiting send was due, None when nothing waits. `newest_message_at`: None when
    nothing was ever heard."""

    chats: int
    runs_open: int
    outbox_waiting: int
    outbox_sending: int
    outbox_dead: int
    outbox_unknown: int
    oldest_ready_at: int | None
    dead_events: int
    tasks_open: int
    gaps_open: int
    newest_message_at: int | None


async def health(session: AsyncSession) -> Health:
    """The figures of the health page; each from an index or a small table, whatever the size of the log."""
    o = t.outbox

    async def count(query: Select[Any]) -> int:
        return await session.scalar(query) or 0

    waiting = {
        row.status: (row.n, row.oldest)
        for row in await session.execute(
            select(o.c.status, func.count().label("n"), func.min(o.c.not_before).label("oldest"))
            .where(_OPEN)
            .group_by(o.c.status)
        )
    }
    failed = {
        row.status: row.n
        for row in await session.execute(select(o.c.status, func.count().label("n")).where(FAILED).group_by(o.c.status))
    }
    return Health(
        chats=await count(select(func.count()).select_from(t.chat).where(t.chat.c.kind == "group")),
        runs_open=await count(select(func.count()).select_from(t.run).where(t.run.c.status == "open")),
        outbox_waiting=waiting.get("ready", (0, None))[0],
        outbox_sending=waiting.get("sending", (0, None))[0],
        outbox_dead=failed.get("dead", 0),
        outbox_unknown=failed.get("unknown", 0),
        oldest_ready_at=waiting.get("ready", (0, None))[1],
        dead_events=await count(select(func.count()).select_from(t.dead_event)),
        tasks_open=await count(select(func.count()).select_from(t.task).where(t.task.c.status == "open")),
        gaps_open=await count(select(func.count()).select_from(t.gap).where(t.gap.c.status == "open")),
        newest_message_at=await session.scalar(
            select(t.message.c.received_at).order_by(t.message.c.id.desc()).limit(1)
        ),
    )


def _log() -> Select[Any]:
    m = t.message
    return select(
        m.c.id,
        m.c.platform_id,
        m.c.sent_at,
        m.c.kind,
        m.c.text,
        m.c.segments,
        m.c.reply_to,
        m.c.flags,
        m.c.recalled_at,
        m.c.edited_at,
        t.member.c.uid.label("member"),
        func.coalesce(func.nullif(t.membership.c.name, ""), t.member.c.name, "").label("name"),
    ).select_from(
        m.outerjoin(t.member, t.member.c.id == m.c.member_id).outerjoin(
            t.membership,
            (t.membership.c.chat_id == m.c.chat_id) & (t.membership.c.member_id == m.c.member_id),
        )
    )
