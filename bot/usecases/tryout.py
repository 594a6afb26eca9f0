"""The try-out room over the simulator: each room is a group of its own in memory, stepped in a thread, forgotten when idle."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot.console.ports.accounts import Refused
from bot.console.ports.tryout import Heard, Room, RoomRow, Span
from bot.core.errors import OperatorMistake
from bot.sim import deeds
from bot.sim.chatroom import ChatRoom
from bot.sim.plans import ZONE, stage
from bot.sim.scenario import Scenario
from bot.sim.tryout import opened

_MOST_ROOMS = 8
_MOST_OF_ONE = 3
_IDLE = timedelta(minutes=30)
_SHOWN = 200


@dataclass(slots=True)
class _Open:
    id: str
    actor: str
    title: str
    chat: ChatRoom
    stack: ExitStack
    used_at: datetime
    problem: str = ""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class TryoutDesk:
    """Answers `bot.console.ports.tryout.TryoutPort`."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder, self._now = folder if folder.is_dir() else folder.parent, now
        self._rooms: dict[str, _Open] = {}

    def rooms(self, actor: str) -> tuple[RoomRow, ...]:
        self._forget_idle()
        return tuple(
            RoomRow(id=each.id, title=each.title, clock=each.chat.simulation.now)
            for each in self._rooms.values()
            if each.actor == actor
        )

    async def open(self, paths: tuple[str, ...], actor: str) -> str:
        self._forget_idle()
        mine = sum(each.actor == actor for each in self._rooms.values())
        if len(self._rooms) >= _MOST_ROOMS or mine >= _MOST_OF_ONE:
            raise Refused("too_many_rooms")
        try:
            made = await asyncio.to_thread(self._staged, paths, actor)
        except OperatorMistake:
            raise Refused("cannot_play") from None
        self._rooms[made.id] = made
        return made.id

    async def room(self, room: str, actor: str) -> Room | None:
        return await self._after(room, actor, lambda chat: None)

    async def say(self, room: str, actor: str, who: str, text: str, *, is_private: bool) -> Room | None:
        def do(chat: ChatRoom) -> None:
            if who in chat.names():
                chat.me = who
            chat.do(deeds.Says(chat.me, text, is_private=is_private))

        return await self._after(room, actor, do)

    async def join(self, room: str, actor: str, name: str) -> Room | None:
        return await self._after(room, actor, lambda chat: chat.do(deeds.Joins((name,))))

    async def leave(self, room: str, actor: str, name: str) -> Room | None:
        return await self._after(room, actor, lambda chat: chat.do(deeds.Leaves(name)))

    async def pass_time(self, room: str, actor: str, span: Span) -> Room | None:
        return await self._after(room, actor, lambda chat: chat.tick(chat.simulation.now + _SPANS[span]))

    async def close(self, room: str, actor: str) -> None:
        found = self._of(room, actor)
        if found is not None:
            del self._rooms[room]
            async with found.lock:
                await asyncio.to_thread(found.stack.close)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _staged(self, paths: tuple[str, ...], actor: str) -> _Open:
        setting = Scenario()
        staged = stage([self._folder / path for path in paths], setting.group, setting.begins(ZONE))
        stack = ExitStack()
        chat = ChatRoom(stack.enter_context(opened(staged, setting)))
        return _Open(secrets.token_urlsafe(9), actor, staged.title, chat, stack, self._now())

    def _of(self, room: str, actor: str) -> _Open | None:
        found = self._rooms.get(room)
        return found if found is not None and found.actor == actor else None

    async def _after(self, room: str, actor: str, deed: Callable[[ChatRoom], object]) -> Room | None:
        found = self._of(room, actor)
        if found is None:
            return None
        async with found.lock:
            found.used_at = self._now()
            return await asyncio.to_thread(_done, found, deed)

    def _forget_idle(self) -> None:
        for each in list(self._rooms.values()):
            if self._now() - each.used_at > _IDLE and not each.lock.locked():
                del self._rooms[each.id]
                each.stack.close()


_SPANS: dict[Span, timedelta] = {
    "10m": timedelta(minutes=10), "1h": timedelta(hours=1), "6h": timedelta(hours=6), "1d": timedelta(days=1),
    "3d": timedelta(days=3),
}  # fmt: skip


def _words(chat: ChatRoom) -> tuple[tuple[str, str], ...]:
    """What members may type, by its chief name."""
    plan = chat.simulation.plan
    return tuple((spec.name, spec.help) for _, spec in plan.handbook if not spec.for_operators) if plan else ()


def _done(room: _Open, deed: Callable[[ChatRoom], object]) -> Room:
    chat, problem = room.chat, ""
    try:
        deed(chat)
    except (OperatorMistake, ValueError) as error:
        problem = error.message if isinstance(error, OperatorMistake) else str(error)
    problem = "\n".join(filter(None, (problem, *(line for line in chat.news() if line.startswith("! ")))))
    names = chat.names()
    if chat.me not in names:
        chat.me = next(iter(names), "")
    entries = chat.simulation.transcript.entries
    return Room(
        id=room.id, title=room.title, clock=chat.simulation.now,
        lines=tuple(Heard(at=each.at, who=each.who, text=each.line, play=each.play) for each in entries[-_SHOWN:]),
        left_out=max(0, len(entries) - _SHOWN), members=tuple(names), me=chat.me, words=_words(chat),
        problem=problem,
    )  # fmt: skip
