"""One account, for ever: connects, hears, and connects again whatever happens to the gateway.

The theory is in `state`. The event stream is opened before the gateway's puppet is started, so that nothing that it says
first is lost. Announcements, and so online and offline, come from the task that reads the stream: in order.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.core.errors import SendDeferred, SendRefused, SendUnknown, TransportError
from bot.core.events import Event, MemberJoined
from bot.core.play import Member
from bot.transports.base import Sink
from bot.transports.wechat import protobuf
from bot.transports.wechat.appmsg import app_message
from bot.transports.wechat.decode import (
    Known,
    decode_invitation,
    decode_join,
    decode_leave,
    decode_message,
    decode_other,
    decode_topic,
    place_of,
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
    MessageType,
    PayloadType,
    RawMessage,
    RawRoom,
    chat_of,
    loads,
    moment,
    raw_id,
    raw_message,
    uid,
)

if TYPE_CHECKING:
    from bot.transports.wechat.puppet import Puppet

_log = logging.getLogger(__name__)
_SEEN = 20_000
_NAMES = 200_000
_ATTEMPTS = 3
_SCANNED = (1, 3, 4)
"""States of a QR code that somebody has dealt with: cancelled, scanned, confirmed."""
_AT_ONCE = 8
"""Questions under way at once when rooms and members are read: the messages go first."""


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
        self._prefetch = Prefetch(settings.prefetch, settings.queue_limit)
        self._connected = asyncio.Event()
        self._logged_in = asyncio.Event()
        self._announced = ""
        self._gap: dict[str, datetime | None] | None = None
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._syncing: asyncio.Task[None] | None = None
        self._reading: dict[str, asyncio.Task[None]] = {}
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
        self.names = Answers(self._ask_name, self.settings.names_s, _NAMES, loop.time)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._prefetch.pump(self._deliver), name="wechat pump")
                group.create_task(self._keep_connected(), name="wechat connection")
        finally:
            await self._end(list(self._reading.values()))
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
        try:
            await self._take_over_if_due(puppet)
            self.puppet = puppet
            listening = asyncio.create_task(puppet.listen(hear), name="wechat events")
            await _either(listening, greeted, self.settings.hello_timeout_s)
            self._connected.set()
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
        finally:
            self._connected.clear()
            self.puppet = None
            await self._end([task for task in (listening, self._syncing) if task is not None])
            puppet.close()
            if self._announced:
                account, self._announced = self._announced, ""
                self._prefetch.close()
                reason = "the connection to the gateway was lost"
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
        await self._prefetch.put(self._guarded(self._message(message_id), message_id))

    async def _hear_other(self, kind: int, payload: dict[str, Any]) -> None:
        now, account = self.now(), self.account
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
                await self._put(self._join(payload, room, invited, now), payload)
            case EventType.ROOM_LEAVE:
                await self._put(_at_once(decode_leave(payload, account, now)), payload)
            case EventType.ROOM_TOPIC:
                await self._put(_at_once(decode_topic(payload, account, now)), payload)
            case EventType.ROOM_INVITE:
                await self._put(self._invitation(_id(payload["roomInvitationId"]), now), payload)
            case EventType.FRIENDSHIP:
                mark = f"friendship:{_id(payload['friendshipId'])}"
                await self._put(_at_once(decode_other("friendship", mark, account, now)), payload)
            case _:
                mark = f"event {kind}:{int(now.timestamp() * 1000)}"
                await self._put(_at_once(decode_other(f"event {kind}", mark, account, now)), payload)

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
            await self._put(self._refresh(target), payload)
        elif kind == PayloadType.ROOM_MEMBER:
            self.names.drop(lambda key: key[0] == target)
        elif kind == PayloadType.CONTACT:
            self.names.drop(lambda key: key[1] == target)

    async def _put(self, work: Any, payload: dict[str, Any]) -> None:
        await self._prefetch.put(self._guarded(work, str(payload)[:2000]))

    async def _guarded(self, work: Any, raw: str) -> Sequence[Event]:
        """The events of `work`; a failure costs only its own event."""
        try:
            await self._logged_in.wait()
            found: Sequence[Event] = await work
            return found
        except (Malformed, TransportError) as error:
            self.sink.malformed(self.account, raw, str(error))
        except Exception as error:
            _log.exception("wechat: an event could not be taken")
            self.sink.malformed(self.account, raw, f"{type(error).__name__}: {error}")
        finally:
            work.close()
        return ()

    # -- what the events mean ---------------------------------------------------------------------------------------

    async def _message(self, message_id: str) -> Sequence[Event]:
        raw = await self._fetch(message_id)
        account, room, talker = self.account, raw.room, raw.talker
        if uid(talker) == account:
            self.own.heard(place_of(raw, account), raw.id, raw.text or raw.filename, raw.at)
            return ()
        author = self.names.fresh((room, talker))
        if author is None:
            author = await self.name(room, talker)
        if not room:
            return (decode_message(raw, Known(account, author=author, link=await self._link(raw))),)
        chat = chat_of(room)
        if chat not in self.standing.rooms:
            self._read_soon(room)
        known = Known(
            account,
            {each: await self._called(room, each) for each in raw.mentions} if raw.mentions else {},
            author,
            self.standing.role_of(chat, uid(talker)),
            await self._link(raw) if raw.type in (MessageType.URL, MessageType.MINI_PROGRAM) else None,
        )
        return (decode_message(raw, known),)

    async def _fetch(self, message_id: str) -> RawMessage:
        """Asked again when the connection is lost meanwhile. Raises `Malformed` when the gateway does not have it."""
        timeout_s = min(self.settings.call_timeout_s, 10)
        for attempt in range(_ATTEMPTS):
            await self._connected.wait()
            if (puppet := self.puppet) is None:
                continue
            try:
                return raw_message(await puppet.call("MessagePayload", {1: message_id}, timeout_s=timeout_s))
            except (SendUnknown, SendDeferred):
                if attempt == _ATTEMPTS - 1:
                    raise
        raise Malformed("the gateway went away with the message")

    async def _link(self, raw: RawMessage) -> tuple[str, str] | None:
        if raw.type == MessageType.URL and app_message(raw.text) is None and (puppet := self.puppet) is not None:
            try:
                answer = await puppet.ask("MessageUrl", {1: raw.id}, timeout_s=self.settings.call_timeout_s)
                link = loads(answer[1][-1]) if 1 in answer and isinstance(answer[1][-1], bytes) else {}
                return str(link.get("title") or ""), str(link.get("url") or "")
            except (TransportError, Malformed):
                return None
        return None

    async def _called(self, room: str, member: str) -> list[str]:
        """What somebody may be called in a room: as they are there, and by their own name."""
        return [await self.name(room, member), await self.name("", member)]

    async def name(self, room: str, member: str) -> str:
        """ "" where nobody tells."""
        try:
            return await self.names.get((room, member))
        except TransportError:
            return ""

    async def _ask_name(self, key: tuple[str, str]) -> str:
        room, member = key
        puppet = self.puppet
        if puppet is None:
            raise SendDeferred("offline", retry_after_s=1)
        timeout_s = self.settings.call_timeout_s
        if not room:
            contact = await puppet.within(timeout_s, puppet.contact_payload(member))
            return str(contact.name)
        found = await puppet.within(timeout_s, puppet.room_member_payload(room, member))
        return str(found.room_alias or found.name)

    async def _join(self, payload: dict[str, Any], room: str, invited: Sequence[str], now: datetime) -> Sequence[Event]:
        names = {each: await self.name(room, each) for each in invited}
        return decode_join(payload, self.account, now, names)

    async def _invitation(self, invitation: str, now: datetime) -> Sequence[Event]:
        inviter = ""
        if (puppet := self.puppet) is not None:
            try:
                # wechaty's own call cannot read what the gateway answers.
                found = await puppet.ask(
                    "RoomInvitationPayload", {1: invitation}, timeout_s=self.settings.call_timeout_s
                )
                inviter = protobuf.text(found, 2)
                now = moment(protobuf.whole(found, 6)) if 6 in found else now
            except TransportError as error:
                _log.info("wechat: an invitation without its details: %s", error)
        return decode_invitation(invitation, inviter, self.account, now)

    async def _refresh(self, room: str) -> Sequence[Event]:
        if chat_of(room) in self.standing.rooms and (puppet := self.puppet) is not None:
            self.standing.learn(await self._ask_room(puppet, room))
        return ()

    async def _deliver(self, events: Sequence[Event]) -> None:
        for event in events:
            self.standing.apply(event)
            if self._gap is not None and event.chat not in self._gap:
                self._gap[event.chat] = self.sink.last_seen(self.account, event.chat)
            if isinstance(event, MemberJoined) and event.member == self.account:
                self._read_soon(raw_id(event.chat))
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
        self._gap = {}
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
        self._prefetch.close()
        if self._syncing is not None:
            await self._end([self._syncing])
        self._change(self.state.logged_out(reason, self.now()))
        await self.sink.disconnected(account, reason)

    # -- rooms and members ------------------------------------------------------------------------------------------

    def _sync_again(self) -> None:
        if self._syncing is not None:
            self._syncing.cancel()
        self._syncing = asyncio.create_task(self._keep_synced(), name="wechat sync")

    async def _keep_synced(self) -> None:
        while True:
            rooms: Sequence[str] = ()
            try:
                async with asyncio.timeout(self.settings.call_timeout_s):
                    rooms = await self._sync()
            except (TransportError, TimeoutError) as error:
                _log.info(
                    "wechat %s: rooms could not be read: %s", self.settings.endpoint, error or "no answer in time"
                )
            # Who is in a room is told before what they say there: the engine would take them all for newcomers.
            self._prefetch.open()
            for room in rooms:
                await self._tell_members(room)
            await asyncio.sleep(self.settings.resync_s)

    async def _sync(self) -> Sequence[str]:
        """Tells rooms and who is in them, by name as far as names are known; the raw rooms."""
        puppet, account, until = self.puppet, self.account, self.now()
        if puppet is None:
            return ()
        rooms = [room for room in await puppet.within(self.settings.call_timeout_s, puppet.room_list()) if room]
        slots = asyncio.Semaphore(_AT_ONCE)

        async def read(room: str) -> RawRoom | None:
            async with slots:
                try:
                    return await self._ask_room(puppet, room)
                except TransportError as error:
                    _log.info("wechat: room %s could not be read: %s", room, error)
                    return None

        found = [raw for raw in await asyncio.gather(*map(read, rooms)) if raw is not None]
        if not found:
            return ()
        listed = {chat_of(raw.id) for raw in found}
        if len(found) == len(rooms):
            self.standing.rooms = {chat: room for chat, room in self.standing.rooms.items() if chat in listed}
        for raw in found:
            self.standing.learn(raw)
        await self.sink.groups(account, self.standing.listed())
        for raw in found:
            await self._tell_members(raw.id, is_quick=True)
        gap, self._gap = self._gap, None
        for chat in listed if gap is not None else ():
            assert gap is not None
            since = gap[chat] if chat in gap else self.sink.last_seen(account, chat)
            if since is not None and since < until:
                # Nothing keeps what was said meanwhile: WeChat has no history.
                await self.sink.backfilled(account, chat, since=since, until=until, is_complete=False)
        return [raw.id for raw in found]

    async def _ask_room(self, puppet: Puppet, room: str) -> RawRoom:
        timeout_s = self.settings.call_timeout_s
        found = await puppet.within(timeout_s, puppet.room_payload(room))
        members = found.member_ids or await puppet.within(timeout_s, puppet.room_members(room))
        return RawRoom(room, found.topic, found.owner_id, tuple(found.admin_ids), tuple(dict.fromkeys(members)))

    async def _tell_members(self, room: str, *, is_quick: bool = False) -> None:
        """The whole list of one room; `is_quick`: asks for no names."""
        chat = chat_of(room)
        if (standing := self.standing.rooms.get(chat)) is None or not standing.members:
            return
        slots = asyncio.Semaphore(_AT_ONCE)

        async def asked(member: str) -> None:
            async with slots:
                await self.name(room, raw_id(member))

        if not is_quick:
            await asyncio.gather(*map(asked, list(standing.members)))
        # As it is now: who came or went while names were asked for is neither missing nor new.
        members = [
            Member(
                uid=member,
                name=self.names.fresh((room, raw_id(member))) or "",
                role=standing.role_of(member),
                is_bot=member == self.account,
            )
            for member in standing.members
        ]
        await self.sink.members(self.account, chat, members)

    def _read_soon(self, room: str) -> None:
        """Reads a room that is new to us; one reading at a time, however often the news comes."""
        if room in self._reading:
            return
        task = asyncio.create_task(self._read_room(room), name="wechat room")
        self._reading[room] = task
        task.add_done_callback(lambda _: self._reading.pop(room, None))

    async def _read_room(self, room: str) -> None:
        if (puppet := self.puppet) is None:
            return
        try:
            self.standing.learn(await self._ask_room(puppet, room))
        except TransportError as error:
            _log.info("wechat: room %s could not be read: %s", room, error)
            return
        await self.sink.groups(self.account, self.standing.listed())
        await self._tell_members(room, is_quick=True)
        await self._tell_members(room)

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


async def _at_once(events: Sequence[Event]) -> Sequence[Event]:
    return events


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
