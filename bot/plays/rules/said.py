"""What of an event is judged: the sender's own words, and what else the message carries."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.core.events import ImageRead, MessageEdited, MessageReceived
from bot.core.quick import quick_init
from bot.core.segments import EVERYONE, Card, File, Image, Mention, Segment, Text, Video, Voice
from bot.plays.rules.rule import MessageType

_QUOTE = re.compile(r"\A「.*?」\s*\n(?:[-—–]\s*){3,}\n", re.DOTALL)
"""How WeChat writes a reply: the quoted text in brackets, a line of dashes, then the answer."""

_CARDS: dict[str, tuple[MessageType, ...]] = {
    "json": ("card", "mini_program"),
    "xml": ("card", "mini_program"),
    "mini_program": ("mini_program",),
    "miniprogram": ("mini_program",),
    "location": ("location",),
    "contact": ("contact", "card"),
    "red_packet": ("red_packet",),
    "redpacket": ("red_packet",),
    "transfer": ("red_packet",),
}


@quick_init
@dataclass(frozen=True, slots=True)
class Said:
    """`text` holds the sender's own words and the titles of cards; `urls` what cards lead to.

    `codes`: what QR codes of a picture of the message say; then this is about the picture alone, and `image` is its
    digest. `is_gone`: its sender has taken it back before anything was done.
    """

    text: str
    member: str
    message_id: str
    at: datetime
    is_edit: bool = False
    is_list: bool = False
    mentions_all: bool = False
    urls: tuple[str, ...] = ()
    types: frozenset[MessageType] = frozenset()
    codes: tuple[str, ...] = ()
    image: str = ""
    is_gone: bool = False


def own_words(text: str, segments: tuple[Segment, ...]) -> str:
    """What the sender typed: names after an @ and quoted text are somebody else's."""
    if len(segments) > 1:
        typed = "".join(segment.text for segment in segments if type(segment) is Text)
        titles = [segment.title for segment in segments if type(segment) is Card and segment.title]
        text = "\n".join([typed, *titles]) if titles else typed
    elif segments and type(segments[0]) is Card:
        text = segments[0].title
    return _QUOTE.sub("", text) if text.startswith("「") else text


def said(event: MessageReceived | MessageEdited) -> Said:
    """The message of `event`."""
    segments = event.segments
    text = own_words(event.text, segments)
    is_edit = type(event) is MessageEdited
    everyone = isinstance(event, MessageReceived) and event.mentions_all
    if not segments or (len(segments) == 1 and type(segments[0]) is Text):
        return Said(text, event.member, event.message_id, event.at, is_edit, False, everyone)
    return Said(
        text,
        event.member,
        event.message_id,
        event.at,
        is_edit,
        False,
        everyone or any(type(s) is Mention and s.target == EVERYONE for s in segments),
        tuple(segment.url for segment in segments if type(segment) is Card and segment.url),
        frozenset(_types(segments)),
    )


def shown(event: ImageRead) -> Said:
    """What a picture of a message says; its codes are the evidence."""
    return Said("\n".join(event.codes), event.member, event.message_id, event.at, codes=event.codes, image=event.sha256)


def _types(segments: tuple[Segment, ...]) -> Iterable[MessageType]:
    for segment in segments:
        match segment:
            case Voice():
                yield "voice"
            case Video():
                yield "video"
            case File():
                yield "file"
            case Image():
                yield "image"
            case Card(kind=kind):
                yield from _CARDS.get(kind, ("card",))
            case _:
                pass
