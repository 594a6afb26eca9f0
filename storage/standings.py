"""Who stands where: pyramid, RFM and ladder of every member, written only when it changes, so that drift can be asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, select

from storage import tables as t
from storage.bulk import BulkInsert, BulkUpdate
from storage.measures import Chats, of_chat

_OPENED = BulkInsert(
    t.standing, ("chat_id", "member_id", "scheme", "since", "value"),
    key=("chat_id", "scheme", "member_id", "since"), conflict="value = excluded.value, until = NULL",
)  # fmt: skip
_CLOSED = BulkUpdate(t.standing, key=("chat_id", "scheme", "member_id", "since"), changes=("until",))


def current(connection: Connection, chat: int) -> Mapping[tuple[str, int], tuple[str, str]]:
    """(scheme, member) → (value, since), as it stands now."""
    s = t.standing.c
    rows = connection.execute(
        select(s.scheme, s.member_id, s.value, s.since).where(s.chat_id == chat, s.until.is_(None))
    )
    return {(r.scheme, r.member_id): (r.value, r.since) for r in rows}


def write(connection: Connection, chat: int, scheme: str, day: str, values: Mapping[int, str]) -> int:
    """The standings of `day`; how many changed. Who is not in `values` has none any more. Doing it again changes nothing."""
    known = {who: found for (of, who), found in current(connection, chat).items() if of == scheme}
    changed = {who: value for who, value in values.items() if known.get(who, ("", ""))[0] != value}
    gone = known.keys() - values.keys()
    closed = [[chat, scheme, who, known[who][1], day] for who in (changed.keys() & known.keys()) | gone]
    # What began on the very day is replaced, not closed.
    _CLOSED.run(connection, [row for row in closed if row[3] != day or row[2] in gone])
    _OPENED.run(connection, [[chat, who, scheme, day, value] for who, value in changed.items()])
    return len(changed) + len(gone)


def shares(connection: Connection, chat: Chats, day: str) -> Mapping[str, Mapping[str, int]]:
    """Scheme → value → people on that day."""
    s = t.standing.c
    query = select(s.scheme, s.value, func.count().label("n")).where(
        s.since <= day, (s.until.is_(None)) | (s.until > day)
    )
    if chat is not None:
        query = query.where(of_chat(s.chat_id, chat))
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in connection.execute(query.group_by(s.scheme, s.value)):
        found[row.scheme][row.value] = row.n
    return found


def transitions(
    connection: Connection, chat: int | None, scheme: str, before: str, after: str
) -> dict[tuple[str, str], int]:
    """(value on the day `before`, value on the day `after`) → people; "" where there was none."""
    s = t.standing.c
    here = () if chat is None else (s.chat_id == chat,)
    # The group is named on both sides: a full join hands no condition down to what it joins.
    one, other = (
        select(t.standing)
        .where(*here, s.scheme == scheme, s.since <= day, (s.until.is_(None)) | (s.until > day))
        .subquery()
        for day in (before, after)
    )
    same = and_(one.c.chat_id == other.c.chat_id, one.c.member_id == other.c.member_id)
    query = select(one.c.value.label("old"), other.c.value.label("new"), func.count().label("n"))
    query = query.select_from(one.join(other, same, full=True)).group_by(one.c.value, other.c.value)
    return {(r.old or "", r.new or ""): r.n for r in connection.execute(query)}


def holders(connection: Connection, chat: int, scheme: str) -> Sequence[Any]:
    """(member_id, uid, name, value, since) of everybody who stands in the scheme, by value and uid."""
    s, m, ms = t.standing.c, t.member.c, t.membership.c
    name = func.coalesce(func.nullif(ms.name, ""), m.name).label("name")
    query = (
        select(s.member_id, m.uid, name, s.value, s.since)
        .join_from(t.standing, t.member, m.id == s.member_id)
        .join(t.membership, (ms.chat_id == s.chat_id) & (ms.member_id == s.member_id), isouter=True)
        .where(s.chat_id == chat, s.scheme == scheme, s.until.is_(None))
    )
    return connection.execute(query.order_by(s.value, m.uid)).all()
