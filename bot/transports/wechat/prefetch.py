"""Events of one account on their way to the engine: fetched at once, delivered in order, bounded.

The event stream names messages only; each must be asked for. A bounded number of questions is under way, and whatever
comes back waits for what came before it. When the engine is full the reader of the stream waits, too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from bot.core.events import Event


class Prefetch:
    def __init__(self, at_once: int, limit: int) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._limit = limit
        self._waiting: deque[asyncio.Task[Sequence[Event]]] = deque()
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._is_open = asyncio.Event()

    def open(self) -> None:
        self._is_open.set()

    def close(self) -> None:
        """Holds delivery back: the account is about to be announced."""
        self._is_open.clear()

    async def put(self, work: Coroutine[Any, Any, Sequence[Event]]) -> None:
        """Takes its place in the order; waits while too many are before it."""
        self._waiting.append(asyncio.create_task(self._run(work), name="wechat fetch"))
        self._some.set()
        if len(self._waiting) >= self._limit:
            self._room.clear()
            await self._room.wait()

    async def _run(self, work: Coroutine[Any, Any, Sequence[Event]]) -> Sequence[Event]:
        async with self._slots:
            return await work

    async def pump(self, deliver: Callable[[Sequence[Event]], Awaitable[None]]) -> None:
        """Delivers for ever, in batches of what is ready."""
        try:
            while True:
                await self._some.wait()
                await self._is_open.wait()
                while self._waiting and self._is_open.is_set():
                    batch = list(await asyncio.shield(self._waiting[0]))
                    self._waiting.popleft()
                    while self._waiting and self._waiting[0].done():
                        batch += self._waiting.popleft().result()
                    if len(self._waiting) < self._limit:
                        self._room.set()
                    if batch:
                        await deliver(batch)
                if not self._waiting:
                    self._some.clear()
        finally:
            for task in self._waiting:
                task.cancel()
            await asyncio.gather(*self._waiting, return_exceptions=True)
