"""Opening, locking, transactions and read-only connections."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, insert, make_url, select, text
from sqlalchemy.exc import DBAPIError

from bot.core.errors import DatabaseInUse, StorageError
from storage.database import Database
from storage.schema import upgrade
from storage.tables import member
from tests.conftest import BACKENDS

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    """A writing transaction is all or nothing."""
    with contextlib.suppress(ZeroDivisionError), database.begin() as connection:
        connection.execute(insert(member).values(uid="qq:1"))
        raise ZeroDivisionError
    with database.begin() as connection:
        connection.execute(insert(member).values(uid="qq:2"))
    with database.reading() as connection:
        assert connection.execute(select(member.c.uid)).scalars().all() == ["qq:2"]


def test_readers_can_not_write(database: Database) -> None:
    """Both databases refuse a write on a reading connection."""
    with pytest.raises(DBAPIError), database.reading() as connection:
        connection.execute(insert(member).values(uid="qq:1"))


async def test_async_readers_see_a_snapshot_and_can_not_write(database: Database) -> None:
    """A session sees what was committed before it began, and refuses to write."""
    with database.begin() as connection:
        connection.execute(insert(member).values(uid="qq:1"))
    async with database.session() as session:
        count = select(func.count()).select_from(member)
        assert await session.scalar(count) == 1
        await asyncio.to_thread(_add, database, "qq:2")
        if database.is_sqlite:
            assert await session.scalar(count) == 1
    with pytest.raises(DBAPIError):
        async with database.session() as session:
            await session.execute(insert(member).values(uid="qq:3"))


def _add(database: Database, uid: str) -> None:
    with database.begin() as connection:
        connection.execute(insert(member).values(uid=uid))


def test_memory_is_shared_by_writer_and_readers_and_by_nobody_else() -> None:
    """`sqlite://` serves writer and readers from one database of its own."""
    with Database("sqlite://") as one, Database("sqlite://") as two:
        for each in (one, two):
            upgrade(each, now=NOW)
        _add(one, "sim:小明")
        for each, expected in ((one, 1), (two, 0)):
            with each.reading() as connection:
                assert connection.execute(select(func.count()).select_from(member)).scalar() == expected


def test_the_pragmas_of_the_writer(sqlite_database: Database) -> None:
    """Full durability, the write-ahead log, and deleted text overwritten."""
    with sqlite_database.begin() as connection:
        wanted = {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 10000, "wal_autocheckpoint": 4000}
        wanted |= {"cache_size": -8192, "secure_delete": 2}
        assert {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in wanted} == wanted


def test_a_second_writer_is_refused_and_told_what_to_do(sqlite_database: Database) -> None:
    """A second process on the same file is refused by name of the first; readers are let in."""
    path = str(sqlite_database.path)
    code = "import sys\nfrom storage.database import Database\nDatabase('sqlite:///' + sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 1
    assert "DatabaseInUse" in done.stderr
    assert "请先停掉那个进程" in done.stderr
    with pytest.raises(StorageError, match=r"pid \d+"):
        Database(f"sqlite:///{path}")
    Database(f"sqlite:///{path}", mode="read").close()


def test_the_lock_ends_with_its_holder(sqlite_database: Database) -> None:
    """After `close` the file is free."""
    sqlite_database.close()
    Database(str(sqlite_database.url)).close()


_SECOND = "import sys\nfrom storage.database import Database\nwith Database(sys.argv[1]) as d, d.begin(): pass"


def _second_process(url: str) -> subprocess.CompletedProcess[str]:
    """Another process that wants to write."""
    command = [sys.executable, "-c", _SECOND, url]
    return subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)


def test_one_process_writes_a_database(database_url: str) -> None:
    """On either database: while one process writes another is refused, by a code and by the name of the first; readers are
    let in; when the first has ended the other may."""
    with Database(database_url) as database, database.begin():
        pass
    with Database(database_url) as database:
        with database.begin():
            refused = _second_process(database_url)
        assert refused.returncode == 1
        assert "DatabaseInUse" in refused.stderr
        assert "[database-in-use]" in refused.stderr
        assert f"pid {os.getpid()}" in refused.stderr
        with Database(database_url, mode="read") as reader, reader.reading() as connection:
            assert connection.execute(select(func.count()).select_from(member)).scalar() == 0
    assert _second_process(database_url).returncode == 0


@pytest.mark.skipif("postgresql" not in BACKENDS, reason="needs PostgreSQL")
def test_the_server_forgets_a_holder_that_was_killed(postgres_url: str) -> None:
    """No row is left behind: after kill -9 the next process writes at once."""
    code = _SECOND.replace("pass", "print('held', flush=True); sys.stdin.read()")
    holder = subprocess.Popen(
        [sys.executable, "-c", code, postgres_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DatabaseInUse, match=f"pid {holder.pid}"), Database(postgres_url) as second, second.begin():
            pass
        holder.kill()
    with Database(postgres_url) as second, second.begin():
        pass


@pytest.mark.skipif("postgresql" not in BACKENDS, reason="needs PostgreSQL")
def test_a_lock_that_the_server_lost_is_taken_again(postgres_url: str) -> None:
    """The server went away and came back: the writing process takes the lock again, or hears that another one has it."""
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with Database(postgres_url) as first:
        with first.begin():
            pass
        server = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(cut)
            with first.begin():
                pass
            assert "DatabaseInUse" in _second_process(postgres_url).stderr
            connection.execute(cut)
        with Database(postgres_url) as second, second.begin(), pytest.raises(DatabaseInUse), first.begin():
            pass


def test_a_path_with_odd_characters(tmp_path: Path) -> None:
    """Spaces, percent signs, question marks and Chinese in a path are part of the name."""
    path = tmp_path / "群 运%20?#" / "a.db"
    with Database("sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F")) as made:
        # The URL's own rules decide what the name is; whatever it is, all three ways in must agree on it.
        upgrade(made, now=NOW)
        _add(made, "qq:1")
        with made.reading() as connection:
            assert connection.execute(select(func.count()).select_from(member)).scalar() == 1
        assert made.path is not None
        assert made.path.exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://x", "不支持数据库"),
        ("nonsense", "看不懂数据库地址"),
        ("postgresql://nobody@127.0.0.1:1/x", "连不上数据库"),
    ],
)
def test_a_url_that_can_not_be_used(url: str, words: str) -> None:
    """What is wrong with the URL is said in words."""
    with pytest.raises(StorageError, match=words), Database(url) as database, database.begin():
        pass


def test_reading_needs_a_database(tmp_path: Path) -> None:
    """Nothing is created by looking."""
    with pytest.raises(StorageError, match="没有数据库"):
        Database(f"sqlite:///{tmp_path}/none.db", mode="read")
    assert not (tmp_path / "none.db").exists()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """Garbage is named as such, not shown as a stack of driver errors."""
    (tmp_path / "a.db").write_bytes(b"not a database at all" * 100)
    with (
        Database(f"sqlite:///{tmp_path}/a.db") as database,
        pytest.raises(StorageError, match="不是数据库"),
        database.begin(),
    ):
        pass
