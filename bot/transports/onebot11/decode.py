"""Event frames → events, purely. Quirks, seconds, ids as numbers or text and CQ codes end here.

A message's id is `<message_id>:<time>[:<sequence>]`: the network's message id alone is a 31-bit hash that repeats. Messages
are read by hand, not by a model: they are nearly all that ever arrives.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from bot.core.events import Event, MessageReceived, Role, UnknownReceived
from bot.core.segments import EVERYONE, Card, Face, File, Image, Mention, Other, Reply, Segment, Text, Video, Voice
from bot.transports.onebot11.notices import decode_notice, decode_request, digest
from bot.transports.onebot11.segments import decode_segments
from bot.transports.onebot11.wire import Malformed, as_id, moment, private_chat, text_of, uid

_KINDS: dict[type[Segment], str] = {
    Image: "image",
    File: "file",
    Voice: "voice",
    Video: "video",
    Face: "face",
    Card: "card",
    Other: "other",
}


def decode(frame: dict[str, Any], account: str = "") -> list[Event]:
    """The events of one frame: none for meta events and the account's own messages, mostly one, several for reactions.

    `account` is the one whose connection brought it; without it the frame's `self_id` counts. Raises `Malformed`.
    """
    account = account or uid(frame.get("self_id"))
    kind = frame.get("post_type")
    if kind == "message" and frame.get("sub_type") == "notice":
        # QQ's own grey hints come as messages that nobody wrote.
        kind = "message.notice"
    if kind == "message":
        message = decode_message(frame, account)
        return [message] if message.member != account else []
    if kind in ("meta_event", "message_sent"):
        return []
    try:
        if kind == "notice":
            return decode_notice(frame, account)
        if kind == "request":
            return decode_request(frame, account)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Malformed(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if type(kind) is not str:
        raise Malformed("no post_type")
    name, chat = text_of(kind)[:80], uid(frame.get("group_id")) or private_chat(account)
    mark = f"{name}:{digest(frame)}"
    return [UnknownReceived(id=mark, account=account, chat=chat, at=moment(frame.get("time")), what=name)]


def decode_message(frame: dict[str, Any], account: str) -> MessageReceived:
    """A message, also one of the account's own (`message_sent`, or from the history)."""
    get = frame.get
    sender = get("sender")
    if type(sender) is not dict:
        sender = {}
    at = moment(get("time"))
    message_id = _id(get("message_id"))
    author = _id(get("user_id")) or _id(sender.get("user_id"))
    if not message_id or author in _NOBODY:
        raise Malformed("a message without message_id or user_id")
    member = f"qq:{author}"
    is_private = get("message_type") == "private"
    # A temporary session names the group through which the two met; a friend's message has none.
    group = _id(get("group_id")) or (_id(sender.get("group_id")) if is_private else "")
    if group not in _NOBODY:
        chat = f"qq:{group}"
    elif is_private:
        chat = private_chat(_partner(frame, member, account))
    else:
        raise Malformed("a group message without group_id")
    wire = get("message")
    read = _PLAIN
    if type(wire) is list and len(wire) == 1 and type(wire[0]) is dict and wire[0].get("type") == "text":
        data = wire[0].get("data")
        text = text_of(data.get("text")) if type(data) is dict else ""
        segments: tuple[Segment, ...] = (Text(text),)
    else:
        segments = decode_segments(wire)
        read = _Read.of(segments, account)
        text = read.text
    sequence = _id(get("real_seq")) or _id(get("message_seq"))
    mark = f"{message_id}:{int(at.timestamp())}"
    if sequence != message_id and sequence not in _NOBODY:
        mark = f"{mark}:{sequence}"
    return MessageReceived(
        id=mark,
        account=account,
        chat=chat,
        at=at,
        member=member,
        message_id=message_id,
        text=text,
        segments=segments,
        kind=read.kind,
        name=text_of(sender.get("card")) or text_of(sender.get("nickname")),
        role=_ROLES.get(text_of(sender.get("role")), "member"),
        reply_to=read.reply_to,
        mentions=read.mentions,
        mentions_all=read.mentions_all,
        is_to_bot=read.is_to_bot,
        is_private=is_private,
    )


def _id(value: Any) -> str:
    """`as_id` with the common case first."""
    return str(value) if type(value) is int and 0 < value < _HUGE else as_id(value)


_HUGE = 2**63
_NOBODY = ("", "0")
_ROLES: dict[str, Role] = {"owner": "owner", "admin": "admin", "member": "member"}


def _partner(frame: dict[str, Any], member: str, account: str) -> str:
    """The other side of a private conversation: the receiver where the account itself wrote."""
    return uid(frame.get("target_id")) or member if member == account else member


class _Read:
    """What members read of a message, and what it points at."""

    __slots__ = ("is_to_bot", "kind", "mentions", "mentions_all", "reply_to", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.kind = "text"
        self.reply_to: str | None = None
        self.mentions: tuple[str, ...] = ()
        self.mentions_all = False
        self.is_to_bot = False

    @classmethod
    def of(cls, segments: tuple[Segment, ...], account: str) -> _Read:
        read = cls("")
        parts: list[str] = []
        mentions: list[str] = []
        kind = ""
        for segment in segments:
            if isinstance(segment, Text):
                parts.append(segment.text)
            elif isinstance(segment, Mention):
                if segment.target == EVERYONE:
                    read.mentions_all = True
                    parts.append("@全体成员")
                elif segment.target == account:
                    read.is_to_bot = True
                elif segment.target:
                    mentions.append(segment.target)
                    parts.append(f"@{segment.name or segment.target.removeprefix('qq:')}")
            elif isinstance(segment, Reply):
                read.reply_to = segment.message_id or None
            else:
                kind = kind or _KINDS[type(segment)]
        text = "".join(parts)
        # The mention of the bot is left out; the space that QQ puts behind it goes with it.
        read.text = text.strip() if read.is_to_bot else text
        read.kind = kind if kind and not text.strip() else "text"
        read.mentions = tuple(mentions)
        return read


_PLAIN = _Read("")
