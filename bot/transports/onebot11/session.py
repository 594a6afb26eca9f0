"""One account: the connection that is current, and what it hears. What is sent through it is `sending`.

States: offline → (calls and events connected, logged in) → announced → offline. The newest connection wins; the one it
replaces is closed and its open calls end as unknown. Announcements come from one task, so the engine hears them in order.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any

from bot.core.errors import TransportError
from bot.core.events import Event, MessageReceived
from bot.core.play import Capability
from bot.transports.base import Sink
from bot.transports.onebot11.decode import decode, decode_message
from bot.transports.onebot11.dialect import GENERIC, Dialect
from bot.transports.onebot11.history import HistoryReader
from bot.transports.onebot11.intake import Intake
from bot.transports.onebot11.link import Link
from bot.transports.onebot11.own import OwnMessages
from bot.transports.onebot11.settings import OneBotSettings
from bot.transports.onebot11.standing import Doorway, Standing
from bot.transports.onebot11.sync import read_group, synchronise
from bot.transports.onebot11.wire import Malformed, Meta, as_id, text_of, uid

_log = logging.getLogger(__name__)

Spawn = Callable[[Coroutine[Any, Any, None], str], "asyncio.Task[None]"]


class Session:
    def __init__(
        self,
        account: str,
        *,
        settings: OneBotSettings,
        sink: Sink,
        now: Callable[[], datetime],
        spawn: Spawn,
    ) -> None:
        self.account = account
        self.settings = settings
        self.sink = sink
        self.now = now
        self.spawn = spawn
        self.dialect: Dialect = GENERIC
        self.standing = Standing(account)
        self.own = OwnMessages()
        self.intake = Intake(settings.queue_limit)
        self.is_announced = False
        self.gap_since: dict[str, datetime | None] | None = None
        """While a gap is being filled: per chat, the newest logged message from before it."""
        self.api: Link | None = None
        self._events: Link | None = None
        self._is_logged_in = True
        self.reason = ""
        self._changed = asyncio.Event()
        self._doorway = Doorway()
        self._self_id: Any = None
        self._being_read: set[str] = set()

    # -- connections ------------------------------------------------------------------------------------------------

    def attach(self, link: Link) -> None:
        """Makes `link` the current connection for what it carries. What it replaces is closed."""
        replaced = {
            old
            for old, is_taken in ((self.api, link.carries_calls), (self._events, link.carries_events))
            if old is not None and is_taken and old is not link
        }
        if link.carries_calls:
            self.api = link
        if link.carries_events:
            self._events = link
        for old in replaced:
            self.reason = "replaced by a newer connection"
            if self.api is old:
                self.api = None
            if self._events is old:
                self._events = None
            old.why_closed = self.reason
            self.spawn(old.close(self.reason), f"onebot close {self.account}")
        self._is_logged_in = True
        self.intake.close()
        self._changed.set()

    def detach(self, link: Link, reason: str) -> None:
        """`link` is gone. Nothing happens if a newer one has taken over already."""
        link.why_closed = link.why_closed or reason
        link.fail_pending()
        if link not in (self.api, self._events):
            return
        self.reason = link.why_closed
        if self.api is link:
            self.api = None
        if self._events is link:
            self._events = None
        self._changed.set()

    def set_logged_in(self, is_logged_in: bool, reason: str = "") -> None:
        """The account itself goes offline or comes back while the connection lives."""
        if is_logged_in == self._is_logged_in:
            return
        self._is_logged_in, self.reason = is_logged_in, reason
        self._changed.set()

    async def supervise(self) -> None:
        """Announces the account online and offline, and synchronises it when it is online. Runs for ever."""
        current: tuple[Link, Link] | None = None
        work: asyncio.Task[None] | None = None
        while True:
            await self._changed.wait()
            self._changed.clear()
            is_ready = self.api is not None and self._events is not None and self._is_logged_in
            wanted = (self.api, self._events) if is_ready else None
            if wanted == current:
                self.intake.open()
                continue
            if work is not None:
                work.cancel()
                await asyncio.wait([work])
                work = None
            if self.is_announced:
                self.is_announced = False
                await self.sink.disconnected(self.account, self.reason or "connection lost")
            current = wanted  # type: ignore[assignment]
            if wanted is None:
                self.intake.open()
                continue
            self.gap_since = {}
            work = self.spawn(synchronise(self), f"onebot sync {self.account}")

    async def announce(self, app: str) -> None:
        """The account is online: the outbox may go, events may come."""
        # Before the engine hears it: it may send, or ask `find_sent`, at once.
        self.is_announced = True
        await self.sink.connected(self.account, app=app)
        self.intake.open()

    # -- hearing ----------------------------------------------------------------------------------------------------

    async def pump(self) -> None:
        await self.intake.pump(self._deliver)

    async def _deliver(self, events: Sequence[Event]) -> None:
        if self.gap_since is not None:
            for event in events:
                if event.chat not in self.gap_since:
                    self.gap_since[event.chat] = self.sink.last_seen(self.account, event.chat)
        await self.sink.events(events)

    async def hear(self, link: Link, frame: dict[str, Any]) -> None:
        """Takes one event frame; waits while the engine is full. Raises `Malformed`."""
        if frame.get("self_id") != self._self_id:
            self._check_self_id(frame.get("self_id"))
        kind = frame.get("post_type")
        if (kind == "message" and frame.get("sub_type") != "notice") or kind == "message_sent":
            message = decode_message(frame, self.account)
            if message.member == self.account or kind == "message_sent":
                self.own.heard(message.chat, message.message_id, message.at, message.segments)
                return
            self.intake.put((message,))
        elif kind == "meta_event":
            self._hear_meta(link, frame)
            return
        else:
            self._hear_other(link, frame)
        if self.intake.is_full:
            link.is_waiting = True
            await self.intake.room()
            link.heard_at, link.is_waiting = asyncio.get_running_loop().time(), False

    def _check_self_id(self, self_id: Any) -> None:
        if uid(self_id) not in ("", self.account):
            raise Malformed(f"self_id {as_id(self_id)} on the connection of {self.account}")
        self._self_id = self_id

    def _hear_meta(self, link: Link, frame: dict[str, Any]) -> None:
        try:
            meta = Meta.model_validate(frame)
        except ValueError as error:
            raise Malformed(f"a meta event that is none: {error}") from None
        if meta.meta_event_type != "heartbeat":
            return
        if meta.interval > 0:
            link.interval_s = meta.interval / 1000
        if link is self._events and meta.status is not None and meta.status.online is not None:
            self.set_logged_in(meta.status.online, "the account is offline")

    def _hear_other(self, link: Link, frame: dict[str, Any]) -> None:
        notice = frame.get("notice_type")
        if notice in ("bot_offline", "bot_online"):
            # A connection that has been replaced may still talk; it no longer speaks for the account.
            if link is self._events:
                reason = f"the account was logged out: {text_of(frame.get('message'))}"[:200]
                self.set_logged_in(notice == "bot_online", reason)
            return
        events = [self._doorway.settle(event) for event in decode(frame, self.account)]
        for event in events:
            if self.standing.apply(event):
                self._changed_groups(event.chat)
        self.intake.put(events)

    def _changed_groups(self, chat: str) -> None:
        """Reads a group that the account has just joined; one reading at a time, however often the news comes."""
        if chat in self._being_read:
            return
        self._being_read.add(chat)
        reading = self.spawn(read_group(self, chat), f"onebot group {chat}")
        reading.add_done_callback(lambda _: self._being_read.discard(chat))

    # -- asking and sending -----------------------------------------------------------------------------------------

    async def ask(self, action: str, params: dict[str, Any] | None = None, *, timeout_s: float | None = None) -> Any:
        """The data of a query; None where it failed, which is logged and costs nothing else."""
        link = self.api
        if link is None:
            return None
        try:
            answer = await link.call(action, params, timeout_s=timeout_s or self.settings.call_timeout_s)
        except TransportError as error:
            _log.info("onebot %s: %s", self.account, error)
            return None
        if not answer.is_ok:
            # No news: an empty history and an extension that is not offered answer so, too.
            _log.debug("onebot %s: %s failed: %s %s", self.account, action, answer.retcode, answer.reason[:200])
            return None
        return answer.data

    def capabilities(self, chat: str) -> frozenset[Capability]:
        return self.standing.capabilities(chat, self.dialect)

    def history(self) -> HistoryReader:
        settings = self.settings
        return HistoryReader(
            ask=self.ask,
            account=self.account,
            dialect=self.dialect,
            page=settings.history_page,
            limit=settings.history_limit,
            pace_s=settings.pace_s,
            malformed=lambda frame, error: self.sink.malformed(self.account, str(frame)[:2000], error),
        )

    def remember(self, message: MessageReceived) -> bool:
        """Keeps one of the account's own messages; True if it is one."""
        if message.member != self.account:
            return False
        self.own.heard(message.chat, message.message_id, message.at, message.segments)
        return True
