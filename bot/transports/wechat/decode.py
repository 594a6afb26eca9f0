"""What the gateway says → events, purely.

A message's id is `<message id>:<seconds>`. What has no id of its own (joins, leaves, topics) gets one from its content and
the gateway's time; where the gateway tells no time, from the moment of arrival.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.core.events import (
    BotInvited,
    Event,
    GroupRenamed,
    MemberJoined,
    MemberLeft,
    MessageRecalled,
    MessageReceived,
    Role,
    UnknownReceived,
)
from bot.core.segments import EVERYONE, Card, Face, File, Image, Mention, Other, Reply, Segment, Text, Video, Voice
from bot.core.text import clean
from bot.transports.wechat.appmsg import QUOTE, SOLITAIRE, AppMessage, app_message, recalled_id
from bot.transports.wechat.mentions import split_mentions
from bot.transports.wechat.wire import Malformed, MessageType, RawMessage, chat_of, moment, private_chat, uid

_APP_MESSAGES = frozenset(
    {MessageType.UNKNOWN, MessageType.ATTACHMENT, MessageType.URL, MessageType.MINI_PROGRAM, MessageType.GROUP_NOTE,
     MessageType.TEXT}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the message: names that the mentioned go by in this room, and who its author is there."""

    account: str
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    author: str = ""
    role: Role = "member"
    link: tuple[str, str] | None = None
    """Title and address, where the gateway had to be asked."""


def place_of(raw: RawMessage, account: str) -> str:
    """The chat of a message; in private the other side's, also for what the account itself wrote."""
    if raw.room:
        return chat_of(raw.room)
    return private_chat(raw.listener if uid(raw.talker) == account and raw.listener else raw.talker)


def decode_message(raw: RawMessage, known: Known) -> MessageReceived | MessageRecalled:
    """A message, also one of the account's own."""
    chat, member = place_of(raw, known.account), uid(raw.talker)
    mark = f"{raw.id}:{int(raw.at.timestamp())}"
    if raw.type == MessageType.RECALLED:
        return MessageRecalled(
            id=mark, account=known.account, chat=chat, at=raw.at, member=member, by=member,
            message_id=recalled_id(raw.text) or raw.id,
        )  # fmt: skip
    app = app_message(raw.text) if raw.type in _APP_MESSAGES or raw.type > MessageType.VIDEO else None
    segments, kind = _segments(raw, app, known)
    mentioned = [segment.target for segment in segments if isinstance(segment, Mention)]
    return MessageReceived(
        id=mark,
        account=known.account,
        chat=chat,
        at=raw.at,
        member=member,
        message_id=raw.id,
        text=_readable(segments, known.account),
        segments=segments,
        kind=kind,
        name=known.author,
        role=known.role,
        reply_to=app.quoted or None if app is not None and app.type == QUOTE else None,
        mentions=tuple(target for target in dict.fromkeys(mentioned) if target != EVERYONE),
        mentions_all=EVERYONE in mentioned,
        is_to_bot=known.account in mentioned,
        is_private=not raw.room,
        line_authors=tuple(map(uid, app.authors)) if app is not None and app.type == SOLITAIRE else (),
    )


def _segments(raw: RawMessage, app: AppMessage | None, known: Known) -> tuple[tuple[Segment, ...], str]:
    if app is not None:
        if app.type == SOLITAIRE:
            return (Text(app.title),), "text"
        if app.type == QUOTE:
            quoted = (Reply(app.quoted),) if app.quoted else ()
            return (*quoted, *split_mentions(app.title, raw.mentions, known.names)), "text"
        if raw.type == MessageType.ATTACHMENT:
            return (File(raw.filename or app.title),), "file"
        return (Card("miniprogram" if app.type in (33, 36) else "link", app.title, app.url),), "card"
    title, url = known.link or ("", "")
    match raw.type:
        case MessageType.TEXT:
            return split_mentions(raw.text, raw.mentions, known.names), "text"
        case MessageType.GROUP_NOTE if raw.text:
            return (Text(raw.text),), "text"
        case MessageType.IMAGE:
            return (Image(name=raw.filename),), "image"
        case MessageType.EMOTICON:
            return (Face(raw.id),), "face"
        case MessageType.AUDIO:
            return (Voice(name=raw.filename),), "voice"
        case MessageType.VIDEO:
            return (Video(name=raw.filename),), "video"
        case MessageType.ATTACHMENT:
            return (File(raw.filename),), "file"
        case MessageType.URL:
            return (Card("link", title, url),), "card"
        case MessageType.MINI_PROGRAM:
            return (Card("miniprogram", title, url),), "card"
        case MessageType.CONTACT | MessageType.LOCATION | MessageType.CHAT_HISTORY:
            return (Card(MessageType(raw.type).name.lower()),), "card"
        case _:
            return (Other(_name(raw.type), raw.text[:2000]),), "other"


