"""The text that QQ on a PC exports: 消息管理器 → 导出消息记录 → 文本文件.

    消息记录（此消息记录为文本格式，不支持重新导入）
    ================================================================
    消息分组:我的QQ群
    ================================================================
    消息对象:晨读营
    ================================================================

    2026-11-21 8:30:15 【管理员】小明(10001)
    早上好[图片]

A message is a head, the lines under it and an empty line. A line that looks like a head counts as one only after an
empty line: people paste chats into chats. 老式 accounts show a mail address instead of a number, discussion groups
(讨论组) nothing but a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from bot.transports.exports.entry import Entry, Item, Title, Unread, moment, shown, words
from bot.transports.exports.source import Source

_HEAD = re.compile(
    r"(\d{4}-\d{1,2}-\d{1,2} (?:上午|下午)? ?\d{1,2}:\d{2}:\d{2}) (.*?)(?:\((\d{4,12})\)|<([^<>\s]+@[^<>\s]+)>)?\s*"
)
_LIKE_HEAD = re.compile(r"\d{4}-\d{1,2}-\d{1,2} .*\d:\d{2}.*(?:\(\d{4,12}\)|<[^<>\s]+@[^<>\s]+>)\s*")
_RANK = re.compile(r"(?:【[^】]{1,12}】)+(?=.)")
_FRAME = re.compile(r"={10,}|消息记录（.*|消息分组[:：].*|\s*")
_SYSTEM = frozenset(("10000", "1000000", "80000000"))
"""系统消息 and 匿名消息 have numbers of their own."""


def is_qq_text(head: str) -> bool:
    return "消息对象:" in head[:4000] and ("消息记录（" in head[:400] or "消息分组:" in head[:4000])


def sections(source: Source) -> list[str]:
    """The groups and people that the file holds, in order: 导出全部消息记录 puts all of them into one file."""
    return [line[5:].strip() for _, line in source.lines() if line.startswith("消息对象:")]


def read_qq_text(source: Source, zone: ZoneInfo) -> Iterator[Item]:
    head: tuple[int, str, str, str] | None = None
    body: list[str] = []
    is_after_empty = True
    for number, line in source.lines():
        if "\ufffd" in line:
            yield Unread(number, "bytes", shown(line))
        found = _HEAD.fullmatch(line) if is_after_empty else None
        if found is None and is_after_empty and _LIKE_HEAD.fullmatch(line):
            yield from _entry(head, body, zone)
            head, body = None, []
            yield Unread(number, "time", shown(line))
        elif found is not None:
            yield from _entry(head, body, zone)
            at, name, qq, mail = found.groups()
            head, body = (number, at, name, qq or mail or ""), []
        elif line.startswith("消息对象:"):
            yield from _entry(head, body, zone)
            head, body = None, []
            yield Title(line[5:].strip())
        elif head is not None and not (_FRAME.fullmatch(line) and line.strip() and _is_frame(line)):
            body.append(line)
        elif head is None and not _FRAME.fullmatch(line):
            yield Unread(number, "orphan", shown(line))
        is_after_empty = not line.strip() or line.startswith("====")
    yield from _entry(head, body, zone)


def _is_frame(line: str) -> bool:
    return line.startswith(("==========", "消息分组:"))


def _entry(head: tuple[int, str, str, str] | None, body: list[str], zone: ZoneInfo) -> Iterator[Item]:
    if head is None:
        return
    place, clock, name, member = head
    at = moment(clock, zone)
    text, kind = words("\n".join(body))
    name = (_RANK.sub("", name).strip() or name.strip()) if name != member else name
    if at is None:
        yield Unread(place, "time", shown(clock))
    elif not name and not member:
        yield Unread(place, "sender", shown(clock))
    else:
        is_notice = member in _SYSTEM or (not member and name == "系统消息")
        yield Entry(
            place=place, at=at, member="" if is_notice else member, name=name or member, text=text,
            kind="notice" if is_notice else kind, is_notice=is_notice,
        )  # fmt: skip
