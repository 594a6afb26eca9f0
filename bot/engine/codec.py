"""Outgoing actions ↔ JSON, for the outbox. What was stored by an older version still decodes."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import asdict, replace
from typing import Any

import orjson

from bot.core import segments as s
from bot.core.effects import (
    Approve,
    Drawing,
    Forward,
    Invite,
    Kick,
    Mute,
    MuteAll,
    Recall,
    Rename,
    SendFile,
    SendReport,
    SetCard,
    SetRemark,
    SetTitle,
)
from bot.core.segments import Segment
from bot.engine.drawings import DrawnMessage, Unsent
from bot.transports.base import Announcement, FileMessage, Message, Outgoing

_SEGMENTS: dict[str, type[Any]] = {
    cls.__name__: cls
    for cls in (s.Text, s.Mention, s.Image, s.File, s.Voice, s.Video, s.Face, s.Card, s.Reply, s.Other)
}
_ACTIONS: dict[str, tuple[type[Any], tuple[str, ...]]] = {
    "recall": (Recall, ("message_id",)),
    "mute": (Mute, ("member", "for_s")),
    "mute_all": (MuteAll, ("on",)),
    "kick": (Kick, ("member", "is_banned")),
    "approve": (Approve, ("flag", "is_approved", "reason")),
    "set_card": (SetCard, ("member", "card")),
    "set_title": (SetTitle, ("member", "title")),
    "invite": (Invite, ("member",)),
    "rename": (Rename, ("name",)),
    "forward": (Forward, ("message_id", "into")),
    "set_remark": (SetRemark, ("member", "remark")),
}
_REPORT = ("period", "first", "last", "form", "to")
_KIND_OF = {cls: kind for kind, (cls, _) in _ACTIONS.items()}


def encode_segments(parts: tuple[Segment, ...]) -> list[list[Any]]:
    """Each segment as [type, {fields that are not empty}]; plain text as [ "Text", "…" ]."""
    out: list[list[Any]] = []
    for part in parts:
        if isinstance(part, s.Text):
            out.append(["Text", part.text])
        else:
            out.append([type(part).__name__, {k: v for k, v in asdict(part).items() if v not in ("", 0)}])
    return out


def without_inline(parts: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """`parts` as the log keeps them: a picture that came inside its message is not the log's to keep."""
    return tuple(
        replace(part, url="") if isinstance(part, s.Image) and part.url.startswith("base64://") else part
        for part in parts
    )


def decode_segments(data: list[list[Any]]) -> tuple[Segment, ...]:
    return tuple(s.Text(value) if kind == "Text" else _SEGMENTS[kind](**value) for kind, value in data)


def encode(outgoing: Unsent) -> tuple[str, str]:
    """(kind, body) as the outbox keeps them. A message that is to be drawn holds its text version and the card's data."""
    match outgoing:
        case Message():
            return "message", orjson.dumps(_body(outgoing)).decode()
        case DrawnMessage(message=message, drawing=drawing):
            draw = {"card": drawing.name, "data": dict(drawing.data)}
            return "message", orjson.dumps({**_body(message), "draw": draw}).decode()
        case Announcement():
            return "announce", orjson.dumps({"text": outgoing.text}).decode()
        case FileMessage():
            data = {"name": outgoing.name, "to": outgoing.to, "b64": b64encode(outgoing.content).decode()}
            return "file", orjson.dumps(data).decode()
        case SendFile():
            table = {"name": outgoing.name, "to": outgoing.to, "columns": outgoing.columns, "rows": outgoing.rows}
            return "table", orjson.dumps({**table, "format": outgoing.format}).decode()
        case SendReport():
            return "report", orjson.dumps({name: getattr(outgoing, name) for name in _REPORT}).decode()
        case _:
            kind = _KIND_OF[type(outgoing)]
            fields = _ACTIONS[kind][1]
            return kind, orjson.dumps({name: getattr(outgoing, name) for name in fields}).decode()


def _body(message: Message) -> dict[str, Any]:
    body: dict[str, Any] = {"seg": encode_segments(message.segments)}
    if message.to:
        body["to"] = message.to
    if message.reply_to:
        body["re"] = message.reply_to
    return body


def decode(kind: str, body: str) -> Unsent:
    """The action as it was encoded. A `SendFile` is still a table, a `SendReport` still an order: both are made later."""
    data = orjson.loads(body)
    if kind == "message":
        message = Message(segments=decode_segments(data["seg"]), to=data.get("to"), reply_to=data.get("re"))
        if draw := data.get("draw"):
            return DrawnMessage(message=message, drawing=Drawing(draw["card"], draw["data"]))
        return message
    if kind == "announce":
        return Announcement(text=data["text"])
    if kind == "file":
        return FileMessage(name=data["name"], content=b64decode(data["b64"]), to=data["to"])
    if kind == "table":
        rows = tuple(tuple(row) for row in data["rows"])
        return SendFile(
            name=data["name"], columns=tuple(data["columns"]), rows=rows, format=data["format"], to=data["to"]
        )
    if kind == "report":
        return SendReport(**data)
    cls, _ = _ACTIONS[kind]
    action: Outgoing = cls(**data)
    return action


def plain(kind: str, body: str) -> str:
    """One readable line of an outbox row, for lists and logs."""
    data = orjson.loads(body)
    if kind != "message":
        return " ".join(f"{key}={value}" for key, value in data.items() if key not in ("b64", "rows"))
    drawn = f"[{data['draw']['card']}] " if "draw" in data else ""
    return drawn + "".join(
        value
        if part == "Text"
        else f"@{value.get('name') or value.get('target')}"
        if part == "Mention"
        else f"[{part}]"
        for part, value in data["seg"]
    )
