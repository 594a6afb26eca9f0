"""The try-out room: a simulated group in which the caller is any member and time passes on request."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from bot.console.models import View

Span = Literal["10m", "1h", "6h", "1d", "3d"]


class Heard(View):
    at: datetime
    who: Literal["member", "bot", "event", "refused"]
    text: str
    play: str


class Room(View):
    """`left_out`: how many lines came before those that are shown. `words`: what the plays answer to, with its meaning.
    `problem`: why the last request did nothing, in words."""

    id: str
    title: str
    clock: datetime
    lines: tuple[Heard, ...]
    left_out: int
    members: tuple[str, ...]
    me: str
    words: tuple[tuple[str, str], ...]
    problem: str = ""


class RoomRow(View):
    id: str
    title: str
    clock: datetime


class TryoutPort(Protocol):
    """Rooms belong to the actor who opened them: to others they are not there (None)."""

    def rooms(self, actor: str) -> tuple[RoomRow, ...]: ...

    async def open(self, paths: tuple[str, ...], actor: str) -> str:
        """A new room in which these files run; its id. Raises `Refused`: `cannot_play`, `too_many_rooms`."""
        ...

    async def room(self, room: str, actor: str) -> Room | None: ...

    async def say(self, room: str, actor: str, who: str, text: str, *, is_private: bool) -> Room | None: ...

    async def join(self, room: str, actor: str, name: str) -> Room | None: ...

    async def leave(self, room: str, actor: str, name: str) -> Room | None: ...

    async def pass_time(self, room: str, actor: str, span: Span) -> Room | None: ...

    async def close(self, room: str, actor: str) -> None: ...
