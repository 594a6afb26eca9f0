"""One account, for ever: connects, hears, and connects again whatever happens to the gateway.

The theory is in `state`. The event stream is opened before the gateway's puppet is started, so that nothing that it says
first is lost. Announcements, and so online and offline, come from the task that reads the stream: in order.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from bot.core.errors import SendRefused, TransportError
from bot.core.events import Event, MemberJoined
from bot.transports.base import Sink
from bot.transports.wechat import reading, rooms
from bot.transports.wechat.decode import (
    decode_leave,
    decode_other,
    decode_topic,
)
from bot.transports.wechat.names import Answers
from bot.transports.wechat.own import OwnMessages
from bot.transports.wechat.prefetch import Prefetch
from bot.transports.wechat.settings import WeChatSettings
from bot.transports.wechat.standing import Standing
from bot.transports.wechat.state import State
from bot.transports.wechat.wire import (
    EventType,
    Malformed,
    PayloadType,
    loads,
    raw_id,
    uid,
)

if TYPE_CHECKING:
    from bot.transports.wechat.puppet import Puppet

Work: TypeAlias = Callable[[], Awaitable[Sequence[Event]]]

_log = logging.getLogger(__name__)
_SEEN = 20_000
_NAMES = 200_000
_SCANNED = (1, 3, 4)
"""States of a QR code that somebody has dealt with: cancelled, scanned, confirmed."""


class Session:
    def __init__(self, settings: WeChatSettings, *, sink: Sink, now: Callable[[], datetime]) -> None:
        self.settings, self.sink, self.now = settings, sink, now
        self.state = State(phase="down", since=now())
        self.standing = Standing()
        self.own = OwnMessages()
        self.puppet: Puppet | None = None
        self.app = "puppet-service"
        self.names: Answers[tuple[str, str], str]
        """(raw room, raw member) → what the member is called there; the room "" is nobody's: the contact's own name."""
        self.prefetch = Prefetch(settings.prefetch, settings.queue_limit)
        self.connected = asyncio.Event()
        self._logged_in = asyncio.Event()
        self._announced = ""
        self.gap: dict[str, datetime | None] | None = None
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._syncing: asyncio.Task[None] | None = None
        self.reading: dict[str, asyncio.Task[None]] = {}
        self._taken_since: float | None = None
        self._told = ""

    @property
    def account(self) -> str:
        return self.standing.account

    @property
    def is_online(self) -> bool:
        return self.puppet is not None and bool(self._announced)

    # -- life -------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        self.names = Answers(partial(reading.ask_name, self), self.settings.names_s, _NAMES, loop.time)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.prefetch.pump(self._deliver), name="wechat pump")
                group.create_task(self._keep_connected(), name="wechat connection")
        finally:
            await self._end(list(self.reading.values()))
            await self.names.aclose()

    async def _keep_connected(self) -> None:
        # Its import takes a while, and nobody without a WeChat account should pay for it.
        module = await asyncio.to_thread(_load)
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            begun = loop.time()
            self._change(self.state.connecting(self.now()))
            try:
                await self._live(module)
            except (module.GatewayLost, TransportError) as error:
                reason = str(error)
            except module.TokenRefused as error:
                reason, failures = str(error), max(failures, 6)
            except module.StreamTaken as error:
                reason = str(error)
                failures = 1
                self._taken_since = self._taken_since or loop.time()
            was_online = self.state.phase == "online"
            self._change(self.state.down(reason, self.now()))
            if was_online or loop.time() - begun > self.settings.backoff_max_s:
                failures = 0
            longest = min(self.settings.backoff_max_s, self.settings.backoff_min_s * 2 ** min(failures, 20))
            failures += 1
            await asyncio.sleep(longest * (0.5 + 0.5 * random.random()))

    async def _live(self, module: Any) -> None:
        """One connection, to its end."""
        puppet: Puppet = module.Puppet(self.settings)
        greeted = asyncio.Event()

        async def hear(kind: int, payload: bytes) -> None:
            greeted.set()
            await self._hear(kind, payload)

        listening: asyncio.Task[None] | None = None
        starting: asyncio.Task[bytes] | None = None
        reason = "the connection to the gateway was lost"
        try:
            await self._take_over_if_due(puppet)
            self.puppet = puppet
            listening = asyncio.create_task(puppet.listen(hear), name="wechat events")
            await _either(listening, greeted, self.settings.hello_timeout_s)
            self.connected.set()
            starting = asyncio.create_task(puppet.call("Start", timeout_s=self.settings.call_timeout_s))
            await asyncio.wait({starting, listening}, return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                starting.cancel()
            elif (error := starting.exception()) is not None:
                if not isinstance(error, SendRefused):
                    raise error
                _log.warning("wechat %s: the gateway could not start: %s", self.settings.endpoint, error)
            await asyncio.gather(starting, return_exceptions=True)
            await listening
        except asyncio.CancelledError:
            reason = "stopped"
            raise
        except Exception as error:
            reason = str(error) or reason
            raise
        finally:
            self.connected.clear()
            self.puppet = None
            await self._end([task for task in (listening, starting, self._syncing) if task is not None])
            puppet.close()
            if self._announced:
                account, self._announced = self._announced, ""
                self.prefetch.close()
                await self.sink.disconnected(account, reason)

    async def _take_over_if_due(self, puppet: Puppet) -> None:
        """The stream has been held by somebody else, perhaps by a dead connection of our own, for long enough."""
        since, patience = self._taken_since, self.settings.takeover_s
        if since is None or not patience or asyncio.get_running_loop().time() - since < patience:
            return
        _log.warning("wechat %s: takes the event stream back from another client", self.settings.endpoint)
        self._taken_since = None
        await puppet.call("Stop", timeout_s=self.settings.call_timeout_s)

    def _change(self, state: State) -> None:
        previous, self.state = self.state, state
        if (state.phase == "connecting" and previous.phase == "down") or str(state) == self._told:
            # Attempt after attempt for the same reason is no news.
            return
        self._told = str(state)
        _log.log(
            logging.INFO if state.phase == "online" else logging.WARNING, "wechat %s: %s", self.settings.endpoint, state
        )

    # -- hearing ----------------------------------------------------------------------------------------------------

    async def _hear(self, kind: int, payload: bytes) -> None:
        """Takes one event; waits while the engine is full. No event can end the stream."""
        try:
            if kind == EventType.MESSAGE:
                await self._hear_message(loads(payload))
            else:
                self.sink.frame(self.account, f"{kind} {payload[:4000].decode(errors='replace')}")
                await self._hear_other(kind, loads(payload))
        except (Malformed, KeyError, TypeError) as error:
            self.sink.malformed(
                self.account, payload[:2000].decode(errors="replace"), f"{type(error).__name__}: {error}"
            )

    async def _hear_message(self, payload: dict[str, Any]) -> None:
        message_id = payload["messageId"]
        if not isinstance(message_id, str) or not message_id:
            raise Malformed("a message without id")
        if message_id in self._seen:
            return
        self._seen[message_id] = None
        if len(self._seen) > _SEEN:
            self._seen.popitem(last=False)
        await self.prefetch.put(partial(reading.begin_message, self, message_id))

    async def _hear_other(self, kind: int, payload: dict[str, Any]) -> None:
        now = self.now()
        match kind:
            case EventType.HEARTBEAT | EventType.DONG | EventType.POST | EventType.RESET:
                pass
            case EventType.SCAN:
                await self._hear_scan(payload)
            case EventType.LOGIN:
                await self._log_in(_id(payload["contactId"]))
            case EventType.LOGOUT:
                await self._log_out(f"logged out: {str(payload.get('data') or '')[:200]}")
            case EventType.READY:
                # Only now some gateways know their rooms.
                if self._announced and not self.standing.rooms:
                    self._sync_again()
            case EventType.ERROR:
                what = str(payload.get("data") or payload.get("gerror") or "")
                _log.warning("wechat %s: the gateway reports: %.200s", self.settings.endpoint, _message_of(what))
            case EventType.DIRTY:
                await self._hear_dirty(payload)
            case EventType.ROOM_JOIN:
                room = _id(payload["roomId"])
                invited = [each for each in payload.get("inviteeIdList") or () if isinstance(each, str)]
                self.names.drop(lambda key: key[0] == room and key[1] in invited)
                await self._put(partial(reading.join, self, payload, room, invited, now), payload)
            case EventType.ROOM_LEAVE:
                await self._put_decoded(lambda account: decode_leave(payload, account, now), payload)
            case EventType.ROOM_TOPIC:
                await self._put_decoded(lambda account: decode_topic(payload, account, now), payload)
            case EventType.ROOM_INVITE:
                await self._put(partial(reading.invitation, self, _id(payload["roomInvitationId"]), now), payload)
            case EventType.FRIENDSHIP:
                mark = f"friendship:{_id(payload['friendshipId'])}"
                await self._put_decoded(lambda account: decode_other("friendship", mark, account, now), payload)
            case _:
                mark = f"event {kind}:{int(now.timestamp() * 1000)}"
                await self._put_decoded(lambda account: decode_other(f"event {kind}", mark, account, now), payload)

    async def _hear_scan(self, payload: dict[str, Any]) -> None:
        qr = str(payload.get("qrcode") or "")
        if not qr or payload.get("status") in _SCANNED or (self.state.phase, self.state.qr) == ("waiting_scan", qr):
            return
        await self._log_out("waiting for the QR code to be scanned")
        self._change(self.state.scan(qr, self.now()))
        module = await asyncio.to_thread(_load)
        art = "\n".join(module.qr_art(qr))
        _log.warning("微信扫码登录 · scan this with WeChat to log in (%s)\n%s", self.settings.endpoint, art)

    async def _hear_dirty(self, payload: dict[str, Any]) -> None:
        target, kind = _id(payload["payloadId"]), payload.get("payloadType")
        if kind == PayloadType.ROOM:
            await self._put(partial(rooms.refresh, self, target), payload)
        elif kind == PayloadType.ROOM_MEMBER:
            self.names.drop(lambda key: key[0] == target)
        elif kind == PayloadType.CONTACT:
            self.names.drop(lambda key: key[1] == target)

    async def _put(self, work: Work, payload: dict[str, Any]) -> None:
        await self.prefetch.put(lambda settle: self.prefetch.work(self.guarded(work, str(payload)[:2000]), settle))

    async def _put_decoded(self, decode: Callable[[str], Sequence[Event]], payload: dict[str, Any]) -> None:
        async def work() -> Sequence[Event]:
            return decode(self.account)  # of the account that is logged in by then

        await self._put(work, payload)

    async def guarded(self, work: Work, raw: str) -> Sequence[Event]:
        """The events of `work`, once the account is logged in; a failure costs only its own event."""
        try:
            await self._logged_in.wait()
            return await work()
        except Exception as error:
            self.spoiled(raw, error)
        return ()

    def spoiled(self, raw: str, error: Exception) -> None:
        """What came as `raw` can't be taken."""
        if isinstance(error, (Malformed, TransportError)):
            self.sink.malformed(self.account, raw, str(error))
            return
        _log.error("wechat: an event could not be taken", exc_info=error)
        self.sink.malformed(self.account, raw, f"{type(error).__name__}: {error}")

    async def name(self, room: str, member: str) -> str:
        """What a member is called in a room (both raw); "" where nobody tells."""
        try:
            return await self.names.get((room, member))
        except TransportError:
            return ""

    async def _deliver(self, events: Sequence[Event]) -> None:
        for event in events:
            self.standing.apply(event)
            if self.gap is not None and event.chat not in self.gap:
                self.gap[event.chat] = self.sink.last_seen(self.account, event.chat)
            if isinstance(event, MemberJoined) and event.member == self.account:
                rooms.read_soon(self, raw_id(event.chat))
        await self.sink.events(events)

    # -- online and offline -----------------------------------------------------------------------------------------

    async def _log_in(self, contact: str) -> None:
        account = uid(contact)
        if self._announced == account:
            return
        await self._log_out("another account logged in")
        if self.account != account:
            self.standing = Standing(account)
        self._taken_since = None
        self.gap = {}
        # Before the engine hears it: it may send at once.
        self._announced = account
        self._logged_in.set()
        self._change(self.state.online(account, self.now()))
        await self.sink.connected(account, app=self.app)
        self._sync_again()

    async def _log_out(self, reason: str) -> None:
        if not self._announced:
            return
        account, self._announced = self._announced, ""
        self._logged_in.clear()
        self.prefetch.close()
        if self._syncing is not None:
            await self._end([self._syncing])
        self._change(self.state.logged_out(reason, self.now()))
        await self.sink.disconnected(account, reason)

    # -- rooms and members ------------------------------------------------------------------------------------------

    def _sync_again(self) -> None:
        if self._syncing is not None:
            self._syncing.cancel()
        self._syncing = asyncio.create_task(rooms.keep_synced(self), name="wechat sync")

    async def _end(self, tasks: Sequence[asyncio.Task[Any]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _either(task: asyncio.Task[None], event: asyncio.Event, timeout_s: float) -> None:
    """Waits for the event; raises what ended the task. Silence is no failure: some gateways do not greet."""
    waiting = asyncio.create_task(event.wait())
    try:
        await asyncio.wait({task, waiting}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if task.done():
        task.result()


def _load() -> Any:
    from bot.transports.wechat import puppet

    return puppet


def _id(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > 200:
        raise Malformed("an id that is none")
    return value


def _message_of(error: str) -> str:
    """The message inside an error event, which is JSON of a JavaScript error with its stack."""
    try:
        return str(loads(error).get("message") or "")
    except Malformed:
        return error.partition("\n")[0]
