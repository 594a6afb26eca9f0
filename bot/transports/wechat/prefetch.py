"""Events of one account on their way to the engine: fetched at once, delivered in order, bounded.

The event stream names messages only; each must be asked for. A bounded number of questions is under way, and whatever
comes back waits for what came before it. When the engine is full the reader of the stream waits, too. Most questions are
answered in one go, so a place in the order costs no task; what has to ask more than once gets one by `work`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeAlias

from bot.core.events import Event

Settle: TypeAlias = Callable[[Sequence[Event]], None]
Begin: TypeAlias = Callable[[Settle], None]
"""Begins the work of one place and calls what it is given once, at once or later, with the events of that place."""


class _Place:
    __slots__ = ("events",)

    def __init__(self) -> None:
        self.events: Sequence[Event] | None = None


class Prefetch:
    def __init__(self, at_once: int, limit: int) -> None:
        self._at_once, self._limit = at_once, limit
        self._under_way = 0
        self._places: deque[_Place] = deque()
        self._unbegun: deque[tuple[_Place, Begin]] = deque()
        self._is_beginning = self._is_over = False
        self._tasks: set[asyncio.Task[Sequence[Event]]] = set()
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._is_open = asyncio.Event()

    def open(self) -> None:
        self._is_open.set()

    def close(self) -> None:
        """Holds delivery back: the account is about to be announced."""
        self._is_open.clear()

    async def put(self, begin: Begin) -> None:
        """Takes its place in the order; waits while too many are before it."""
        place = _Place()
        self._places.append(place)
        self._unbegun.append((place, begin))
        self._begin_more()
        if len(self._places) >= self._limit:
            self._room.clear()
            await self._room.wait()

    def work(self, work: Coroutine[Any, Any, Sequence[Event]], settle: Settle) -> None:
        """Settles with what `work` returns. It must see to its own errors: what it raises ends in no events."""
        if self._is_over:
            work.close()
            settle(())
            return
        task = asyncio.create_task(work, name="wechat fetch")
        self._tasks.add(task)

        def ended(task: asyncio.Task[Sequence[Event]]) -> None:
            self._tasks.discard(task)
            settle(() if task.cancelled() or task.exception() is not None else task.result())

        task.add_done_callback(ended)

    def _begin_more(self) -> None:
        # What is settled at once comes back here by `_settle`; the loop that is already running goes on with the next.
        if self._is_beginning:
            return
        self._is_beginning = True
        try:
            while self._unbegun and self._under_way < self._at_once:
                place, begin = self._unbegun.popleft()
                self._under_way += 1
                begin(lambda events, place=place: self._settle(place, events))  # type: ignore[misc]
        finally:
            self._is_beginning = False

    def _settle(self, place: _Place, events: Sequence[Event]) -> None:
        place.events = events
        self._under_way -= 1
        if self._places and self._places[0] is place:
            self._some.set()
        if self._unbegun:
            self._begin_more()

    async def pump(self, deliver: Callable[[Sequence[Event]], Awaitable[None]]) -> None:
        """Delivers for ever, in batches of what is ready."""
        places = self._places
        try:
            while True:
                await self._some.wait()
                await self._is_open.wait()
                batch: list[Event] = []
                while places and places[0].events is not None:
                    batch += places.popleft().events or ()
                self._some.clear()
                if len(places) < self._limit:
                    self._room.set()
                if batch:
                    await deliver(batch)
                if places and places[0].events is not None:
                    self._some.set()
        finally:
            self._is_over = True
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
