"""One process per database, held for as long as it may write: a lock file beside a SQLite file, an advisory lock in PostgreSQL.

Either would let two bots in, and both would answer. The operating system drops the lock when its holder dies, the server when
the connection ends, so nothing is ever left to clean up. Leases of single accounts will take the place of the second.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL

from bot.core.errors import DatabaseInUse

if TYPE_CHECKING:
    import psycopg

if sys.platform == "win32":
    import msvcrt

    def _grab(fd: int) -> None:
        # Far behind the text, so that others can still read who holds it.
        os.lseek(fd, 1 << 20, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _grab(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


class WriterLock:
    """Held from construction to `release`.

    Raises `DatabaseInUse`, naming the holder and what to do, when another process (or another `Database`) holds it.
    """

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + ".lock")
        self._fd: int | None = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _grab(self._fd)
        except OSError:
            holder = _read(self._fd)
            self.release()
            raise DatabaseInUse(
                f"数据库 {database} 正被另一个群运进程使用{holder}：同一个文件只能由一个进程写入，否则机器人会答两遍。"
                f"请先停掉那个进程再试；只看不写的命令（stats、export、db check）可以照常使用。"
                f" · {database} is being written by another process{holder}; stop it first."
            ) from None
        os.ftruncate(self._fd, 0)
        os.lseek(self._fd, 0, os.SEEK_SET)
        os.write(self._fd, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _read(fd: int) -> str:
    os.lseek(fd, 0, os.SEEK_SET)
    pid = os.read(fd, 32).decode("ascii", "ignore").strip()
    return f" (pid {pid})" if pid.isdigit() else ""


_KEY = 0x71756E6F7073
"""The name of the lock, "qunops" in ASCII: one per database of the server."""
_PATIENCE_MS = 3000
"""A holder that was killed is gone when the server has seen its connection end."""
_NAME = "qunops-writer"
_HOLDER = (
    "SELECT a.application_name, host(a.client_addr) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname ="
    " current_database()) AND l.classid = %s AND l.objid = %s"
)


class ServerLock:
    """An advisory lock of a PostgreSQL database on a connection of its own, from the first `hold` to `release`.

    `hold` is asked whenever a writing connection is made: after a restart of the server the lock has to be taken again,
    and somebody may have been faster. Behind a pooler that shares connections between transactions it protects nothing.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None

    def hold(self) -> None:
        """Raises `DatabaseInUse`, naming the holder and what to do, and the driver's errors when the server is away."""
        import psycopg

        if self._connection is not None and _answers(self._connection):
            return
        self.release()
        address = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        name = f"{_NAME} {socket.gethostname()[:30]} pid {os.getpid()}"
        connection = psycopg.connect(address, autocommit=True, application_name=name, connect_timeout=10)
        try:
            connection.execute(f"SET lock_timeout = {_PATIENCE_MS}")
            connection.execute("SELECT pg_advisory_lock(%s)", (_KEY,))
        except psycopg.errors.LockNotAvailable:
            holder = connection.execute(_HOLDER, (_KEY >> 32, _KEY & 0xFFFFFFFF)).fetchone()
            connection.close()
            by = " ".join(str(part) for part in holder or () if part)
            raise DatabaseInUse(
                f"数据库 {self._url.database} 正被另一个群运进程使用（{by}）：一个库只能由一个进程写入，否则机器人会答两遍。"
                f"请先停掉那个进程再试；只看不写的命令（stats、export、db check）可以照常使用。"
                f" · {self._url.database} is being written by another process ({by}); stop it first."
            ) from None
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def release(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _answers(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    import psycopg

    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
