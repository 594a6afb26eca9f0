"""Members as people, over the groups that somebody may see: lists, one person's record, operators' notes and tags.

A person is the head of its ids (`storage.persons`); rows stay with the id that the network gave.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import tables as t

_OPEN = text("done_at IS NULL AND follow_on IS NOT NULL")
"""Word for word the predicate of the index `member_note_open`."""
_LINKED = t.identity.c.parted_at.is_(None)


async def found(
    session: AsyncSession, chats: Collection[int] | None, *, words: str, group: int | None, tag: str, tier: str,
    follows: bool, before: int | None, limit: int,
) -> list[int]:  # fmt: skip
    """Ids of people who were seen in these chats (None: in any), the newest first, going on before the id `before`."""
    m, ms = t.member.c, t.membership.c

    def here(chat: Any) -> ColumnElement[bool]:
        if group is not None:
            return and_(chat == group)
        return and_(chat.in_(chats)) if chats is not None else and_(chat.is_not(None))

    seen = select(ms.member_id).where(ms.member_id == m.id, here(ms.chat_id)).exists()
    query = select(m.id).where(m.is_bot == 0, seen, m.uid.not_in(select(t.account.c.uid)))
    if words:
        named = select(ms.member_id).where(here(ms.chat_id), ms.name.contains(words, autoescape=True))
        query = query.where(or_(m.name.contains(words, autoescape=True), m.uid == words, m.id.in_(named)))
    if tag:
        query = query.where(m.id.in_(select(t.tag.c.member_id).where(t.tag.c.tag == tag, here(t.tag.c.chat_id))))
    if tier:
        s = t.standing.c
        placed = select(s.member_id).where(s.value == tier, s.until.is_(None), here(s.chat_id))
        query = query.where(m.id.in_(placed))
    if follows:
        n = t.member_note.c
        query = query.where(m.id.in_(select(n.member_id).where(_OPEN, here(n.chat_id))))
    if before is not None:
        query = query.where(m.id < before)
    return list((await session.execute(query.order_by(m.id.desc()).limit(limit))).scalars())


async def heads(session: AsyncSession, ids: Collection[int]) -> dict[int, list[int]]:
    """Head → its ids, head first, of the people that these ids belong to, in the order of `ids`."""
    i = t.identity.c
    rows = (
        await session.execute(
            select(i.member_id, i.head_id).where(_LINKED, or_(i.member_id.in_(ids), i.head_id.in_(ids)))
        )
    ).all()
    head_of = {row.member_id: row.head_id for row in rows}
    heads_found = list(dict.fromkeys(head_of.get(each, each) for each in ids))
    every = (await session.execute(select(i.member_id, i.head_id).where(_LINKED, i.head_id.in_(heads_found)))).all()
    people = {head: [head] for head in heads_found}
    for row in every:
        people[row.head_id].append(row.member_id)
    return people


async def ids_of(session: AsyncSession, uid: str) -> list[int]:
    """The ids of the person that `uid` belongs to, head first; [] when nobody is called so."""
    one = await session.scalar(select(t.member.c.id).where(t.member.c.uid == uid))
    return next(iter((await heads(session, [one])).values())) if one is not None else []


@dataclass(slots=True)
class Seen:
    """One id in one group. `days` and `msgs` with words there, `points` of this id."""

    member_id: int
    chat_id: int
    chat: str
    chat_name: str
    platform: str
    uid: str
    own_name: str
    name: str
    role: str
    joined_at: int | None
    left_at: int | None
    spoke_at: int | None
    first_day: str | None
    days: int
    msgs: int
    points: int


async def memberships(session: AsyncSession, ids: Collection[int], since: str) -> list[Seen]:
    """Every group of these ids; who is there before who has left. What the nightly figures do not have yet is added
    from the days since `since`."""
    ms, life = t.membership.c, t.member_life.c
    query = (
        select(
            ms.member_id, ms.chat_id, t.chat.c.uid.label("chat"), t.chat.c.name.label("chat_name"), t.chat.c.platform,
            t.member.c.uid, t.member.c.name.label("own_name"), ms.name, ms.role, ms.joined_at, ms.left_at,
            func.coalesce(life.last_at, ms.spoke_at).label("spoke_at"), life.first_day,
            func.coalesce(life.days, 0).label("days"), func.coalesce(life.msgs, 0).label("msgs"),
            func.coalesce(t.balance.c.points, 0).label("points"), life.last_day, life.last_msgs,
        )
        .join_from(t.membership, t.chat, t.chat.c.id == ms.chat_id)
        .join(t.member, t.member.c.id == ms.member_id)
        .join(t.member_life, and_(life.chat_id == ms.chat_id, life.member_id == ms.member_id), isouter=True)
        .join(
            t.balance, and_(t.balance.c.chat_id == ms.chat_id, t.balance.c.member_id == ms.member_id), isouter=True
        )
        .where(ms.member_id.in_(ids), t.chat.c.kind == "group")
        .order_by(ms.left_at.is_not(None), t.chat.c.uid, ms.member_id)
    )  # fmt: skip
    d = t.member_day.c
    lately: dict[tuple[int, int], list[Any]] = {}
    days = select(d.chat_id, d.member_id, d.day, d.msgs, d.last_at).where(d.day >= since, d.member_id.in_(ids))
    for day in await session.execute(days.where(d.msgs > 0).order_by(d.day)):
        lately.setdefault((day.chat_id, day.member_id), []).append(day)
    found_rows = []
    for row in (await session.execute(query)).mappings():
        values = dict(row)
        last_day, last_msgs = values.pop("last_day") or "", values.pop("last_msgs") or 0
        one = Seen(**values)
        for day in lately.get((one.chat_id, one.member_id), ()):
            if day.day >= last_day:
                one.msgs += day.msgs - (last_msgs if day.day == last_day else 0)
                one.days += day.day > last_day
            one.first_day = one.first_day or day.day
            one.spoke_at = max(one.spoke_at or 0, day.last_at or 0) or None
        found_rows.append(one)
    return found_rows


async def tags(session: AsyncSession, ids: Collection[int]) -> Sequence[Any]:
    """(chat_id, member_id, tag, at) by tag."""
    ms, g = t.membership.c, t.tag.c
    query = (
        select(g.chat_id, g.member_id, g.tag, g.at)
        .join_from(t.membership, t.tag, and_(g.chat_id == ms.chat_id, g.member_id == ms.member_id))
        .where(ms.member_id.in_(ids))
        .order_by(g.tag)
    )
    rows: Sequence[Any] = (await session.execute(query)).all()
    return rows


async def standings(session: AsyncSession, ids: Collection[int], *, now_only: bool) -> Sequence[Any]:
    """(chat_id, member_id, scheme, value, since, until), the newest first."""
    ms, s = t.membership.c, t.standing.c
    query = (
        select(s.chat_id, s.member_id, s.scheme, s.value, s.since, s.until)
        .join_from(t.membership, t.standing, and_(s.chat_id == ms.chat_id, s.member_id == ms.member_id))
        .where(ms.member_id.in_(ids))
        .order_by(s.since.desc(), s.scheme)
    )
    rows: Sequence[Any] = (await session.execute(query.where(s.until.is_(None)) if now_only else query)).all()
    return rows


async def notes(session: AsyncSession, ids: Collection[int], *, open_only: bool = False) -> Sequence[Any]:
    """What operators wrote about these ids, the newest first."""
    n = t.member_note.c
    query = select(t.member_note).where(n.member_id.in_(ids)).order_by(n.id.desc())
    rows: Sequence[Any] = (await session.execute(query.where(_OPEN) if open_only else query)).all()
    return rows


async def note(session: AsyncSession, note_id: int) -> Any:
    """(id, member_id, chat) of one note that is not done."""
    n = t.member_note.c
    query = select(n.id, n.member_id, t.chat.c.uid.label("chat")).join_from(
        t.member_note, t.chat, t.chat.c.id == n.chat_id
    )
    return (await session.execute(query.where(n.id == note_id, n.done_at.is_(None)))).first()


async def ledger(session: AsyncSession, ids: Collection[int], chats: Collection[int], limit: int) -> Sequence[Any]:
    """(chat_id, at, delta, balance_after, source, reason, account) of these ids, the newest first."""
    e = t.ledger.c
    query = select(e.chat_id, e.at, e.delta, e.balance_after, e.source, e.reason, e.account).where(
        e.chat_id.in_(chats), e.member_id.in_(ids)
    )
    rows: Sequence[Any] = (await session.execute(query.order_by(e.at.desc(), e.id.desc()).limit(limit))).all()
    return rows


async def noted(
    session: AsyncSession, ids: Collection[int], chats: Collection[int], what: Collection[str], limit: int
) -> Sequence[Any]:
    """(run_id, ref, chat_id, what, key, data, at) of what plays noted about these ids, the newest first."""
    n = t.note.c
    query = (
        select(n.run_id, t.run.c.ref, n.chat_id, n.what, n.key, n.data, n.at)
        .join_from(t.note, t.run, t.run.c.id == n.run_id)
        .where(n.chat_id.in_(chats), n.what.in_(what), n.member_id.in_(ids))
    )
    rows: Sequence[Any] = (await session.execute(query.order_by(n.at.desc(), n.id.desc()).limit(limit))).all()
    return rows


async def documents(
    session: AsyncSession, chats: Collection[int], kinds: Collection[str], keys: Collection[str]
) -> Sequence[Any]:
    """(ref, kind, chat_id, key, data) of the slots of plays of these kinds under these keys."""
    r = t.run.c
    query = (
        select(r.ref, r.kind, r.chat_id, t.slot.c.key, t.slot.c.data)
        .join_from(t.run, t.slot, t.slot.c.run_id == r.id)
        .where(r.chat_id.in_(chats), r.kind.in_(kinds), t.slot.c.key.in_(keys))
    )
    rows: Sequence[Any] = (await session.execute(query.order_by(r.chat_id, r.ref))).all()
    return rows


async def links(session: AsyncSession, ids: Collection[int]) -> Sequence[Any]:
    """Merges in force of the person: (member, head, evidence, merged_by, merged_at), the newest first."""
    i = t.identity.c
    other, head = t.member.alias("other"), t.member.alias("head")
    query = (
        select(other.c.uid.label("member"), head.c.uid.label("head"), i.evidence, i.merged_by, i.merged_at)
        .join_from(t.identity, other, other.c.id == i.member_id)
        .join(head, head.c.id == i.head_id)
        .where(_LINKED, i.head_id.in_(ids))
        .order_by(i.id.desc())
    )
    rows: Sequence[Any] = (await session.execute(query)).all()
    return rows


async def known_tags(session: AsyncSession, chats: Collection[int] | None) -> list[str]:
    query = select(t.tag.c.tag).distinct().order_by(t.tag.c.tag).limit(200)
    found_tags = await session.execute(query if chats is None else query.where(t.tag.c.chat_id.in_(chats)))
    return list(found_tags.scalars())


# -- changes, each with its audit row -------------------------------------------------------------------------------------


def set_tag(connection: Connection, chat: str, uid: str, tag: str, *, on: bool, by: str, at: int) -> bool:
    """Puts the tag on this id in this group, or takes it off all ids of the person; False when nothing changed."""
    place = _place(connection, chat, uid)
    if place is None:
        return False
    chat_id, member_id, every = place
    g = t.tag.c
    mine = and_(g.chat_id == chat_id, g.member_id.in_(every), g.tag == tag)
    is_on = connection.execute(select(g.tag).where(mine).limit(1)).first() is not None
    if is_on == on:
        return False
    if on:
        connection.execute(insert(t.tag).values(chat_id=chat_id, member_id=member_id, tag=tag, at=at))
    else:
        connection.execute(delete(t.tag).where(mine))
    _audit(connection, by, "member.tag" if on else "member.untag", uid, {"group": chat, "tag": tag}, at)
    return True


def add_note(
    connection: Connection, chat: str, uid: str, words: str, follow_on: str | None, *, by: str, at: int
) -> int | None:
    """The id of a new note about the member; None when it was never seen in the group."""
    place = _place(connection, chat, uid)
    if place is None:
        return None
    chat_id, member_id, _ = place
    row = {"chat_id": chat_id, "member_id": member_id, "author": by, "text": words, "at": at, "follow_on": follow_on}
    made = connection.execute(insert(t.member_note).values(row).returning(t.member_note.c.id)).scalar_one()
    # The words are in the note alone: an erasure has one place to look.
    _audit(connection, by, "member.note", uid, {"group": chat, "note": made, "follow_on": follow_on}, at)
    return int(made)


def settle_note(connection: Connection, note_id: int, *, by: str, at: int) -> bool:
    """Marks a follow-up as done; False when it was."""
    n = t.member_note.c
    done = update(t.member_note).where(n.id == note_id, n.done_at.is_(None)).values(done_at=at, done_by=by)
    if connection.execute(done).rowcount == 0:
        return False
    _audit(connection, by, "member.followed", str(note_id), {}, at)
    return True


def _place(connection: Connection, chat: str, uid: str) -> tuple[int, int, list[int]] | None:
    """(chat, id, all ids of the person) of somebody who was seen in the group."""
    ms, i = t.membership.c, t.identity.c
    query = (
        select(ms.chat_id, ms.member_id)
        .join_from(t.membership, t.chat, t.chat.c.id == ms.chat_id)
        .join(t.member, t.member.c.id == ms.member_id)
        .where(t.chat.c.uid == chat, t.member.c.uid == uid)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    head = connection.execute(select(i.head_id).where(_LINKED, i.member_id == row.member_id)).scalar() or row.member_id
    others = connection.execute(select(i.member_id).where(_LINKED, i.head_id == head)).scalars()
    return row.chat_id, row.member_id, [head, *others]


def _audit(connection: Connection, by: str, action: str, target: str, detail: Mapping[str, Any], at: int) -> None:
    row = {"actor": by, "action": action, "target": target, "detail": json.dumps(detail, ensure_ascii=False), "at": at}
    connection.execute(insert(t.audit).values(row))
