"""Runs of one kind of play with their documents, as the console and the command line read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from storage import tables as t
from storage.bulk import BulkSelect

_SLOTS_AT = BulkSelect(t.slot, ("run_id", "key", "data"), key=("run_id", "key"))


def runs_of(connection: Connection, kind: str, chat: str = "", ref: str = "") -> list[Any]:
    """(id, chat_id, chat, chat_name, ref, state, version, updated_at) of the runs of one kind that can be read, of one group or of
    all; by group and play."""
    r = t.run.c
    query = (
        select(
            r.id, r.chat_id, t.chat.c.uid.label("chat"), t.chat.c.name.label("chat_name"), r.ref, r.state, r.version,
            r.updated_at,
        )
        .join_from(t.run, t.chat, t.chat.c.id == r.chat_id)
        .where(r.kind == kind, r.status != "broken")
        .order_by(t.chat.c.uid, r.ref)
    )  # fmt: skip
    query = query.where(t.chat.c.uid == chat) if chat else query
    return list(connection.execute(query.where(r.ref == ref) if ref else query))


def source_of(connection: Connection, version: str) -> str:
    """The play's definition as it was kept for its runs; "" when it is gone."""
    v = t.playbook_version.c
    return connection.scalar(select(v.source).where(v.version == version)) or ""


def slots_of(connection: Connection, run: int, *beginnings: str) -> dict[str, str]:
    """Key → document of a run; of all keys, or of those with one of the `beginnings`."""
    s = t.slot.c
    query = select(s.key, s.data).where(s.run_id == run)
    if beginnings:
        query = query.where(or_(*(s.key.startswith(each, autoescape=True) for each in beginnings)))
    return {row.key: row.data for row in connection.execute(query)}


def slots_at(connection: Connection, keys: Sequence[Sequence[Any]]) -> Sequence[Any]:
    """(run_id, key, data) of those documents among (run, key) that there are."""
    return _SLOTS_AT.run(connection, keys)


def people_in(connection: Connection, chat: str) -> list[Any]:
    """(uid, name, role, is_bot, joined_at, is_here) of everybody who is or was in a group; our own accounts are bots."""
    ms, m = t.membership.c, t.member.c
    ours = select(t.account.c.uid)
    name = func.coalesce(func.nullif(ms.name, ""), func.nullif(m.name, ""), m.uid).label("name")
    query = (
        select(
            m.uid,
            name,
            ms.role,
            or_(m.is_bot == 1, m.uid.in_(ours)).label("is_bot"),
            ms.joined_at,
            ms.left_at.is_(None).label("is_here"),
        )
        .join_from(t.membership, t.member, m.id == ms.member_id)
        .join(t.chat, t.chat.c.id == ms.chat_id)
        .where(t.chat.c.uid == chat)
    )
    return list(connection.execute(query))


def logged_at(connection: Connection, chat: int, said: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Platform id → id in the log, of messages known by platform id and send time (ms)."""
    if not said:
        return {}
    m = t.message.c
    times = {at for _, at in said}
    query = select(m.platform_id, m.id).where(m.chat_id == chat, m.sent_at.in_(times))
    wanted = {platform_id for platform_id, _ in said}
    return {row.platform_id: row.id for row in connection.execute(query) if row.platform_id in wanted}


def notes_of(connection: Connection, run: int, chat: int, what: Sequence[str], since_ms: int) -> list[Any]:
    """(what, member, key, data, at) of the run's notes of these kinds since then, the oldest first."""
    n, m = t.note.c, t.member.c
    query = (
        select(n.what, func.coalesce(m.uid, "").label("member"), n.key, n.data, n.at)
        .join_from(t.note, t.member, m.id == n.member_id, isouter=True)
        .where(n.chat_id == chat, n.what.in_(what), n.at >= since_ms, n.run_id == run)
        .order_by(n.at, n.id)
    )
    return list(connection.execute(query))


def said_as(connection: Connection, chat: int, named: Sequence[tuple[str, int, int]]) -> list[Any]:
    """(id, platform_id, text, segments, recalled_at) of messages known by platform id and a span of time (ms)."""
    if not named:
        return []
    m = t.message.c
    spans = [and_(m.sent_at.between(since, until), m.platform_id == platform_id) for platform_id, since, until in named]
    query = select(m.id, m.platform_id, m.text, m.segments, m.recalled_at).where(m.chat_id == chat, or_(*spans))
    return list(connection.execute(query))


def open_tasks(connection: Connection, run: int, beginning: str) -> list[Any]:
    """(id, key, created_at) of the run's open questions whose key begins so, the oldest first."""
    k = t.task.c
    query = select(k.id, k.key, k.created_at).where(
        k.run_id == run, k.status == "open", k.key.startswith(beginning, autoescape=True)
    )
    return list(connection.execute(query.order_by(k.id)))


def earned(connection: Connection, chat: int, reasons: Sequence[str]) -> list[Any]:
    """(reason, name, points) of what members of a group earned for these reasons; corrections have reasons of their own."""
    if not reasons:
        return []
    g, m, ms = t.ledger.c, t.member.c, t.membership.c
    name = func.coalesce(func.nullif(func.max(ms.name), ""), func.nullif(func.max(m.name), ""), m.uid).label("name")
    query = (
        select(g.reason, name, func.sum(g.delta).label("points"))
        .join_from(t.ledger, t.member, m.id == g.member_id)
        .join(t.membership, and_(ms.chat_id == g.chat_id, ms.member_id == g.member_id), isouter=True)
        .where(g.chat_id == chat, g.reason.in_(reasons))
        .group_by(g.reason, m.uid)
    )
    return list(connection.execute(query))


def count_slots(connection: Connection, runs: Sequence[int], containing: str) -> dict[int, int]:
    """Run → how many of its documents hold these words, of those that have any."""
    s = t.slot.c
    # Not LIKE: SQLite folds case in it, which costs five times as much.
    place = func.instr if connection.dialect.name == "sqlite" else func.strpos
    query = select(s.run_id, func.count()).where(s.run_id.in_(runs), place(s.data, containing) > 0).group_by(s.run_id)
    return {run: count for run, count in connection.execute(query)}  # noqa: C416


def count_tasks(connection: Connection, kind: str, beginning: str) -> dict[int, int]:
    """Run → how many of its questions with such keys are open."""
    k = t.task.c
    query = (
        select(k.run_id, func.count())
        .join_from(t.task, t.run, t.run.c.id == k.run_id)
        .where(t.run.c.kind == kind, k.status == "open", k.key.startswith(beginning, autoescape=True))
        .group_by(k.run_id)
    )
    return {run: count for run, count in connection.execute(query)}  # noqa: C416
