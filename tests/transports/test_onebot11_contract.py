"""OneBot v11 keeps what every network must keep, with three implementations and over both directions."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from bot.core.events import Role
from bot.transports.onebot11 import ForwardEndpoint, OneBot, OneBotSettings
from tests.contract.transport import Network, TransportContract
from tests.peers.onebot_impl import OneBotImplementation
from tests.peers.onebot_world import OneBotWorld, readable

GROUP, MEMBER = 600_000_001, 2_900_000_001


class OneBotNetwork(Network):
    account, chat, member = "qq:3000000001", f"qq:{GROUP}", f"qq:{MEMBER}"

    def __init__(self, style: str, transport: OneBot, peer: OneBotImplementation) -> None:
        self.transport, self.peer, self.world = transport, peer, peer.world
        self._newcomers = 0

    async def says(self, *texts: str) -> None:
        for text in texts:
            await self.peer.emit(self.world.says(GROUP, MEMBER, text))

    async def joins(self) -> str:
        self._newcomers += 1
        await self.peer.emit(self.world.joins(GROUP, 2_910_000_000 + self._newcomers))
        return f"qq:{2_910_000_000 + self._newcomers}"

    async def leaves(self, member: str) -> None:
        await self.peer.emit(self.world.leaves(GROUP, int(member.removeprefix("qq:"))))

    async def gives_role(self, role: Role) -> None:
        self.world.rooms[GROUP].people[self.world.self_id].role = role
        sub_type = "set" if role == "admin" else "unset"
        fields = {"group_id": GROUP, "user_id": self.world.self_id}
        await self.peer.emit(self.world.event("notice", notice_type="group_admin", sub_type=sub_type, **fields))

    def group_read(self) -> list[str]:
        return self.peer.said(GROUP)

    def member_read(self) -> list[str]:
        return [readable(frame) for frame in self.world.private.get(MEMBER, [])]

    def is_muted(self, member: str) -> bool:
        return self.world.rooms[GROUP].people[int(member.removeprefix("qq:"))].muted_until > self.world.clock

    def is_here(self, member: str) -> bool:
        return int(member.removeprefix("qq:")) in self.world.rooms[GROUP].people


@contextlib.asynccontextmanager
async def reverse(peer: OneBotImplementation, *roles: str) -> AsyncIterator[OneBot]:
    """A transport that listens, and the implementation that connects to it once it does."""
    transport = OneBot(OneBotSettings(port=0, pace_s=0))

    async def come() -> None:
        await transport.is_listening.wait()
        url = f"ws://127.0.0.1:{transport.port}/onebot/v11/ws"
        async with contextlib.AsyncExitStack() as stack:
            for role in roles:
                await stack.enter_async_context(peer.reverse(url, role=role))
            await asyncio.Event().wait()

    coming = asyncio.create_task(come())
    yield transport
    coming.cancel()
    await asyncio.gather(coming, return_exceptions=True)


@contextlib.asynccontextmanager
async def forward(peer: OneBotImplementation, *paths: str) -> AsyncIterator[OneBot]:
    """A transport that connects to the implementation."""
    async with peer.forward() as url:
        endpoints = tuple(ForwardEndpoint(url=f"{url}{path}", token=peer.token) for path in paths)
        yield OneBot(OneBotSettings(listen=False, forward=endpoints, pace_s=0, backoff_min_s=0.05))


WAYS = {
    "napcat-reverse": ("napcat", lambda peer: reverse(peer, "Universal")),
    "llbot-forward": ("llbot", lambda peer: forward(peer, "/")),
    "lagrange-two-sockets": ("lagrange", lambda peer: reverse(peer, "Api", "Event")),
    "napcat-forward-two-sockets": ("napcat", lambda peer: forward(peer, "/event", "/api")),
}


@pytest.mark.parametrize("way", WAYS)
class TestOneBot(TransportContract):
    @pytest.fixture
    async def network(self, way: str) -> AsyncIterator[Network]:
        style, connect = WAYS[way]
        world = OneBotWorld(style=style)
        world.found(GROUP, "测试群一")
        peer = OneBotImplementation(world)
        async with connect(peer) as transport:
            yield OneBotNetwork(style, transport, peer)
