"""A database by URL: one connection that writes, others that can only read.

`sqlite:///data/qunops.db` (a file), `sqlite://` (in memory, for the simulator and tests) and
`postgresql://user@host/name`. On SQLite exactly one connection may write or checkpoint: before 3.51.3 two of them can
corrupt the write-ahead log, and an open reader keeps it from shrinking, so reads are short. Transactions are begun here
(`BEGIN IMMEDIATE`), not by the driver, which would start them late and fail at the first write.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool, StaticPool

from bot.core.errors import StorageError
from storage.bulk import on_sqlite
from storage.lock import ServerLock, WriterLock

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker

DEFAULT_URL = "sqlite:///data/qunops.db"
WAL_RESET_FIXED = (3, 51, 3)
_memory_names = itertools.count(1)

Mode = Literal["write", "read"]
R = TypeVar("R")


class Database:
    """`mode="write"` takes the process lock (of a SQLite file at once, of a PostgreSQL database with the first writing
    connection) and makes the file; `"read"` needs it to be there.

    Raises `StorageError` for a URL that can't be used, a file in use, a server that doesn't answer.
    """

    def __init__(self, url: str | URL = DEFAULT_URL, *, mode: Mode = "write") -> None:
        self.url = _parse(url)
        self.mode: Mode = mode
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.path = _path(self.url) if self.is_sqlite else None
        """The SQLite file; None in memory and on PostgreSQL."""
        self._lock: WriterLock | None = None
        self._server_lock: ServerLock | None = None
        self._memory = f"file:/qunops-{next(_memory_names)}" if self.is_sqlite and self.path is None else ""
        # A database in memory lives as long as some connection to it.
        self._keeper = (
            sqlite3.connect(f"{self._memory}?vfs=memdb", uri=True, check_same_thread=False) if self._memory else None
        )
        if self.path is not None:
            if mode == "write":
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._lock = WriterLock(self.path)
            elif not self.path.exists():
                raise StorageError(f"没有数据库 {self.path}：先运行一次 `qunops run`。 · no database at {self.path}")

    # -- writing ----------------------------------------------------------------------------------------------------

    @cached_property
    def engine(self) -> Engine:
        """The one engine that writes. On SQLite it holds one connection, which any one thread may use at a time."""
        if self.mode != "write":
            raise StorageError("opened for reading only")
        if not self.is_sqlite:
            engine = create_engine(self.url, connect_args={"options": _PG_WRITE}, pool_pre_ping=True)
            lock = self._server_lock = ServerLock(self.url)

            @event.listens_for(engine, "connect")
            def _hold(dbapi: Any, record: Any) -> None:
                lock.hold()

            return engine
        engine = create_engine(
            self._sqlite_url("sqlite", "rwc"), poolclass=StaticPool, connect_args={"check_same_thread": False}
        )

        @event.listens_for(engine, "connect")
        def _connect(dbapi: Any, record: Any) -> None:
            dbapi.isolation_level = None
            _pragmas(dbapi, _WRITE_PRAGMAS)

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            # Not by SQLAlchemy, whose way to the driver costs ten times what the statement does.
            on_sqlite(connection, "BEGIN IMMEDIATE", ())

        return engine

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One writing transaction: committed at the end, rolled back when the block raises."""
        with _speaking(), self.engine.begin() as connection:
            yield connection

    # -- reading ----------------------------------------------------------------------------------------------------

    @cached_property
    def _read_engine(self) -> Engine:
        if not self.is_sqlite:
            return create_engine(self.url, connect_args={"options": _PG_READ}, poolclass=NullPool)
        engine = create_engine(self._sqlite_url("sqlite", "ro"), poolclass=NullPool)
        _read_only(engine)
        return engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read-only snapshot for the command line and for reports. Keep it short while the bot is running."""
        with _speaking(), self._read_engine.begin() as connection:
            yield connection

    async def read(self, work: Callable[[Connection], R]) -> R:
        """`work` on a read-only snapshot, in a thread: what takes milliseconds is not for the event loop."""

        import asyncio  # most commands do without

        def reading() -> R:
            with self.reading() as connection:
                return work(connection)

        return await asyncio.to_thread(reading)

    @cached_property
    def async_engine(self) -> AsyncEngine:
        """Read-only connections for the event loop."""
        from sqlalchemy.ext.asyncio import create_async_engine  # 9 MB that the writing bot does without

        if not self.is_sqlite:
            return create_async_engine(
                self.url, connect_args={"options": _PG_READ}, pool_size=4, max_overflow=4, pool_pre_ping=True
            )
        engine = create_async_engine(self._sqlite_url("sqlite+aiosqlite", "ro"), pool_size=4, max_overflow=4)
        _read_only(engine.sync_engine)
        return engine

    @cached_property
    def _sessions(self) -> async_sessionmaker[AsyncSession]:
        from sqlalchemy.ext.asyncio import async_sessionmaker

        return async_sessionmaker(self.async_engine, expire_on_commit=False)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """One consistent read-only snapshot."""
        async with self._sessions() as session, session.begin():
            yield session

    @asynccontextmanager
    async def async_reading(self) -> AsyncIterator[AsyncConnection]:
        """The same as a Core connection."""
        async with self.async_engine.begin() as connection:
            yield connection

    # -- the end ----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Closes what was opened outside the event loop and gives the file free."""
        for name in ("_read_engine", "engine"):
            engine = self.__dict__.pop(name, None)
            if engine is not None:
                engine.dispose()
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        if self._server_lock is not None:
            self._server_lock.release()
            self._server_lock = None

    async def aclose(self) -> None:
        """`close`, the readers of the event loop included."""
        engine = self.__dict__.pop("async_engine", None)
        self.__dict__.pop("_sessions", None)
        if engine is not None:
            await engine.dispose()
        self.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)

    def _sqlite_url(self, driver: str, mode: str) -> URL:
        if self.path is None:
            return URL.create(driver, database=self._memory, query={"vfs": "memdb", "uri": "true"})
        name = "file:" + quote(str(self.path.absolute()).replace("\\", "/"))
        return URL.create(driver, database=name, query={"mode": mode, "uri": "true"})


_WRITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=10000",
    "wal_autocheckpoint=4000",
    "cache_size=-8192",
    # Deleted text is overwritten where that costs no extra write; erasure switches to ON.
    "secure_delete=FAST",
)
_READ_PRAGMAS = ("query_only=ON", "busy_timeout=10000", "cache_size=-16384")
_PG_WRITE = "-c synchronous_commit=on -c timezone=UTC -c application_name=qunops"
_PG_READ = "-c default_transaction_read_only=on -c timezone=UTC -c application_name=qunops-read"


def _pragmas(dbapi: Any, pragmas: tuple[str, ...]) -> None:
    cursor = dbapi.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _read_only(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(dbapi: Any, record: Any) -> None:
        dbapi.isolation_level = None
        _pragmas(dbapi, _READ_PRAGMAS)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")


def _parse(url: str | URL) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StorageError(f"看不懂数据库地址 {url!r}，例如 {DEFAULT_URL} · not a database URL") from None
    match parsed.drivername:
        case "sqlite" | "sqlite+pysqlite" | "sqlite+aiosqlite":
            return parsed.set(drivername="sqlite")
        case "postgresql" | "postgres" | "postgresql+psycopg":
            return parsed.set(drivername="postgresql+psycopg")
    raise StorageError(
        f"不支持数据库 {parsed.drivername}：用 sqlite:/// 或 postgresql:// · unsupported database {parsed.drivername}"
    )


def _path(url: URL) -> Path | None:
    return Path(url.database) if url.database and url.database != ":memory:" else None


@contextmanager
def _speaking() -> Iterator[None]:
    """Turns "cannot connect" and "not a database" into words for the operator; all else passes."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.DatabaseError) and "not a database" in str(error.orig):
            raise StorageError("这个文件不是数据库，或者已经损坏：用备份恢复 · not a database, or damaged") from error
        if error.connection_invalidated or error.statement is None:
            raise StorageError(f"连不上数据库：{error.orig} · cannot reach the database") from error
        raise
