"""A folder of playbooks on disk: read, checked with the engine's own judgements, watched.

A change is validated first: what is broken keeps its earlier version, and `on_change` gets the new state with its problems.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.core.play import Schedule
from bot.engine import calendar
from bot.engine.template_check import check_template
from bot.playbook.checks import Checks
from bot.playbook.load import Loaded, load
from bot.playbook.nodes import Source
from bot.playbook.problems import Problem, Wording
from bot.plays import all_plays, asset_parsers

_TEXT = frozenset((".yaml", ".yml", ".md", ".txt", ".csv", ".tsv", ".j2"))
_MOST_BYTES = 20 << 20


class PlaybookFolder:
    """`clock` gives the present, which only the question "will this ever fire?" needs."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self.path = path
        self.current: Loaded | None = None
        self._clock = clock

    def checks(self) -> Checks:
        now = self._clock()

        def next_fire(schedule: Schedule, zone: ZoneInfo) -> datetime | None:
            return calendar.next_fire(schedule, now, zone)

        return Checks(kinds=all_plays(), parsers=asset_parsers(), check_template=check_template, next_fire=next_fire)

    def load(self) -> Loaded:
        """The folder as it is; what is broken stays as it was before, if it was loaded before."""
        files, unreadable = read_files(self.path)
        loaded = load(files, self.checks(), unreadable)
        self.current = loaded if self.current is None else loaded.keeping(self.current)
        return self.current

    async def watch(self, on_change: Callable[[Loaded], Awaitable[None]], stop: asyncio.Event | None = None) -> None:
        """Loads after every change on disk and hands the new state over, until `stop` is set."""
        from watchfiles import awatch  # not needed by what only reads the folder

        async for _ in awatch(self.path, stop_event=stop, debounce=200, step=50):
            await on_change(await asyncio.to_thread(self.load))


def read_files(path: Path) -> tuple[dict[str, str], list[Problem]]:
    """Path relative to `path` → text of every text file below it; a single file stands for itself."""
    root = path.parent if path.is_file() else path
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        name = file.relative_to(root).as_posix()
        if file.suffix.lower() not in _TEXT or any(part.startswith(".") for part in name.split("/")):
            continue
        try:
            if not file.is_file() or file.stat().st_size > _MOST_BYTES:
                continue
            content = file.read_bytes()
        except FileNotFoundError:  # editors replace files while we look
            continue
        except OSError as error:
            message = Wording(f"读不了这个文件: {error.strerror}", f"the file can't be read: {error.strerror}")
            problems.append(Problem(code="PB116", place=Source(name, "").place(1, 1), message=message))
            continue
        try:
            found[name] = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if file.suffix.lower() == ".csv":
                found[name] = content.decode("gb18030", "replace")
                continue
            line = content.count(b"\n", 0, error.start) + 1
            message = Wording("文件不是 UTF-8 编码", "the file is not UTF-8")
            hint = Wording("用编辑器「另存为」,编码选 UTF-8", "save it again as UTF-8")
            problems.append(Problem(code="PB115", place=Source(name, "").place(line, 1), message=message, hint=hint))
    return found, problems
