"""Faults 4, 8 and 9 on the running program: duplicates and disorder, poison, and frames that are none."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.faults.network import FIRST_MEMBER, Network
from tests.faults.site import FIRST_GROUP, Site
from tests.faults.storm import quiet
from tests.faults.verdict import Verdict, judge
from tests.peers.onebot_impl import OneBotImplementation
from tests.peers.onebot_world import Frame, OneBotWorld

pytestmark = pytest.mark.timeout(180)


@asynccontextmanager
async def running(folder: Path, url: str, groups: int = 3, members: int = 100) -> AsyncIterator[Network]:
    """A bot that runs; it must still run, and stop cleanly, at the end."""
    site = Site(folder, url, groups=groups)
    site.start()
    async with Network(site, groups=groups, members=members) as network:
        await network.online()
        yield network
        assert site.is_alive, site.last_words()
        await quiet(site, network)
        assert await site.stop() == 0


async def verdict_of(network: Network) -> Verdict:
    return await asyncio.to_thread(judge, network.site.database, network.world)


async def test_duplicates_and_disorder(tmp_path: Path, database_url: str) -> None:
    """A tenth of the messages twice, some ten minutes late, some again with another text, and all of them heard by a second
    account: every member is credited and answered once."""
    dice = random.Random(5)
    async with running(tmp_path / "site", database_url) as network:
        other = OneBotImplementation(OneBotWorld(self_id=3_000_000_002))
        for group in network.groups:
            other.world.found(group, "演练群", members=network.members)
        async with other.reverse(network.site.url):
            for number in range(network.members):
                for group in network.groups:
                    network.world.clock = other.world.clock = int(time.time()) - dice.choice((0,) * 19 + (540,))
                    text = "打卡" if number % 2 else f"读到第{number}页"
                    frame = network.world.says(group, FIRST_MEMBER + number, text)
                    await network.peer.emit(frame)
                    await other.emit(other.world.says(group, FIRST_MEMBER + number, text))
                    if dice.random() < 0.1:
                        await network.peer.emit(frame)
                    if dice.random() < 0.05:
                        again = deepcopy(frame)
                        again["message"][0]["data"]["text"] = again["raw_message"] = "打卡"
                        await network.peer.emit(again)
            await quiet(network.site, network)
    verdict = await verdict_of(network)
    assert verdict.wrong == []
    assert verdict.credited == verdict.answered == len(network.groups) * network.members // 2
    assert not any(
        frame["user_id"] == other.world.self_id for room in other.world.rooms.values() for frame in room.history
    )


POISON = (
    "好" * 350_000,
    "a\x00b",
    "反\u202e转\u2066了",
    "@" * 10_000,
    "\ud800孤",
    "👨‍👩‍👧" * 2000,
    "{{ 7*7 }}[CQ:at,qq=all]",
    "\n" * 5000,
)


async def test_poison(tmp_path: Path, database_url: str) -> None:
    """A megabyte, NUL, lone surrogates, text that runs backwards, ten thousand @, templates and CQ codes: the member behind
    each of them is answered as if nothing had been."""
    async with running(tmp_path / "site", database_url) as network:
        for number, text in enumerate(POISON):
            frame = network.world.says(FIRST_GROUP, FIRST_MEMBER + 50, text)
            frame["message"] = [{"type": "text", "data": {"text": text}}]
            frame["time"] = int(time.time())
            for connection in network.peer.connections:
                await connection.send(json.dumps(frame))
            await network.says(FIRST_GROUP, FIRST_MEMBER + number, "打卡")
        many = [{"type": "at", "data": {"qq": str(FIRST_MEMBER + n % 100)}} for n in range(10_000)]
        await network.says(FIRST_GROUP, FIRST_MEMBER + 51, many)
        await network.says(FIRST_GROUP, FIRST_MEMBER + len(POISON), "打卡")
    verdict = await verdict_of(network)
    assert verdict.wrong == []
    assert verdict.buried == []
    assert verdict.answered == len(POISON) + 1
    assert not any("49" in line or "all" in line for line in network.peer.said(FIRST_GROUP))


def hostile(good: Frame, count: int) -> Iterator[bytes | str]:
    """Frames that are certainly none."""
    dice = random.Random(9)
    whole = orjson.dumps(good)
    values: tuple[Any, ...] = (None, [], {}, "", -1, 10**400, 1e999, True, [[[]]], "x" * 300)
    for number in range(count):
        frame = deepcopy(good)
        match number % 8:
            case 0:
                yield whole[: dice.randrange(1, len(whole) - 1)].decode(errors="ignore")
            case 1:
                frame["message_id"] = dice.choice(([], {}, True, "x" * 300, 1.5))
                yield json.dumps(frame)
            case 2:
                frame["time"] = dice.choice(values)
                yield json.dumps(frame)
            case 3:
                del frame["user_id"], frame["sender"]
                yield json.dumps(frame)
            case 4:
                yield json.dumps(dice.choice(([], 1, "text", None, [good])))
            case 5:
                frame["self_id"] = 10**30
                yield json.dumps(frame)
            case 6:
                yield bytes(dice.randrange(256) for _ in range(40))
            case _:
                frame["group_id"] = dice.choice(({}, [], "x" * 300, 0, 1.5))
                yield json.dumps(frame)
    yield "[" * 100_000
    yield '{"a":' * 100_000


async def test_ten_thousand_malformed_frames(tmp_path: Path, sqlite_template: Path) -> None:
    """Each is counted, none costs the connection, and the hundred check-ins in between are all answered."""
    async with running(tmp_path / "site", f"sqlite:///{tmp_path}/qunops.db", members=100) as network:
        good = network.world.says(FIRST_GROUP, FIRST_MEMBER, "早")
        await network.peer.emit(good)
        (connection,) = network.peer.connections
        sent = 0
        for sent, raw in enumerate(hostile(good, 10_000), 1):
            await connection.send(raw)
            if sent % 100 == 0:
                await network.says(FIRST_GROUP, FIRST_MEMBER + sent // 100 - 1, "打卡")
    verdict = await verdict_of(network)
    assert verdict.wrong == []
    assert verdict.answered == 100
    assert len(network.ready_s) == 1, "the connection was lost"
    log = network.site.log.read_text(encoding="utf-8", errors="replace")
    assert log.count("malformed frame from") == sent
    assert "Traceback" not in log
