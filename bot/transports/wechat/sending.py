"""One send: what it may be, the calls that do it, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.effects import Approve, Kick, Recall
from bot.core.errors import SendDeferred, SendRefused, SendUnknown, TransportError
from bot.core.play import Capability
from bot.core.segments import Mention, Text
from bot.transports.base import Announcement, FileMessage, Message, Outgoing, Receipt
from bot.transports.pictures import inline_pictures
from bot.transports.wechat import protobuf
from bot.transports.wechat.encode import Call, encode
from bot.transports.wechat.filebox import FileBox, dump, load
from bot.transports.wechat.session import Session
from bot.transports.wechat.wire import is_private, private_chat, raw_id

if TYPE_CHECKING:
    from bot.transports.wechat.puppet import Puppet

_OFFLINE_RETRY_S = 5.0
_ECHO_S = 1.0
_UPLOAD_BYTES_PER_S = 128 * 1024


async def send(session: Session, chat: str, outgoing: Outgoing) -> Receipt:
    """The receipt, or one of the three errors of a send."""
    puppet = session.puppet
    if puppet is None or not session.is_online:
        raise SendDeferred(str(session.state), retry_after_s=_OFFLINE_RETRY_S)
    if chat in session.standing.gone and not isinstance(outgoing, Approve):
        raise SendRefused("the account is no longer in this group")
    if isinstance(outgoing, Message):
        segments = await inline_pictures(outgoing.segments, session.settings.file_limit_bytes)
        outgoing = replace(outgoing, segments=segments)
    elif isinstance(outgoing, FileMessage) and len(outgoing.content) > session.settings.file_limit_bytes:
        raise SendRefused(f"{outgoing.name} is too large", capability=Capability.FILE)
    elif isinstance(outgoing, Recall) and not outgoing.message_id:
        raise SendRefused("the message has no id")
    _refuse_without_right(session, chat, outgoing)
    calls = encode(chat, outgoing, await _names(session, chat, outgoing))
    to = getattr(outgoing, "to", None)
    place = private_chat(raw_id(to)) if to else chat
    receipt = Receipt()
    for number, call in enumerate(calls):
        try:
            done = await _do(session, puppet, place, call)
        except TransportError as error:
            if number == 0:
                raise
            # Part of it is already in the chat: neither refused nor to be repeated.
            raise SendUnknown(f"part {number + 1} of {len(calls)} failed: {error}") from None
        receipt = receipt if receipt.message_id else done
    return receipt


def _refuse_without_right(session: Session, chat: str, outgoing: Outgoing) -> None:
    """A gateway that is asked without the right may answer yes and do nothing."""
    wanted = {Kick: Capability.KICK, Announcement: Capability.ANNOUNCE}.get(type(outgoing))
    if wanted is not None and wanted not in session.standing.capabilities(chat):
        raise SendRefused("the account is neither owner nor admin of this group", capability=wanted)


async def _names(session: Session, chat: str, outgoing: Outgoing) -> dict[str, str]:
    if not isinstance(outgoing, Message) or is_private(chat) or outgoing.to:
        return {}
    targets = {
        segment.target for segment in outgoing.segments if isinstance(segment, Mention) and ":" in segment.target
    }
    return {target: await session.name(raw_id(chat), raw_id(target)) for target in targets}


async def _do(session: Session, puppet: Puppet, place: str, call: Call) -> Receipt:
    begun, fields, timeout_s = session.now(), dict(call.fields), session.settings.call_timeout_s
    if call.file is not None:
        timeout_s += len(call.file.content or b"") / _UPLOAD_BYTES_PER_S
        fields[2] = dump(await _placed(session, puppet, call.file, timeout_s))
    answer = protobuf.decode(
        await puppet.call(call.method, fields, timeout_s=timeout_s, capability=call.capability or "")
    )
    if call.method == "MessageRecall" and not protobuf.whole(answer, 1):
        raise SendRefused("the gateway did not take the message back")
    if not call.is_message:
        return Receipt()
    message_id = protobuf.text(answer, 2) or _wrapped(answer)
    if not message_id:
        message_id = await session.own.id_of(place, call.text, begun, _ECHO_S)
    session.own.claim(message_id)
    return Receipt(message_id)


def _wrapped(answer: protobuf.Fields) -> str:
    """The id as gateways before 1.0 put it: a message with one string."""
    inner = answer.get(1, [b""])[-1]
    return protobuf.text(protobuf.decode(inner), 1) if isinstance(inner, bytes) and inner else ""


async def _placed(session: Session, puppet: Puppet, box: FileBox, timeout_s: float) -> FileBox:
    """Small content stays inside the call; the gateway takes no call beyond 4 MiB, so the rest is uploaded first."""
    if box.content is None or len(box.content) <= session.settings.inline_bytes:
        return box
    return FileBox(box.name, uuid=await puppet.upload(box.content, timeout_s=timeout_s))


async def find_sent(session: Session, chat: str, message: Message, since: datetime) -> Receipt | None:
    """In what came back of the account's own messages. WeChat has no history: what is not there is unknown."""
    place = private_chat(raw_id(message.to)) if message.to else chat
    words = tuple(segment for segment in message.segments if isinstance(segment, (Text, Mention)))
    calls = encode(chat, replace(message, segments=words), await _names(session, chat, message)) if words else []
    found = session.own.find(place, calls[0].text, since) if calls else None
    if found is None:
        raise SendUnknown("WeChat has no history to look into")
    return Receipt(*found)


async def fetch_file(session: Session, message_id: str) -> FileBox:
    """A file or picture that a member sent, with its content, or with a URL where the network gives only that."""
    puppet = session.puppet
    if puppet is None or not session.is_online:
        raise SendDeferred(str(session.state), retry_after_s=_OFFLINE_RETRY_S)
    settings = session.settings
    box = load(protobuf.text(await puppet.ask("MessageFile", {1: message_id}, timeout_s=settings.call_timeout_s), 1))
    if box.uuid:
        patience_s = settings.call_timeout_s + settings.file_limit_bytes / _UPLOAD_BYTES_PER_S
        content = await puppet.download(box.uuid, limit=settings.file_limit_bytes, timeout_s=patience_s)
        return FileBox(box.name, content=content)
    return box