def _name(number: int) -> str:
    try:
        return MessageType(number).name.lower()
    except ValueError:
        return f"type {number}"


def _readable(segments: Sequence[Segment], account: str) -> str:
    parts: list[str] = []
    for segment in segments:
        if isinstance(segment, Text):
            # After the bot's own mention, which is left out, only the words count.
            parts.append(segment.text.lstrip() if not "".join(parts) and len(segments) > 1 else segment.text)
        elif isinstance(segment, Mention) and segment.target != account:
            name = "所有人" if segment.target == EVERYONE else segment.name or segment.target.partition(":")[2]
            parts.append(f"@{name} ")
    return "".join(parts)


# -- what happens to rooms and members ----------------------------------------------------------------------------------


def decode_join(payload: Mapping[str, Any], account: str, now: datetime, names: Mapping[str, str]) -> list[Event]:
    """One event for each newcomer. The inviter may be missing."""
    room, by, at = _room(payload), _id(payload.get("inviterId")), _at(payload, now)
    return [
        MemberJoined(
            id=f"join:{each}:{int(at.timestamp() * 1000)}",
            account=account,
            chat=chat_of(room),
            at=at,
            member=uid(each),
            name=clean(names.get(each, "")),
            by=uid(by),
            how="invited" if by and by != each else "unknown",
        )
        for each in _ids(payload.get("inviteeIdList"))
    ]


def decode_leave(payload: Mapping[str, Any], account: str, now: datetime) -> list[Event]:
    """One event for each who is gone. Without a remover, or removed by themselves, they left."""
    room, by, at = _room(payload), _id(payload.get("removerId")), _at(payload, now)
    return [
        MemberLeft(
            id=f"leave:{each}:{int(at.timestamp() * 1000)}",
            account=account,
            chat=chat_of(room),
            at=at,
            member=uid(each),
            by=uid(by) if by != each else "",
            was_kicked=bool(by) and by != each,
        )
        for each in _ids(payload.get("removeeIdList"))
    ]


def decode_topic(payload: Mapping[str, Any], account: str, now: datetime) -> list[Event]:
    room, name, at = _room(payload), clean(str(payload.get("newTopic") or "")), _at(payload, now)
    by = uid(_id(payload.get("changerId")))
    mark = f"topic:{int(at.timestamp() * 1000)}"
    return [GroupRenamed(id=mark, account=account, chat=chat_of(room), at=at, member=by, name=name)]


def decode_invitation(invitation: str, inviter: str, account: str, at: datetime) -> list[Event]:
    """Which room it is for, nobody says before it is accepted: the event belongs to the conversation with the inviter."""
    chat = private_chat(inviter or invitation)
    mark = f"invite:{invitation}"
    return [BotInvited(id=mark, account=account, chat=chat, at=at, member=uid(inviter), flag=mark)]


def decode_other(what: str, mark: str, account: str, at: datetime) -> list[Event]:
    """Anything else is kept by its name."""
    return [UnknownReceived(id=mark, account=account, chat=private_chat(account.partition(":")[2]), at=at, what=what)]


def _room(payload: Mapping[str, Any]) -> str:
    room = _id(payload.get("roomId"))
    if not room:
        raise Malformed("no roomId")
    return room


def _id(value: Any) -> str:
    return clean(value) if isinstance(value, str) and len(value) <= 200 else ""


def _ids(value: Any) -> list[str]:
    return [each for each in dict.fromkeys(map(_id, value)) if each] if isinstance(value, list) else []


def _at(payload: Mapping[str, Any], now: datetime) -> datetime:
    try:
        return moment(payload.get("timestamp"))
    except Malformed:
        return now
