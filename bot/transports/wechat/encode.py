"""Outgoing → calls, purely. A WeChat message is text or one file or one card, so some of ours are several of theirs."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from bot.core.effects import Approve, Forward, Invite, Kick, Mute, MuteAll, Recall, Rename, SetCard, SetRemark, SetTitle
from bot.core.errors import SendRefused
from bot.core.play import Capability
from bot.core.segments import EVERYONE, Card, File, Image, Mention, Segment, Text
from bot.transports.base import Announcement, FileMessage, Message, Outgoing
from bot.transports.wechat.filebox import FileBox
from bot.transports.wechat.mentions import join_mentions
from bot.transports.wechat.protobuf import Value
from bot.transports.wechat.protobuf import encode as pack
from bot.transports.wechat.wire import raw_id

INVITE = "invite:"


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `file` is put into field 2 by the sender, who knows whether it must be uploaded first.

    `capability` is what a refusal for lack of rights takes away; `text` is what members will read of a message.
    """

    method: str
    fields: Mapping[int, Value] = field(default_factory=dict)
    capability: Capability | None = None
    is_message: bool = False
    file: FileBox | None = None
    text: str = ""


def encode(chat: str, outgoing: Outgoing, names: Mapping[str, str]) -> list[Call]:
    """The calls that do it, at least one. `names`: uid → what a member is called in the room.

    Raises `SendRefused` for what WeChat cannot do at all.
    """
    room = raw_id(chat)
    match outgoing:
        case Message(segments=segments, to=to):
            if to is None and Mention(EVERYONE) in segments:
                raise SendRefused("a gateway cannot mention everybody", capability=Capability.MENTION_ALL)
            return _message(raw_id(to) if to else room, segments, names)
        case FileMessage(name=name, content=content, to=to):
            target = raw_id(to) if to else room
            return [_file(target, FileBox(name, content=content), Capability.FILE)]
        case Announcement(text=text):
            return [Call("RoomAnnounce", {1: room, 3: text}, Capability.ANNOUNCE)]
        case Recall(message_id=message_id):
            return [Call("MessageRecall", {1: message_id}, Capability.RECALL_OWN)]
        case Kick(member=member):
            return [Call("RoomDel", {1: room, 2: raw_id(member)}, Capability.KICK)]
        case Invite(member=member):
            return [Call("RoomAdd", {1: room, 2: raw_id(member)})]
        case Rename(name=name):
            # wechaty's own call sends a field that today's gateways read as a question.
            return [Call("RoomTopic", {1: room, 3: name})]
        case Forward(message_id=message_id, into=into):
            return [Call("MessageForward", {1: message_id, 2: raw_id(into)}, is_message=True)]
        case SetRemark(member=member, remark=remark):
            return [Call("ContactAlias", {1: raw_id(member), 3: remark})]
        case Approve(flag=flag, is_approved=is_approved):
            if not flag.startswith(INVITE):
                raise SendRefused("WeChat has no join requests to answer", capability=Capability.APPROVE)
            # An invitation that is not accepted needs no answer.
            return [Call("RoomInvitationAccept", {1: flag.removeprefix(INVITE)})] if is_approved else []
        case Mute():
            raise SendRefused("WeChat cannot mute", capability=Capability.MUTE)
        case MuteAll():
            raise SendRefused("WeChat cannot mute", capability=Capability.MUTE_ALL)
        case SetCard():
            raise SendRefused("WeChat cannot change a member's name", capability=Capability.SET_CARD)
        case SetTitle():
            raise SendRefused("WeChat has no titles", capability=Capability.SET_TITLE)
        case _:
            assert_never(outgoing)


def _message(target: str, segments: Sequence[Segment], names: Mapping[str, str]) -> list[Call]:
    """Words and mentions that stand together are one message; files and cards stand alone, in their order."""
    calls: list[Call] = []
    words: list[Segment] = []

    def close() -> None:
        text, ids = join_mentions(words, names)
        words.clear()
        if text.strip():
            calls.append(Call("MessageSendText", {1: target, 2: text, 3: ids}, is_message=True, text=text))

    for segment in segments:
        if isinstance(segment, (Text, Mention)):
            words.append(segment)
        elif isinstance(segment, (Image, File)) and segment.url:
            close()
            capability = Capability.PICTURE if isinstance(segment, Image) else Capability.FILE
            calls.append(_file(target, _box(segment), capability))
        elif isinstance(segment, Card) and segment.url:
            close()
            link = pack({3: segment.title or segment.url, 4: segment.url})
            calls.append(Call("MessageSendUrl", {1: target, 3: link}, is_message=True, text=segment.url))
    close()
    if not calls:
        raise SendRefused("nothing to send")
    return calls


def _file(target: str, box: FileBox, capability: Capability) -> Call:
    return Call("MessageSendFile", {1: target}, capability, is_message=True, file=box, text=box.name)


def _box(segment: Image | File) -> FileBox:
    name = segment.name or "picture.png"
    if segment.url.startswith(("http://", "https://")):
        return FileBox(name, url=segment.url)
    if segment.url.startswith("base64://"):
        try:
            return FileBox(name, content=b64decode(segment.url.removeprefix("base64://"), validate=True))
        except NotBase64 as error:
            raise SendRefused(f"{name} is no base64") from error
    raise SendRefused(f"{name}: neither an address nor content")
