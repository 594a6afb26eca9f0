"""The shapes on the wire, ids and times. Numbers of event and message types are those that today's gateways send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

import orjson

from bot.core.text import clean
from bot.transports.wechat import protobuf

PLATFORM = "wechat"
_MILLISECONDS = 100_000_000_000
_FAR = 4_102_444_800


class Malformed(ValueError):
    """What the gateway sent cannot be what it says it is."""


class EventType(IntEnum):
    HEARTBEAT = 1
    MESSAGE = 2
    DONG = 3
    POST = 4
    ERROR = 16
    FRIENDSHIP = 17
    ROOM_INVITE = 18
    ROOM_JOIN = 19
    ROOM_LEAVE = 20
    ROOM_TOPIC = 21
    SCAN = 22
    READY = 23
    RESET = 24
    LOGIN = 25
    LOGOUT = 26
    DIRTY = 27


class MessageType(IntEnum):
    """As the gateway numbers them, which is not as its own .proto file does; others than these exist."""

    UNKNOWN = 0
    ATTACHMENT = 1
    AUDIO = 2
    CONTACT = 3
    CHAT_HISTORY = 4
    EMOTICON = 5
    IMAGE = 6
    TEXT = 7
    LOCATION = 8
    MINI_PROGRAM = 9
    GROUP_NOTE = 10
    TRANSFER = 11
    RED_ENVELOPE = 12
    RECALLED = 13
    URL = 14
    VIDEO = 15


class PayloadType(IntEnum):
    MESSAGE = 1
    CONTACT = 2
    ROOM = 3
    ROOM_MEMBER = 4


@dataclass(frozen=True, slots=True)
class RawMessage:
    """`room` is "" in a private conversation; then `listener` is the other side of what `talker` wrote."""

    id: str
    type: int
    text: str
    talker: str
    room: str
    listener: str
    filename: str
    at: datetime
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RawRoom:
    id: str
    topic: str
    owner: str
    admins: tuple[str, ...]
    members: tuple[str, ...]


def raw_message(data: bytes) -> RawMessage:
    """Raises `Malformed`."""
    try:
        fields = protobuf.decode(data)
    except ValueError as error:
        raise Malformed(str(error)) from None
    text = protobuf.text
    message_id, talker = text(fields, 1), text(fields, 6)
    if not message_id or not talker:
        raise Malformed("a message without id or author")
    return RawMessage(
        message_id,
        protobuf.whole(fields, 5),
        clean(text(fields, 3)),
        talker,
        text(fields, 7),
        text(fields, 8),
        clean(text(fields, 2)),
        moment(protobuf.whole(fields, 4)),
        protobuf.texts(fields, 9) if 9 in fields else (),
    )


def moment(value: Any) -> datetime:
    """A time in seconds or milliseconds, as an aware UTC datetime. Raises `Malformed`."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Malformed("no time")
    seconds = value / 1000 if value > _MILLISECONDS else value
    if not 0 < seconds < _FAR:
        raise Malformed(f"not a time: {value}")
    return datetime.fromtimestamp(seconds, UTC)


def loads(raw: str | bytes) -> dict[str, Any]:
    """The payload of an event. Raises `Malformed`."""
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"not JSON: {error}") from None
    if not isinstance(found, dict):
        raise Malformed("the payload must be an object")
    return found


def uid(raw: str) -> str:
    """`wechat:<id>` of a member; "" for nobody."""
    return f"{PLATFORM}:{raw}" if raw else ""


def chat_of(room: str) -> str:
    """`wechat:<room>`. Rooms of the web protocol begin with @@, which would look like a private conversation."""
    return f"{PLATFORM}:~{room}" if room.startswith("@") else f"{PLATFORM}:{room}"


def private_chat(member: str) -> str:
    """The conversation with one member: `wechat:@<id>`."""
    return f"{PLATFORM}:@{member}"


def is_private(chat: str) -> bool:
    return chat.startswith(f"{PLATFORM}:@")


def raw_id(of: str) -> str:
    """The gateway's own id of a uid or chat."""
    plain = of.removeprefix(f"{PLATFORM}:")
    if plain.startswith("~"):
        return plain[1:]
    return plain.removeprefix("@") if is_private(of) else plain
