"""Playbooks as the console changes them: checked with the engine's own judgements, rehearsed apart, published whole.

The file is the truth: an editor or a version control system may change it as well, and the folder is watched. So a
publication writes the file first and keeps the text behind it; what somebody else wrote meanwhile is never overwritten.
"""

from __future__ import annotations

import asyncio
import difflib
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Literal, cast

from sqlalchemy import Connection

from bot.console.ports.accounts import Refused
from bot.console.ports.playbooks import (
    Book,
    BookRow,
    Checked,
    Finding,
    Parameter,
    Played,
    Published,
    Reached,
    Replayed,
    State,
    Version,
)  # fmt: skip
from bot.console.words import Language
from bot.engine.clock import from_ms, to_ms
from bot.engine.playbooks import PlaybookFolder, read_files
from bot.playbook import starting
from bot.playbook.diff import diff, render
from bot.playbook.house import BASE, GROUPS
from bot.playbook.load import Loaded, is_playbook, load
from bot.playbook.playbook import Playbook
from bot.playbook.problems import Problem
from bot.playbook.schema import build
from bot.plays import all_plays
from bot.usecases.aside import Commands
from bot.usecases.rehearsal import rehearse
from bot.usecases.replacing import replace_text
from bot.usecases.replays import Replays
from storage import playbook_texts, reads
from storage.database import Database

Sign = Literal["+", "-", " ", "@"]
_SHARED = (BASE, GROUPS)
_NAME = re.compile(r"(?:[\w-]+/)*[\w-]+(?:\.[\w-]+)*\.ya?ml")
_HISTORY = 50
_REACHED = 100


