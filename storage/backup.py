"""Copies of a SQLite database that can be trusted: made while the bot runs, checked by hash, integrity and row counts.

A backup is one file with a manifest beside it (`<file>.json`). PostgreSQL has better tools of its own: `back_up` calls
`pg_dump`, and restoring is `pg_restore`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from bot.core.errors import StorageError
from storage.database import Database


@dataclass(frozen=True, slots=True)
class Backup:
    """`rows` per table; empty for PostgreSQL."""

    path: Path
    sha256: str
    size_bytes: int
    version: str
    rows: Mapping[str, int]
    made_at: str


def back_up(database: Database, target: Path, *, now: datetime) -> Backup:
    """A consistent copy at `target`, verified before it gets that name. The bot may go on writing.

    Raises `StorageError` when `target` exists or the copy is not sound.
    """
    if target.exists():
        raise StorageError(f"{target} 已经存在，不覆盖备份 · will not overwrite a backup")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    version, rows = "", dict[str, int]()
    if not database.is_sqlite:
        _pg_dump(database, part)
    elif database.path is None:
        raise StorageError("内存数据库不能备份 · a database in memory can't be backed up")
    else:
        with closing(_open(database.path)) as source, closing(sqlite3.connect(part)) as copy:
            # In one step: a copy in several starts over whenever somebody writes in between.
            source.backup(copy)
            # One file, without the log beside it.
            copy.execute("PRAGMA journal_mode=DELETE")
            version, rows = _inspect(copy, part)
    _flush(part)
    made = Backup(target, _hash(part), part.stat().st_size, version, rows, now.isoformat(timespec="seconds"))
    manifest = json.dumps({**asdict(made), "path": target.name}, ensure_ascii=False, indent=1)
    part.rename(target)
    _manifest(target).write_text(manifest, encoding="utf-8")
    _flush(_manifest(target))
    return made


def verify(path: Path) -> Backup:
    """The backup at `path` after comparing it with its manifest and checking every page.

    Raises `StorageError` naming the first thing that is wrong.
    """
    try:
        told = json.loads(_manifest(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StorageError(f"找不到 {_manifest(path)}：没有清单，无法验证 · no manifest beside the backup") from None
    except ValueError as error:
        raise StorageError(f"{_manifest(path)} 读不懂：{error} · the manifest is damaged") from None
    if not path.exists():
        raise StorageError(f"找不到备份 {path} · no such backup")
    if _hash(path) != told["sha256"]:
        raise StorageError(f"{path} 与清单不符（哈希不同），可能在传输中损坏 · the file differs from its manifest")
    if told["rows"]:
        with closing(_open(path, immutable=True)) as copy:
            version, rows = _inspect(copy, path)
        if rows != told["rows"] or version != told["version"]:
            raise StorageError(f"{path} 的行数与清单不符 · row counts differ from the manifest")
    return Backup(**{**told, "path": path})


def restore(source: Path, target: Path, *, now: datetime) -> Path | None:
    """Puts the verified backup `source` in the place of the database `target`; returns where the old one went.

    Nobody may be writing to `target`: the caller holds its lock. Raises `StorageError` before anything is touched.
    """
    verify(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    shutil.copyfile(source, part)
    _flush(part)
    old: Path | None = None
    if target.exists():
        old = target.with_name(f"{target.stem}-before-restore-{now:%Y%m%dT%H%M%S}{target.suffix}")
        # The log first: a log beside the wrong file would be replayed into it.
        for suffix in ("-wal", "-shm", ""):
            beside = target.with_name(target.name + suffix)
            if beside.exists():
                beside.rename(old.with_name(old.name + suffix))
    part.replace(target)
    return old


def _open(path: Path, *, immutable: bool = False) -> sqlite3.Connection:
    name = quote(str(path.absolute()).replace("\\", "/"))
    return sqlite3.connect(f"file:{name}?mode=ro{'&immutable=1' if immutable else ''}", uri=True)


def _inspect(connection: sqlite3.Connection, path: Path) -> tuple[str, dict[str, int]]:
    """(schema version, rows per table) of a file whose every page was checked."""
    try:
        verdict = connection.execute("PRAGMA integrity_check(5)").fetchall()
        if verdict != [("ok",)]:
            raise StorageError(f"{path} 已损坏：{'; '.join(row[0] for row in verdict)} · damaged")
        names = connection.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'")
        rows = {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names.fetchall()
        }
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone() if rows else None
    except sqlite3.DatabaseError as error:
        raise StorageError(f"{path} 读不出来：{error} · can't be read") from error
    return found[0] if found else "", rows


def _pg_dump(database: Database, target: Path) -> None:
    url = database.url
    command = ["pg_dump", "--format=custom", f"--file={target}", f"--dbname={url.database or ''}"]
    command += [f"--host={url.host}"] if url.host else []
    command += [f"--port={url.port}"] if url.port else []
    command += [f"--username={url.username}"] if url.username else []
    environment = {**os.environ, "PGPASSWORD": str(url.password)} if url.password else None
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise StorageError("找不到 pg_dump：安装 PostgreSQL 客户端工具 · pg_dump is not installed") from None
    if done.returncode:
        target.unlink(missing_ok=True)
        raise StorageError(f"pg_dump 失败：{done.stderr.strip()} · pg_dump failed")


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _manifest(path: Path) -> Path:
    return path.with_name(path.name + ".json")
