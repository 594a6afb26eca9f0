"""CQ codes, the text form of messages: `[CQ:at,qq=1] hi &#91;x&#93;` and back. Only old configurations send them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_CODE = re.compile(r"\[CQ:([A-Za-z0-9_\-.]+)((?:,[^\[\]]*)?)\]")


def unescape(text: str) -> str:
    if "&" not in text:
        return text
    return text.replace("&#44;", ",").replace("&#91;", "[").replace("&#93;", "]").replace("&amp;", "&")


def escape(text: str, *, in_parameter: bool = False) -> str:
    text = text.replace("&", "&amp;").replace("[", "&#91;").replace("]", "&#93;")
    return text.replace(",", "&#44;") if in_parameter else text


def parse(text: str) -> list[dict[str, Any]]:
    """The message as wire segments. A bracket that is no code is text."""
    segments: list[dict[str, Any]] = []
    end = 0
    for match in _CODE.finditer(text):
        if match.start() > end:
            segments.append(_text(text[end : match.start()]))
        pairs = (pair.partition("=") for pair in match[2][1:].split(",") if pair)
        segments.append({"type": match[1], "data": {key: unescape(value) for key, _, value in pairs}})
        end = match.end()
    if end < len(text):
        segments.append(_text(text[end:]))
    return segments


def render(segments: Iterable[Mapping[str, Any]]) -> str:
    """Wire segments as one text with CQ codes."""
    return "".join(_render(segment["type"], segment["data"]) for segment in segments)


def _render(kind: str, data: Mapping[str, Any]) -> str:
    if kind == "text":
        return escape(str(data.get("text", "")))
    parameters = "".join(f",{key}={escape(str(value), in_parameter=True)}" for key, value in data.items())
    return f"[CQ:{kind}{parameters}]"


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "data": {"text": unescape(text)}}
