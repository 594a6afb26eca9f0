"""The account's own messages as they come back: they give a send its id, and prove one whose answer was lost."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import datetime, timedelta

_LIMIT = 2000
_CLOCK_SLACK = timedelta(seconds=2)


class OwnMessages:
    """Bounded. What is *claimed* belongs to a send that is known, and proves no other one."""

    def __init__(self) -> None:
        self._heard: OrderedDict[str, tuple[str, str, datetime]] = OrderedDict()
        self._claimed: OrderedDict[str, None] = OrderedDict()
        self._waiting: dict[tuple[str, str], asyncio.Future[str]] = {}

    def heard(self, chat: str, message_id: str, text: str, at: datetime) -> None:
        """One of the account's own messages came back."""
        key = (chat, _print(text))
        waiting = self._waiting.pop(key, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(message_id)
            self.claim(message_id)
        self._heard[message_id] = (*key, at)
        while len(self._heard) > _LIMIT:
            self._heard.popitem(last=False)

    def claim(self, message_id: str) -> None:
        if message_id:
            self._claimed[message_id] = None
            while len(self._claimed) > _LIMIT:
                self._claimed.popitem(last=False)

    async def id_of(self, chat: str, text: str, since: datetime, patience_s: float) -> str:
        """The id of what was just sent, from its echo; "" when none comes in time."""
        found = self.find(chat, text, since)
        if found is not None:
            return found[0]
        key = (chat, _print(text))
        waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[key] = waiting
        try:
            async with asyncio.timeout(patience_s):
                return await waiting
        except TimeoutError:
            return ""
        finally:
            if self._waiting.get(key) is waiting:
                del self._waiting[key]

    def find(self, chat: str, text: str, since: datetime) -> tuple[str, datetime] | None:
        """The oldest unclaimed one with this text since then; it is claimed by the answer."""
        key, since = (chat, _print(text)), since.replace(microsecond=0) - _CLOCK_SLACK
        for message_id, (place, words, at) in self._heard.items():
            if (place, words) == key and at >= since and message_id not in self._claimed:
                self.claim(message_id)
                return message_id, at
        return None


def _print(text: str) -> str:
    return "".join(text.split())
