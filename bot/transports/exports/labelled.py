"""QQChatExporter's text export: a head, then blocks of labelled lines.

[1]
小明:
时间: 2026-11-21 08:30:15
内容: 早上好
资源: 1 个文件
  - image: a.jpg
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from bot.transports.exports.entry import Entry, Item, Title, Unread, moment, shown, words
from bot.transports.exports.source import Source

_NUMBER = re.compile(r"\[\d+\]")
_BEHIND = ("资源:", "提及:", "回复:", "类型:")


def is_qce_text(head: str) -> bool:
    return "[QQChatExporter" in head[:200] and "聊天名称:" in head[:2000]


def read_qce_text(source: Source, zone: ZoneInfo) -> Iterator[Item]:
    sender, place, clock = "", 0, ""
    body: list[str] | None = None
    last: tuple[int, str] = (0, "")
    for number, line in source.lines():
        if line.startswith("聊天名称:") and not place:
            yield Title(line[5:].strip())
        if line.startswith("时间: ") and last[1].rstrip().endswith(":"):
            yield from _entry(place, sender, clock, _without_sender(body), zone)
            sender, place, clock, body = last[1].strip()[:-1], last[0], line[4:].strip(), None
        elif place and line.startswith("内容: ") and body is None:
            body = [line[4:]]
        elif place and body is not None and line.startswith("=====") and not last[1].strip():
            break
        elif body is not None:
            body.append(line)
        last = (number, line)
    yield from _entry(place, sender, clock, body or [], zone)


def _without_sender(body: list[str] | None) -> list[str]:
    """The lines before the next message's sender and number."""
    lines = (body or [])[:-1]
    while lines and (not lines[-1].strip() or _NUMBER.fullmatch(lines[-1].strip())):
        lines.pop()
    return lines


def _entry(place: int, sender: str, clock: str, body: list[str], zone: ZoneInfo) -> Iterator[Item]:
    if not place:
        return
    at = moment(clock, zone)
    if at is None:
        yield Unread(place, "time", shown(clock))
        return
    kept = []
    for line in body:
        if line.startswith(_BEHIND):
            break
        kept.append(line)
    text, kind = words("\n".join(kept).strip())
    is_notice = text == "[系统消息]" or sender == "系统消息"
    if not sender and not is_notice:
        yield Unread(place, "sender", shown(text))
        return
    yield Entry(
        place=place, at=at, name="" if is_notice else sender, text=text, kind="notice" if is_notice else kind,
        is_notice=is_notice,
    )  # fmt: skip
