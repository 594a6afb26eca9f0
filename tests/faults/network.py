"""QQ around the bot: an implementation that reconnects for ever, and members who never stop talking."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.faults.site import FIRST_GROUP, Site
from tests.peers.onebot_impl import OneBotImplementation
from tests.peers.onebot_world import Frame, OneBotWorld

FIRST_MEMBER = 2_900_000_001
_WORDS = ("今天读到第三章", "这本书真好看", "哈哈哈哈", "收到", "周末去爬山吧", "谢谢分享", "孩子今天考试", "加油")


class Network:
    """Groups whose members talk at `rate` messages a second; what is said while the bot is away is in the history only."""

    def __init__(self, site: Site, *, groups: int = 10, members: int = 30, rate: float = 500, seed: int = 1) -> None:
        self.site, self.members, self.rate = site, members, rate
        self.world = OneBotWorld()
        self.world.clock = int(time.time())
        for number in range(groups):
            self.world.found(FIRST_GROUP + number, f"演练群{number + 1}", members=members)
        self.groups = list(self.world.rooms)
        self.peer = OneBotImplementation(self.world)
        self.dice = random.Random(seed)
        self.is_online = asyncio.Event()
        self.ready_s: list[float] = []
        """From each start of the process to the first connection that it took."""
        self._newcomers = self._members()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Network:
        self._tasks.append(asyncio.create_task(self._keep_connected()))
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.site.process is not None:  # a test that failed leaves no bot behind
            await self.site.kill()

    # -- the implementation -----------------------------------------------------------------------------------------

    async def _keep_connected(self) -> None:
        while True:
            with contextlib.suppress(OSError, InvalidHandshake, ConnectionClosed, TimeoutError):
                async with self.peer.reverse(self.site.url) as connection:
                    self.ready_s.append(time.monotonic() - self.site.started_s)
                    self.is_online.set()
                    await connection.wait_closed()
            self.is_online.clear()
            await asyncio.sleep(0.02)

    async def online(self, within_s: float = 120) -> bool:
        """Whether the bot takes the connection in time; False when its process ended before."""
        until = time.monotonic() + within_s
        while not self.is_online.is_set() and self.site.is_alive:
            assert time.monotonic() < until, f"not ready within {within_s} s:\n{self.site.last_words()}"
            if self._tasks[0].done():
                self._tasks[0].result()  # raises what ended it
            await asyncio.sleep(0.01)
        return self.is_online.is_set()

    # -- the members ------------------------------------------------------------------------------------------------

    def talk(self) -> None:
        """Begins the load."""
        self._tasks.append(asyncio.create_task(self._talk()))

    def hush(self) -> None:
        self._tasks.pop().cancel()

    async def says(self, group: int, user: int, text: str | list[Frame]) -> Frame:
        self.world.clock = int(time.time())
        frame = self.world.says(group, user, text)
        await self.peer.emit(frame)
        return frame

    async def _talk(self) -> None:
        begun, said = time.monotonic(), 0
        while True:
            for _ in range(int((time.monotonic() - begun) * self.rate) - said):
                await self.says(*self._line(said))
                said += 1
            await asyncio.sleep(0.005)

    def _line(self, place: int) -> tuple[int, int, str]:
        """Every tenth message is 打卡, half of them by somebody new; now and then a +1 and the owner's long post."""
        dice = self.dice
        group, user = dice.choice(self.groups), FIRST_MEMBER + dice.randrange(self.members)
        if place % 500 == 0:
            return group, 2_800_000_000 + group % 1000, "立即发送 长文"
        if place % 20 == 0:
            group, user = next(self._newcomers, (group, user))
            return group, user, "打卡"
        if place % 20 == 10:
            return group, user, "打卡"
        return group, user, "+1" if place % 50 == 7 else f"{dice.choice(_WORDS)}{place}"

    def _members(self) -> Iterator[tuple[int, int]]:
        for number in range(self.members):
            for group in self.groups:
                yield group, FIRST_MEMBER + number
