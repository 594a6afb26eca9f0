"""What the console shows of groups. The log is read by (chat, sent_at), the one index that it has for that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, TextClause, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import tables as t
from storage.copies import no_copy
from storage.reads import FAILED


async def days(session: AsyncSession, since: str, *, chat: int | None = None) -> Sequence[Any]:
    """(chat_id, day, msgs, active) of every group's days since then."""
    s = t.day_stat.c
    query = select(s.chat_id, s.day, s.msgs, s.active).where(s.day >= since)
    return (await session.execute(query if chat is None else query.where(s.chat_id == chat))).all()


async def first_days(session: AsyncSession, chats: Sequence[int]) -> dict[int, str]:
    """Group → the first day that was counted there."""
    s = t.day_stat.c
    rows = await session.execute(select(s.chat_id, func.min(s.day)).where(s.chat_id.in_(chats)).group_by(s.chat_id))
    return {chat: day for chat, day in rows}  # noqa: C416


async def open_counts(session: AsyncSession) -> tuple[dict[int, int], dict[int, int], dict[int, int], set[int]]:
    """By group (row id): open runs, open questions, failed sends; and groups with a run whose state can't be read."""

    async def counted(table: Any, condition: ColumnElement[bool] | TextClause) -> dict[int, int]:
        query = select(table.c.chat_id, func.count()).where(condition).group_by(table.c.chat_id)
        rows = await session.execute(query)
        return {key: value for key, value in rows}  # noqa: C416

    return (
        await counted(t.run, t.run.c.status == "open"),
        await counted(t.task, t.task.c.status == "open"),
        await counted(t.outbox, FAILED),
        set(await counted(t.run, t.run.c.status == "broken")),
    )


async def chat(session: AsyncSession, uid: str) -> Any:
    """(id, uid, platform, name, size, account) of one group; None when it is not known."""
    c = t.chat.c
    query = select(c.id, c.uid, c.platform, c.name, c.size, t.account.c.uid.label("account"))
    query = query.join_from(t.chat, t.account, t.account.c.id == c.primary_account_id, isouter=True)
    return (await session.execute(query.where(c.uid == uid, c.kind == "group"))).first()


async def runs(session: AsyncSession, chat_id: int) -> Sequence[Any]:
    """Every run of the group that was not closed, with what it does next."""
    r = t.run.c
    due = select(t.schedule.c.run_id, t.schedule.c.name, t.schedule.c.next_at.label("at")).where(
        t.schedule.c.next_at.is_not(None), t.schedule.c.is_paused == 0
    )
    due_timers = select(t.timer.c.run_id, t.timer.c.name, t.timer.c.due_at.label("at"))
    every = due.union_all(due_timers).subquery()
    first = select(every.c.run_id, func.min(every.c.at).label("at")).group_by(every.c.run_id).subquery()
    name = select(func.min(every.c.name)).where(every.c.run_id == r.id, every.c.at == first.c.at).scalar_subquery()
    query = (
        select(r.id, r.ref, r.kind, r.version, r.status, r.started_at, r.updated_at, first.c.at, name.label("name"))
        .join_from(t.run, first, first.c.run_id == r.id, isouter=True)
        .where(r.chat_id == chat_id, r.status != "closed")
        .order_by(r.ref)
    )
    return (await session.execute(query)).all()


async def newest(session: AsyncSession, chat_id: int, *, limit: int) -> Sequence[Any]:
    """The newest messages."""
    m = t.message.c
    query = _messages().where(m.chat_id == chat_id, no_copy()).order_by(m.sent_at.desc(), m.id.desc())
    found: Sequence[Any] = (await session.execute(query.limit(limit))).all()
    return found


async def sent(session: AsyncSession, chat_id: int, *, limit: int) -> Sequence[Any]:
    """(id, kind, body, at, settled_at, account) of the newest sends that arrived."""
    o = t.outbox.c
    query = (
        select(o.id, o.kind, o.body, o.created_at, o.settled_at, t.account.c.uid.label("account"), t.account.c.name)
        .join_from(t.outbox, t.account, t.account.c.id == o.account_id)
        .where(o.chat_id == chat_id, o.status == "done")
        .order_by(o.created_at.desc())
        .limit(limit)
    )
    return (await session.execute(query)).all()


