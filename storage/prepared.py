"""Queries that are composed once and then go to the driver as text.

SQLAlchemy composes a query anew for each call, which costs ten times what a look-up by an index does. What a cycle asks
again and again is written once with `bindparam` (or as text with `:name`) and run with values for those names.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, TextClause
from sqlalchemy.sql.compiler import SQLCompiler

from storage.bulk import on_sqlite


class Prepared:
    """`run(connection, name=value, …)`: the rows, read by name. No expanding `IN`: its text depends on the values."""

    def __init__(self, query: Select[Any] | TextClause) -> None:
        self._query = query
        self._composed: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {}
        self._row: Callable[[Sequence[Any]], Any] | None = None

    def run(self, connection: Connection, **given: Any) -> list[Any]:
        dialect = connection.dialect.name
        statement, own, order = self._composed.get(dialect) or self._compose(connection)
        values = {**own, **given}
        if dialect != "sqlite":
            return list(connection.exec_driver_sql(statement, values).all())
        cursor = on_sqlite(connection, statement, [values[name] for name in order])
        if self._row is None:
            names = [column[0] for column in cursor.description]
            kind: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # told by the database
            self._row = kind._make
        return list(map(self._row, cursor.fetchall()))

    def do(self, connection: Connection, **given: Any) -> None:
        """The same for a statement that gives no rows back."""
        statement, own, order = self._composed.get(connection.dialect.name) or self._compose(connection)
        values = {**own, **given}
        if connection.dialect.name == "sqlite":
            on_sqlite(connection, statement, [values[name] for name in order])
        else:
            connection.exec_driver_sql(statement, values)

    def first(self, connection: Connection, **given: Any) -> Any:
        """The first column of the first row; None without rows."""
        rows = self.run(connection, **given)
        return rows[0][0] if rows else None

    def _compose(self, connection: Connection) -> tuple[str, dict[str, Any], tuple[str, ...]]:
        compiled = self._query.compile(dialect=connection.dialect)
        assert isinstance(compiled, SQLCompiler)
        found = str(compiled), dict(compiled.params), tuple(compiled.positiontup or ())
        self._composed[connection.dialect.name] = found
        return found
