"""The console's users, and what its pages read, on both databases."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from storage import console, groups, overview
from storage import tables as t
from storage.console import GrantRow
from storage.database import Database
from tests.storage.rows import DAY_MS, MONDAY_MS, Rows, add

OWNER = GrantRow(role="owner")


def made(database: Database, name: str = "boss", grant: GrantRow = OWNER) -> int:
    with database.begin() as connection:
        found = console.add_user(connection, name, "hash", [grant], actor="test", now=MONDAY_MS)
    assert found is not None
    return found


async def test_users_and_their_grants(database: Database) -> None:
    """A name is taken once; grants are replaced as a whole; the audit log says who did it."""
    user_id = made(database)
    with database.begin() as connection:
        assert console.add_user(connection, "boss", "x", [], actor="test", now=1) is None
        assert console.add_user(connection, "late", "x", [OWNER], actor="test", now=1, only_if_first=True) is None
        narrow = GrantRow(role="viewer", groups=("qq:1", "tag:华东"), actions=("*.see",))
        console.set_grants(connection, user_id, [narrow, OWNER], actor="test", now=2)
        assert console.owners(connection) == {user_id}
        console.set_grants(connection, user_id, [narrow], actor="test", now=2)
        assert console.owners(connection) == set()
    async with database.async_reading() as connection:
        assert (await console.grants(connection, [user_id]))[user_id] == [narrow]
        assert await console.count_users(connection) == 1
        assert [row.action for row in await console.audit(connection)] == ["user.grants", "user.grants", "user.add"]
        first = (await console.audit(connection))[-1]
        assert json.loads(first.detail)["grants"][0]["role"] == "owner"
        assert await console.audit(connection, before=first.id) == []
        assert await console.audit(connection, actor="nobody") == []


async def test_sessions_begin_and_end(database: Database) -> None:
    """By idling, by age, by a new password, by disabling, by signing out; a new one takes the place of the old."""
    user_id = made(database)

    def opened(hash: str, replaces: str = "") -> None:
        with database.begin() as connection:
            console.open_session(
                connection, user_id, hash, now=1000, expires_at=9000, address="::1", agent="x", replaces=replaces
            )

    async def lives(hash: str, now: int) -> bool:
        async with database.async_reading() as connection:
            return await console.session(connection, hash, now=now, idle_ms=2000) is not None

    opened("a")
    assert await lives("a", 2999)
    assert not await lives("a", 3000)
    with database.begin() as connection:
        console.touch_session(connection, "a", 8000)
    assert await lives("a", 8999)
    assert not await lives("a", 9000)
    opened("b", replaces="a")
    assert not await lives("a", 2000)
    opened("c")
    with database.begin() as connection:
        console.set_password(connection, user_id, "new", actor="test", now=2000, keep="c")
    assert not await lives("b", 2000)
    assert await lives("c", 2000)
    with database.begin() as connection:
        console.set_disabled(connection, user_id, True, actor="test", now=2000)
        console.set_disabled(connection, user_id, False, actor="test", now=2000)
    assert not await lives("c", 2000)


async def test_tokens(database: Database) -> None:
    """Of one's own only; used, expired, revoked once."""
    user_id, other = made(database), made(database, "other")
    bounds = (("qq:1",), ("*",), ("*.see",))
    with database.begin() as connection:
        token = console.add_token(connection, user_id, "看板", "h", bounds, actor="test", now=1, expires_at=5000)
    async with database.async_reading() as connection:
        found = await console.token(connection, "h", now=4999)
        assert found is not None
        assert console.bounds_of(found) == bounds
        assert await console.token(connection, "h", now=5000) is None
        assert [row.name for row in await console.tokens(connection, user_id)] == ["看板"]
        assert await console.tokens(connection, other) == []
    with database.begin() as connection:
        console.touch_token(connection, token, 7)
        assert not console.revoke_token(connection, token, actor="test", now=8, user_id=other)
        assert console.revoke_token(connection, token, actor="test", now=8)
        assert not console.revoke_token(connection, token, actor="test", now=9)
    async with database.async_reading() as connection:
        assert await console.token(connection, "h", now=10) is None


async def test_a_change_that_fails_leaves_no_trace(database: Database) -> None:
    """The audit row is in the transaction of the change."""
    user_id = made(database)

    def fail() -> None:
        with database.begin() as connection:
            console.set_disabled(connection, user_id, True, actor="test", now=2)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    async with database.async_reading() as connection:
        assert [row.action for row in await console.audit(connection)] == ["user.add"]