class PlaybooksDesk:
    """Answers `bot.console.ports.playbooks.PlaybooksPort`."""

    def __init__(
        self, database: Database, folder: PlaybookFolder, loaded: Callable[[], Loaded],
        reload: Callable[[], Awaitable[object]], write: Callable[[Callable[[Connection], None]], Awaitable[None]],
        templates: Path, now: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._database, self._folder, self._loaded, self._reload = database, folder, loaded, reload
        self._replays = Replays(database, Commands(database, folder.path, templates), now)
        self._write, self._now = write, now
        self._publishing = asyncio.Lock()
        self._rehearsing = asyncio.Semaphore(1)

    def schema(self) -> str:
        return json.dumps(build(all_plays()), ensure_ascii=False)

    def parameters(self, source: str) -> tuple[Parameter, ...]:
        return tuple(Parameter(**asdict(each)) for each in starting.parameters(source))

    def started(self, source: str, name: str, title: str, groups: Sequence[str], values: Mapping[str, str]) -> str:
        return starting.started(source, name, title, groups, values)

    async def books(self) -> tuple[BookRow, ...]:
        return tuple(await self._rows(self._loaded()))

    async def book(self, book: str, language: Language) -> Book | None:
        path = _path(book)
        row = await self._row(path)
        source = await asyncio.to_thread(self._read, path)
        if row is None or source is None:
            return None
        async with self._database.session() as session:
            versions = await playbook_texts.history(session, path, limit=_HISTORY)
        return Book(
            row=row, source=source, base=_digest(source),
            findings=_findings((each for each in self._loaded().problems if each.place.path == path), language),
            history=tuple(_published(each) for each in versions), reaches=await self._reaches(path),
        )  # fmt: skip

    async def check(self, book: str, source: str, language: Language) -> Checked:
        path = _path(book)
        before, after = await asyncio.to_thread(self._instead, path, source)
        known = {_essence(each) for each in before.problems if each.place.path != path}
        here = [each for each in after.problems if each.place.path == path]
        caused = [each for each in after.problems if each.place.path != path and _essence(each) not in known]
        changed = next((each for each in after.playbooks if each.path == path), None)
        return Checked(
            findings=_findings((*here, *caused), language),
            is_sound=not any(each.is_error for each in (*here, *caused)),
            changes=render(diff(before, after), language),
            id=changed.id if changed is not None else path,
            selectors=changed.selectors if changed is not None else ("*",),
        )

    async def rehearse(self, book: str, source: str, *, days: int, members: int, seed: str) -> Played:
        path = _path(book)
        files, _ = await asyncio.to_thread(read_files, self._folder.path)
        async with self._rehearsing:
            return await rehearse({**files, path: source}, path, days=days, members=members, seed=seed)

    async def replay(self, book: str, source: str, group: str, days: int, actor: str) -> Replayed:
        path = _path(book)
        files, _ = await asyncio.to_thread(read_files, self._folder.path)
        return await self._replays.begin(files, {**files, path: source}, group, days, actor)

    def replayed(self, replay: str, actor: str) -> Replayed | None:
        return self._replays.found(replay, actor)

    async def publish(self, book: str, source: str, base: str, note: str, actor: str) -> None:
        path = _path(book)
        if not is_playbook(path) and path not in _SHARED:
            raise Refused("bad_name")
        async with self._publishing:
            checked = await self.check(book, source, "zh")
            if not checked.is_sound:
                raise Refused("has_errors")
            before = await asyncio.to_thread(self._read, path)
            if (_digest(before) if before is not None else "") != base:
                raise Refused("changed_meanwhile")
            await asyncio.to_thread(replace_text, self._root / path, source)
            at = to_ms(self._now())
            await self._write(lambda c: playbook_texts.keep(c, path, before, source, actor, note, at))
            await self._reload()

    async def version(self, book: str, version: int, language: Language) -> Version | None:
        path = _path(book)
        row = await self._row(path)
        now = await asyncio.to_thread(self._read, path)
        async with self._database.session() as session:
            found = await playbook_texts.version(session, path, version)
        if row is None or found is None or now is None:
            return None
        return Version(
            row=row, version=_published(found), source=found.source, base=_digest(now),
            changed=tuple(compared(found.source, now)),
        )  # fmt: skip

    # -- inside -----------------------------------------------------------------------------------------------------

    async def _row(self, path: str) -> BookRow | None:
        return next((each for each in await self._rows(self._loaded()) if each.path == path), None)

    async def _reaches(self, path: str) -> tuple[Reached, ...]:
        found = next((each for each in self._loaded().playbooks if each.path == path), None)
        if found is None or found.house is None:
            return ()
        async with self._database.session() as session:
            chats = [
                row for row in await reads.chats(session) if found.applies_to(row.uid, found.house.tags_of(row.uid))
            ]
        chats.sort(key=lambda row: (-row.size, row.uid))
        return tuple(Reached(uid=row.uid, name=row.name or row.uid) for row in chats[:_REACHED])

    async def _rows(self, loaded: Loaded) -> list[BookRow]:
        async with self._database.session() as session:
            chats = [row.uid for row in await reads.chats(session)]
        shared = [_shared_row(name, loaded) for name in _SHARED if (self._root / name).is_file()]
        return [*(_row(each, loaded, chats) for each in loaded.playbooks), *shared]

    def _instead(self, path: str, source: str) -> tuple[Loaded, Loaded]:
        """The folder as it is, and with this text in place of the file."""
        files, unreadable = read_files(self._folder.path)
        checks = self._folder.checks()
        rest = [each for each in unreadable if each.place.path != path]
        return load(files, checks, unreadable), load({**files, path: source}, checks, rest)

    @property
    def _root(self) -> Path:
        return self._folder.path if self._folder.path.is_dir() else self._folder.path.parent

    def _read(self, path: str) -> str | None:
        """The file's text; characters that are none are shown as such. None without the file."""
        try:
            return (self._root / path).read_bytes().decode("utf-8-sig", "replace")
        except FileNotFoundError:
            return None


def _path(book: str) -> str:
    """The file that is meant. Raises `Refused` for what can't be the name of one in the folder."""
    path = book.replace("~", "/")
    if not _NAME.fullmatch(path) or len(path) > 200:
        raise Refused("bad_name")
    return path


def _row(playbook: Playbook, loaded: Loaded, chats: list[str]) -> BookRow:
    has_it = [
        chat for chat in chats if playbook.house and playbook.applies_to(chat, playbook.house.tags_of(chat))
    ]  # fmt: skip
    state: State
    if playbook.is_available:
        state = "kept" if playbook.is_kept else "running" if has_it else "unused"
    else:
        state = "broken"
    plays = playbook.tree.children.get("plays") if playbook.tree is not None else None
    stem = playbook.path.rpartition("/")[2].rpartition(".")[0]
    return BookRow(
        book=playbook.path.replace("/", "~"), id=playbook.id or stem, title=playbook.title or playbook.id or stem,
        path=playbook.path, state=state, selectors=playbook.selectors, groups=len(has_it),
        plays=tuple(plays.children) if plays is not None else (), **_counts(playbook.path, loaded),
    )  # fmt: skip


def _shared_row(name: str, loaded: Loaded) -> BookRow:
    counts = _counts(name, loaded)
    return BookRow(
        book=name, id=name, title=name, path=name, state="broken" if counts["errors"] else "running", selectors=("*",),
        groups=0, plays=(), **counts,
    )  # fmt: skip


def _counts(path: str, loaded: Loaded) -> dict[str, int]:
    here = [each for each in loaded.problems if each.place.path == path]
    errors = sum(each.is_error for each in here)
    return {"errors": errors, "warnings": len(here) - errors}


def _essence(problem: Problem) -> tuple[str, str, int]:
    return problem.code, problem.place.path, problem.place.line


def _findings(problems: Iterable[Problem], language: Language) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            severity=each.severity, code=each.code, path=each.place.path, line=each.place.line,
            column=each.place.col, length=each.place.length, message=each.message.get(language),
            expected=each.expected.get(language), suggestion=each.suggestion, hint=each.hint.get(language),
        )
        for each in problems
    )  # fmt: skip


def _published(row: object) -> Published:
    id, actor, note, at = (getattr(row, name) for name in ("id", "actor", "note", "at"))
    return Published(id=id, at=from_ms(at), actor=actor, note=note)


def compared(old: str, new: str) -> Iterable[tuple[Sign, str]]:
    """The lines of a unified diff, without its head."""
    for line in list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=3))[2:]:
        yield cast(Sign, line[0]), line[1:] if line[0] != "@" else line


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()[:32]
