"""Who stands where: pyramid, RFM and ladder of every member, written only when it changes, so that drift can be asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from storage import tables as t
from storage.bulk import BulkInsert, BulkUpdate
from storage.measures import Chats, of_chat
from storage.persons import is_anybody_merged, who
from storage.rollups import bots

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
    s = _on(connection, day, chat)
    query = select(s.scheme, s.value, func.count().label("n"))
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in connection.execute(query.group_by(s.scheme, s.value)):
        found[row.scheme][row.value] = row.n
    return found


def transitions(
    connection: Connection, chat: int | None, scheme: str, before: str, after: str
) -> dict[tuple[str, str], int]:
    """(value on the day `before`, value on the day `after`) → people; "" where there was none."""
    # The group is named on both sides: a full join hands no condition down to what it joins.
    one, other = (
        select(s.chat_id, s.member_id, s.value).where(s.scheme == scheme).subquery()
        for s in (_on(connection, day, chat) for day in (before, after))
    )
    same = and_(one.c.chat_id == other.c.chat_id, one.c.member_id == other.c.member_id)
    query = select(one.c.value.label("old"), other.c.value.label("new"), func.count().label("n"))
    query = query.select_from(one.join(other, same, full=True)).group_by(one.c.value, other.c.value)
    return {(r.old or "", r.new or ""): r.n for r in connection.execute(query)}


def holders(connection: Connection, chat: int, scheme: str) -> Sequence[Any]:
    """(member_id, uid, name, value, since) of everybody who stands in the scheme, by value and uid."""
    s, m, ms = _on(connection, None, chat), t.member.c, t.membership.c
    name = func.coalesce(func.nullif(ms.name, ""), m.name).label("name")
    query = (
        select(s.member_id, m.uid, name, s.value, s.since)
        .join_from(s.member_id.table, t.member, m.id == s.member_id)
        .join(t.membership, (ms.chat_id == s.chat_id) & (ms.member_id == s.member_id), isouter=True)
        .where(s.scheme == scheme)
    )
    return connection.execute(query.order_by(s.value, m.uid)).all()


def _on(connection: Connection, day: str | None, chat: Chats) -> Any:
    """The columns (chat_id, member_id, scheme, value, since) of who stood somewhere on the day, None: now. A person stands
    once: where the head does, else where another id does."""
    s = t.standing.c
    holds = s.until.is_(None) if day is None else (s.since <= day) & ((s.until.is_(None)) | (s.until > day))
    if chat is not None:
        holds &= of_chat(s.chat_id, chat)
    holds &= s.member_id.not_in(bots(connection))
    if not is_anybody_merged(connection):
        return select(s.chat_id, s.member_id, s.scheme, s.value, s.since).where(holds).subquery().c
    person = who(connection, s.member_id)
    each = select(s.chat_id, person.label("person"), s.member_id, s.scheme, s.value, s.since).where(holds).subquery().c
    own = [func.max(case((each.member_id == each.person, each[name]))) for name in ("value", "since")]
    value, since = (
        func.coalesce(mine, func.max(each[name])).label(name)
        for mine, name in zip(own, ("value", "since"), strict=True)
    )
    query = select(each.chat_id, each.person.label("member_id"), each.scheme, value, since)
    return query.group_by(each.chat_id, each.person, each.scheme).subquery().c
