"""A OneBot v11 implementation to test against: `OneBotWorld` behind real WebSockets, in both roles.

As a process of its own it makes load on a bot that listens:

    python -m tests.peers.onebot_impl --connect ws://127.0.0.1:6701/onebot/v11/ws --groups 100 --rate 1000 --seconds 10
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import time
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable

import orjson
from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.peers.onebot_world import Frame, OneBotWorld, Refused, readable


class OneBotImplementation:
    """`faults`: per action, what to answer instead, one after the other: an error text (retcode 1200), None for no answer
    at all, "late" for doing it without answering, or "held" for answering when `release` says so. `calls` is what was
    asked, in order. `delay_s` is how long every answer takes."""

    def __init__(self, world: OneBotWorld, *, token: str = "", reports_own: bool = True) -> None:
        self.world = world
        self.token = token
        self.reports_own = reports_own
        self.connections: dict[Connection, str] = {}
        self.calls: list[tuple[str, Frame]] = []
        self.counts: Counter[str] = Counter()
        self.faults: dict[str, list[str | None]] = defaultdict(list)
        self._called = asyncio.Condition()
        self.delay_s = 0.0
        self.on_call: Callable[[str, Frame], None] = lambda action, params: None
        self._held: list[tuple[Connection, Frame]] = []
        self._answering: set[asyncio.Task[None]] = set()
        self.refused = asyncio.Semaphore(0)
        """Released once for each connection that came with a wrong token."""
        self.is_deaf = False
        """While set, calls are read and never answered: the half-open state."""

    # -- connections ------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def reverse(self, url: str, *, role: str = "Universal", **headers: str) -> AsyncIterator[Connection]:
        """Connects to the bot, as implementations do: an empty token still makes a header."""
        sent = {"X-Self-ID": str(self.world.self_id), "X-Client-Role": role, "Authorization": f"Bearer {self.token}"}
        async with connect(
            url, additional_headers=sent | headers, compression=None, proxy=None, close_timeout=1
        ) as connection:
            self.connections[connection] = role.casefold()
            serving = asyncio.create_task(self._serve(connection, role.casefold()))
            try:
                yield connection
            finally:
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def forward(self, port: int = 0) -> AsyncIterator[str]:
        """Listens for the bot; gives the URL. A wrong token is refused after the handshake, as NapCat does it."""

        async def handle(connection: ServerConnection) -> None:
            assert connection.request is not None
            if self.token and connection.request.headers.get("Authorization") != f"Bearer {self.token}":
                await connection.send(
                    orjson.dumps({"status": "failed", "retcode": 1403, "data": None, "message": "token验证失败"}),
                    text=True,
                )
                self.refused.release()
                return
            path = connection.request.path.rstrip("/")
            await self._serve(connection, "api" if path == "/api" else "event" if path == "/event" else "universal")

        async with serve(handle, "127.0.0.1", port, compression=None) as server:
            yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"

    async def _serve(self, connection: Connection, role: str) -> None:
        self.connections[connection] = role
        try:
            if role != "api":
                await self._write(connection, self.world.lifecycle())
            async for raw in connection:
                await self._answer(connection, orjson.loads(raw))
        except ConnectionClosed:
            pass
        finally:
            self.connections.pop(connection, None)

    async def _answer(self, connection: Connection, request: Frame) -> None:
        action, params = request["action"], request.get("params") or {}
        self.calls.append((action, params))
        self.counts[action] += 1
        self.on_call(action, params)
        async with self._called:
            self._called.notify_all()
        fault = self.faults[action].pop(0) if self.faults[action] else ""
        if self.is_deaf or fault is None:
            return
        answer: Frame = {"status": "ok", "retcode": 0, "data": None, "echo": request.get("echo")}
        try:
            if fault and fault not in ("late", "held"):
                raise Refused(fault)
            answer["data"] = self.world.answer(action, params)
        except Refused as refused:
            answer |= {"status": "failed", "retcode": refused.retcode, "message": str(refused), "wording": str(refused)}
            if self.world.style == "lagrange":
                answer = {"status": "failed", "retcode": 404 if refused.retcode == 404 else 200, "data": None}
                answer["echo"] = request.get("echo")
        is_said = action in ("send_group_msg", "send_msg") and "group_id" in params
        if is_said and self.reports_own and answer["retcode"] == 0:
            room = self.world.rooms[int(params["group_id"])]
            await self.emit(room.history[-1])
        if fault == "held":
            self._held.append((connection, answer))
        elif self.delay_s:
            answering = asyncio.create_task(self._write_later(connection, answer))
            self._answering.add(answering)
            answering.add_done_callback(self._answering.discard)
        elif fault != "late":
            await self._write(connection, answer)

    async def release(self) -> None:
        """Gives the held answers, the last one first."""
        while self._held:
            await self._write(*self._held.pop())

    async def _write_later(self, connection: Connection, answer: Frame) -> None:
        await asyncio.sleep(self.delay_s)
        await self._write(connection, answer)

    # -- events -----------------------------------------------------------------------------------------------------

    async def emit(self, *frames: Frame) -> None:
        """Sends events to every connection that takes them."""
        for connection, role in list(self.connections.items()):
            if role != "api":
                for frame in frames:
                    await self._write(connection, frame)

    async def _write(self, connection: Connection, frame: Frame) -> None:
        with contextlib.suppress(ConnectionClosed):
            await connection.send(orjson.dumps(frame), text=True)

    async def called(self, action: str, times: int = 1, *, within_s: float = 10) -> list[Frame]:
        """Waits until the bot has called `action` that often; the params of all those calls."""
        async with asyncio.timeout(within_s), self._called:
            await self._called.wait_for(lambda: self.counts[action] >= times)
        return [params for name, params in self.calls if name == action]

    async def until(self, is_so: Callable[[], bool], *, within_s: float = 10) -> None:
        """Waits until `is_so`, which is asked after each call of the bot."""
        async with asyncio.timeout(within_s), self._called:
            await self._called.wait_for(is_so)

    # -- reading what the bot did -------------------------------------------------------------------------------------

    def said(self, group_id: int) -> list[str]:
        """What the group read from the bot: text, with mentions as `@…`."""
        return [
            readable(frame) for frame in self.world.rooms[group_id].history if frame["user_id"] == self.world.self_id
        ]


async def load(
    url: str,
    *,
    groups: int,
    members: int,
    rate: float,
    seconds: float,
    token: str = "",
    share: float = 0.1,
    delay_s: float = 0,
) -> Frame:
    """Chatter at `rate` messages a second, `share` of it the command 打卡 by members in turn; the answers counted and timed.

    An answer belongs to the oldest command of its group that is still open, as the bot keeps the order of a group.
    """
    world = OneBotWorld()
    for number in range(groups):
        world.found(600_000_001 + number, f"测试群{number + 1}", members=members)
    peer = OneBotImplementation(world, token=token, reports_own=False)
    peer.delay_s = delay_s
    open_commands: dict[int, deque[float]] = defaultdict(deque)
    latencies_ms: list[float] = []

    def timed(action: str, params: Frame) -> None:
        if action in ("send_group_msg", "send_msg") and open_commands[int(params["group_id"])]:
            latencies_ms.append((time.perf_counter() - open_commands[int(params["group_id"])].popleft()) * 1000)

    peer.on_call = timed
    every = round(1 / share) if share else 0
    sent = commands = 0
    async with peer.reverse(url) as connection:
        begun = time.perf_counter()
        while (elapsed := time.perf_counter() - begun) < seconds:
            for _ in range(max(0, int(elapsed * rate) - sent)):
                world.clock = int(time.time())
                if every and sent % every == 0:
                    place, text, commands = commands, "打卡", commands + 1
                else:
                    place, text = sent, f"今天读到第{sent % 300}页，很有意思"
                group, user = 600_000_001 + place % groups, 2_900_000_001 + place // groups % members
                if text == "打卡":
                    open_commands[group].append(time.perf_counter())
                frame = world.says(group, user, text)
                world.rooms[group].history.clear()
                await connection.send(orjson.dumps(frame), text=True)
                sent += 1
            await asyncio.sleep(0.001)
        with contextlib.suppress(TimeoutError):
            await peer.called("send_group_msg", commands, within_s=5)
        took = time.perf_counter() - begun
    return {
        "sent": sent,
        "commands": commands,
        "answers": len(latencies_ms),
        "seconds": round(took, 3),
        **{f"p{rank}_ms": round(_percentile(latencies_ms, rank / 100), 2) for rank in (50, 95, 99)},
    }


def _percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connect", required=True)
    parser.add_argument("--groups", type=int, default=100)
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--token", default="")
    parser.add_argument("--delay", type=float, default=0, help="seconds that every answer takes")
    parser.add_argument("--commands", type=float, default=0.1, help="share of messages that are 打卡")
    given = parser.parse_args()
    result = asyncio.run(
        load(
            given.connect,
            groups=given.groups,
            members=given.members,
            rate=given.rate,
            seconds=given.seconds,
            token=given.token,
            share=given.commands,
            delay_s=given.delay,
        )
    )
    print(orjson.dumps(result).decode())


if __name__ == "__main__":
    main()
