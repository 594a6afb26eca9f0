"""Verdicts of `rules` plays as the console and the command line read them: the note of each, the case with its evidence
where it is still kept, the questions about it, and what became of its measures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, and_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import tables as t
from storage.copies import no_copy

KIND = "rules"
_MEASURES = ("delete", "mute", "kick")


async def runs(session: AsyncSession, chat: int | None = None) -> Sequence[Any]:
    """(id, ref, chat_id, chat, chat_name, state, status) of every rules run that was not closed, by group."""
    query = (
        select(
            t.run.c.id, t.run.c.ref, t.run.c.chat_id, t.run.c.state, t.run.c.status, t.chat.c.uid.label("chat"),
            t.chat.c.name.label("chat_name"),
        )
        .join_from(t.run, t.chat, t.chat.c.id == t.run.c.chat_id)
        .where(t.run.c.kind == KIND, t.run.c.status != "closed")
        .order_by(t.chat.c.uid, t.run.c.ref)
    )  # fmt: skip
    found: Sequence[Any] = (
        await session.execute(query if chat is None else query.where(t.run.c.chat_id == chat))
    ).all()
    return found


async def verdicts(
    session: AsyncSession, runs: Collection[int], chats: Collection[int], *, since: int, before: int | None, limit: int
) -> Sequence[Any]:
    """(id, run_id, number, at, data, case) of the verdicts of these runs since then, newest first, going on before the
    note with the id `before`. `case`: the slot's JSON, None when its evidence is deleted."""
    n = t.note.c
    query = _cases().where(n.chat_id.in_(chats), n.what == "verdict", n.at >= since, n.run_id.in_(runs))
    if before is not None:
        at = select(n.at).where(n.id == before).scalar_subquery()
        query = query.where((n.at < at) | ((n.at == at) & (n.id < before)))
    found: Sequence[Any] = (await session.execute(query.order_by(n.at.desc(), n.id.desc()).limit(limit))).all()
    return found


async def verdict(session: AsyncSession, run: int, number: int) -> Any:
    """The same of one case; None when there never was one."""
    n = t.note.c
    query = _cases().where(n.run_id == run, n.what == "verdict", n.key == str(number))
    return (await session.execute(query)).first()


async def judged(session: AsyncSession, runs: Collection[int], chats: Collection[int], since: int) -> Sequence[Any]:
    """(run_id, what, key, data) of every verdict since then, and of what people made of verdicts (`undone`, `upheld`)."""
    n = t.note.c
    query = select(n.run_id, n.what, n.key, n.data).where(
        n.chat_id.in_(chats), n.what.in_(("verdict", "undone", "upheld")), n.at >= since, n.run_id.in_(runs)
    )
    found: Sequence[Any] = (await session.execute(query)).all()
    return found


async def counted(session: AsyncSession, chats: Collection[int], runs: Collection[int], since: int) -> dict[str, int]:
    """How many verdicts there were since then (`verdict`), and how many were taken back (`undone`)."""
    n = t.note.c
    query = select(n.what, func.count()).where(
        n.chat_id.in_(chats), n.what.in_(("verdict", "undone")), n.at >= since, n.run_id.in_(runs)
    )
    rows = (await session.execute(query.group_by(n.what))).all()
    return {row[0]: row[1] for row in rows}


async def questions(session: AsyncSession) -> Sequence[Any]:
    """Every open question of a rules play, oldest first."""
    query = _tasks().where(t.task.c.status == "open").order_by(t.task.c.created_at, t.task.c.id)
    found: Sequence[Any] = (await session.execute(query)).all()
    return found


async def question(session: AsyncSession, task: int) -> Any:
    """One open question of a rules play."""
    return (await session.execute(_tasks().where(t.task.c.status == "open", t.task.c.id == task))).first()


async def questions_of(session: AsyncSession, run: int, number: int, member: str) -> Sequence[Any]:
    """What was asked about a case: kick and appeal, answered or not, oldest first."""
    keys = [f"{what}:{number}:{member}" for what in ("kick", "appeal")]
    query = _tasks().where(t.task.c.run_id == run, t.task.c.key.in_(keys)).order_by(t.task.c.id)
    found: Sequence[Any] = (await session.execute(query)).all()
    return found


async def measures(session: AsyncSession, run: int, chat: int, number: int, member: str, since: int) -> Sequence[Any]:
    """(effect_key, status, error, settled_at) of what was sent to the network about a case."""
    o = t.outbox.c
    keys = [f"{what}:{number}:{member}" for what in _MEASURES]
    query = select(o.effect_key, o.status, o.error, o.settled_at, o.created_at).where(
        o.chat_id == chat, o.created_at >= since, o.run_id == run, o.effect_key.in_(keys)
    )
    return (await session.execute(query.order_by(o.id))).all()


async def message_id(session: AsyncSession, chat: int, platform_id: str, at: int) -> int | None:
    """The log's id of a message by the network's, sent about then: ids of networks come again."""
    m = t.message.c
    query = select(m.id).where(
        m.chat_id == chat, m.sent_at >= at - 60_000, m.sent_at <= at + 60_000, m.platform_id == platform_id,
        no_copy(),
    )  # fmt: skip
    found: int | None = await session.scalar(query.limit(1))
    return found


async def last_texts(session: AsyncSession, chat: int, limit: int) -> Sequence[Any]:
    """(sent_at, text, uid, name, role) of the group's newest messages that people said."""
    m, who, here = t.message.c, t.member.c, t.membership.c
    query = (
        select(
            m.sent_at, m.text, who.uid, func.coalesce(func.nullif(here.name, ""), who.name, "").label("name"),
            func.coalesce(here.role, literal("member")).label("role"),
        )
        .join_from(t.message, t.member, who.id == m.member_id)
        .join(t.membership, and_(here.chat_id == m.chat_id, here.member_id == m.member_id), isouter=True)
        .where(m.chat_id == chat, m.flags.op("&")(17) == 0, m.text != "", who.is_bot == 0)
        .where(who.uid.not_in(select(t.account.c.uid)))
        .order_by(m.sent_at.desc(), m.id.desc())
        .limit(limit)
    )  # fmt: skip
    found: Sequence[Any] = (await session.execute(query)).all()
    return found


def _cases() -> Select[Any]:
    n, slot = t.note.c, t.slot.c
    return select(n.id, n.run_id, n.key.label("number"), n.at, n.data, slot.data.label("case")).select_from(
        t.note.outerjoin(t.slot, and_(slot.run_id == n.run_id, slot.key == literal("case:").concat(n.key)))
    )


def _tasks() -> Select[Any]:
    task, who, here = t.task.c, t.member.c, t.membership.c
    source = (
        t.task.join(t.run, t.run.c.id == task.run_id)
        .join(t.chat, t.chat.c.id == task.chat_id)
        .outerjoin(t.member, who.id == task.member_id)
        .outerjoin(t.membership, and_(here.chat_id == task.chat_id, here.member_id == task.member_id))
    )
    return (
        select(
            task.id, task.key, task.text, task.choices, task.status, task.choice, task.decided_by, task.created_at,
            task.expires_at, task.decided_at, task.run_id, t.run.c.ref, t.run.c.kind, t.chat.c.uid.label("chat"),
            t.chat.c.name.label("chat_name"), who.uid.label("member"),
            func.coalesce(func.nullif(here.name, ""), who.name, "").label("member_name"),
        )
        .select_from(source)
        .where(t.run.c.kind == KIND, task.key.not_like("@%"))
    )  # fmt: skip
