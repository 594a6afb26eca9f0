"""The index of the log: which grams a message has. It follows the log, some messages at a time, and is no part of the schema:
it is made anew when it is not there or was made by another version.

SQLite: a full-text table without content (FTS5 over our own grams: its tokenizers know no Chinese words). PostgreSQL: an
array of grams for each message, with an inverted index. How far it got is written in the same transaction: a crash loses
nothing and indexes nothing twice. It goes on from the newest message that it saw, and when nothing new is there, back into
what was there before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, inspect, select, text

from bot.core.text.grams import VERSION, chat_gram, grams, member_gram
from storage import tables as t
from storage.tables import COPY

MOST = 200
TABLES = ("message_gram", "message_gram_state")
_MAKE_SQLITE = (
    "CREATE VIRTUAL TABLE message_gram USING fts5(grams, content='', detail=none, tokenize='ascii')",
    "CREATE TABLE message_gram_state (version INTEGER NOT NULL, upto INTEGER NOT NULL, down_to INTEGER NOT NULL)",
)
_MAKE_POSTGRES = (
    "CREATE TABLE message_gram (message_id bigint PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,"
    " grams integer[] NOT NULL)",
    # Entries wait in a list that is sorted in at once: a short one, because the writer waits for that.
    "CREATE INDEX message_gram_grams ON message_gram USING gin (grams) WITH (gin_pending_list_limit = 512)",
    "CREATE TABLE message_gram_state (version integer NOT NULL, upto bigint NOT NULL, down_to bigint NOT NULL)",
)
_ADD = {
    "sqlite": "INSERT INTO message_gram (rowid, grams) VALUES (:id, :grams)",
    "postgresql": "INSERT INTO message_gram (message_id, grams) VALUES (:id, :grams)",
}
_DROP = {
    "sqlite": "INSERT INTO message_gram (message_gram, rowid, grams) VALUES ('delete', :id, :grams)",
    "postgresql": "DELETE FROM message_gram WHERE message_id = :id",
}


@dataclass(frozen=True, slots=True)
class Reach:
    """Messages with `down_to` ≤ id ≤ `upto` are indexed."""

    upto: int
    down_to: int


def reach(connection: Connection) -> Reach | None:
    """How far the index goes; None when there is none that could be used."""
    if not inspect(connection).has_table("message_gram_state"):
        return None
    query = text("SELECT upto, down_to FROM message_gram_state WHERE version = :version")
    row = connection.execute(query, {"version": VERSION}).first()
    return Reach(row.upto, row.down_to) if row else None


def index_next(connection: Connection, most: int = MOST) -> int:
    """Indexes the next messages, new ones first; how many it looked at, 0 when all are indexed. Makes the index when there
    is none."""
    known = reach(connection) or _make(connection)
    if known is None:
        return 0
    m = t.message.c
    query = select(m.id, m.chat_id, m.member_id, m.text, m.flags).limit(most)
    rows = connection.execute(query.where(m.id > known.upto).order_by(m.id)).all()
    if rows:
        known = Reach(rows[-1].id, known.down_to)
    else:
        rows = connection.execute(query.where(m.id < known.down_to).order_by(m.id.desc())).all()
        if not rows:
            return 0
        known = Reach(known.upto, rows[-1].id)
    _change(connection, _ADD, [row for row in rows if row.text and not row.flags & COPY])
    connection.execute(
        text("UPDATE message_gram_state SET upto = :upto, down_to = :down_to"),
        {"upto": known.upto, "down_to": known.down_to},
    )
    return len(rows)


def add(connection: Connection, ids: Sequence[int]) -> None:
    """Puts in messages that were copies when they were looked at and are none now."""
    _change_some(connection, _ADD, ids)


def forget(connection: Connection, ids: Sequence[int]) -> None:
    """Takes messages out, before their rows or texts go: what an entry was made of is needed to find it again."""
    _change_some(connection, _DROP, ids)


def _change_some(connection: Connection, statements: dict[str, str], ids: Sequence[int]) -> None:
    known = reach(connection)
    m = t.message.c
    for start in range(0, len(ids) if known else 0, 500):
        query = select(m.id, m.chat_id, m.member_id, m.text, m.flags).where(m.id.in_(ids[start : start + 500]))
        rows = [row for row in connection.execute(query) if row.text and not row.flags & COPY]
        assert known is not None
        _change(connection, statements, [row for row in rows if known.down_to <= row.id <= known.upto])


def scour(connection: Connection) -> None:
    """After an erasure: what was taken out is gone from the disk, too. On SQLite all of the index is written anew."""
    if connection.dialect.name == "sqlite" and reach(connection) is not None:
        connection.execute(text("INSERT INTO message_gram (message_gram) VALUES ('optimize')"))


def tokens(dialect: str, found: set[int]) -> Any:
    """The grams as the database keeps them: words of eight digits, or signed integers."""
    if dialect == "sqlite":
        return " ".join([f"{gram:08x}" for gram in found])
    return [gram - (1 << 32) if gram >> 31 else gram for gram in found]


def _change(connection: Connection, statements: dict[str, str], rows: Sequence[Any]) -> None:
    dialect = connection.dialect.name
    entries = [
        {
            "id": row.id,
            "grams": tokens(dialect, grams(row.text) | {chat_gram(row.chat_id), member_gram(row.member_id or 0)}),
        }
        for row in rows
    ]
    if entries:
        connection.execute(text(statements[dialect]), entries)


def _make(connection: Connection) -> Reach | None:
    """An empty index that begins at the newest message; None where the database has no means for one."""
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite and not connection.execute(text("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'")).first():
        return None
    for name in TABLES:
        connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
    for statement in _MAKE_SQLITE if is_sqlite else _MAKE_POSTGRES:
        connection.execute(text(statement))
    newest = connection.execute(select(func.max(t.message.c.id))).scalar() or 0
    connection.execute(
        text("INSERT INTO message_gram_state (version, upto, down_to) VALUES (:version, :newest, :next)"),
        {"version": VERSION, "newest": newest, "next": newest + 1},
    )
    return Reach(newest, newest + 1)
