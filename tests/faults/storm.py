"""Rounds of kills: start, let it work, kill -9 at a named point or at any time; at the end a clean start and the verdict."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from storage.database import Database
from tests.faults.network import FIRST_MEMBER, Network
from tests.faults.site import Site
from tests.faults.verdict import Verdict, judge

RARE = frozenset(("schedule.due", "schedule.fired", "reload.swap"))
_PATIENCE_S = 8.0


@dataclass
class Storm:
    """What happened. `ready_s`: each start until the first connection was taken."""

    kills: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    ready_s: list[float] = field(default_factory=list)
    took_s: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)

    def __str__(self) -> str:
        ready = sorted(self.ready_s)
        at = lambda share: ready[min(len(ready) - 1, int(share * len(ready)))]  # noqa: E731
        return (
            f"{len(self.kills)} kills in {self.took_s:.0f} s ({sum('=' in each for each in self.kills)} at named points),"
            f" points not reached: {self.missed or 'none'}\n"
            f"ready again: median {at(0.5):.2f} s, p95 {at(0.95):.2f} s, worst {ready[-1]:.2f} s of {len(ready)}\n"
            f"{self.verdict}"
        )


async def storm(
    folder: Path,
    database: str,
    rounds: Iterable[str],
    *,
    groups: int = 10,
    members: int = 30,
    rate: float = 500,
    posts: int = 20,
    every_s: float = 3.0,
    seed: int = 1,
    report: Callable[[str], None] = lambda line: None,
) -> Storm:
    """One kill for each of `rounds`: a failpoint (`commit.before=kill@3`), or "" for any time."""
    begun = time.monotonic()
    first = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=6)
    site = Site(folder, database, [first + timedelta(seconds=every_s * n) for n in range(posts)], groups)
    done, dice = Storm(), random.Random(seed)
    async with Network(site, groups=groups, members=members, rate=rate, seed=seed) as network:
        await _seed(site, network)
        network.talk()
        for number, failpoints in enumerate(rounds):
            site.start(failpoints)
            if await network.online():
                await _until_killed(site, failpoints, dice)
            was_alive = site.is_alive
            code = await site.kill()
            if code != -9:
                raise AssertionError(
                    f"ended by itself with {code} in round {number} ({failpoints}):\n{site.last_words()}"
                )
            if failpoints and was_alive:
                done.missed.append(failpoints)
            done.kills.append(failpoints)
            report(
                f"round {number + 1}: {failpoints or 'at random'}{' (not reached)' if failpoints and was_alive else ''}"
            )
        network.hush()
        await _settle(site, network)
        done.ready_s = network.ready_s
        done.verdict = await asyncio.to_thread(judge, database, network.world)
    done.took_s = time.monotonic() - begun
    return done


async def _seed(site: Site, network: Network) -> None:
    """A first clean run: every group has a logged message, so that from here on no gap is without a beginning, and its
    history is older than anything that is looked for."""
    site.start()
    await network.online()
    network.world.clock -= 60
    for group in network.groups:
        await network.peer.emit(network.world.says(group, FIRST_MEMBER, "早"))
    await quiet(site, network)
    await site.stop()


async def _until_killed(site: Site, failpoints: str, dice: random.Random) -> None:
    if not failpoints:
        await site.ended(dice.uniform(0.2, 2.5))
        return
    if failpoints.startswith("reload.swap"):
        await site.ended(0.5)
        site.touch()
    await site.ended(_PATIENCE_S)


async def _settle(site: Site, network: Network) -> None:
    """A clean run until nothing is left to do, and a clean stop."""
    site.start()
    await network.online()
    await quiet(site, network)
    code = await site.stop()
    assert code == 0, f"a clean stop ended with {code}:\n{site.last_words()}"


async def quiet(site: Site, network: Network, stalled_s: float = 60) -> None:
    """Until every message of the history is logged and nothing waits to be sent, or nothing has moved for `stalled_s`: on a busy
    machine a long gap takes long to read, and what is still being read isn't lost."""
    until, calm, before = time.monotonic() + stalled_s, 0, (0, 0)
    with Database(site.database, mode="read") as database:
        while calm < 3 and time.monotonic() < until:  # when time is up the verdict says what is missing
            said = sum(
                frame["user_id"] != network.world.self_id
                for room in network.world.rooms.values()
                for frame in room.history
            )
            logged, waiting = counts = await asyncio.to_thread(_counts, database)
            calm = calm + 1 if logged >= said and not waiting else 0
            if counts != before:
                until, before = time.monotonic() + stalled_s, counts
            await asyncio.sleep(0.3)


def _counts(database: Database) -> tuple[int, int]:
    query = text(
        "SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM outbox WHERE status IN ('ready', 'sending'))"
    )
    with database.reading() as connection:
        logged, waiting = connection.execute(query).one()
    return int(logged), int(waiting)