async def test_what_today_reads(database: Database) -> None:
    """What is due first, what waits longest; paused schedules and closed runs are silent."""
    with database.begin() as connection:
        rows = Rows(connection)
        second = rows.new_run("共读/接龙", "chain")
        for run, name, at, paused in ((rows.run, "remind", 300, 0), (second, "open", 100, 0), (second, "off", 50, 1)):
            add(connection, t.schedule, run_id=run, name=name, spec="{}", next_at=at, is_paused=paused)
        add(connection, t.timer, run_id=rows.run, name="close", due_at=200)
        who = rows.member("小明")
        for key, expires in (("kick:1", 900), ("kick:2", None), ("kick:3", 100)):
            add(
                connection, t.task, run_id=rows.run, chat_id=rows.chat, member_id=who, key=key, text="?", choices='["好"]',
                created_at=1, expires_at=expires,
            )  # fmt: skip
        add(connection, t.gap, account_id=rows.account, from_at=77, to_at=0)
    async with database.session() as session:
        assert [(row.name, row.at) for row in await overview.next_firings(session, limit=2)] == [
            ("open", 100),
            ("close", 200),
        ]
        waiting = await overview.waiting(session, limit=10)
        assert [row.key for row in waiting] == ["kick:3", "kick:1", "kick:2"]
        assert {row.member_name for row in waiting} == {"小明"}
        place = await overview.task(session, waiting[0].id)
        assert (place.chat, place.ref, place.choices) == ("qq:100", "共读/打卡", '["好"]')
        assert await overview.task(session, 10**6) is None
        assert [(row.uid, row.gone_since) for row in await overview.accounts(session)] == [("qq:900", 77)]
        assert len(await overview.running(session)) == 2


async def test_what_relay_questions_ask_for(database: Database) -> None:
    with database.begin() as connection:
        rows = Rows(connection)
        add(
            connection, t.task, run_id=rows.run, chat_id=rows.chat, key="@relay:1", text="?", choices="[]", created_at=1
        )
        task = connection.execute(select(t.task.c.id)).scalar_one()
        for n in range(2):
            rows.outbox(f"o{n}", "relayed")
            row = connection.execute(select(func.max(t.outbox.c.id))).scalar_one()
            add(connection, t.relay, outbox_id=row, task_id=task)
    async with database.session() as session:
        assert {key: len(found) for key, found in (await overview.relayed(session)).items()} == {task: 2}


async def test_a_groups_messages(database: Database) -> None:
    """Searching, going on, looking around one message; what two accounts saw is shown once."""
    with database.begin() as connection:
        rows = Rows(connection)
        who = rows.member("小明")
        ids = [rows.says(who, f"第 {n} 句", MONDAY_MS + n // 2) for n in range(10)]
        rows.says(who, "第 9 句", MONDAY_MS + 20, flags=16)
    async with database.session() as session:
        newest = await groups.newest(session, rows.chat, limit=3)
        assert [row.text for row in newest] == ["第 9 句", "第 8 句", "第 7 句"]
        assert await groups.count_between(session, rows.chat, ids[1], ids[7]) == 5
        found = await groups.messages(session, rows.chat, before=ids[8], limit=3)
        assert [row.id for row in found] == [ids[7], ids[6], ids[5]]
        around = await groups.around(session, rows.chat, ids[5], each=2)
        assert [row.id for row in around] == [ids[7], ids[6], ids[5], ids[4], ids[3]]


async def test_a_groups_members_and_runs(database: Database) -> None:
    """Those who are here, last heard first; runs with what they do next."""
    with database.begin() as connection:
        rows = Rows(connection)
        quiet, loud = rows.member("安静"), rows.member("热闹")
        rows.member("走了", left_at=MONDAY_MS)
        add(
            connection,
            t.member_day,
            chat_id=rows.chat,
            day="2026-03-02",
            member_id=loud,
            msgs=3,
            last_at=MONDAY_MS + DAY_MS,
        )
        add(connection, t.tag, chat_id=rows.chat, member_id=quiet, tag="新人", at=1)
        add(connection, t.schedule, run_id=rows.run, name="remind", spec="{}", next_at=300)
        add(connection, t.timer, run_id=rows.run, name="close", due_at=200)
        add(connection, t.day_stat, chat_id=rows.chat, day="2026-03-02", from_at=0, to_at=1, msgs=3, active=1)
        rows.new_run("共读/接龙", "chain")
    async with database.session() as session:
        found, total = await groups.members(session, rows.chat, containing="", offset=0, limit=10)
        assert ([row.name for row in found], total) == (["热闹", "安静"], 2)
        found, total = await groups.members(session, rows.chat, containing="安", offset=0, limit=10)
        assert ([row.name for row in found], total) == (["安静"], 1)
        assert await groups.tags(session, rows.chat, [quiet, loud]) == {quiet: ["新人"]}
        assert await groups.roster_size(session, rows.chat) == 2
        runs = await groups.runs(session, rows.chat)
        assert [(run.ref, run.at, run.name) for run in runs] == [("共读/打卡", 200, "close"), ("共读/接龙", None, None)]
        assert [(row.day, row.msgs) for row in await groups.days(session, "2026-03-01")] == [("2026-03-02", 3)]
        assert await groups.first_days(session, [rows.chat]) == {rows.chat: "2026-03-02"}
        plays, tasks, failed, broken = await groups.open_counts(session)
        assert (plays, tasks, failed, broken) == ({rows.chat: 2}, {}, {}, set())
        assert (await groups.chat(session, "qq:100")).account == "qq:900"
        assert await groups.chat(session, "qq:404") is None
