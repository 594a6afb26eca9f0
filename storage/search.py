"""Finding messages by words: of one sign, of two and more, several at once, a "phrase with blanks"; in one group, by one
member, in a span of time. Newest first.

The index gives candidates, the words themselves decide. What the index has not seen yet is looked through, up to a limit;
what lies before it is counted and said. Messages that were taken back are not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select, text

from bot.core.text.grams import chat_gram, folded, member_gram, places, wanted
from storage import tables as t
from storage.copies import no_copy
from storage.search_index import Reach, reach, tokens

NEW_AT_MOST = 20_000
"""Messages behind the index that a search looks through itself."""
_CHUNK = 200
_SKEW_MS = 3_600_000
_LAST = 1 << 62
_CANDIDATES = {
    "sqlite": text(
        "SELECT rowid FROM message_gram WHERE message_gram MATCH :wants AND rowid >= :first AND rowid < :stop"
        " ORDER BY rowid DESC LIMIT :most"
    ),
    # Apart, or the planner walks the ids backwards and looks at every array: 250 ms for a word that is rare.
    "postgresql": text(
        "WITH hit AS MATERIALIZED (SELECT message_id FROM message_gram WHERE grams @> CAST(:wants AS integer[]))"
        " SELECT message_id FROM hit WHERE message_id >= :first AND message_id < :stop"
        " ORDER BY message_id DESC LIMIT :most"
    ),
}
_TERM = re.compile(r'"([^"]+)"|“([^”]+)”|(\S+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """`chat` and `member` are uids, "" any. Times in ms, 0 open. `before`: the id of the last hit of the page before."""

    words: str
    chat: str = ""
    member: str = ""
    since_ms: int = 0
    until_ms: int = 0
    before: int = 0
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """`places`: where the words stand in `text`."""

    id: int
    chat: str
    chat_name: str
    member: str
    name: str
    sent_at: int
    text: str
    places: tuple[tuple[int, int], ...]

    def snippet(self, around: int = 20) -> str:
        """The text around the first place, on one line."""
        begin = max(0, self.places[0][0] - around)
        end = self.places[0][1] + around
        cut = " ".join(self.text[begin:end].split())
        return ("…" if begin else "") + cut + ("…" if end < len(self.text) else "")


@dataclass(frozen=True, slots=True)
class Found:
    """`unseen`: so many messages were not looked at, because the index has not come to them yet."""

    hits: tuple[Hit, ...]
    unseen: int


def terms(words: str) -> list[str]:
    """The words as they are compared; a phrase in quotation marks is one."""
    found = [folded(next(filter(None, match.groups()))).strip() for match in _TERM.finditer(words)]
    return list(dict.fromkeys(" ".join(term.split()) for term in found if term))


def search(connection: Connection, query: Query) -> Found:
    """The newest messages that have all of the words. No words find nothing."""
    words = terms(query.words)
    chat_id = _id(connection, t.chat, query.chat)
    member_id = _id(connection, t.member, query.member)
    if not words or -1 in (chat_id, member_id):
        return Found((), 0)
    known = reach(connection)
    where = _where(query, chat_id, member_id)
    first = _first_id(connection, query.since_ms - _SKEW_MS) if query.since_ms else 0
    span = range(first, query.before or _LAST)
    new = _new(connection, known, span, where)
    candidates: list[Iterator[Any]] = [iter(new)]
    if known is not None:
        candidates.append(_indexed(connection, known, span, wanted(words) | _of(chat_id, member_id), where))
    hits: list[Hit] = []
    for row in (row for rows in candidates for row in rows):
        if len(hits) >= query.limit:
            break
        plain = " ".join(folded(row.text).split())
        if all(word in plain for word in words):
            hits.append(_hit(row, words))
    return Found(tuple(hits), _unseen(connection, known, len(new)) if len(hits) < query.limit else 0)


def _where(query: Query, chat_id: int, member_id: int) -> list[Any]:
    m = t.message.c
    where = [m.recalled_at.is_(None), no_copy()]
    if chat_id:
        where.append(m.chat_id == chat_id)
    if member_id:
        where.append(m.member_id == member_id)
    if query.since_ms:
        where.append(m.sent_at >= query.since_ms)
    if query.until_ms:
        where.append(m.sent_at < query.until_ms)
    return where


def _rows() -> Select[Any]:
    m, ms = t.message, t.membership
    name = func.coalesce(func.nullif(ms.c.name, ""), t.member.c.name, "").label("name")
    return (
        select(m.c.id, m.c.sent_at, m.c.text, t.chat.c.uid.label("chat"), t.chat.c.name.label("chat_name"),
               t.member.c.uid.label("member"), name)
        .join(t.chat, t.chat.c.id == m.c.chat_id)
        .outerjoin(t.member, t.member.c.id == m.c.member_id)
        .outerjoin(ms, and_(ms.c.chat_id == m.c.chat_id, ms.c.member_id == m.c.member_id))
        .order_by(m.c.id.desc())
    )  # fmt: skip


def _of(chat_id: int, member_id: int) -> set[int]:
    return ({chat_gram(chat_id)} if chat_id else set()) | ({member_gram(member_id)} if member_id else set())


def _new(connection: Connection, known: Reach | None, span: range, where: Sequence[Any]) -> Sequence[Any]:
    """What the index has not seen yet."""
    m = t.message.c
    first = max(span.start, known.upto + 1 if known else 0)
    query = _rows().where(*where, m.id >= first, m.id < span.stop, m.text != "")
    return connection.execute(query.limit(NEW_AT_MOST)).all()


def _indexed(connection: Connection, known: Reach, span: range, grams: set[int], where: Sequence[Any]) -> Iterator[Any]:
    """Candidates of the index, newest first, some at a time."""
    dialect, stop = connection.dialect.name, min(span.stop, known.upto + 1)
    wants = tokens(dialect, grams)
    given = {
        "wants": " AND ".join(wants.split()) if dialect == "sqlite" else wants,
        "first": span.start,
        "most": _CHUNK,
    }
    while ids := connection.execute(_CANDIDATES[dialect], {**given, "stop": stop}).scalars().all():
        yield from connection.execute(_rows().where(t.message.c.id.in_(ids), *where))
        stop = ids[-1]


def _first_id(connection: Connection, at: int) -> int:
    """The id of the first message that arrived then or later, by halving: arrival has no index, and ids follow it."""
    m = t.message.c
    low, high = connection.execute(select(func.min(m.id), func.max(m.id))).one()
    if low is None:
        return 0
    while low <= high:
        middle = (low + high) // 2
        row = connection.execute(select(m.id, m.received_at).where(m.id >= middle).order_by(m.id).limit(1)).one()
        if row.received_at >= at:
            high = middle - 1
        else:
            low = row.id + 1
    return int(low)


def _unseen(connection: Connection, known: Reach | None, looked_at: int) -> int:
    """Roughly: ids are counted, not rows."""
    newest = connection.execute(select(func.max(t.message.c.id))).scalar() or 0
    if known is None:
        return max(0, newest - NEW_AT_MOST)
    behind = max(0, newest - known.upto - NEW_AT_MOST) if looked_at >= NEW_AT_MOST else 0
    oldest = connection.execute(select(func.min(t.message.c.id))).scalar() or 0
    return behind + max(0, known.down_to - oldest)


def _hit(row: Any, words: Sequence[str]) -> Hit:
    found = tuple(places(row.text, words))
    return Hit(
        id=row.id, chat=row.chat, chat_name=row.chat_name, member=row.member or "", name=row.name or "",
        sent_at=row.sent_at, text=row.text, places=found or ((0, 0),),
    )  # fmt: skip


def _id(connection: Connection, table: Any, uid: str) -> int:
    """0 for any, -1 for one that is not known."""
    if not uid:
        return 0
    return int(connection.execute(select(table.c.id).where(table.c.uid == uid)).scalar() or -1)
