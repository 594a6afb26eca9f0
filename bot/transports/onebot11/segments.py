"""Wire segments ↔ segments of the core. What we don't know is kept by name; what would be markup stays text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, assert_never

import orjson

from bot.core.segments import (
    EVERYONE,
    Card,
    Face,
    File,
    Image,
    Mention,
    Other,
    Reply,
    Segment,
    Text,
    Video,
    Voice,
)
from bot.transports.onebot11 import cq
from bot.transports.onebot11.wire import Malformed, as_id, number, text_of, uid, whole

_RAW_LIMIT = 500
_CARD_LIMIT = 65_536
_INLINE_LIMIT = 14_000_000
"""A picture of 10 MB as base64: larger ones are not read."""


def decode_segments(message: Any) -> tuple[Segment, ...]:
    """`message` is an array of segments, one segment, or text with CQ codes."""
    if type(message) is str:
        message = cq.parse(message)
    elif type(message) is dict:
        message = [message]
    elif message is None:
        return ()
    elif type(message) is not list:
        raise Malformed(f"a message must be an array or text, not {type(message).__name__}")
    return tuple([decode_segment(segment) for segment in message])


def decode_segment(segment: Any) -> Segment:
    if type(segment) is not dict:
        raise Malformed(f"a segment must be an object, not {type(segment).__name__}")
    kind, data = segment.get("type"), segment.get("data")
    if type(data) is not dict:
        data = {}
    if kind == "text":
        return Text(text_of(data.get("text")))
    decode = _DECODERS.get(kind) if type(kind) is str else None
    return decode(data) if decode else Other(text_of(kind) or "?", text_of(str(data))[:_RAW_LIMIT])


def _web(url: Any) -> str:
    """Only an address that anybody may fetch: a path on somebody's disk is none."""
    text = text_of(url)
    return text if text.startswith(("http://", "https://")) else ""


def _picture(data: Mapping[str, Any]) -> str:
    """Where the picture is: an address, else the picture itself, which some implementations put into the message."""
    given = [text_of(data.get(key)) for key in ("url", "file")]
    inline = (text for text in given if text.startswith("base64://") and len(text) <= _INLINE_LIMIT)
    return next(filter(None, map(_web, given)), "") or next(inline, "")


def _at(data: Mapping[str, Any]) -> Segment:
    who = as_id(data.get("qq"))
    return Mention(EVERYONE if who == "all" else uid(who), text_of(data.get("name")).removeprefix("@"))


def _image(data: Mapping[str, Any]) -> Segment:
    name = text_of(data.get("filename")) or text_of(data.get("file"))
    return Image(_picture(data), "" if name.startswith("base64://") else name, whole(data.get("file_size")))


def _sticker(data: Mapping[str, Any]) -> Segment:
    return Image(_web(data.get("url")), text_of(data.get("summary")))


def _file(data: Mapping[str, Any]) -> Segment:
    size = whole(data.get("file_size")) or whole(data.get("size"))
    return File(text_of(data.get("name")) or text_of(data.get("file")), _web(data.get("url")), size)


def _json_card(data: Mapping[str, Any]) -> Segment:
    """A share or mini program as JSON in text: its prompt is the title, the first address found is the link."""
    source = data.get("data")
    if type(source) is str and len(source) <= _CARD_LIMIT:
        try:
            source = orjson.loads(source)
        except orjson.JSONDecodeError:
            return Card("json")
    if type(source) is not dict:
        return Card("json")
    meta = source.get("meta")
    parts = [part for part in meta.values() if type(part) is dict] if type(meta) is dict else []
    links = (_web(part.get(key)) for part in parts for key in ("jumpUrl", "qqdocurl", "url"))
    titles = (text_of(part.get("title")) for part in parts)
    title = text_of(source.get("prompt")) or next(filter(None, titles), "")
    return Card("json", title, next(filter(None, links), ""))


def _card(kind: str) -> Callable[[Mapping[str, Any]], Segment]:
    return lambda data: Card(kind, text_of(data.get("title")), _web(data.get("url")))


_DECODERS: dict[str, Callable[[Mapping[str, Any]], Segment]] = {
    "at": _at,
    "reply": lambda data: Reply(as_id(data.get("id"))),
    "image": _image,
    "mface": _sticker,
    "face": lambda data: Face(as_id(data.get("id"))),
    "record": lambda data: Voice(_web(data.get("url")), text_of(data.get("file"))),
    "video": lambda data: Video(_web(data.get("url")), text_of(data.get("file"))),
    "file": _file,
    "json": _json_card,
    **{kind: _card(kind) for kind in ("share", "location", "contact", "music", "xml", "forward", "node")},
}


def encode_segments(segments: Iterable[Segment]) -> list[dict[str, Any]]:
    """An array, always: in an array nothing a member typed can become markup."""
    wire: list[dict[str, Any]] = []
    ordered = sorted(segments, key=lambda segment: not isinstance(segment, Reply))
    for before, segment in pairwise([None, *ordered]):
        found = _encode(segment) if segment is not None else None
        if found is None:
            continue
        text = found["data"].get("text", "")
        if isinstance(before, Mention) and isinstance(segment, Text) and not text[:1].isspace():
            found["data"]["text"] = f" {text}"
        wire.append(found)
    return wire


def _encode(segment: Segment) -> dict[str, Any] | None:
    match segment:
        case Text(text):
            return _wire("text", text=text) if text else None
        case Mention(target):
            return _wire("at", qq=target if target == EVERYONE else str(number(target)))
        case Image(url):
            # Never by name: the implementation would look for a file of that name on its own disk.
            return _wire("image", file=url) if url else None
        case File(name, url):
            return _wire("file", file=url, name=name) if url else None
        case Voice(url):
            return _wire("record", file=url) if url else None
        case Video(url):
            return _wire("video", file=url) if url else None
        case Face(id):
            return _wire("face", id=id)
        case Reply(message_id):
            return _wire("reply", id=message_id)
        case Card(_, title, url):
            return _wire("text", text=" ".join(filter(None, (title, url)))) if title or url else None
        case Other():
            return None
    assert_never(segment)


def _wire(kind: str, **data: Any) -> dict[str, Any]:
    return {"type": kind, "data": data}
