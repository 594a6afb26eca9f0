"""Ids that an operator has declared to be one person: the links, their history, and tables read as persons.

A link leads from an id to its head, never further: heads have no head. No row of any other table is changed by it, so
taking a link back brings back exactly what was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    and_,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    union,
    update,
)  # fmt: skip

from storage import tables as t
from storage.bulk import BulkInsert

IN_FORCE = text("parted_at IS NULL")
_MARKS = BulkInsert(t.stale_day, ("chat_id", "day"), key=("chat_id", "day"), conflict="nothing")
_SUMMED: dict[str, tuple[str, ...]] = {
    "member_day": (
        "msgs",
        "counted",
        "chars",
        "replies",
        "checkins",
        "quiz",
        "chain",
        "helped",
        "counted_chars",
        "answers",
        "replied",
    ),
    "balance": ("points",),
}
_HEAD, _OTHER = t.member.alias("head"), t.member.alias("other")


def links(connection: Connection) -> Sequence[Any]:
    """(id, member_id, head_id, member uid, head uid, merged_at) of every link in force, oldest first."""
    query = (
        select(
            t.identity.c.id, t.identity.c.member_id, t.identity.c.head_id, t.identity.c.merged_at,
            _OTHER.c.uid.label("member"), _HEAD.c.uid.label("head"),
        )
        .join_from(t.identity, _OTHER, _OTHER.c.id == t.identity.c.member_id)
        .join(_HEAD, _HEAD.c.id == t.identity.c.head_id)
        .where(IN_FORCE)
        .order_by(t.identity.c.id)
    )  # fmt: skip
    return connection.execute(query).all()


def history(connection: Connection) -> Sequence[Any]:
    """Every link that was ever made, newest first, with its evidence."""
    query = (
        select(t.identity, _OTHER.c.uid.label("member"), _HEAD.c.uid.label("head"))
        .join_from(t.identity, _OTHER, _OTHER.c.id == t.identity.c.member_id)
        .join(_HEAD, _HEAD.c.id == t.identity.c.head_id)
        .order_by(t.identity.c.id.desc())
    )
    return connection.execute(query).all()


def member_id(connection: Connection, uid: str) -> int | None:
    return connection.execute(select(t.member.c.id).where(t.member.c.uid == uid)).scalar()


def are_accounts(connection: Connection, uids: Sequence[str]) -> bool:
    """Whether one of them is an account of the bot."""
    return connection.execute(select(t.account.c.id).where(t.account.c.uid.in_(uids)).limit(1)).first() is not None


def link(connection: Connection, member: int, head: int, evidence: str, by: str, at: int) -> int:
    row = {"member_id": member, "head_id": head, "evidence": evidence, "merged_by": by, "merged_at": at}
    made = connection.execute(insert(t.identity).values(row).returning(t.identity.c.id))
    return int(made.scalar_one())


def unlink(connection: Connection, link_id: int, by: str, at: int) -> None:
    connection.execute(update(t.identity).where(t.identity.c.id == link_id).values(parted_by=by, parted_at=at))


def slots_named(connection: Connection, uids: Sequence[str]) -> Sequence[Any]:
    """(run_id, kind, key, data) of every slot that is named after one of the uids."""
    query = select(t.slot.c.run_id, t.run.c.kind, t.slot.c.key, t.slot.c.data)
    query = query.join_from(t.slot, t.run, t.run.c.id == t.slot.c.run_id).where(t.slot.c.key.in_(uids))
    return connection.execute(query.order_by(t.slot.c.run_id)).all()


def keep_slots(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(t.identity_slot), rows)


def kept_slots(connection: Connection, link_id: int) -> dict[int, Any]:
    """run → (head_before, member_before, joined)."""
    query = select(t.identity_slot).where(t.identity_slot.c.identity_id == link_id)
    return {row.run_id: row for row in connection.execute(query)}


def drop_kept(connection: Connection, link_id: int) -> None:
    connection.execute(delete(t.identity_slot).where(t.identity_slot.c.identity_id == link_id))


def notes_since(connection: Connection, member: int, since: int) -> dict[int, list[Any]]:
    """run → (what, key, data) of the notes that the id caused since then, oldest first."""
    found: defaultdict[int, list[Any]] = defaultdict(list)
    n = t.note.c
    query = select(n.run_id, n.what, n.key, n.data).where(n.member_id == member, n.at >= since).order_by(n.id)
    for row in connection.execute(query):
        found[row.run_id].append(row)
    return found


# -- reading as persons ---------------------------------------------------------------------------------------------------


def is_anybody_merged(connection: Connection) -> bool:
    return connection.execute(select(t.identity.c.id).where(IN_FORCE).limit(1)).first() is not None


def heads(connection: Connection) -> dict[int, int]:
    """Id → head, of every id that has one."""
    query = select(t.identity.c.member_id, t.identity.c.head_id).where(IN_FORCE)
    return {row.member_id: row.head_id for row in connection.execute(query)}


def who(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The person that an id in `column` is: its head, or the id itself. The column itself while nobody is merged."""
    if not is_anybody_merged(connection):
        return column
    head = select(t.identity.c.head_id).where(t.identity.c.member_id == column, IN_FORCE)
    found: ColumnElement[Any] = func.coalesce(head.correlate(column.table).scalar_subquery(), column)
    return found


