"""Mentions stand in the text of a WeChat message as `@name`, closed by U+2005; whom they mean comes apart, as ids."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.core.segments import EVERYONE, Mention, Segment, Text
from bot.transports.wechat.wire import uid

CLOSE = "\u2005"
EVERYONE_IDS = frozenset({"notify@all", "announcement@all", "@all"})
_TOKEN = re.compile(r"@([^@\u2005\n]{1,64})\u2005")


def split_mentions(text: str, ids: Sequence[str], names: Mapping[str, Sequence[str]]) -> tuple[Segment, ...]:
    """`text` as segments, each mention of `ids` where it stands.

    `names`: what each of them may be called in this room. Whoever is not found by name is taken, in order, from what is
    left of the `@…U+2005` places, if there are as many of both. Who is found nowhere, is mentioned at the end.
    """
    if not ids:
        return (Text(text),)
    places: dict[int, tuple[int, Mention]] = {}
    wanted = list(dict.fromkeys(ids))
    found: set[str] = set()
    # Longest names first, or 小明 would take the place of 小明 明; and whole tokens before what merely looks like one.
    called = sorted(
        ((name, each) for each in wanted for name in names.get(each, ()) if name), key=lambda pair: -len(pair[0])
    )
    for close in (CLOSE, "(?: |$)"):
        for name, each in called:
            place = None if each in found else _find(text, name, close, places)
            if place is not None:
                places[place[0]] = (place[1], Mention(_target(each), name))
                found.add(each)
    open_ids = [each for each in wanted if each not in found]
    left = [match for match in _TOKEN.finditer(text) if not _is_taken(match.start(), places)]
    if len(left) == len(open_ids):
        for each, match in zip(open_ids, left, strict=True):
            places[match.start()] = (match.end(), Mention(_target(each), match[1]))
        open_ids = []
    segments: list[Segment] = []
    at = 0
    for start, (end, mention) in sorted(places.items()):
        if start > at:
            segments.append(Text(text[at:start]))
        segments.append(mention)
        at = end
    if at < len(text):
        segments.append(Text(text[at:]))
    segments += [Mention(_target(each)) for each in open_ids]
    return tuple(segments)


def _target(each: str) -> str:
    return EVERYONE if each in EVERYONE_IDS else uid(each)


def _find(text: str, name: str, close: str, places: Mapping[int, tuple[int, Mention]]) -> tuple[int, int] | None:
    for match in re.finditer(rf"@{re.escape(name)}{close}", text, re.MULTILINE):
        if not _is_taken(match.start(), places):
            return match.start(), match.end()
    return None


def _is_taken(start: int, places: Mapping[int, tuple[int, Mention]]) -> bool:
    return any(begin <= start < end for begin, (end, _) in places.items())


def join_mentions(segments: Sequence[Segment], name_of: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The text to send and the ids that it mentions. `name_of`: uid → what the member is called in the room."""
    parts: list[str] = []
    ids: list[str] = []
    for segment in segments:
        if isinstance(segment, Text):
            parts.append(segment.text)
        elif isinstance(segment, Mention):
            raw = segment.target.removeprefix("wechat:")
            parts.append(f"@{name_of.get(segment.target) or segment.name or raw}{CLOSE}")
            if raw not in ids:
                ids.append(raw)
    return "".join(parts), tuple(ids)
