"""Which rooms there are and who is in them: read after every login, from time to time, and when a room is new."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.core.errors import TransportError
from bot.core.events import Event
from bot.core.play import Member
from bot.transports.wechat.wire import RawRoom, chat_of, raw_id

if TYPE_CHECKING:
    from bot.transports.wechat.puppet import Puppet
    from bot.transports.wechat.session import Session

_log = logging.getLogger(__name__)
_AT_ONCE = 8
"""Questions under way at once: the messages go first."""


async def keep_synced(session: Session) -> None:
    while True:
        rooms: Sequence[str] = ()
        try:
            async with asyncio.timeout(session.settings.call_timeout_s):
                rooms = await sync(session)
        except (TransportError, TimeoutError) as error:
            _log.info("wechat %s: rooms could not be read: %s", session.settings.endpoint, error or "no answer in time")
        except Exception:
            # A defect here must not leave the account deaf.
            _log.exception("wechat %s: rooms could not be taken", session.settings.endpoint)
        # Who is in a room is told before what they say there: the engine would take them all for newcomers.
        session.prefetch.open()
        for room in rooms:
            await tell_members(session, room)
        await asyncio.sleep(session.settings.resync_s)


async def sync(session: Session) -> Sequence[str]:
    """Tells rooms and who is in them, by name as far as names are known; the raw rooms."""
    puppet, account, until = session.puppet, session.account, session.now()
    if puppet is None:
        return ()
    rooms = [room for room in await puppet.within(session.settings.call_timeout_s, puppet.room_list()) if room]
    slots = asyncio.Semaphore(_AT_ONCE)

    async def read(room: str) -> RawRoom | None:
        async with slots:
            try:
                return await ask_room(session, puppet, room)
            except TransportError as error:
                _log.info("wechat: room %s could not be read: %s", room, error)
                return None

    found = [raw for raw in await asyncio.gather(*map(read, rooms)) if raw is not None]
    if not found:
        return ()
    listed = {chat_of(raw.id) for raw in found}
    if len(found) == len(rooms):
        session.standing.rooms = {chat: room for chat, room in session.standing.rooms.items() if chat in listed}
    for raw in found:
        session.standing.learn(raw)
    await session.sink.groups(account, session.standing.listed())
    for raw in found:
        await tell_members(session, raw.id, is_quick=True)
    gap, session.gap = session.gap, None
    for chat in listed if gap is not None else ():
        assert gap is not None
        since = gap[chat] if chat in gap else session.sink.last_seen(account, chat)
        if since is not None and since < until:
            # Nothing keeps what was said meanwhile: WeChat has no history.
            await session.sink.backfilled(account, chat, since=since, until=until, reached=None)
    return [raw.id for raw in found]


async def ask_room(session: Session, puppet: Puppet, room: str) -> RawRoom:
    timeout_s = session.settings.call_timeout_s
    found = await puppet.within(timeout_s, puppet.room_payload(room))
    members = found.member_ids or await puppet.within(timeout_s, puppet.room_members(room))
    return RawRoom(room, found.topic, found.owner_id, tuple(found.admin_ids), tuple(dict.fromkeys(members)))


async def tell_members(session: Session, room: str, *, is_quick: bool = False) -> None:
    """The whole list of one room; `is_quick`: asks for no names."""
    chat = chat_of(room)
    if (standing := session.standing.rooms.get(chat)) is None or not standing.members:
        return
    slots = asyncio.Semaphore(_AT_ONCE)

    async def asked(member: str) -> None:
        async with slots:
            await session.name(room, raw_id(member))

    if not is_quick:
        await asyncio.gather(*map(asked, list(standing.members)))
    # As it is now: who came or went while names were asked for is neither missing nor new.
    members = [
        Member(
            uid=member,
            name=session.names.fresh((room, raw_id(member))) or "",
            role=standing.role_of(member),
            is_bot=member == session.account,
        )
        for member in standing.members
    ]
    await session.sink.members(session.account, chat, members)


def read_soon(session: Session, room: str) -> None:
    """Reads a room that is new to us; one reading at a time, however often the news comes."""
    if room in session.reading:
        return
    task = asyncio.create_task(read_room(session, room), name="wechat room")
    session.reading[room] = task
    task.add_done_callback(lambda _: session.reading.pop(room, None))


async def read_room(session: Session, room: str) -> None:
    if (puppet := session.puppet) is None:
        return
    try:
        session.standing.learn(await ask_room(session, puppet, room))
    except TransportError as error:
        _log.info("wechat: room %s could not be read: %s", room, error)
        return
    await session.sink.groups(session.account, session.standing.listed())
    await tell_members(session, room, is_quick=True)
    await tell_members(session, room)


async def refresh(session: Session, room: str) -> Sequence[Event]:
    if chat_of(room) in session.standing.rooms and (puppet := session.puppet) is not None:
        session.standing.learn(await ask_room(session, puppet, room))
    return ()
