"""One process per SQLite file: a lock beside it, held for as long as somebody may write.

SQLite itself would let two bots in, and both would answer. The operating system drops the lock when its holder dies,
so nothing is ever left to clean up; the file stays and says who held it last.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bot.core.errors import StorageError

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

    Raises `StorageError`, naming the holder and what to do, when another process (or another `Database`) holds it.
    """

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + ".lock")
        self._fd: int | None = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _grab(self._fd)
        except OSError:
            holder = _read(self._fd)
            self.release()
            raise StorageError(
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
