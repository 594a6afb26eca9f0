"""The ledger as plays ask for it: newest entries, what a day brought, what is left of old points, benefits had.

All are look-ups by the index of a member's entries, but for `held_since`: that reads the entries of those who can hold
anything old, once a day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select, text

from bot.core.points import held_since
from storage.bulk import BulkSelect
from storage.prepared import Prepared
from storage.tables import chat, ledger, member, message

_CLAIMS = BulkSelect(ledger, ("idem", "chat_id"), key=("idem",))
_WEEK_MS = 7 * 86_400_000
_PICKED = (
    ledger.c.idem, ledger.c.at, ledger.c.delta, ledger.c.balance_after, ledger.c.account, ledger.c.source,
    ledger.c.reason,
)  # fmt: skip
_OF_MEMBER = (ledger.c.chat_id == bindparam("chat"), ledger.c.member_id == bindparam("member"))
_NEWEST = Prepared(
    select(*_PICKED).where(*_OF_MEMBER).order_by(ledger.c.at.desc(), ledger.c.id.desc()).limit(bindparam("most"))
)
_GAINED = Prepared(
    select(ledger.c.source, func.sum(ledger.c.delta).label("points"))
    .where(*_OF_MEMBER, ledger.c.at >= bindparam("since"), ledger.c.delta > 0, ledger.c.account == "issue")
    .group_by(ledger.c.source)
)


def _held() -> Prepared:
    until: Any = bindparam("until")
    old = func.sum(case(((ledger.c.delta > 0) & (ledger.c.at <= until), ledger.c.delta), else_=0))
    paid = func.sum(case(((ledger.c.delta < 0) & (ledger.c.account != "issue"), -ledger.c.delta), else_=0))
    can_hold = select(ledger.c.member_id).where(ledger.c.chat_id == bindparam("chat")).group_by(ledger.c.member_id)
    return Prepared(
        select(member.c.uid, ledger.c.at, ledger.c.delta, ledger.c.account)
        .join_from(ledger, member, member.c.id == ledger.c.member_id)
        .where(ledger.c.chat_id == bindparam("chat"), ledger.c.member_id.in_(can_hold.having(old > paid)))
        .order_by(ledger.c.member_id, ledger.c.id)
    )


_HELD = _held()


def newest_entries(connection: Connection, chat_id: int, member_id: int, limit: int) -> Sequence[Any]:
    """(idem, at, delta, balance_after, account, source, reason), newest first."""
    return _NEWEST.run(connection, chat=chat_id, member=member_id, most=limit)


def earned_by(connection: Connection, chat_id: int, member_id: int, message_id: str, now: int) -> Sequence[Any]:
    """The member's entries that the message (by the network's id, of the last week) caused and nobody has undone."""
    m = message
    found = select(m.c.key).where(
        m.c.chat_id == chat_id, m.c.sent_at > now - _WEEK_MS, m.c.sent_at <= now + 60_000,
        m.c.platform_id == message_id, m.c.member_id == member_id,
    )  # fmt: skip
    undone = select(ledger.c.undoes).where(
        ledger.c.chat_id == chat_id, ledger.c.member_id == member_id, ledger.c.undoes != ""
    )
    query = select(*_PICKED).where(
        ledger.c.chat_id == chat_id, ledger.c.member_id == member_id, ledger.c.at > now - _WEEK_MS, ledger.c.delta > 0,
        ledger.c.account == "issue", ledger.c.cause.in_(found), ledger.c.idem.not_in(undone),
    )  # fmt: skip
    return connection.execute(query.order_by(ledger.c.id)).all()


def gained_since(connection: Connection, chat_id: int, member_id: int, since: int) -> dict[str, int]:
    """Source → points that awards brought the member since then."""
    return {row.source: int(row.points) for row in _GAINED.run(connection, chat=chat_id, member=member_id, since=since)}


def owner_of(connection: Connection, idem: str) -> str | None:
    """The uid whose entry that is."""
    query = select(member.c.uid).join_from(ledger, member, member.c.id == ledger.c.member_id)
    return connection.execute(query.where(ledger.c.idem == idem)).scalar()


def held_of(connection: Connection, chat_id: int, until: int) -> dict[str, int]:
    """Member uid → points that came at or before `until` and are still there; members without any are left out."""
    held = {}
    for uid, entries in groupby(_HELD.run(connection, chat=chat_id, until=until), key=lambda row: row.uid):
        points = held_since(((row.at, row.delta, row.account) for row in entries), until)
        if points:
            held[uid] = points
    return held


def claimed(connection: Connection, idems: Iterable[str]) -> dict[str, str]:
    """idem → name of the group where that benefit was had; those that were not are left out."""
    rows = _CLAIMS.run(connection, [[idem] for idem in idems])
    where = {row.idem: row.chat_id for row in rows}
    names = select(chat.c.id, chat.c.name, chat.c.uid).where(chat.c.id.in_(set(where.values())))
    by_id = {row.id: row.name or row.uid for row in connection.execute(names)}
    return {idem: by_id[chat_id] for idem, chat_id in where.items()}


def accounts(connection: Connection, chat_id: int) -> dict[str, int]:
    """Account of the group → what it holds; `issue` is below zero by what is in members' hands and elsewhere."""
    found: defaultdict[str, int] = defaultdict(int)
    for row in connection.execute(text("SELECT account, points FROM fund WHERE chat_id = :chat"), {"chat": chat_id}):
        found[row.account] = row.points
    return dict(found)
