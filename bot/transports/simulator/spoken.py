"""A line as a person types it ↔ segments: `@小明 看这个 [图片]`.

Marks: `@name` of somebody in the group, `@全体成员`, `[图片]`, `[语音]`, `[视频]`, `[表情]`, `[文件 名单.xlsx]`,
`[链接 https://…]`, `[卡片 标题]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.core.segments import EVERYONE, Card, Face, File, Image, Mention, Segment, Text, Video, Voice
from bot.transports.simulator.group import Room

MENTION_ALL = ("@全体成员", "@所有人")
_MARK = re.compile(r"\[(图片|语音|视频|表情|文件|链接|卡片)(?:[ :：]([^\]]*))?\]")


def hear(line: str, room: Room | None, *, may_mention_all: bool = False) -> tuple[Segment, ...]:
    """The segments of `line`. Unknown names and a member's @全体成员 stay plain text, as on the networks."""
    if "@" not in line and "[" not in line:
        return (Text(line),) if line else ()
    names: dict[str, str] = {}
    if room is not None:
        for person in room.people.values():
            names.setdefault(person.name, person.uid)
            names[person.shown] = person.uid
    spellings = sorted(names, key=len, reverse=True)
    found: list[Segment] = []
    last = 0
    for match in _MARK.finditer(line):
        found += _mentions(line[last : match.start()], names, spellings, may_mention_all)
        found.append(_marked(match[1], (match[2] or "").strip()))
        last = match.end()
    found += _mentions(line[last:], names, spellings, may_mention_all)
    return tuple(part for part in found if not isinstance(part, Text) or part.text)


def _marked(what: str, rest: str) -> Segment:
    match what:
        case "图片":
            name = rest or "photo.jpg"
            return Image(url=f"https://sim.invalid/{name}", name=name, size_bytes=120_000)
        case "语音":
            return Voice(name=rest or "voice.amr")
        case "视频":
            return Video(name=rest or "video.mp4")
        case "表情":
            return Face(rest or "14")
        case "文件":
            return File(name=rest or "file.pdf", size_bytes=200_000)
        case "链接":
            return Card("link", title=rest, url=rest if "://" in rest else "")
        case _:
            return Card("card", title=rest)


def _mentions(text: str, names: dict[str, str], spellings: Iterable[str], may_mention_all: bool) -> Iterator[Segment]:
    start = at = 0
    while (at := text.find("@", at)) >= 0:
        everyone = next((mark for mark in MENTION_ALL if text.startswith(mark, at)), None)
        name = next((spelling for spelling in spellings if text.startswith(spelling, at + 1)), None)
        if everyone and may_mention_all:
            yield Text(text[start:at])
            yield Mention(EVERYONE, everyone[1:])
            start = at = at + len(everyone)
        elif name is not None:
            yield Text(text[start:at])
            yield Mention(names[name], name)
            start = at = at + 1 + len(name)
        else:
            at += 1
    yield Text(text[start:])


def show(segments: Iterable[Segment]) -> str:
    """Segments as a person reads them."""
    return "".join(map(_shown, segments))


def _shown(part: Segment) -> str:
    match part:
        case Text(text):
            return text
        case Mention(target, name):
            return f"@{name or target} "
        case Image():
            return "[图片]"
        case File(name=name):
            return f"[文件 {name}]"
        case Voice():
            return "[语音]"
        case Video():
            return "[视频]"
        case Face():
            return "[表情]"
        case Card(title=title):
            return f"[卡片 {title}]"
        case _:
            return ""


def plain(segments: Iterable[Segment], bots: frozenset[str]) -> str:
    """The `text` of the event: text and mentions, without the bot's own mention and without media."""
    parts = []
    for part in segments:
        if isinstance(part, Text):
            parts.append(part.text)
        elif isinstance(part, Mention) and part.target not in bots:
            parts.append(f"@{part.name or part.target}")
    return "".join(parts).strip()


def kind(segments: Iterable[Segment]) -> str:
    """`text`, or the medium when there is nothing to read."""
    found = "text"
    for part in segments:
        match part:
            case Text(text) if text.strip():
                return "text"
            case Image():
                found = "image"
            case File():
                found = "file"
            case Voice():
                found = "voice"
            case Video():
                found = "video"
            case Face():
                found = "face"
            case Card():
                found = "card"
            case _:
                pass
    return found
