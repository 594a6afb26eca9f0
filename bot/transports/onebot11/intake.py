"""Events of one account on their way to the engine: in order, bounded, in batches.

The reader puts, one pump delivers. While the engine takes a batch the next one gathers; when that is full the reader
waits, so the socket is not read and the network slows the sender down. What was buffered already travels as one batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bot.core.events import Event


class Intake:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._events: list[Event] = []
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._is_open = asyncio.Event()

    def open(self) -> None:
        self._is_open.set()

    def close(self) -> None:
        """Holds delivery back (the account is about to be announced); what comes gathers up to the limit."""
        self._is_open.clear()

    @property
    def is_full(self) -> bool:
        return len(self._events) >= self._limit

    def put(self, events: Sequence[Event]) -> None:
        self._events.extend(events)
        self._some.set()

    async def room(self) -> None:
        """Waits until a batch has been taken."""
        self._room.clear()
        await self._room.wait()

    async def pump(self, deliver: Callable[[Sequence[Event]], Awaitable[None]]) -> None:
        """Delivers for ever."""
        while True:
            await self._some.wait()
            await self._is_open.wait()
            batch, self._events = self._events, []
            self._some.clear()
            self._room.set()
            await deliver(batch)
