"""A cache of answers: each kept for a while, dropped when it is known to be stale, asked for once however many want it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Answers(Generic[K, V]):
    """`ask` gives the answer for a key; what it raises is not kept. `now` is a monotonic clock in seconds."""

    def __init__(self, ask: Callable[[K], Awaitable[V]], keep_s: float, limit: int, now: Callable[[], float]) -> None:
        self._ask, self._keep_s, self._limit, self._now = ask, keep_s, limit, now
        self._kept: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._asking: dict[K, asyncio.Task[V]] = {}

    def fresh(self, key: K) -> V | None:
        """The answer if it is there and not too old."""
        kept = self._kept.get(key)
        return kept[1] if kept is not None and self._now() - kept[0] < self._keep_s else None

    async def get(self, key: K) -> V:
        if (kept := self.fresh(key)) is not None:
            return kept
        task = self._asking.get(key)
        if task is None:
            task = asyncio.ensure_future(self._fetch(key))
            self._asking[key] = task
            task.add_done_callback(lambda done: self._asked(key, done))
        # One of many that wait may be cancelled; the others still want the answer.
        return await asyncio.shield(task)

    async def _fetch(self, key: K) -> V:
        return await self._ask(key)

    def _asked(self, key: K, task: asyncio.Task[V]) -> None:
        is_current = self._asking.get(key) is task
        if is_current:
            del self._asking[key]
        if task.cancelled() or task.exception() is not None or not is_current:
            return
        self.put(key, task.result())

    def put(self, key: K, value: V) -> None:
        self._kept[key] = (self._now(), value)
        self._kept.move_to_end(key)
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def drop(self, is_stale: Callable[[K], bool]) -> None:
        """Forgets; a question under way is asked again by whoever comes next."""
        for key in [key for key in self._kept if is_stale(key)]:
            del self._kept[key]
        for key in [key for key in self._asking if is_stale(key)]:
            del self._asking[key]

    async def aclose(self) -> None:
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
