"""The same over real WebSockets: a number is banned, another one sits in the group."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import App
from bot.config import HttpSettings, LimitSettings, Settings, SimulatorSettings
from bot.transports.onebot11 import OneBotSettings
from tests.peers.onebot_impl import OneBotImplementation
from tests.peers.onebot_world import OneBotWorld, Person
from tests.wechat.conftest import until

GROUP, MEMBER = 600_000_001, 2_900_000_001
OLD, NEW = 3_000_000_001, 3_000_000_002
CAMP = """\
playbook: camp
title: 共读营
groups: ["qq:600000001"]
plays:
  打卡: {kind: checkin, commands: [打卡], points: 5, content: {min_chars: 0}}
"""


class Ahead:
    """The machine's clock and some minutes."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


class Accounts:
    """The running bot and two numbers of ours in one group."""

    def __init__(self, app: App, clock: Ahead, database: Path) -> None:
        self.app, self.clock, self.database = app, clock, database
        self.each: dict[int, OneBotImplementation] = {}
        for number in (OLD, NEW):
            world = OneBotWorld(self_id=number, style="napcat")
            room = world.found(GROUP, "共读营")
            room.people.update({each: Person(each, "群小助") for each in (OLD, NEW) if each != number})
            self.each[number] = OneBotImplementation(world)
        self.connected = {number: AsyncExitStack() for number in self.each}

    async def comes(self, number: int) -> None:
        assert self.app.onebot is not None
        address = f"ws://127.0.0.1:{self.app.onebot.port}/onebot/v11/ws"
        await self.connected[number].enter_async_context(self.each[number].reverse(address))
        await until(lambda: f"qq:{number}" in self.app.engine.online)
        await self.each[number].called("get_group_member_list")

    async def goes(self, number: int) -> None:
        await self.connected[number].aclose()
        await until(lambda: f"qq:{number}" not in self.app.engine.online)

    async def says(self, member: int, words: str, *heard_by: int) -> None:
        for number in heard_by:
            world = self.each[number].world
            world.clock = int(self.clock.now().timestamp())
            await self.each[number].emit(world.says(GROUP, member, words))

    def count(self, query: str) -> int:
        """By a connection of its own: the writing thread holds the bot's."""
        with closing(sqlite3.connect(self.database)) as connection:
            return int(connection.execute(query).fetchone()[0] or 0)


@pytest.fixture
async def accounts(tmp_path: Path) -> AsyncIterator[Accounts]:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "camp.yaml").write_text(CAMP, "utf-8")
    clock = Ahead()
    app = App(
        Settings(
            database=f"sqlite:///{tmp_path}/qunops.db", playbooks=tmp_path / "playbooks",
            simulator=SimulatorSettings(enabled=False), onebot=OneBotSettings(port=0, pace_s=0),
            limits=LimitSettings(unlimited=True), http=HttpSettings(enabled=False),
        ),
        clock=clock,
    )  # fmt: skip
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    try:
        await asyncio.wait_for(app.is_ready.wait(), 20)
        made = Accounts(app, clock, tmp_path / "qunops.db")
        yield made
        for number in made.each:
            await made.connected[number].aclose()
        stop.set()
        await asyncio.wait_for(running, 20)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_banned_number_is_followed_by_another(accounts: Accounts) -> None:
    """What was said while nobody could speak is answered by the new one, and each word counts once."""
    old, new = accounts.each[OLD], accounts.each[NEW]
    await accounts.comes(OLD)
    await accounts.comes(NEW)
    await accounts.says(MEMBER, "打卡", OLD, NEW)
    await until(lambda: len(old.said(GROUP)) == 1)
    await accounts.goes(OLD)
    await accounts.says(MEMBER + 1, "打卡", NEW)
    await until(lambda: accounts.count("SELECT count(*) FROM message") == 3)
    assert new.said(GROUP) == []
    accounts.clock.by = timedelta(minutes=10)
    await until(lambda: len(new.said(GROUP)) == 1)
    await accounts.says(MEMBER + 2, "打卡", NEW)
    await until(lambda: len(new.said(GROUP)) == 2)
    assert len(old.said(GROUP)) == 1
    assert accounts.count("SELECT sum(msgs) FROM member_day") == 3
    assert accounts.count("SELECT sum(points) FROM balance") == 15
