"""What the console reads, on both databases."""

from __future__ import annotations

from storage import reads
from storage import tables as t
from storage.database import Database
from tests.storage.rows import MONDAY_MS, Rows, add


async def test_messages_page_newest_first(database: Database) -> None:
    """Pages join without a gap or a repeat, also among messages of the same millisecond."""
    with database.begin() as connection:
        rows = Rows(connection)
        ming = rows.member("小明")
        for number in range(7):
            rows.says(ming, f"第{number}条", MONDAY_MS + number // 3)
        rows.says(None, "系统消息", MONDAY_MS + 9)
    async with database.session() as session:
        chat = await reads.chat_id(session, "qq:100")
        assert chat == rows.chat
        first = await reads.messages(session, chat, limit=4)
        second = await reads.messages(session, chat, before=first[-1].id, limit=10)
        assert [row.text for row in [*first, *second]] == ["系统消息", *(f"第{n}条" for n in range(6, -1, -1))]
        assert [(row.member, row.name) for row in first[:2]] == [(None, ""), ("qq:小明", "小明")]
        assert [row.text for row in await reads.messages(session, chat, containing="3")] == ["第3条"]
        assert await reads.messages(session, chat, containing="%") == []
        assert [row.uid for row in await reads.chats(session)] == ["qq:100"]


async def test_a_member_s_days_and_points(database: Database) -> None:
    """History comes from the rollup and the ledger, newest first."""
    with database.begin() as connection:
        rows = Rows(connection)
        ming = rows.member("小明")
        for day in ("2026-03-01", "2026-03-02"):
            rows.day(ming, day, msgs=2, checkins=1)
        rows.points(ming, 5)
        rows.points(ming, 10, reason="满 3 天")
    async with database.session() as session:
        days = await reads.member_history(session, rows.chat, "qq:小明")
        assert [(row.day, row.msgs) for row in days] == [("2026-03-02", 2), ("2026-03-01", 2)]
        entries = await reads.points_history(session, rows.chat, "qq:小明")
        assert [(row.delta, row.balance_after, row.reason) for row in entries] == [(10, 15, "满 3 天"), (5, 5, "打卡")]


async def test_the_outbox_by_status_and_health(database: Database) -> None:
    """What failed is listed apart; the health figures count each kind."""
    with database.begin() as connection:
        rows = Rows(connection)
        for idem, status in (("a", "done"), ("b", "dead"), ("c", "unknown"), ("d", "ready"), ("e", "sending")):
            rows.outbox(idem, status)
        rows.says(rows.member("小明"), "早")
        add(connection, t.dead_event, chat_id=rows.chat, cause="m1", error="KeyError", detail="…", at=MONDAY_MS)
        add(connection, t.gap, account_id=rows.account, from_at=1, to_at=2)
        add(
            connection, t.task, run_id=rows.run, chat_id=rows.chat, key="join:1", text="放行吗?", choices="[]",
            created_at=MONDAY_MS,
        )  # fmt: skip
    async with database.session() as session:
        assert [row.idem for row in await reads.outbox(session)] == ["e", "d", "c", "b", "a"]
        assert [row.idem for row in await reads.outbox(session, status="failed")] == ["c", "b"]
        assert [row.idem for row in await reads.outbox(session, status="dead", chat=rows.chat)] == ["b"]
        assert [row.idem for row in await reads.outbox(session, before=3, limit=1)] == ["b"]
        health = await reads.health(session)
        assert (health.outbox_waiting, health.outbox_sending, health.outbox_dead, health.outbox_unknown) == (1, 1, 1, 1)
        assert (health.oldest_ready_at, health.newest_message_at) == (MONDAY_MS, MONDAY_MS)
        assert (health.chats, health.runs_open, health.tasks_open, health.gaps_open, health.dead_events) == (1,) * 5
        assert [row.chat for row in await reads.dead_events(session)] == ["qq:100"]
        assert [(row.text, row.ref) for row in await reads.open_tasks(session)] == [("放行吗?", "共读/打卡")]
        assert [row.account for row in await reads.gaps(session)] == ["qq:900"]
        assert await reads.gaps(session, chat=rows.chat) == []


async def test_traces_by_whatever_names_the_cause(database: Database) -> None:
    """`why` finds the steps by the event's key, the platform's message id, or the answer that was sent."""
    with database.begin() as connection:
        rows = Rows(connection)
        rows.says(rows.member("小明"), "打卡", key="77@1", platform_id="77")
        rows.outbox("共读/打卡|1", cause="77@1", message_id="b9")
        add(
            connection, t.trace, chat_id=rows.chat, run_id=rows.run, ref="共读/打卡", cause="77@1", at=1, version="v",
            event="MessageReceived", why='{"窗口": "05:00-23:59"}', before="{}", after="{}", effects="[]",
        )  # fmt: skip
    async with database.session() as session:
        for name in ("77@1", "77", "b9", "共读/打卡|1"):
            found = await reads.traces_of(session, name)
            assert [(row.ref, row.chat) for row in found] == [("共读/打卡", "qq:100")], name
        assert await reads.traces_of(session, "77", chat=rows.chat + 1) == []
