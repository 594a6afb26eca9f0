"""A sink that keeps what it hears, and can be as slow as a full engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from bot.core.events import Event, MessageReceived
from bot.core.play import Member
from bot.transports.base import Group

E = TypeVar("E", bound=Event)


class RecordingSink:
    """`log` is what happened, in order, in words; `heard` the live events, `backfill` those from the history.

    While `gate` is clear, `events` waits: the engine is full. `seen` is what `last_seen` answers.
    """

    def __init__(self) -> None:
        self.log: list[str] = []
        self.heard: list[Event] = []
        self.backfill: list[Event] = []
        self.batches: list[int] = []
        self.listed: dict[str, list[Group]] = {}
        self.rosters: dict[str, list[Member]] = {}
        self.gaps: list[tuple[str, datetime, datetime, datetime | None]] = []
        self.bad: list[tuple[str, str]] = []
        self.frames = 0
        self.seen: dict[str, datetime] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self._changed = asyncio.Condition()

    async def events(self, events: Sequence[Event], *, is_backfill: bool = False) -> None:
        await self.gate.wait()
        if is_backfill:
            self.backfill.extend(events)
        else:
            self.batches.append(len(events))
            self.heard.extend(events)
        for event in events:
            if isinstance(event, MessageReceived) and event.at >= self.seen.get(event.chat, event.at):
                self.seen[event.chat] = event.at
        await self._tell()

    async def groups(self, account: str, groups: Sequence[Group]) -> None:
        self.listed[account] = list(groups)
        await self._tell("groups")

    async def members(self, account: str, chat: str, members: Sequence[Member]) -> None:
        self.rosters[chat] = list(members)
        await self._tell(f"members {chat}")

    async def connected(self, account: str, *, app: str = "") -> None:
        await self._tell(f"connected {account} {app}".strip())

    async def disconnected(self, account: str, reason: str) -> None:
        await self._tell(f"disconnected {account}: {reason}")

    async def backfilled(
        self, account: str, chat: str, *, since: datetime, until: datetime, reached: datetime | None
    ) -> None:
        self.gaps.append((chat, since, until, reached))
        await self._tell(f"backfilled {chat}")

    def last_seen(self, account: str, chat: str) -> datetime | None:
        return self.seen.get(chat)

    def frame(self, account: str, raw: str) -> None:
        self.frames += 1

    def malformed(self, account: str, raw: str, error: str) -> None:
        self.bad.append((raw, error))

    async def _tell(self, line: str = "") -> None:
        if line:
            self.log.append(line)
        async with self._changed:
            self._changed.notify_all()

    # -- for tests --------------------------------------------------------------------------------------------------

    async def until(self, is_so: Callable[[], bool], within_s: float = 10) -> None:
        """Waits for a condition that only what the sink hears can change."""
        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(is_so)

    async def logged(self, start: str, times: int = 1) -> None:
        """Waits until the log holds a line that begins so, that many times."""
        await self.until(lambda: sum(line.startswith(start) for line in self.log) >= times)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.heard if isinstance(event, kind)]

    async def next(self, kind: type[E], count: int = 1) -> list[E]:
        """Waits until that many live events of the kind were heard; gives them all."""
        await self.until(lambda: len(self.of(kind)) >= count)
        return self.of(kind)

    def texts(self) -> list[str]:
        return [event.text for event in self.of(MessageReceived)]
