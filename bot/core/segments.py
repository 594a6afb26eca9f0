"""What a chat message is made of, the same for every network.

A transport decodes its wire format into these and encodes them back, so nothing above it ever sees a CQ code or an XML
card, and a member's text can never turn into markup: it travels as `Text`, and markup travels as its own segment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

EVERYONE = "all"
"""The target of a mention of all members."""


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A member uid, or `EVERYONE`. `name` is what members read after the @, where the network says it."""

    target: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """`url` may be empty when only the name is known. `name` is the network's file name or hash."""

    url: str = ""
    name: str = ""
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class File:
    name: str
    url: str = ""
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Voice:
    url: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Video:
    url: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Face:
    """A network's own emoticon, by its id."""

    id: str


@dataclass(frozen=True, slots=True)
class Card:
    """A link, share, location, contact or mini program: `kind` says which."""

    kind: str
    title: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """The platform id of the message that this one quotes."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Other:
    """Anything that this version does not know: kept by name, never an error."""

    kind: str
    raw: str = ""


Segment: TypeAlias = Text | Mention | Image | File | Voice | Video | Face | Card | Reply | Other
