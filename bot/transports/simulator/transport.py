"""The simulated world as a network of the engine: the async border over the synchronous `World`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from bot.core.errors import SendUnknown
from bot.core.play import Capability, Member
from bot.transports.base import Group, Message, Outgoing, Receipt, Sink
from bot.transports.simulator.action import perform
from bot.transports.simulator.group import Room
from bot.transports.simulator.world import BOT, World, private_chat

_BATCH = 200


class SimulatorTransport:
    """`clock` sets the world's time before anything happens in it; without one somebody else moves it.

    After letting people act on `world` from outside, call `deliver` so that the events go out.
    """

    platform = "sim"
    reads_history = False

    def __init__(self, world: World, *, account: str = BOT, clock: Callable[[], datetime] | None = None) -> None:
        self.world = world
        self.account = account
        self._clock = clock
        self._stirred = asyncio.Event()

    async def run(self, sink: Sink) -> None:
        self._tick()
        await sink.connected(self.account, app="simulator")
        try:
            await self._introduce(sink)
            while True:
                while events := self.world.drain():
                    for start in range(0, len(events), _BATCH):
                        await sink.events(events[start : start + _BATCH])
                self._stirred.clear()
                await self._stirred.wait()
        finally:
            await sink.disconnected(self.account, "stopped")

    async def _introduce(self, sink: Sink) -> None:
        """The lists that every network can give on connecting."""
        rooms = [room for room in self.world.rooms.values() if self.account in room.people]
        await sink.groups(self.account, [group_of(room, self.account) for room in rooms])
        for room in rooms:
            await sink.members(self.account, room.uid, members_of(room))

    def deliver(self) -> None:
        """Wakes `run`: something happened in the world."""
        self._tick()
        self._stirred.set()

    async def send(self, account: str, chat: str, outgoing: Outgoing) -> Receipt:
        self._tick()
        try:
            return perform(self.world, account, chat, outgoing)
        finally:
            self._stirred.set()

    def capabilities(self, account: str, chat: str) -> frozenset[Capability]:
        return capabilities(self.world, account, chat)

    async def find_sent(self, account: str, chat: str, message: Message, since: datetime) -> Receipt | None:
        if Capability.HISTORY not in self.world.profile.offers:
            raise SendUnknown(f"{self.world.profile.name} keeps no history")
        room = self.world.rooms.get(chat)
        kept = list(room.messages.values()) if room is not None else []
        if message.to is not None:
            kept = self.world.private.get(private_chat(message.to), [])
        for said in reversed(kept):
            if said.at < since:
                break
            if said.member == account and said.segments == message.segments:
                return Receipt(said.message_id, said.at)
        return None

    def _tick(self) -> None:
        if self._clock is not None:
            self.world.set_clock(self._clock())


def capabilities(world: World, account: str, chat: str) -> frozenset[Capability]:
    """What the account may do in `chat` now; nothing where it is not."""
    room = world.rooms.get(chat)
    me = room.people.get(account) if room is not None else None
    return world.profile.allows(me.role) if me is not None else frozenset()


def members_of(room: Room) -> list[Member]:
    """The network's member list."""
    return [
        Member(
            uid=person.uid,
            name=person.shown,
            role=person.role,
            joined_at=person.joined_at,
            is_bot=person.is_bot,
            title=person.title,
        )
        for person in room.people.values()
    ]


def group_of(room: Room, account: str) -> Group:
    """The group as the network lists it to `account`."""
    return Group(uid=room.uid, name=room.name, size=len(room.people), role=room.people[account].role)