def under_any_id(
    connection: Connection, person: ColumnElement[int], is_so: Callable[[ColumnElement[int]], ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Whether it is so of the person (a head) under any of the ids; `is_so` asks of one id, and best by an index."""
    if not is_anybody_merged(connection):
        return is_so(person)
    link = t.identity.alias()
    other = select(link.c.id).where(link.c.head_id == person, link.c.parted_at.is_(None), is_so(link.c.member_id))
    under_other = other.correlate_except(link).exists()
    return or_(is_so(person), and_(person.in_(select(t.identity.c.head_id).where(IN_FORCE)), under_other))


def merged_ids() -> tuple[Select[Any], ...]:
    """Selects of every id that is one of several of a person."""
    return tuple(select(column).where(IN_FORCE) for column in (t.identity.c.member_id, t.identity.c.head_id))


def by_person(connection: Connection, table: Table, chat_id: int) -> FromClause:
    """`table` of one chat with the ids of one person under their head, added up; the table itself while nobody is merged.

    Of `membership`: somebody is there as long as one of the ids is, under the name of the id that is.
    """
    if not is_anybody_merged(connection):
        return table
    who = func.coalesce(t.identity.c.head_id, table.c.member_id).label("member_id")
    merged = and_(t.identity.c.member_id == table.c.member_id, t.identity.c.parted_at.is_(None))
    source = table.outerjoin(t.identity, merged)
    if table is t.ledger:
        columns = [column for column in table.c if column.name != "member_id"]
        return select(who, *columns).select_from(source).where(table.c.chat_id == chat_id).subquery()
    keys = [column for column in table.primary_key if column.name != "member_id"]
    if table is t.membership:
        here = table.c.left_at.is_(None)
        is_gone = func.max(case((here, 1), else_=0)) == 0
        values = [
            func.coalesce(func.max(case((here, table.c.name))), func.max(table.c.name)).label("name"),
            case((is_gone, func.max(table.c.left_at))).label("left_at"),
            # Who was there before the bot has no moment of joining.
            case((func.count(table.c.joined_at) == func.count(), func.min(table.c.joined_at))).label("joined_at"),
        ]
    else:
        values = [func.sum(table.c[name]).label(name) for name in _SUMMED[table.name]]
    query = select(*keys, who, *values).select_from(source).where(table.c.chat_id == chat_id)
    return query.group_by(*keys, who).subquery(table.name)


def mark_days(connection: Connection, ids: Sequence[int], other: int) -> None:
    """Has the days counted again that look different if `other` is the same person as `ids`: both were heard of or in
    the group at the same time, or one of them came or went."""
    ms, s, e = t.membership.c, t.day_stat.c, t.event.c
    shared = select(ms.chat_id).where(ms.member_id == other).intersect(select(ms.chat_id).where(ms.member_id.in_(ids)))
    chats = connection.execute(shared).scalars().all()
    mine, theirs = _days_heard(connection, chats, [other]), _days_heard(connection, chats, ids)
    # A question may be answered on the day after it.
    near = {(chat, day) for chat, day in mine if (chat, day) in theirs or (chat, _next(day)) in theirs}
    near |= {(chat, day) for chat, day in theirs if (chat, _next(day)) in mine}
    one, two = t.membership.alias(), t.membership.alias()
    there = select(s.chat_id, s.day).where(
        one.c.member_id == other, two.c.member_id.in_(ids), one.c.chat_id == s.chat_id, two.c.chat_id == s.chat_id,
        *((each.c.joined_at.is_(None)) | (each.c.joined_at < s.to_at) for each in (one, two)),
        *((each.c.left_at.is_(None)) | (each.c.left_at >= s.from_at) for each in (one, two)),
    )  # fmt: skip
    moved = select(s.chat_id, s.day).where(
        s.chat_id.in_(chats), e.chat_id == s.chat_id, e.member_id.in_((*ids, other)), e.at >= s.from_at, e.at < s.to_at,
        e.kind.in_(("MemberJoined", "MemberLeft")),
    )  # fmt: skip
    marked = near | {(row.chat_id, row.day) for row in connection.execute(union(there, moved))}
    _MARKS.run(connection, [list(each) for each in sorted(marked)])


def _days_heard(connection: Connection, chats: Sequence[int], ids: Sequence[int]) -> set[tuple[int, str]]:
    """(chat, day) of these groups on which one of the ids spoke, did something, or was spoken to."""
    d, r = t.member_day.c, t.reply_day.c
    query = union(
        select(d.chat_id, d.day).where(d.chat_id.in_(chats), d.member_id.in_(ids)),
        select(r.chat_id, r.day).where(r.chat_id.in_(chats), r.to_id.in_(ids)),
    )
    return {(row.chat_id, row.day) for row in connection.execute(query)}


def _next(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def unmoved(connection: Connection, chat_id: int | None = None) -> frozenset[int]:
    """Joins and leaves (`event` ids) by which nobody came or went: the person was there under another id, or still is. What
    happened at the same moment is one move."""
    known = heads(connection)
    if not known:
        return frozenset()
    e, ms = t.event.c, t.membership.c
    ids = known.keys() | set(known.values())
    query = select(e.id, e.chat_id, e.member_id, e.kind, e.at).where(
        e.kind.in_(("MemberJoined", "MemberLeft")), e.member_id.in_(ids), e.is_copy == 0
    )
    places = select(ms.chat_id, ms.member_id).where(ms.member_id.in_(ids))
    if chat_id is not None:
        query, places = query.where(e.chat_id == chat_id), places.where(ms.chat_id == chat_id)
    moves: defaultdict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in connection.execute(query.order_by(e.at, e.id)):
        moves[(row.chat_id, known.get(row.member_id, row.member_id))].append(row)
    there: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for chat, member in connection.execute(places):
        there[(chat, known.get(member, member))].add(member)
    return frozenset(each for person, rows in moves.items() for each in _unmoved(rows, there[person]))


def _unmoved(rows: Sequence[Any], there: set[int]) -> list[int]:
    """Of one person's moves in one group, in order; `there`: the person's ids that the group has known."""
    first: dict[int, str] = {}
    for row in rows:
        first.setdefault(row.member_id, row.kind)
    present = {each for each in there | first.keys() if first.get(each, "MemberLeft") == "MemberLeft"}
    found: list[int] = []
    for _, together in groupby(rows, key=lambda row: row.at):
        moves, before = list(together), bool(present)
        for row in moves:
            (present.add if row.kind == "MemberJoined" else present.discard)(row.member_id)
        real = "" if before == bool(present) else "MemberJoined" if present else "MemberLeft"
        counted = next((row.id for row in moves if row.kind == real), None)
        found += [row.id for row in moves if row.id != counted]
    return found


# -- candidates -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Two ids of the same name in one group. `namesakes`: how many ids there have that name. `until` and `since`: the last
    day of the older and the first day of the newer one; `both`: days on which both wrote, which speaks against it."""

    chat: str
    name: str
    older: str
    newer: str
    until: str
    since: str
    both: int
    namesakes: int


def candidates(connection: Connection, platform: str, *, chat: str = "") -> list[Candidate]:
    """Pairs of ids that may be one person: same name, same group, not merged; the likeliest first. Nothing is decided."""
    ms, m, d = t.membership.c, t.member.c, t.member_day.c
    linked = select(t.identity.c.member_id).where(IN_FORCE)
    name = func.coalesce(func.nullif(ms.name, ""), m.name).label("shown")
    people = (
        select(t.chat.c.id, t.chat.c.uid.label("chat"), m.id.label("member"), m.uid, name, ms.left_at)
        .join_from(t.membership, t.member, m.id == ms.member_id)
        .join(t.chat, t.chat.c.id == ms.chat_id)
        .where(t.chat.c.platform == platform, t.chat.c.kind == "group", m.is_bot == 0, m.id.not_in(linked))
        .where(m.uid.not_in(select(t.account.c.uid)))
    )
    if chat:
        people = people.where(t.chat.c.uid == chat)
    namesakes: defaultdict[tuple[int, str], list[Any]] = defaultdict(list)
    for row in connection.execute(people.order_by(m.id)):
        if (plain := "".join(row.shown.split())) and row.shown != row.uid:
            namesakes[(row.id, plain)].append(row)
    found = []
    for (chat_id, _), rows in namesakes.items():
        if len(rows) < 2:
            continue
        query = select(d.member_id, d.day).where(d.chat_id == chat_id, d.member_id.in_([row.member for row in rows]))
        days: defaultdict[int, set[str]] = defaultdict(set)
        for who, day in connection.execute(query):
            days[who].add(day)
        for place, older in enumerate(rows):
            for newer in rows[place + 1 :]:
                if older.left_at is None and newer.left_at is None and len(rows) == 2 and not days[newer.member]:
                    continue  # two people of one name, both there and silent: nothing speaks for it
                found.append(
                    Candidate(
                        chat=older.chat, name=older.shown, older=older.uid, newer=newer.uid,
                        until=max(days[older.member], default=""), since=min(days[newer.member], default=""),
                        both=len(days[older.member] & days[newer.member]), namesakes=len(rows),
                    )
                )  # fmt: skip
    return sorted(found, key=lambda each: (each.both, each.namesakes, each.chat, each.name, each.older, each.newer))


def erase(connection: Connection, who: int) -> int:
    """Takes words and documents out of the links of a member; parting them is then no longer exact."""
    mine = or_(t.identity.c.member_id == who, t.identity.c.head_id == who)
    ids = select(t.identity.c.id).where(mine)
    connection.execute(delete(t.identity_slot).where(t.identity_slot.c.identity_id.in_(ids)))
    return int(connection.execute(update(t.identity).where(mine).values(evidence="")).rowcount)
