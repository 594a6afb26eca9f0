"""A sound database has no violation; each kind of damage is found and named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from storage import tables as t
from storage.database import Database
from storage.invariants import violations
from tests.storage.rows import MONDAY_MS, Rows, add


def _sound(rows: Rows) -> None:
    ming = rows.member("小明")
    for minute in range(3):
        rows.says(ming, "好", MONDAY_MS + minute * 60_000)
    rows.says(ming, "好", MONDAY_MS + 200_000, flags=16)
    rows.day(ming, msgs=3, counted=3)
    rows.points(ming, 5)
    rows.points(ming, -2)
    note(rows, "checkin", "a")
    note(rows, "checkin_undone", "b")
    note(rows, "checkin", "c")
    rows.outbox("sent")
    rows.outbox("waiting", "ready")
    chain = rows.new_run("共读/接龙", "chain")
    for key in ("c1/h", "c1/e1", "c1/e2", "c1/s1", "f/qq:1"):
        add(rows.connection, t.slot, run_id=chain, key=key, data="{}")


def note(rows: Rows, what: str, key: str) -> None:
    add(
        rows.connection, t.note, run_id=rows.run, chat_id=rows.chat, member_id=1, what=what, key=key,
        data='{"day": "2026-03-02"}', at=MONDAY_MS,
    )  # fmt: skip


def sql(statement: str) -> Callable[[Rows], None]:
    def run(rows: Rows) -> None:
        rows.connection.execute(text(statement))

    return run


def _doubled(rows: Rows) -> None:
    rows.says(1, "好", MONDAY_MS, key="again", platform_id="1", received_at=MONDAY_MS + 10**7)
    sql("UPDATE member_day SET msgs = 4")(rows)


DAMAGE: list[tuple[str, str, Callable[[Rows], None]]] = [
    ("I1", "存了 2 次", _doubled),
    ("I2", "日汇总 2 条，日志 3 条", sql("UPDATE member_day SET msgs = 2, counted = 2")),
    ("I2", "计分发言多于发言", sql("UPDATE member_day SET counted = 4")),
    ("I3", "积分余额 4，流水合计 3", sql("UPDATE balance SET points = 4")),
    ("I3", "之后的余额不对", sql("UPDATE ledger SET balance_after = 1 WHERE delta = 5")),
    ("I3", "账户 issue 有 -4 分，流水合计 -3", sql("UPDATE fund SET points = -4")),
    ("I3", "所有账户合计 -1 分", sql("UPDATE fund SET points = -4")),
    ("I4", "在 2026-03-02 记了 2 次打卡", lambda rows: note(rows, "checkin", "d")),
    ("I5", "没有头", sql("DELETE FROM slot WHERE key = 'c1/h'")),
    ("I5", "有缺口", sql("UPDATE slot SET key = 'c1/e3' WHERE key = 'c1/e2'")),
    ("I7", "状态 done 与结束时间矛盾", sql("UPDATE outbox SET settled_at = NULL")),
    ("I8", "排在更晚到达的消息之后", sql("UPDATE message SET received_at = received_at - 600000 WHERE id = 3")),
]  # fmt: skip


def test_a_sound_database(database: Database) -> None:
    """Nothing is reported where nothing is wrong."""
    with database.begin() as connection:
        _sound(Rows(connection))
    with database.reading() as connection:
        assert violations(connection) == []


@pytest.mark.parametrize(("code", "words", "damage"), DAMAGE, ids=[f"{code}-{words}" for code, words, _ in DAMAGE])
def test_damage_is_found(database: Database, code: str, words: str, damage: Callable[[Rows], None]) -> None:
    """Each damage is reported under its code, and nothing of another code with it."""
    with database.begin() as connection:
        rows = Rows(connection)
        _sound(rows)
        damage(rows)
    with database.reading() as connection:
        found = violations(connection)
    assert {violation.code for violation in found} == {code}
    assert any(words in violation.message for violation in found)


def test_a_timer_that_fired_for_two_accounts(database: Database) -> None:
    """I6: the same firing stored under two accounts."""
    with database.begin() as connection:
        rows = Rows(connection)
        second = add(connection, t.account, uid="qq:2", platform="qq")
        for account in (rows.account, second):
            add(
                connection, t.event, account_id=account, chat_id=rows.chat, key="共读/打卡/qq:100#summary@1",
                kind="TimerFired", at=1, received_at=1, data="{}",
            )  # fmt: skip
    with database.reading() as connection:
        assert [(v.code, "触发了 2 次" in v.message) for v in violations(connection)] == [("I6", True)]


def test_nothing_is_on_its_way_when_the_bot_is_stopped(database: Database) -> None:
    """A row left in `sending` is a violation only once nobody is sending."""
    with database.begin() as connection:
        Rows(connection).outbox("o", "sending")
    with database.reading() as connection:
        assert violations(connection) == []
        assert [v.code for v in violations(connection, is_stopped=True)] == ["I7"]


def test_a_reference_to_nobody(database: Database) -> None:
    """I9: neither database checks references by itself where rows are written for every message."""
    with database.begin() as connection:
        Rows(connection).outbox("o", chat_id=99)
    with database.reading() as connection:
        assert [v.message for v in violations(connection)] == [
            "outbox 有 1 行指向不存在的 chat · 1 rows of outbox point to a missing chat"
        ]
