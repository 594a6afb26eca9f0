"""Backups are made under writes, verified, and restored."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from bot.core.errors import StorageError
from storage.backup import back_up, restore, verify
from storage.database import Database
from storage.tables import member

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


def _fill(database: Database, first: int, count: int) -> None:
    for number in range(first, first + count):
        with database.begin() as connection:
            connection.execute(insert(member).values(uid=f"qq:{number}", name="小明"))


def _count(database: Database) -> int:
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(member)).scalar() or 0


def test_a_backup_under_load_is_one_moment(sqlite_database: Database, tmp_path: Path) -> None:
    """While somebody writes, the copy is a prefix of what was written, whole and verified."""
    _fill(sqlite_database, 0, 20)
    writer = threading.Thread(target=_fill, args=(sqlite_database, 20, 200))
    writer.start()
    made = back_up(sqlite_database, tmp_path / "backups" / "a.backup", now=NOW)
    writer.join()
    assert 20 <= made.rows["member"] <= 220
    assert verify(made.path) == made
    assert not list(made.path.parent.glob("*-wal"))


def test_restoring_puts_the_old_state_back_and_keeps_the_new_one(sqlite_database: Database, tmp_path: Path) -> None:
    """After a restore the database is as it was; what was there before is kept beside it."""
    path = sqlite_database.path
    assert path is not None
    _fill(sqlite_database, 0, 3)
    made = back_up(sqlite_database, tmp_path / "a.backup", now=NOW)
    _fill(sqlite_database, 3, 4)
    sqlite_database.close()
    kept = restore(made.path, path, now=NOW)
    assert kept is not None
    with Database(f"sqlite:///{path}") as restored, Database(f"sqlite:///{kept}") as old:
        assert (_count(restored), _count(old)) == (3, 7)
        _fill(restored, 100, 1)


def test_a_damaged_backup_is_refused_before_anything_is_touched(sqlite_database: Database, tmp_path: Path) -> None:
    """One flipped byte, a missing manifest or a missing file: the restore does not begin."""
    path = sqlite_database.path
    assert path is not None
    _fill(sqlite_database, 0, 3)
    made = back_up(sqlite_database, tmp_path / "a.backup", now=NOW)
    sqlite_database.close()
    content = bytearray(made.path.read_bytes())
    content[5000] ^= 1
    made.path.write_bytes(content)
    with pytest.raises(StorageError, match="哈希不同"):
        restore(made.path, path, now=NOW)
    with pytest.raises(StorageError, match="没有清单"):
        verify(tmp_path / "none.backup")
    with Database(f"sqlite:///{path}") as untouched:
        assert _count(untouched) == 3


def test_a_backup_is_never_overwritten(sqlite_database: Database, tmp_path: Path) -> None:
    """The second backup to the same name is refused."""
    back_up(sqlite_database, tmp_path / "a.backup", now=NOW)
    with pytest.raises(StorageError, match="已经存在"):
        back_up(sqlite_database, tmp_path / "a.backup", now=NOW)


def test_a_damaged_database_is_not_backed_up(sqlite_database: Database, tmp_path: Path) -> None:
    """A copy that fails the integrity check never gets the name of a backup."""
    _fill(sqlite_database, 0, 300)
    path = sqlite_database.path
    assert path is not None
    sqlite_database.close()
    with sqlite3.connect(path) as raw:
        root = raw.execute("SELECT rootpage FROM sqlite_master WHERE name='member'").fetchone()[0]
        size = raw.execute("PRAGMA page_size").fetchone()[0]
    raw.close()
    content = bytearray(path.read_bytes())
    content[(root - 1) * size + 8 : root * size] = b"\xff" * (size - 8)
    path.write_bytes(content)
    with Database(f"sqlite:///{path}") as database, pytest.raises(StorageError, match=r"已损坏|读不出来"):
        back_up(database, tmp_path / "a.backup", now=NOW)
    assert not (tmp_path / "a.backup").exists()


def test_postgresql_is_dumped_by_its_own_tool(database: Database, tmp_path: Path) -> None:
    """On PostgreSQL the backup is `pg_dump`'s; on SQLite our own. Both verify."""
    made = back_up(database, tmp_path / "a.backup", now=NOW)
    assert verify(made.path).size_bytes > 0
