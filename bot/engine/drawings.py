"""Messages whose words a picture may take the place of: drawn after the commit, before the send, outside this process.

What draws is the app's to choose. However a drawing fails, the words are sent and the row says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from bot.core.effects import Drawing, SendFile, SendReport
from bot.core.segments import Image, Mention, Segment, Text
from bot.transports.base import Message, Outgoing


class NotDrawn(Exception):
    """Why there is no picture, in a few words for the outbox."""


class Draws(Protocol):
    """Data → a picture on this machine's disk."""

    async def draw(self, name: str, data: Mapping[str, Any]) -> Path:
        """Raises `NotDrawn`, in bounded time."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnMessage:
    """`message` is the text version."""

    message: Message
    drawing: Drawing

    @property
    def to(self) -> str | None:
        return self.message.to

    def with_picture(self, url: str) -> Message:
        """The mentions, then the picture at `url`."""
        front: list[Segment] = []
        for mention in dict.fromkeys(part for part in self.message.segments if isinstance(part, Mention)):
            front += [mention, Text(" ")]
        picture = Image(url=url, name=f"{self.drawing.name}.png")
        return replace(self.message, segments=(*front, picture))


Unsent: TypeAlias = Outgoing | SendFile | SendReport | DrawnMessage
"""What the outbox holds: pictures are not drawn, tables not written and reports not made yet."""
