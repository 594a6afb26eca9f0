"""Asking the gateway what an event means: the message behind an id, names, links, invitations."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.core.errors import SendDeferred, SendUnknown, TransportError
from bot.core.events import Event
from bot.transports.wechat import protobuf, rooms
from bot.transports.wechat.appmsg import app_message
from bot.transports.wechat.decode import Known, decode_invitation, decode_join, decode_message, place_of
from bot.transports.wechat.prefetch import Settle
from bot.transports.wechat.wire import Malformed, MessageType, RawMessage, chat_of, loads, moment, raw_message, uid

if TYPE_CHECKING:
    from bot.transports.wechat.session import Session

_log = logging.getLogger(__name__)
_ATTEMPTS = 3


def begin_message(session: Session, message_id: str, settle: Settle) -> None:
    """Asks for a message. Most are understood by what is known already; the others are read by a task."""

    def read(raw: RawMessage | None) -> None:
        session.prefetch.work(session.guarded(partial(message, session, message_id, raw), message_id), settle)

    def answered(answer: bytes | TransportError) -> None:
        if not isinstance(answer, bytes) or not session.is_online:
            read(None)
            return
        try:
            raw = raw_message(answer)
            events = at_once(session, raw)
        except Exception as error:
            session.spoiled(message_id, error)
            settle(())
            return
        if events is None:
            read(raw)
        else:
            settle(events)

    puppet = session.puppet if session.is_online and session.connected.is_set() else None
    asked = {1: message_id}
    if puppet is None or not puppet.call_soon("MessagePayload", asked, answered, timeout_s=_patience(session)):
        read(None)


async def message(session: Session, message_id: str, raw: RawMessage | None) -> Sequence[Event]:
    """The event; asks for the message, where it is not there yet, and for whatever else it takes to understand it."""
    raw = raw or await fetch(session, message_id)
    if (events := at_once(session, raw)) is not None:
        return events
    room = raw.room
    author = await session.name(room, raw.talker)
    names = {each: await called(session, room, each) for each in raw.mentions} if room else {}
    return (decode_message(raw, _known(session, raw, author, names, await link(session, raw))),)


def at_once(session: Session, raw: RawMessage) -> Sequence[Event] | None:
    """The event, if nothing has to be asked for it."""
    account, room, talker = session.account, raw.room, raw.talker
    if uid(talker) == account:
        session.own.heard(place_of(raw, account), raw.id, raw.text or raw.filename, raw.at)
        return ()
    if room and chat_of(room) not in session.standing.rooms:
        rooms.read_soon(session, room)
    fresh = session.names.fresh
    author = fresh((room, talker))
    if author is None or raw.type == MessageType.URL:
        return None
    names: dict[str, list[str]] = {}
    for each in raw.mentions if room else ():
        there, own = fresh((room, each)), fresh(("", each))
        if there is None or own is None:
            return None
        names[each] = [there, own]
    return (decode_message(raw, _known(session, raw, author, names, None)),)


def _known(
    session: Session, raw: RawMessage, author: str, names: dict[str, list[str]], link: tuple[str, str] | None
) -> Known:
    role = session.standing.role_of(chat_of(raw.room), uid(raw.talker)) if raw.room else "member"
    return Known(session.account, names, author, role, link)


async def fetch(session: Session, message_id: str) -> RawMessage:
    """Asked again when the connection is lost meanwhile. Raises `Malformed` when the gateway does not have it."""
    timeout_s = _patience(session)
    for attempt in range(_ATTEMPTS):
        await session.connected.wait()
        if (puppet := session.puppet) is None:
            continue
        try:
            return raw_message(await puppet.call("MessagePayload", {1: message_id}, timeout_s=timeout_s))
        except (SendUnknown, SendDeferred):
            if attempt == _ATTEMPTS - 1:
                raise
    raise Malformed("the gateway went away with the message")


def _patience(session: Session) -> float:
    return min(session.settings.call_timeout_s, 10)


async def link(session: Session, raw: RawMessage) -> tuple[str, str] | None:
    if raw.type == MessageType.URL and app_message(raw.text) is None and (puppet := session.puppet) is not None:
        try:
            answer = await puppet.ask("MessageUrl", {1: raw.id}, timeout_s=session.settings.call_timeout_s)
            link = loads(answer[1][-1]) if 1 in answer and isinstance(answer[1][-1], bytes) else {}
            return str(link.get("title") or ""), str(link.get("url") or "")
        except (TransportError, Malformed):
            return None
    return None


async def called(session: Session, room: str, member: str) -> list[str]:
    """What somebody may be called in a room: as they are there, and by their own name."""
    return [await session.name(room, member), await session.name("", member)]


async def ask_name(session: Session, key: tuple[str, str]) -> str:
    room, member = key
    puppet = session.puppet
    if puppet is None:
        raise SendDeferred("offline", retry_after_s=1)
    timeout_s = session.settings.call_timeout_s
    if not room:
        contact = await puppet.within(timeout_s, puppet.contact_payload(member))
        return str(contact.name)
    found = await puppet.within(timeout_s, puppet.room_member_payload(room, member))
    return str(found.room_alias or found.name)


async def join(
    session: Session, payload: dict[str, Any], room: str, invited: Sequence[str], now: datetime
) -> Sequence[Event]:
    names = {each: await session.name(room, each) for each in invited}
    return decode_join(payload, session.account, now, names)


async def invitation(session: Session, invitation: str, now: datetime) -> Sequence[Event]:
    inviter = ""
    if (puppet := session.puppet) is not None:
        try:
            # wechaty's own call cannot read what the gateway answers.
            found = await puppet.ask(
                "RoomInvitationPayload", {1: invitation}, timeout_s=session.settings.call_timeout_s
            )
            inviter = protobuf.text(found, 2)
            now = moment(protobuf.whole(found, 6)) if 6 in found else now
        except TransportError as error:
            _log.info("wechat: an invitation without its details: %s", error)
    return decode_invitation(invitation, inviter, session.account, now)
