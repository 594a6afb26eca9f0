"""Brings a database to the schema that this program knows: from nothing, or from any earlier version.

All steps of an upgrade are one transaction (both databases roll back DDL), so a crash leaves the old schema or the new
one. A SQLite file that holds anything is copied first. A database from a newer program is refused, never guessed at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from bot.core.errors import StorageError
from storage.backup import back_up
from storage.database import Database
from storage.migrations import HEAD
from storage.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config


@dataclass(frozen=True, slots=True)
class Upgrade:
    """`before` is None for a database that was empty. `backup` is the copy made first, if there was anything to copy."""

    before: str | None
    after: str
    backup: Path | None = None

    @property
    def is_changed(self) -> bool:
        return self.before != self.after


def version(connection: Connection) -> str | None:
    """The schema version, None for an empty database.

    Raises `StorageError` when tables are there that are not ours.
    """
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" in tables:
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if found is not None:
            return found
    if tables - {"alembic_version"}:
        raise StorageError(
            "这个数据库里有别的程序的表，没有群运的版本记录：请换一个空数据库。 · not a QunOps database, and not empty"
        )
    return None


def require_current(connection: Connection) -> None:
    """Raises `StorageError`, saying what to do, unless the schema is exactly the one this program knows."""
    found = version(connection)
    if found is None:
        raise StorageError("数据库还是空的：先运行一次 `qunops run`。 · the database is empty")
    if found != HEAD:
        _refuse_newer(found)
        raise StorageError(f"数据库版本 {found} 旧于程序 {HEAD}：运行 `qunops db upgrade`。 · schema {found} is older")


def upgrade(database: Database, *, now: datetime, target: str = HEAD) -> Upgrade:
    """Brings `database` to `target` and says what was done. Doing it again does nothing."""
    with database.begin() as connection:
        before = version(connection)
    if before == target:
        return Upgrade(before, target)
    if before is not None:
        _refuse_newer(before)
    copy = _copy_first(database, before, now)
    with database.begin() as connection:
        if target == HEAD and version(connection) is None:
            _create(connection)
        else:
            _run(connection, target)
    return Upgrade(before, target, copy)


def _create(connection: Connection) -> None:
    """The newest schema at once, for a database that is empty: a simulator makes many, and a first start does without
    alembic's fifth of a second and 11 MB. A test holds the two ways equal."""
    metadata.create_all(connection, checkfirst=False)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def _run(connection: Connection, target: str) -> None:
    # Imported here: alembic costs a fifth of a second, and nearly every start finds nothing to do.
    from alembic import command

    config = _alembic()
    config.attributes["connection"] = connection
    command.upgrade(config, target)


def _alembic() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def revisions() -> list[str]:
    """Every schema version, oldest first."""
    from alembic.script import ScriptDirectory

    return [script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()][::-1]


def _refuse_newer(found: str) -> None:
    if found not in revisions():
        raise StorageError(
            f"数据库版本 {found} 比这个程序（{HEAD}）新：请升级程序，或恢复升级前的备份（`qunops db restore`）。"
            f" · schema {found} is newer than this program ({HEAD})"
        )


def _copy_first(database: Database, before: str | None, now: datetime) -> Path | None:
    if database.path is None or before is None:
        return None
    target = database.path.with_name(f"{database.path.stem}-v{before}-{now:%Y%m%dT%H%M%S}.backup")
    return back_up(database, target, now=now).path
