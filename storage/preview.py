"""What another version of the counting rules would have counted: a file of its own beside the database, made by reading only.

Each group is one transaction of that file, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from bot.core.scoring import FOLDED
from storage.refold import Row


class Preview:
    """Counters by (group, day, member). `mark` of a group says what of its log they were made from."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(path)
        self._file.executescript(
            # What a crash takes from it is counted again.
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
            "CREATE TABLE IF NOT EXISTS counted_group (chat_id INTEGER PRIMARY KEY, mark INTEGER NOT NULL);"
            f"CREATE TABLE IF NOT EXISTS counted (chat_id INTEGER, day TEXT, member_id INTEGER, {', '.join(FOLDED)},"
            " PRIMARY KEY (chat_id, day, member_id)) WITHOUT ROWID;"
        )

    def close(self) -> None:
        self._file.close()

    def mark(self, chat_id: int) -> int | None:
        """What the group's days were made from; None: not yet."""
        with closing(self._file.execute("SELECT mark FROM counted_group WHERE chat_id = ?", (chat_id,))) as found:
            row = found.fetchone()
        return row[0] if row else None

    def put(self, chat_id: int, mark: int, rows: Iterable[Row]) -> None:
        """The group's counters, instead of earlier ones."""
        marks = ", ".join("?" * (2 + len(FOLDED)))
        with self._file:
            self._file.execute("DELETE FROM counted WHERE chat_id = ?", (chat_id,))
            self._file.executemany(f"INSERT INTO counted VALUES ({chat_id:d}, {marks})", rows)
            self._file.execute("REPLACE INTO counted_group VALUES (?, ?)", (chat_id, mark))

    def of(self, chat_id: int, since: str) -> Iterator[tuple[str, int, dict[str, int]]]:
        """(day, member, column → count) from the day `since` on."""
        query = f"SELECT day, member_id, {', '.join(FOLDED)} FROM counted WHERE chat_id = ? AND day >= ?"
        for row in self._file.execute(query, (chat_id, since)):
            yield row[0], row[1], dict(zip(FOLDED, row[2:], strict=True))
