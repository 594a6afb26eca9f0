"""Outgoing → a call, purely. Messages are arrays, durations are always there, ids are numbers, flags are text."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Any, assert_never

from bot.core.effects import Approve, Forward, Invite, Kick, Mute, MuteAll, Recall, Rename, SetCard, SetRemark, SetTitle
from bot.core.errors import SendRefused
from bot.core.play import Capability
from bot.core.segments import EVERYONE, Mention, Reply, Segment
from bot.transports.base import Announcement, FileMessage, Message, Outgoing
from bot.transports.onebot11.dialect import GENERIC, Dialect
from bot.transports.onebot11.notices import INVITE
from bot.transports.onebot11.segments import encode_segments
from bot.transports.onebot11.wire import number


@dataclass(frozen=True, slots=True)
class Call:
    """One action. `capability` is what a refusal for lack of rights takes away; `is_message`: it has a message id."""

    action: str
    params: dict[str, Any]
    capability: Capability | None = None
    is_message: bool = False


def encode(chat: str, outgoing: Outgoing, *, dialect: Dialect = GENERIC, may_mention_all: bool = False) -> Call:
    """The call that does it. Raises `SendRefused` for what this network cannot do at all."""
    group = {"group_id": number(chat)}
    match outgoing:
        case Message():
            return _message(chat, outgoing, may_mention_all=may_mention_all)
        case FileMessage(name=name, content=content, to=to):
            if not dialect.takes_files:
                raise SendRefused(f"{dialect.name} takes files only by a path of its own", capability=Capability.FILE)
            file = {"file": _base64(content), "name": name}
            private = _private_target(chat, to)
            if private is not None:
                return Call("upload_private_file", {"user_id": private, **file}, Capability.FILE)
            return Call("upload_group_file", {**group, **file}, Capability.FILE)
        case Announcement(text=text):
            params = {**group, "content": text, **dialect.notice_extra}
            return Call("_send_group_notice", params, Capability.ANNOUNCE)
        case Recall(message_id=message_id):
            return Call("delete_msg", {"message_id": number(message_id)}, Capability.RECALL_OTHERS)
        case Mute(member=member, for_s=for_s):
            params = {**group, "user_id": number(member), "duration": max(0, for_s)}
            return Call("set_group_ban", params, Capability.MUTE)
        case MuteAll(on=on):
            return Call("set_group_whole_ban", {**group, "enable": on}, Capability.MUTE_ALL)
        case Kick(member=member, is_banned=is_banned):
            params = {**group, "user_id": number(member), "reject_add_request": is_banned}
            return Call("set_group_kick", params, Capability.KICK)
        case Approve(flag=flag, is_approved=is_approved, reason=reason):
            sub_type = "invite" if flag.startswith(INVITE) else "add"
            params = {"flag": flag.removeprefix(INVITE), "sub_type": sub_type, "approve": is_approved}
            if reason and not is_approved:
                params["reason"] = reason
            return Call("set_group_add_request", params, Capability.APPROVE)
        case SetCard(member=member, card=card):
            params = {**group, "user_id": number(member), "card": card}
            return Call("set_group_card", params, Capability.SET_CARD)
        case SetTitle(member=member, title=title):
            params = {**group, "user_id": number(member), "special_title": title, "duration": -1}
            return Call("set_group_special_title", params, Capability.SET_TITLE)
        case Rename(name=name):
            return Call("set_group_name", {**group, "group_name": name})
        case Forward(message_id=message_id, into=into):
            params = {"group_id": number(into), "message_id": number(message_id)}
            return Call("forward_group_single_msg", params, is_message=True)
        case SetRemark(member=member, remark=remark):
            return Call("set_friend_remark", {"user_id": number(member), "remark": remark})
        case Invite():
            raise SendRefused("QQ's implementations have no call to add a member")
    assert_never(outgoing)


def _message(chat: str, message: Message, *, may_mention_all: bool) -> Call:
    segments: tuple[Segment, ...] = message.segments
    if any(isinstance(segment, Mention) and segment.target == EVERYONE for segment in segments) and not may_mention_all:
        raise SendRefused("the account may not mention everyone here", capability=Capability.MENTION_ALL)
    if message.reply_to:
        segments = (Reply(message.reply_to), *segments)
    wire = encode_segments(segments)
    if not any(segment["type"] != "reply" for segment in wire):
        raise SendRefused("the message is empty")
    private = _private_target(chat, message.to)
    if private is None:
        params: dict[str, Any] = {"group_id": number(chat), "message": wire}
        return Call("send_group_msg", params, is_message=True)
    params = {"user_id": private, "message": wire}
    if not chat.startswith("qq:@"):
        # Members who are no friends are reached through the group they share with the account.
        params["group_id"] = number(chat)
    return Call("send_private_msg", params, Capability.PRIVATE, is_message=True)


def _private_target(chat: str, to: str | None) -> int | str | None:
    if to is not None:
        return number(to)
    return number(chat) if chat.startswith("qq:@") else None


def _base64(content: bytes) -> str:
    return f"base64://{b64encode(content).decode('ascii')}"
