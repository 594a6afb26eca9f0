"""Migrations: from empty, from each earlier version, never from a newer one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, insert, make_url, select, text
from sqlalchemy.schema import SchemaItem

from bot.core.errors import StorageError
from storage.backup import verify
from storage.database import Database
from storage.migrations import HEAD
from storage.schema import require_current, revisions, upgrade, version
from storage.tables import HOT, metadata
from tests.conftest import BACKENDS

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


@pytest.fixture(params=BACKENDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    if request.param == "sqlite":
        with Database(f"sqlite:///{tmp_path}/empty.db") as database:
            yield database
        return
    url = make_url(str(request.getfixturevalue("postgres_url")))
    server = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        name = f"qunops_empty_{connection.info.backend_pid}"
        connection.execute(f"CREATE DATABASE {name}")
        with Database(url.set(database=name)) as database:
            yield database
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _shape(connection: Connection) -> dict[str, str]:
    """Every table and index as the database itself describes it, white space and quotes aside."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
        kept = {name: sql for name, sql in rows if not name.startswith("alembic")}
        return {name: _lines(sql) for name, sql in kept.items()}
    columns = "SELECT table_name || '.' || column_name, concat_ws(' ', data_type, is_nullable, column_default)"
    columns += " FROM information_schema.columns WHERE table_schema='public'"
    indexes = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname='public'"
    constraints = (
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace='public'::regnamespace"
    )
    found = {name: sql for query in (columns, indexes, constraints) for name, sql in connection.execute(text(query))}
    return {name: sql for name, sql in found.items() if not name.startswith("alembic")}


def _differences(connection: Connection) -> list[object]:
    """What alembic finds. The keys that PostgreSQL does without (ADR 0029) it would miss; `_shape` compares all keys."""
    declared = {table.name for table in HOT} if connection.dialect.name == "postgresql" else set()

    def is_compared(found: SchemaItem, name: str | None, kind: str, reflected: bool, other: SchemaItem | None) -> bool:
        return kind != "foreign_key_constraint" or found.table.name not in declared  # type: ignore[attr-defined]

    opts = {"compare_type": True, "include_object": is_compared}
    return compare_metadata(MigrationContext.configure(connection, opts=opts), metadata)  # type: ignore[no-any-return]


def _lines(sql: str) -> str:
    """A statement's parts, sorted: alembic writes constraints in another order than the metadata, and a column that
    came later stands on the line of the one before."""
    head, bracket, body = sql.replace('"', "").partition("(")
    parts, depth = [""], 0
    for sign in body:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    last, _, options = parts.pop().rpartition(")")
    return " ".join(
        [*head.split(), bracket, *sorted(" ".join(part.split()) for part in (*parts, last)), *options.split()]
    )


def test_the_migrated_schema_is_the_declared_one(empty: Database) -> None:
    """Every migration in turn ends in exactly the tables, indexes and constraints of `tables.py`."""
    upgrade(empty, now=NOW, target=revisions()[0])
    upgrade(empty, now=NOW)
    with empty.begin() as connection:
        assert _differences(connection) == []
        migrated = _shape(connection)
        metadata.drop_all(connection)
        metadata.create_all(connection)
        assert _shape(connection) == migrated
        connection.rollback()


def test_head_is_the_newest_migration() -> None:
    """The constant that spares a start the import of alembic names the last script."""
    assert revisions()[-1] == HEAD
    assert revisions() == sorted(revisions())


def test_upgrading_twice_changes_nothing(empty: Database) -> None:
    """The second upgrade finds nothing to do and makes no backup."""
    first, second = upgrade(empty, now=NOW), upgrade(empty, now=NOW)
    assert (first.before, first.after, first.backup) == (None, HEAD, None)
    assert (second.is_changed, second.backup) == (False, None)
    with empty.reading() as connection:
        require_current(connection)


def test_an_empty_database_gets_the_schema_at_once(empty: Database) -> None:
    """The short cut for a first start is the declared schema, which the migrations end in as well."""
    upgrade(empty, now=NOW)
    with empty.begin() as connection:
        require_current(connection)
        assert _differences(connection) == []


def _fill(connection: Connection) -> None:
    """One row in every table as it was at that version."""
    then = MetaData()
    then.reflect(connection)
    for table in then.sorted_tables:
        if table.name == "alembic_version":
            continue
        values: dict[str, object] = {}
        for column in table.columns:
            is_number = column.type.python_type is int
            values[column.name] = 1 if is_number else f"{table.name}.{column.name}"
        connection.execute(insert(table).values(values))


def _contents(connection: Connection) -> dict[str, dict[str, list[object]]]:
    """Table → column → its values, the schema version aside."""
    now = MetaData()
    now.reflect(connection)
    tables = [table for table in now.sorted_tables if table.name != "alembic_version"]
    return {
        table.name: {column.name: list(connection.execute(select(column)).scalars()) for column in table.columns}
        for table in tables
    }


@pytest.mark.parametrize("start", revisions())
def test_every_earlier_version_is_upgraded_with_its_data(empty: Database, start: str) -> None:
    """From each version: every row is still there with its values, and a backup that verifies was made first."""
    upgrade(empty, now=NOW, target=start)
    with empty.begin() as connection:
        _fill(connection)
        before = _contents(connection)
    done = upgrade(empty, now=NOW)
    with empty.reading() as connection:
        assert version(connection) == HEAD
        after = _contents(connection)
    for name, columns in before.items():
        assert columns.items() <= after[name].items(), name
    if empty.is_sqlite and start != HEAD:
        assert done.backup is not None
        assert verify(done.backup).rows["message"] == 1
        with Database(f"sqlite:///{done.backup}", mode="read") as old, old.reading() as connection:
            assert (version(connection), _contents(connection)) == (start, before)


def test_a_failing_step_leaves_the_old_schema(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash in the middle of an upgrade: nothing of it is there, and the next attempt succeeds."""
    with empty.begin() as connection:
        connection.execute(text("CREATE VIEW trace AS SELECT 1 AS one"))
    with pytest.raises(Exception, match="trace"):
        upgrade(empty, now=NOW)
    with empty.begin() as connection:
        assert version(connection) is None
        connection.execute(text("DROP VIEW trace"))
    assert upgrade(empty, now=NOW).after == HEAD


def test_a_newer_database_is_refused(database: Database) -> None:
    """The program says which version it found and touches nothing."""
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num='9999'"))
    try:
        with pytest.raises(StorageError, match="9999 比这个程序"):
            upgrade(database, now=NOW)
        with database.reading() as connection, pytest.raises(StorageError, match="9999 比这个程序"):
            require_current(connection)
    finally:
        with database.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num=:head"), {"head": HEAD})


def test_a_foreign_database_is_refused(empty: Database) -> None:
    """Somebody else's tables are not taken over."""
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE accounts (id integer)"))
    with pytest.raises(StorageError, match="别的程序的表"):
        upgrade(empty, now=NOW)


def test_the_copy_before_an_upgrade(sqlite_database: Database) -> None:
    """A file with data at an older version is copied, verified, and the path reported."""
    with sqlite_database.begin() as connection:
        _fill(connection)
        connection.execute(text("UPDATE alembic_version SET version_num='0000'"))
    from storage import schema

    copy = schema._copy_first(sqlite_database, "0000", NOW)
    assert copy is not None
    assert copy.name == "qunops-v0000-20260302T083000.backup"
    assert verify(copy).rows["member"] == 1
    with Database(f"sqlite:///{copy}", mode="read") as old, old.reading() as connection:
        assert connection.execute(select(metadata.tables["member"].c.uid)).scalar() == "member.uid"
