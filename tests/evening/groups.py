"""Where the evening happens: a simulated group in virtual time, or a OneBot group of a bot that runs as a process."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.sim.deeds import Joins, Says
from bot.sim.plans import ZONE, stage
from bot.sim.scenario import Guest, Scene, Setting
from bot.sim.simulation import Simulation
from bot.sim.tryout import opened
from tests.cli.running import Running, house
from tests.evening import cast
from tests.peers.onebot_impl import OneBotImplementation
from tests.peers.onebot_world import Frame, OneBotWorld, Person, readable

PATIENCE_S = 120.0


class SimGroup:
    """Virtual time: an evening passes as fast as the engine can work."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._heard = 0

    async def say(self, lines: Sequence[tuple[str, str]], over_s: float) -> None:
        begin = self._simulation.now
        for place, (name, text) in enumerate(lines):
            self._simulation.later(begin + timedelta(seconds=over_s * place / len(lines)), Says(name, text))
        await self.pause(over_s)

    async def join(self, name: str) -> None:
        self._simulation.do(Joins((name,)))

    async def hear(self, words: str) -> str:
        end = self._simulation.now + timedelta(seconds=PATIENCE_S)
        while True:
            entries = self._simulation.transcript.entries
            while self._heard < len(entries):
                entry = entries[self._heard]
                self._heard += 1
                if entry.who == "bot" and not entry.to and words in entry.line:
                    return entry.line
            if self._simulation.now > end:
                raise AssertionError(f"never heard {words!r}")
            await self.pause(0.2)

    def forget(self) -> None:
        self._heard = len(self._simulation.transcript.entries)

    async def pause(self, seconds: float) -> None:
        self._simulation.until(self._simulation.now + timedelta(seconds=seconds))

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        found = self._simulation.house.connection.exec_driver_sql(query).all()
        self._simulation.house.connection.commit()
        return [tuple(row) for row in found]

    def uid(self, name: str) -> str:
        return f"sim:{name}"


@asynccontextmanager
async def simulated(folder: Path, *, limits: bool = True) -> AsyncIterator[SimGroup]:
    """The evening's group on the simulator."""
    file = cast.furnish(folder, limit_s=20, debounce_s=5)
    guests = tuple(Guest(name=name) for name in cast.MEMBERS)
    setting = Setting(
        group=Scene(name="晚上好"), start="2026-03-02 19:30", limits=limits,
        members=(Guest(name=cast.OPERATOR, role="owner"), *guests), operators=(cast.OPERATOR,),
    )  # fmt: skip
    staged = stage([file], setting.group, setting.begins(ZONE))
    with opened(staged, setting) as simulation:
        yield SimGroup(simulation)


class OneBotGroup:
    """Real time over a real socket."""

    GROUP = 600_000_001

    def __init__(self, world: OneBotWorld, peer: OneBotImplementation, database: Path) -> None:
        self._world, self._peer, self._database = world, peer, database
        self._heard = 0
        self._ids = {person.nickname: user_id for user_id, person in world.rooms[self.GROUP].people.items()}

    async def say(self, lines: Sequence[tuple[str, str]], over_s: float) -> None:
        begin = time.monotonic()
        for place, (name, text) in enumerate(lines):
            await asyncio.sleep(max(0.0, begin + over_s * place / len(lines) - time.monotonic()))
            await self._emit(self._ids[name], text)
        await asyncio.sleep(max(0.0, begin + over_s - time.monotonic()))

    async def show(self, name: str, url: str) -> None:
        """A picture."""
        await self._emit(self._ids[name], [{"type": "image", "data": {"file": "a.png", "url": url}}])

    async def _emit(self, user_id: int, message: str | list[Frame]) -> None:
        self._world.clock = int(time.time())
        await self._peer.emit(self._world.says(self.GROUP, user_id, message))

    async def join(self, name: str) -> None:
        self._world.clock = int(time.time())
        user_id = self._ids[name] = 2_950_000_000 + len(self._ids)
        await self._peer.emit(self._world.joins(self.GROUP, user_id))
        self._world.rooms[self.GROUP].people[user_id] = Person(user_id, name, join_time=self._world.clock)

    async def hear(self, words: str) -> str:
        found: list[str] = []

        def is_said() -> bool:
            history = self._world.rooms[self.GROUP].history
            while self._heard < len(history) and not found:
                frame = history[self._heard]
                self._heard += 1
                if frame["user_id"] == self._world.self_id and words in readable(frame):
                    found.append(readable(frame))
            return bool(found)

        await self._peer.until(is_said, within_s=PATIENCE_S)
        return found[0]

    def forget(self) -> None:
        self._heard = len(self._world.rooms[self.GROUP].history)

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._database)) as connection:
            return connection.execute(query).fetchall()

    @property
    def pictures(self) -> list[str]:
        """What the bot sent as pictures."""
        parts = [part for name, params in self._peer.calls if name == "send_group_msg" for part in params["message"]]
        return [part["data"]["file"] for part in parts if part["type"] == "image"]

    def uid(self, name: str) -> str:
        return f"qq:{self._ids[name]}"


@asynccontextmanager
async def over_onebot(folder: Path, *, picture: bytes = b"") -> AsyncIterator[OneBotGroup]:
    """The evening's group of a bot that runs as a process."""
    env = house(folder)
    (folder / "playbooks" / "camp.yaml").unlink()
    cast.furnish(folder / "playbooks", limit_s=3, debounce_s=2, picture=picture)
    config = folder / "config.yaml"
    world = OneBotWorld()
    room = world.found(OneBotGroup.GROUP, "晚上好", members=len(cast.MEMBERS))
    for person, name in zip((one for one in room.people.values() if one.role == "member"), cast.MEMBERS, strict=True):
        person.nickname = name
    owner = next(person for person in room.people.values() if person.role == "owner")
    settings = json.loads(config.read_text("utf-8")) | {
        "operators": [f"qq:{owner.user_id}"],
        "images": {"allow_networks": ["127.0.0.0/8"]},
    }
    config.write_text(json.dumps(settings), "utf-8")
    peer = OneBotImplementation(world)
    with Running(env) as bot:
        address = next(line for line in bot.heard if "ws://" in line)
        url = next(word for word in address.split() if word.startswith("ws://"))
        async with peer.reverse(url):
            await peer.called("get_group_member_list", within_s=30)
            yield OneBotGroup(world, peer, folder / "data" / "qunops.db")
        bot.stop()
