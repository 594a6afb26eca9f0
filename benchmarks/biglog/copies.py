"""The originals many times over, by SQL: `INSERT … SELECT` of every table from the schema `src`, once for each copy.

What a column is, its foreign key says: ids of what is (chats, members, runs) move to the copy's own range; ids of what
happened (messages, notes, sends) interleave, so that they rise with the time in the whole log as they do in a live one. Uids
and all texts that hold one get the number of the copy for their mark. What belongs to the house (the account, versions of
playbooks, users) is there once. Both databases take the same statements.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from sqlalchemy import Column, Connection, Table, text
from sqlalchemy.types import Text

from benchmarks.biglog.originals import MARK
from storage.tables import metadata

_HOUSE = frozenset((
    "account", "playbook_version", "playbook_text", "scoring", "audit",
    "console_user", "console_grant", "console_session", "console_token",
))  # fmt: skip
_LIVES = frozenset(("chat", "member", "run", "task", "identity", "gap"))
"""Tables of what is; every other table with an id of its own is a log."""
_AN_ID_WITHOUT_A_KEY = {("question", "message_id"): "message"}


def mark(copy: int) -> str:
    """What stands for `MARK` in the copy."""
    return f"5{copy:05}"


def tables() -> list[Table]:
    """Every table, those first that others point to."""
    return list(metadata.sorted_tables)


def multiply(connection: Connection, copies: int) -> Iterator[tuple[str, int, float]]:
    """Fills the empty tables from `src`; (table, rows, seconds) as each is done. The caller commits."""
    connection.execute(text("CREATE TEMP TABLE copy_number (n INTEGER PRIMARY KEY, mark TEXT NOT NULL)"))
    connection.execute(
        text("INSERT INTO copy_number VALUES (:n, :mark)"), [{"n": n, "mark": mark(n)} for n in range(copies)]
    )
    for table in tables():
        began = time.perf_counter()
        names = [column.name for column in table.columns]
        listed = ", ".join(f'"{name}"' for name in names)
        if table.name in _HOUSE:
            query = f"SELECT {listed} FROM src.{table.name}"
        else:
            wanted = ", ".join(_moved(connection, table, column, copies) for column in table.columns)
            is_log = "id" in table.c and table.name not in _LIVES
            order = "t.id, c.n" if is_log else ", ".join(["c.n", *(f't."{c.name}"' for c in table.primary_key.columns)])
            # Named in this order SQLite walks them in it: nothing has to be sorted.
            pair = (
                f"src.{table.name} t CROSS JOIN copy_number c"
                if is_log
                else f"copy_number c CROSS JOIN src.{table.name} t"
            )
            query = f"SELECT {wanted} FROM {pair} ORDER BY {order}"
        done = connection.execute(text(f"INSERT INTO {table.name} ({listed}) {query}"))
        yield table.name, done.rowcount, time.perf_counter() - began


def _moved(connection: Connection, table: Table, column: Column[object], copies: int) -> str:
    own = f't."{column.name}"'
    target = _AN_ID_WITHOUT_A_KEY.get((table.name, column.name))
    for key in column.foreign_keys:
        target = key.column.table.name
    if target is None and column.name == "id":
        target = table.name
    if target in _HOUSE:
        return own
    if target in _LIVES:
        most = connection.execute(text(f"SELECT max(id) FROM src.{target}")).scalar() or 0
        return f"{own} + c.n * {most}"
    if target is not None:
        return f"({own} - 1) * {copies} + c.n + 1"
    if column.name in ("idem", "undoes"):
        # What makes a deed happen once holds the number of its group between bars.
        old, new = "t.chat_id", _moved(connection, table, table.c.chat_id, copies)
        barred = f"replace('|' || {own}, '|' || CAST({old} AS TEXT) || '|', '|' || CAST({new} AS TEXT) || '|')"
        return f"substr(replace({barred}, '{MARK}', c.mark), 2)"
    if isinstance(column.type, Text) or "text" in str(column.type).lower():
        found = connection.execute(
            text(f"SELECT 1 FROM src.{table.name} t WHERE {own} LIKE :mark LIMIT 1"), {"mark": f"%{MARK}%"}
        ).first()
        if found is not None:
            return f"replace({own}, '{MARK}', c.mark)"
    return own
