"""Asking the gateway what an event means: the message behind an id, names, links, invitations."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.core.errors import SendDeferred, SendUnknown, TransportError
from bot.core.events import Event
from bot.transports.wechat import protobuf, rooms
from bot.transports.wechat.appmsg import app_message
from bot.transports.wechat.decode import Known, decode_invitation, decode_join, decode_message, place_of
from bot.transports.wechat.wire import Malformed, MessageType, RawMessage, chat_of, loads, moment, raw_message, uid

if TYPE_CHECKING:
    from bot.transports.wechat.session import Session

_log = logging.getLogger(__name__)
_ATTEMPTS = 3


async def message(session: Session, message_id: str) -> Sequence[Event]:
    raw = await fetch(session, message_id)
    account, room, talker = session.account, raw.room, raw.talker
    if uid(talker) == account:
        session.own.heard(place_of(raw, account), raw.id, raw.text or raw.filename, raw.at)
        return ()
    author = session.names.fresh((room, talker))
    if author is None:
        author = await session.name(room, talker)
    if not room:
        return (decode_message(raw, Known(account, author=author, link=await link(session, raw))),)
    chat = chat_of(room)
    if chat not in session.standing.rooms:
        rooms.read_soon(session, room)
    known = Known(
        account,
        {each: await called(session, room, each) for each in raw.mentions} if raw.mentions else {},
        author,
        session.standing.role_of(chat, uid(talker)),
        await link(session, raw) if raw.type in (MessageType.URL, MessageType.MINI_PROGRAM) else None,
    )
    return (decode_message(raw, known),)


async def fetch(session: Session, message_id: str) -> RawMessage:
    """Asked again when the connection is lost meanwhile. Raises `Malformed` when the gateway does not have it."""
    timeout_s = min(session.settings.call_timeout_s, 10)
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
