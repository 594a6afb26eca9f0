"""The network's own history of a group: paged backwards, decoded, in the order of time within each window."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.events import MessageReceived
from bot.transports.onebot11.decode import decode_message
from bot.transports.onebot11.dialect import Dialect
from bot.transports.onebot11.wire import Malformed, as_id, number, whole

_Order = tuple[datetime, int, int, int]
"""By time, then by the group's sequence, then as listed: page before page, position by position."""

_Seen = tuple[_Order, MessageReceived, Mapping[str, Any]]

Ask = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""Calls an action; its data, or None where it failed."""


@dataclass(frozen=True, slots=True)
class Past:
    """`reached`: how far back it was read, None when nothing could be; the wanted moment itself where nothing is missing."""

    messages: tuple[MessageReceived, ...]
    reached: datetime | None
    reaches_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryReader:
    ask: Ask
    account: str
    dialect: Dialect
    page: int = 50
    limit: int = 5000
    """Messages of a window, a page more at most."""
    pace_s: float = 0.0
    malformed: Callable[[Mapping[str, Any], str], None] = lambda frame, error: None

    async def read(self, chat: str, since: datetime) -> Past:
        """What one window holds of everything since then: the newest, if there is more."""
        async with aclosing(self.windows(chat, since)) as windows:
            return await anext(windows)

    async def windows(self, chat: str, since: datetime) -> AsyncGenerator[Past]:
        """Everything since then, the account's own messages included, the newest window first; at least one window.
        `chat` is a group or a private conversation.

        The start message of a page may be part of it or not, pages may run either way, and the flag for "older" has
        meant both directions: so a page that brings nothing older is asked for once more with the flag turned.
        """
        seen: dict[str, _Seen] = {}
        given: MessageReceived | None = None
        flag, is_turned = self.dialect.older_flag, False
        start: Mapping[str, Any] | None = None
        oldest: _Order | None = None
        for page in itertools.count():
            frames = await self._page(chat, start, flag)
            if frames is None:
                yield self._past(seen, since, given, is_complete=False)
                return
            for position, frame in enumerate(_ascending(frames)):
                message = self._decode(frame, chat)
                if message is not None and message.id not in seen:
                    order = (message.at, _sequence(frame), -page, position)
                    seen[message.id] = (order, message, frame)
            first = min(seen.values(), key=lambda item: item[0], default=None)
            if first is not None and first[1].at < since:
                yield self._past(seen, since, given, is_complete=True)
                return
            if first is None or first[0] == oldest:
                if start is None or is_turned:
                    # The network has no more; enough if that is where the reading was to begin.
                    yield self._past(seen, since, given, is_complete=first is not None and first[1].at <= since)
                    return
                flag, is_turned = not flag, True
                continue
            oldest, start = first[0], first[2]
            if len(seen) >= self.limit:
                yield self._past(seen, since, given, is_complete=False)
                # The next window goes on from the oldest message of this one, which is not given twice.
                given = first[1]
                seen = {given.id: first}
            await asyncio.sleep(self.pace_s)

    async def _page(self, chat: str, start: Mapping[str, Any] | None, flag: bool) -> list[Any] | None:
        is_private = chat.startswith("qq:@")
        params: dict[str, Any] = {"user_id" if is_private else "group_id": number(chat), "count": self.page}
        if start is not None:
            params[self.dialect.history_start] = self.dialect.history_position(start)
            params["reverse_order"] = params["reverseOrder"] = flag
        data = await self.ask("get_friend_msg_history" if is_private else "get_group_msg_history", params)
        messages = data.get("messages") if isinstance(data, dict) else None
        return messages if isinstance(messages, list) else None

    def _decode(self, frame: Any, chat: str) -> MessageReceived | None:
        if not isinstance(frame, dict):
            return None
        try:
            if not chat.startswith("qq:@"):
                frame.setdefault("group_id", number(chat))
                frame.setdefault("message_type", "group")
            return decode_message(frame, self.account)
        except Malformed as error:
            self.malformed(frame, str(error))
            return None

    def _past(
        self, seen: Mapping[str, _Seen], since: datetime, given: MessageReceived | None, *, is_complete: bool
    ) -> Past:
        ordered = [message for _, message, _ in sorted(seen.values(), key=lambda item: item[0])]
        reached = since if is_complete else ordered[0].at if ordered else None
        new = [message for message in ordered if message.at >= since]
        if given is not None:
            # A page that ran the wrong way repeats what an earlier window gave.
            new = [message for message in new if message.at <= given.at and message.id != given.id]
        return Past(tuple(new), reached, is_complete)


def _ascending(frames: list[Any]) -> list[Any]:
    times = [whole(frame.get("time")) for frame in frames if isinstance(frame, dict)]
    return frames[::-1] if times and times[0] > times[-1] else frames


def _sequence(frame: Mapping[str, Any]) -> int:
    """The group's own sequence, where there is one: it orders messages of one second."""
    try:
        sequence = as_id(frame.get("real_seq")) or as_id(frame.get("message_seq"))
        return whole(sequence) if sequence != as_id(frame.get("message_id")) else 0
    except Malformed:
        return 0
