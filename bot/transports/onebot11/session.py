"""One account: the connection that is current, what it hears, and what is sent through it.

States: offline → (calls and events connected, logged in) → announced → offline. The newest connection wins; the one it
replaces is closed and its open calls end as unknown. Announcements come from one task, so the engine hears them in order.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.core.effects import Approve
from bot.core.errors import SendDeferred, SendRefused, SendUnknown
from bot.core.events import Event, MessageReceived
from bot.core.play import Capability
from bot.core.segments import EVERYONE, Mention
from bot.transports.base import Message, Outgoing, Receipt, Sink
from bot.transports.onebot11.answers import MediaFailed, receipt_of
from bot.transports.onebot11.decode import decode, decode_message
from bot.transports.onebot11.dialect import GENERIC, Dialect
from bot.transports.onebot11.encode import encode
from bot.transports.onebot11.history import HistoryReader
from bot.transports.onebot11.intake import Intake
from bot.transports.onebot11.link import Link
from bot.transports.onebot11.own import OwnMessages, fingerprint
from bot.transports.onebot11.pictures import inline_pictures
from bot.transports.onebot11.settings import OneBotSettings
from bot.transports.onebot11.standing import Doorway, Standing
from bot.transports.onebot11.wire import Answer, Malformed, Meta, as_id, private_chat, uid

_log = logging.getLogger(__name__)
_OFFLINE_RETRY_S = 5.0
_UPLOAD_BYTES_PER_S = 128 * 1024
_CLOCK_SLACK = timedelta(seconds=2)
_MEDIA_MEMORY = 500

Spawn = Callable[[Coroutine[Any, Any, None], str], "asyncio.Task[None]"]
Synchronise = Callable[["Session"], Coroutine[Any, Any, None]]


class Session:
    def __init__(
        self,
        account: str,
        *,
        settings: OneBotSettings,
        sink: Sink,
        now: Callable[[], datetime],
        spawn: Spawn,
        synchronise: Synchronise,
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
        self._api: Link | None = None
        self._events: Link | None = None
        self._is_logged_in = True
        self._reason = ""
        self._changed = asyncio.Event()
        self._doorway = Doorway()
        self._media_failures: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._synchronise = synchronise
        self._self_id: Any = None

    # -- connections ------------------------------------------------------------------------------------------------

    def attach(self, link: Link) -> None:
        """Makes `link` the current connection for what it carries. What it replaces is closed."""
        replaced = {
            old
            for old, is_taken in ((self._api, link.carries_calls), (self._events, link.carries_events))
            if old is not None and is_taken and old is not link
        }
        if link.carries_calls:
            self._api = link
        if link.carries_events:
            self._events = link
        for old in replaced:
            self._reason = "replaced by a newer connection"
            if self._api is old:
                self._api = None
            if self._events is old:
                self._events = None
            old.why_closed = self._reason
            old.fail_pending()
            self.spawn(old.close(self._reason), f"onebot close {self.account}")
        self._is_logged_in = True
        self.intake.close()
        self._changed.set()

    def detach(self, link: Link, reason: str) -> None:
        """`link` is gone. Nothing happens if a newer one has taken over already."""
        link.why_closed = link.why_closed or reason
        link.fail_pending()
        if link not in (self._api, self._events):
            return
        self._reason = link.why_closed
        if self._api is link:
            self._api = None
        if self._events is link:
            self._events = None
        self._changed.set()

    def set_logged_in(self, is_logged_in: bool, reason: str = "") -> None:
        """The account itself goes offline or comes back while the connection lives."""
        if is_logged_in == self._is_logged_in:
            return
        self._is_logged_in, self._reason = is_logged_in, reason
        self._changed.set()

    async def supervise(self) -> None:
        """Announces the account online and offline, and synchronises it when it is online. Runs for ever."""
        current: tuple[Link, Link] | None = None
        work: asyncio.Task[None] | None = None
        while True:
            await self._changed.wait()
            self._changed.clear()
            is_ready = self._api is not None and self._events is not None and self._is_logged_in
            wanted = (self._api, self._events) if is_ready else None
            if wanted == current:
                self.intake.open()
                continue
            if work is not None:
                work.cancel()
                await asyncio.wait([work])
                work = None
            if self.is_announced:
                self.is_announced = False
                await self.sink.disconnected(self.account, self._reason or "connection lost")
            current = wanted  # type: ignore[assignment]
            if wanted is None:
                self.intake.open()
                continue
            self.gap_since = {}
            work = self.spawn(self._synchronise(self), f"onebot sync {self.account}")

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
        if kind == "message" or kind == "message_sent":
            message = decode_message(frame, self.account)
            if message.member == self.account or kind == "message_sent":
                self.own.heard(message.chat, message.message_id, message.at, message.segments)
                return
            self.intake.put((message,))
        elif kind == "meta_event":
            self._hear_meta(link, frame)
            return
        else:
            self._hear_notice(frame)
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
        if meta.status is not None and meta.status.online is not None:
            self.set_logged_in(meta.status.online, "the account is offline")

    def _hear_notice(self, frame: dict[str, Any]) -> None:
        notice = frame.get("notice_type")
        if notice == "bot_offline":
            self.set_logged_in(False, f"the account was logged out: {frame.get('message') or ''}"[:200])
            return
        if notice == "bot_online":
            self.set_logged_in(True)
            return
        events = [self._doorway.settle(event) for event in decode(frame, self.account)]
        for event in events:
            if self.standing.apply(event):
                self._changed_groups(event.chat)
        self.intake.put(events)

    def _changed_groups(self, chat: str) -> None:
        from bot.transports.onebot11.sync import read_group

        self.spawn(read_group(self, chat), f"onebot group {chat}")

    # -- asking and sending -----------------------------------------------------------------------------------------

    async def ask(self, action: str, params: dict[str, Any] | None = None, *, timeout_s: float | None = None) -> Any:
        """The data of a query; None where it failed, which is logged and costs nothing else."""
        link = self._api
        if link is None:
            return None
        try:
            answer = await link.call(action, params, timeout_s=timeout_s or self.settings.call_timeout_s)
        except SendUnknown as error:
            _log.warning("onebot %s: %s", self.account, error)
            return None
        if not answer.is_ok:
            _log.info("onebot %s: %s failed: %s %s", self.account, action, answer.retcode, answer.reason[:200])
            return None
        return answer.data

    def capabilities(self, chat: str) -> frozenset[Capability]:
        return self.standing.capabilities(chat, self.dialect)

    async def send(self, chat: str, outgoing: Outgoing) -> Receipt:
        link = self._api
        if link is None or not self.is_announced:
            raise SendDeferred(self._reason or "the account is offline", retry_after_s=_OFFLINE_RETRY_S)
        if chat in self.standing.gone and not isinstance(outgoing, Approve):
            raise SendRefused("the account is no longer in this group")
        if isinstance(outgoing, Message):
            if outgoing.to is None and (wait_s := self.standing.silent_for_s(chat, self.now())):
                raise SendDeferred("the account is muted in this group", retry_after_s=wait_s)
            segments = await inline_pictures(outgoing.segments, self.settings.picture_limit_bytes)
            outgoing = Message(segments=segments, to=outgoing.to, reply_to=outgoing.reply_to)
        may_mention_all = Capability.MENTION_ALL in self.capabilities(chat)
        call = encode(chat, outgoing, dialect=self.dialect, may_mention_all=may_mention_all)
        answer = await link.call(
            call.action,
            call.params,
            timeout_s=self.settings.call_timeout_s + _size(outgoing) / _UPLOAD_BYTES_PER_S,
            on_late=lambda late: self._settled_late(chat, outgoing, late),
        )
        try:
            receipt = receipt_of(answer, call, self.dialect)
        except MediaFailed as error:
            raise self._media_failed(chat, outgoing, error) from None
        except SendRefused as error:
            capability = call.capability
            if not error.capability and capability and capability not in self.capabilities(chat):
                # Some give no reason: the role explains it.
                raise SendRefused(str(error), capability=capability) from None
            raise
        if isinstance(outgoing, Message):
            self.own.sent(_place(chat, outgoing), receipt.message_id, self.now(), outgoing.segments)
            if Mention(EVERYONE) in outgoing.segments:
                from bot.transports.onebot11.sync import read_mentions_left

                self.spawn(read_mentions_left(self, chat), f"onebot at-all {chat}")
        return receipt

    def _settled_late(self, chat: str, outgoing: Outgoing, answer: Answer) -> None:
        """An answer after the call was given up: `find_sent` will know the message."""
        if isinstance(outgoing, Message) and answer.is_ok and isinstance(answer.data, dict):
            message_id = as_id(answer.data.get("message_id"))
            self.own.heard(_place(chat, outgoing), message_id, self.now(), outgoing.segments)

    def _media_failed(self, chat: str, outgoing: Outgoing, error: MediaFailed) -> SendDeferred | SendRefused:
        """Deferred the first time, refused the second: then the words have to go without the picture."""
        key = (chat, fingerprint(outgoing.segments) if isinstance(outgoing, Message) else type(outgoing).__name__)
        if key in self._media_failures:
            del self._media_failures[key]
            return SendRefused(str(error), capability=Capability.PICTURE)
        self._media_failures[key] = None
        while len(self._media_failures) > _MEDIA_MEMORY:
            self._media_failures.popitem(last=False)
        return error

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

    async def find_sent(self, chat: str, message: Message, since: datetime) -> Receipt | None:
        """In what was heard, else in the network's history as far back as `since`."""
        place = _place(chat, message)
        since = since.replace(microsecond=0) - _CLOCK_SLACK
        found = self.own.find((chat, place), message.segments, since)
        if found is None:
            if not self.is_announced or not self.dialect.has_history:
                raise SendUnknown("the history cannot be read")
            past = await self.history().read(place, since)
            for own in past.messages:
                self.remember(own)
            found = self.own.find((chat, place), message.segments, since)
            if found is None and not past.reaches_back:
                raise SendUnknown("the history does not reach back far enough")
        return Receipt(*found) if found else None

    def remember(self, message: MessageReceived) -> bool:
        """Keeps one of the account's own messages; True if it is one."""
        if message.member != self.account:
            return False
        self.own.heard(message.chat, message.message_id, message.at, message.segments)
        return True


def _place(chat: str, message: Message) -> str:
    """The conversation that a message really lands in."""
    return private_chat(message.to) if message.to else chat


def _size(outgoing: Outgoing) -> int:
    if isinstance(outgoing, Message):
        return sum(len(getattr(segment, "url", "")) for segment in outgoing.segments)
    return len(getattr(outgoing, "content", b""))
