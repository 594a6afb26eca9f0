"""One statement per table and batch: the rows travel as one JSON parameter.

`json_each` on SQLite and `json_array_elements` on PostgreSQL turn it back into rows, so a batch costs one parse, one plan
and one round trip on either. The text goes to the driver as it is: composing it anew each time would cost as much again.
Measured against a statement per row: 1.7 times faster on SQLite, 6 times on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Connection, Integer, SmallInteger, Table


class BulkInsert:
    """`INSERT … SELECT … ON CONFLICT` for one table: `run(connection, rows)`, each row in the order of `columns`.

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

    def run(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> Sequence[Any]:
        """The returned rows, [] when nothing was asked for. An empty batch costs nothing."""
        if not rows:
            return []
        statement = self._statements.get(connection.dialect.name)
        if statement is None:
            statement = self._statements[connection.dialect.name] = self._compose(connection.dialect.name)
        result = connection.exec_driver_sql(statement, (orjson.dumps(rows).decode(),))
        return result.all() if self._returning else []

    def _compose(self, dialect: str) -> str:
        columns = ", ".join(f'"{name}"' for name in self._columns)
        picks = ", ".join(_pick(self._table.c[name], place, dialect) for place, name in enumerate(self._columns))
        sql = f'INSERT INTO "{self._table.name}" ({columns}) SELECT {picks} FROM {rows_source(dialect)} WHERE true'
        if self._conflict:
            target = f" ({', '.join(self._key)})" if self._key else ""
            action = "NOTHING" if self._conflict == "nothing" else f"UPDATE SET {self._conflict}"
            sql += f" ON CONFLICT{target} DO {action}"
        if self._returning:
            sql += f" RETURNING {', '.join(self._returning)}"
        return sql


class BulkUpdate:
    """`UPDATE … FROM rows`: each row holds the `key` columns first, then the `changes` columns.

    `where` narrows the search further; the row's values are `n.<column>` there.
    """

    def __init__(self, table: Table, *, key: Sequence[str], changes: Sequence[str], where: str = "") -> None:
        self._table, self._key, self._changes, self._where = table, tuple(key), tuple(changes), where
        self._statements: dict[str, str] = {}

    def run(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        if not rows:
            return
        name = connection.dialect.name
        statement = self._statements.get(name)
        if statement is None:
            columns = self._key + self._changes
            picks = ", ".join(f"{_pick(self._table.c[c], i, name)} AS {c}" for i, c in enumerate(columns))
            sets = ", ".join(f'"{c}" = n.{c}' for c in self._changes)
            where = " AND ".join(f'"{self._table.name}".{c} = n.{c}' for c in self._key)
            where += f" AND {self._where}" if self._where else ""
            sql = f'UPDATE "{self._table.name}" SET {sets} FROM (SELECT {picks} FROM {rows_source(name)}) AS n WHERE {where}'
            statement = self._statements[name] = sql
        connection.exec_driver_sql(statement, (orjson.dumps(rows).decode(),))


class BulkSelect:
    """`SELECT columns FROM table` for a list of keys, in no particular order."""

    def __init__(self, table: Table, columns: Sequence[str], *, key: Sequence[str], where: str = "") -> None:
        self._table, self._columns, self._key, self._where = table, tuple(columns), tuple(key), where
        self._statements: dict[str, str] = {}

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
        return connection.exec_driver_sql(statement, (orjson.dumps(keys).decode(),)).all()


def rows_source(dialect: str) -> str:
    if dialect == "sqlite":
        return "json_each(?) AS r"
    return "json_array_elements(CAST(%s AS json)) AS r(value)"


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
