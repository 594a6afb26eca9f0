"""Faults 6 and 12: a network that answers late, never or with a refusal, and a database that refuses for a while."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, text

from storage.database import Database
from tests.faults.network import FIRST_MEMBER, Network
from tests.faults.site import FIRST_GROUP, Site
from tests.faults.storm import quiet
from tests.faults.verdict import judge

pytestmark = pytest.mark.timeout(180)


async def test_a_network_that_answers_badly(tmp_path: Path, database_url: str) -> None:
    """Never, late, refused, refused for its length: each check-in is credited, each answer said once or known as dead, and
    the order of the group is kept."""
    site = Site(tmp_path / "site", database_url, groups=2, call_timeout_s=0.5)
    site.start()
    async with Network(site, groups=2) as network:
        await network.online()
        network.world.clock -= 60
        await network.peer.emit(network.world.says(FIRST_GROUP, FIRST_MEMBER, "昨天"))
        network.peer.faults["send_group_msg"] = ["", "late", None, "消息过长 message too long", "", "late", ""]
        for number in range(10):
            await network.says(FIRST_GROUP, FIRST_MEMBER + number, "打卡")
        await quiet(site, network)
        assert await site.stop() == 0
        verdict = await asyncio.to_thread(judge, database_url, network.world)
    assert verdict.wrong == []
    assert verdict.credited == 10
    assert len(verdict.dead) == 1
    assert verdict.unknown == []
    assert verdict.answered == 9


async def test_a_muted_bot_waits(tmp_path: Path, sqlite_template: Path) -> None:
    """While the account may not speak nothing is lost; what it wanted to say is still queued, not dead."""
    url = f"sqlite:///{tmp_path}/qunops.db"
    site = Site(tmp_path / "site", url, groups=1)
    site.start()
    async with Network(site, groups=1) as network:
        await network.online()
        await network.peer.emit(network.world.mutes(FIRST_GROUP, network.world.self_id, 600))
        await network.says(FIRST_GROUP, FIRST_MEMBER, "打卡")
        await quiet(site, network, stalled_s=3)
        assert await site.stop() == 0
        assert network.peer.said(FIRST_GROUP) == []
    with Database(url, mode="read") as database, database.reading() as connection:
        assert connection.execute(text("SELECT status FROM outbox")).scalars().all() == ["ready"]
        assert connection.execute(text("SELECT count(*) FROM ledger")).scalar() == 1


async def test_a_database_that_refuses(tmp_path: Path, database_url: str) -> None:
    """SQLite: another program holds the write lock. PostgreSQL: the server ends our connection, in the middle of load, again
    and again. Nothing is lost, and the bot goes on by itself."""
    site = Site(tmp_path / "site", database_url, groups=3)
    site.start()
    async with Network(site, groups=3, rate=150) as network:
        await network.online()
        for group in network.groups:
            await network.says(group, FIRST_MEMBER, "早")
        await quiet(site, network)
        network.talk()
        for _ in range(4):
            await site.ended(0.7)
            await asyncio.to_thread(_disturb, database_url)
        await site.ended(0.5)
        network.hush()
        await quiet(site, network)
        assert await site.stop() == 0
        verdict = await asyncio.to_thread(judge, database_url, network.world)
    assert verdict.wrong == []
    assert verdict.buried == []
    assert verdict.unknown == []
    assert verdict.credited > 10
    assert len(network.ready_s) == 1


def _disturb(url: str) -> None:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        with sqlite3.connect(str(parsed.database), isolation_level=None) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("SELECT sum(length(hex(randomblob(20000000))))")
            connection.execute("ROLLBACK")
        connection.close()
        return
    plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'qunops'"
        )