async def count_between(session: AsyncSession, chat_id: int, after: int, until: int) -> int:
    """How many messages lie between the two with these ids, in the order of the feed."""
    m = t.message.c
    first = select(m.sent_at).where(m.id == after).scalar_subquery()
    last = select(m.sent_at).where(m.id == until).scalar_subquery()
    query = select(func.count()).where(
        m.chat_id == chat_id,
        no_copy(),
        m.sent_at >= first,
        m.sent_at <= last,
        (m.sent_at > first) | (m.id > after),
        (m.sent_at < last) | (m.id < until),
    )
    return await session.scalar(query) or 0


async def messages(session: AsyncSession, chat_id: int, *, before: int | None, limit: int) -> Sequence[Any]:
    """Newest first, going on before the message with this id."""
    m = t.message.c
    query = _messages().where(m.chat_id == chat_id, no_copy())
    if before is not None:
        at = select(m.sent_at).where(m.id == before).scalar_subquery()
        query = query.where((m.sent_at < at) | ((m.sent_at == at) & (m.id < before)))
    found: Sequence[Any] = (await session.execute(query.order_by(m.sent_at.desc(), m.id.desc()).limit(limit))).all()
    return found


async def around(session: AsyncSession, chat_id: int, message_id: int, *, each: int) -> list[Any]:
    """The message with those before and after it, newest first."""
    m = t.message.c
    at = select(m.sent_at).where(m.id == message_id, m.chat_id == chat_id).scalar_subquery()
    here = _messages().where(m.chat_id == chat_id, no_copy())
    later = (
        here.where((m.sent_at > at) | ((m.sent_at == at) & (m.id > message_id))).order_by(m.sent_at, m.id).limit(each)
    )
    earlier = here.where((m.sent_at < at) | ((m.sent_at == at) & (m.id <= message_id)))
    earlier = earlier.order_by(m.sent_at.desc(), m.id.desc()).limit(each + 1)
    after = (await session.execute(later)).all()
    return [*reversed(after), *(await session.execute(earlier)).all()]


async def members(
    session: AsyncSession, chat_id: int, *, containing: str, offset: int, limit: int
) -> tuple[Sequence[Any], int]:
    """Those who are in the group, last heard first, and how many there are."""
    who, here = t.member.c, t.membership.c
    shown = func.coalesce(func.nullif(here.name, ""), who.name)
    d = t.member_day.c
    last = select(d.member_id, func.max(d.last_at).label("spoke_at")).where(d.chat_id == chat_id).group_by(d.member_id)
    heard = last.subquery()
    query = (
        select(
            who.id, who.uid, shown.label("name"), here.role, here.joined_at, heard.c.spoke_at,
            func.coalesce(t.balance.c.points, literal(0)).label("points"),
        )
        .join_from(t.membership, t.member, who.id == here.member_id)
        .join(t.balance, (t.balance.c.chat_id == here.chat_id) & (t.balance.c.member_id == here.member_id), isouter=True)
        .join(heard, heard.c.member_id == here.member_id, isouter=True)
        .where(here.chat_id == chat_id, here.left_at.is_(None))
    )  # fmt: skip
    if containing:
        query = query.where(shown.contains(containing, autoescape=True) | (who.uid == containing))
    total = await session.scalar(select(func.count()).select_from(query.subquery())) or 0
    query = query.order_by(heard.c.spoke_at.is_(None), heard.c.spoke_at.desc(), who.id).limit(limit).offset(offset)
    return (await session.execute(query)).all(), total


async def roster_size(session: AsyncSession, chat_id: int) -> int:
    here = t.membership.c
    query = select(func.count()).where(here.chat_id == chat_id, here.left_at.is_(None))
    return await session.scalar(query) or 0


async def tags(session: AsyncSession, chat_id: int, members: Sequence[int]) -> dict[int, list[str]]:
    """Member id → their tags in the group."""
    found: dict[int, list[str]] = {}
    query = select(t.tag.c.member_id, t.tag.c.tag).where(t.tag.c.chat_id == chat_id, t.tag.c.member_id.in_(members))
    for who, tag in await session.execute(query.order_by(t.tag.c.tag)):
        found.setdefault(who, []).append(tag)
    return found


def _messages() -> Select[Any]:
    m, who, here = t.message.c, t.member.c, t.membership.c
    return select(
        m.id, m.sent_at, m.kind, m.text, m.flags, m.recalled_at, m.edited_at, who.uid.label("member"), who.is_bot,
        func.coalesce(func.nullif(here.name, ""), who.name, "").label("name"),
    ).select_from(
        t.message.outerjoin(t.member, who.id == m.member_id).outerjoin(
            t.membership, (here.chat_id == m.chat_id) & (here.member_id == m.member_id)
        )
    )  # fmt: skip
