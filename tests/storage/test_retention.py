"""Old rows go in small chunks; what is counted and what still waits stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, select

from storage import tables as t
from storage.database import Database
from storage.invariants import violations
from storage.retention import CHUNK, count, plan, run
from tests.storage.rows import DAY_MS, MONDAY_MS, Rows, add

NOW = datetime.fromtimestamp(MONDAY_MS / 1000, UTC) + timedelta(days=200)


def test_old_messages_go_in_chunks_and_the_rollup_stays(database: Database) -> None:
    """1,100 old messages take three transactions; the newest, the rollup, the ledger and open sends stay."""
    with database.begin() as connection:
        rows = Rows(connection)
        ming = rows.member("小明")
        base = {"account_id": rows.account, "chat_id": rows.chat, "member_id": ming, "platform_id": "", "kind": "text"}
        old = [
            {**base, "key": f"k{n}", "text": "旧", "sent_at": MONDAY_MS + n, "received_at": MONDAY_MS + n}
            for n in range(1100)
        ]
        connection.execute(insert(t.message), old)
        rows.says(ming, "新", MONDAY_MS + 199 * DAY_MS)
        rows.day(ming, msgs=1101, counted=10)
        rows.points(ming, 5)
        rows.outbox("sent")
        rows.outbox("waiting", "ready")
    with database.reading() as connection:
        cuts = plan(connection, NOW, {}, 180)
        assert sum(count(connection, cut) for cut in cuts) == 1101
    steps = [deleted for cut, deleted in run(database.begin, cuts, NOW) if cut.table is t.message]
    assert steps == [CHUNK, CHUNK, 100]
    with database.reading() as connection:
        left = {name: connection.execute(select(func.count()).select_from(t.metadata.tables[name])).scalar()
                for name in ("message", "member_day", "ledger", "outbox")}  # fmt: skip
        assert left == {"message": 1, "member_day": 1, "ledger": 1, "outbox": 1}
        assert violations(connection) == []
        assert connection.execute(select(t.audit.c.action).distinct()).scalars().all() == ["retention"]


def test_each_group_keeps_as_long_as_it_says(database: Database) -> None:
    """Days per group, the default for the others, 0 for everything."""
    with database.begin() as connection:
        rows = Rows(connection)
        for uid in ("qq:101", "qq:102"):
            add(connection, t.chat, uid=uid, platform="qq")
    with database.reading() as connection:
        cuts = plan(connection, NOW, {"qq:101": 7, "qq:102": 0}, 180)
    days = {cut.chat_id: (NOW.timestamp() * 1000 - cut.before) / DAY_MS for cut in cuts if cut.table is t.message}
    assert days == {rows.chat: 180, rows.chat + 1: 7}
    assert {cut.table.name for cut in cuts if cut.chat_id is None} == {"trace", "dead_event", "raw_frame"}
