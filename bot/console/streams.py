"""Live pages: a hub that wakes open streams after a commit.

A stream is woken, not fed: it learns that something happened in its chats and reads what is new itself. A client that
does not keep up therefore costs one flag, however much happens. While nobody listens the engine is not even watched.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from bot.console.ports.accounts import Refused

MOST_STREAMS = 200
MOST_STREAMS_EACH = 6
HEARTBEAT_S = 15.0
SHORTEST_GAP_S = 0.25
"""No stream reads more often than this, however much is committed."""

Watch = Callable[[Callable[[frozenset[str]], None]], Callable[[], None]]


class Listener:
    """One open stream."""

    def __init__(self, chat: str, owner: str, closing: asyncio.Event) -> None:
        self.chat, self.owner = chat, owner
        self._woken = asyncio.Event()
        self._closing = closing

    def wake(self, chats: frozenset[str]) -> None:
        if not self.chat or not chats or self.chat in chats:
            self._woken.set()

    def end(self) -> None:
        self._woken.set()

    @property
    def is_closing(self) -> bool:
        return self._closing.is_set()

    async def changed(self, within_s: float = HEARTBEAT_S) -> bool:
        """Waits until something was committed that concerns this stream; False when nothing was for so long."""
        await asyncio.sleep(SHORTEST_GAP_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._woken.wait()
            self._woken.clear()
            return True
        return False


class Hub:
    """All open streams. `watch` tells it of commits while there is at least one."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._listeners: set[Listener] = set()
        self._unwatch: Callable[[], None] | None = None
        self._closing = asyncio.Event()

    def __len__(self) -> int:
        return len(self._listeners)

    @contextmanager
    def listening(self, owner: str, chat: str = "") -> Iterator[Listener]:
        """A place among the streams; `chat` "" hears of every commit. Raises `Refused` when there are too many."""
        mine = sum(each.owner == owner for each in self._listeners)
        if len(self._listeners) >= MOST_STREAMS or mine >= MOST_STREAMS_EACH:
            raise Refused("too_many_streams", retry_after_s=10.0)
        listener = Listener(chat, owner, self._closing)
        self._listeners.add(listener)
        if self._unwatch is None:
            self._unwatch = self._watch(self._wake)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._unwatch is not None:
                self._unwatch()
                self._unwatch = None

    def close(self) -> None:
        """The bot is about to stop: every stream ends."""
        self._closing.set()
        for listener in self._listeners:
            listener.end()

    def _wake(self, chats: frozenset[str]) -> None:
        for listener in self._listeners:
            listener.wake(chats)
