"""One call per table and batch, in the way that is cheapest for each database.

PostgreSQL gets one statement: the rows travel as one JSON parameter that `jsonb_array_elements` turns back into rows, so a
batch costs one parse, one plan and one round trip (6 times faster than a statement per row). SQLite is in the process:
there a prepared statement run for each row costs half of taking JSON apart (9 µs a message row against 21).

Whichever it is, the text goes to the driver as it is: composing it anew each time would cost as much again. On SQLite it
goes to the driver's own cursor, because SQLAlchemy's way to it costs ten times what a small statement does; its errors
come out as SQLAlchemy's all the same.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Connection, Integer, SmallInteger, Table
from sqlalchemy.exc import DBAPIError

Rows = Sequence[Sequence[Any]]


class BulkInsert:
    """`INSERT … ON CONFLICT` for one table: `run(connection, rows)`, each row in the order of `columns`.

    `conflict`: "" raises, "nothing" skips, or the SET clause of an update. `key` names the conflict's columns.
    `returning`: the columns to give back for rows that were really inserted (or updated).
    """

    def __init__(
        self,
        table: Table,
        columns: Sequence[str],
        *,
        key: Sequence[str] = (),
        conflict: str = "",
        returning: Sequence[str] = (),
    ) -> None:
        self._table, self._columns, self._key = table, tuple(columns), tuple(key)
        self._conflict, self._returning = conflict, tuple(returning)
        self._statements: dict[str, str] = {}
        self._row = _rows_of(self._returning) if returning else tuple
        has_id = "id" in table.c
        self._runs_each = not returning or (conflict in ("", "nothing") and has_id)
        """Whether SQLite can do without RETURNING, which has no executemany: of one writer, the new rows are those with
        the highest ids."""
        known = bool(returning) and set(returning) <= set(columns)
        self._given = itemgetter(*(self._columns.index(name) for name in returning)) if known else None

    def run(self, connection: Connection, rows: Rows) -> Sequence[Any]:
        """The returned rows, [] when nothing was asked for. An empty batch costs nothing."""
        if not rows:
            return []
        dialect = connection.dialect.name
        if dialect == "sqlite" and self._runs_each:
            return self._run_each(connection, rows)
        statement = self._statements.get(dialect)
        if statement is None:
            statement = self._statements[dialect] = self._compose_set(dialect)
        packed = (orjson.dumps(rows).decode(),)
        if dialect == "sqlite":
            return list(map(self._row, on_sqlite(connection, statement, packed).fetchall()))
        result = connection.exec_driver_sql(statement, packed)
        return result.all() if self._returning else []

    def _run_each(self, connection: Connection, rows: Rows) -> Sequence[Any]:
        statement = self._statements.get("sqlite")
        if statement is None:
            values = ", ".join("?" * len(self._columns))
            statement = self._statements["sqlite"] = self._compose(f"VALUES ({values})")
        count = on_sqlite(connection, statement, rows, is_many=True).rowcount
        if not self._returning:
            return []
        if self._given is not None and count == len(rows):
            return [self._given(row) for row in rows]
        names = ", ".join(self._returning)
        query = f'SELECT {names} FROM "{self._table.name}" ORDER BY id DESC LIMIT ?'
        found = on_sqlite(connection, query, (count,)).fetchall() if count else []
        return list(map(self._row, found))

    def _compose_set(self, dialect: str) -> str:
        picks = ", ".join(_pick(self._table.c[name], place, dialect) for place, name in enumerate(self._columns))
        sql = self._compose(f"SELECT {picks} FROM {rows_source(dialect)} WHERE true")
        return f"{sql} RETURNING {', '.join(self._returning)}" if self._returning else sql

    def _compose(self, source: str) -> str:
        columns = ", ".join(f'"{name}"' for name in self._columns)
        sql = f'INSERT INTO "{self._table.name}" ({columns}) {source}'
        if not self._conflict:
            return sql
        target = f" ({', '.join(self._key)})" if self._key else ""
        action = "NOTHING" if self._conflict == "nothing" else f"UPDATE SET {self._conflict}"
        return f"{sql} ON CONFLICT{target} DO {action}"


class BulkUpdate:
    """`UPDATE` of rows by key: each row holds the `key` columns first, then the `changes` columns.

    `where` narrows the search further; the row's values are `n.<column>` there.
    """

    def __init__(self, table: Table, *, key: Sequence[str], changes: Sequence[str], where: str = "") -> None:
        self._table, self._key, self._changes, self._where = table, tuple(key), tuple(changes), where
        self._statements: dict[str, str] = {}

    def run(self, connection: Connection, rows: Rows) -> None:
        if not rows:
            return
        dialect = connection.dialect.name
        runs_each = dialect == "sqlite" and not self._where
        statement = self._statements.get(dialect)
        if statement is None:
            statement = self._compose_each() if runs_each else self._compose_set(dialect)
            self._statements[dialect] = statement
        if runs_each:
            keys = len(self._key)
            on_sqlite(connection, statement, [(*row[keys:], *row[:keys]) for row in rows], is_many=True)
            return
        packed = (orjson.dumps(rows).decode(),)
        if dialect == "sqlite":
            on_sqlite(connection, statement, packed)
        else:
            connection.exec_driver_sql(statement, packed)

    def _compose_each(self) -> str:
        """Takes the changes first, then the key: Python 3.12 calls numbered placeholders deprecated."""
        sets = ", ".join(f'"{c}" = ?' for c in self._changes)
        where = " AND ".join(f'"{c}" = ?' for c in self._key)
        return f'UPDATE "{self._table.name}" SET {sets} WHERE {where}'

    def _compose_set(self, dialect: str) -> str:
        columns = self._key + self._changes
        picks = ", ".join(f"{_pick(self._table.c[c], i, dialect)} AS {c}" for i, c in enumerate(columns))
        sets = ", ".join(f'"{c}" = n.{c}' for c in self._changes)
        where = " AND ".join(f'"{self._table.name}".{c} = n.{c}' for c in self._key)
        where += f" AND {self._where}" if self._where else ""
        return f'UPDATE "{self._table.name}" SET {sets} FROM (SELECT {picks} FROM {rows_source(dialect)}) AS n WHERE {where}'


class BulkSelect:
    """`SELECT columns FROM table` for a list of keys, in no particular order."""

    def __init__(self, table: Table, columns: Sequence[str], *, key: Sequence[str], where: str = "") -> None:
        self._table, self._columns, self._key, self._where = table, tuple(columns), tuple(key), where
        self._statements: dict[str, str] = {}
        self._row = _rows_of(self._columns)

    def run(self, connection: Connection, keys: Sequence[Sequence[Any]]) -> Sequence[Any]:
        if not keys:
            return []
        name = connection.dialect.name
        statement = self._statements.get(name)
        if statement is None:
            picks = ", ".join(f"{_pick(self._table.c[c], i, name)} AS {c}" for i, c in enumerate(self._key))
            on = " AND ".join(f"t.{c} = k.{c}" for c in self._key)
            columns = ", ".join(f't."{c}"' for c in self._columns)
            extra = f" WHERE {self._where}" if self._where else ""
            # CROSS JOIN keeps SQLite from scanning the table and probing the few keys instead of the other way round.
            join = "CROSS JOIN" if name == "sqlite" else "JOIN"
            sql = f'SELECT {columns} FROM (SELECT {picks} FROM {rows_source(name)}) AS k {join} "{self._table.name}" AS t ON {on}{extra}'
            statement = self._statements[name] = sql
        packed = (orjson.dumps(keys).decode(),)
        if name == "sqlite":
            return list(map(self._row, on_sqlite(connection, statement, packed).fetchall()))
        return connection.exec_driver_sql(statement, packed).all()


def _rows_of(columns: Sequence[str]) -> Callable[[Sequence[Any]], Any]:
    """What turns a bare row into one that is read by name."""
    kind: Any = namedtuple("Row", columns)  # type: ignore[misc]  # the columns are told by the table
    return kind._make


def on_sqlite(connection: Connection, statement: str, given: Any, *, is_many: bool = False) -> sqlite3.Cursor:
    """Runs `statement` on the driver's cursor: once with the parameters `given`, or `is_many`: with each row of them."""
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)
    try:
        return driver.executemany(statement, given) if is_many else driver.execute(statement, given)
    except sqlite3.Error as error:
        raise DBAPIError.instance(statement, None, error, sqlite3.Error) from error


def rows_source(dialect: str) -> str:
    if dialect == "sqlite":
        return "json_each(?) AS r"
    # Not json: that takes the whole row apart again for each column (30 µs a message row against 15).
    return "jsonb_array_elements(CAST(%s AS jsonb)) AS r(value)"


def _pick(column: Column[Any], place: int, dialect: str) -> str:
    if dialect == "sqlite":
        return f"r.value ->> {place}"
    if isinstance(column.type, SmallInteger):
        return f"CAST(r.value ->> {place} AS smallint)"
    if isinstance(column.type, BigInteger):
        return f"CAST(r.value ->> {place} AS bigint)"
    if isinstance(column.type, Integer):
        return f"CAST(r.value ->> {place} AS integer)"
    return f"r.value ->> {place}"
