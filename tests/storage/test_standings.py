"""Standings are history: written when they change, asked for any day."""

from __future__ import annotations

from sqlalchemy import func, select

from bot.core.tiers import Facts
from storage import people, standings
from storage import tables as t
from storage.database import Database
from tests.insight.scene import Scene, name_of
from tests.storage.rows import DAY_MS, MONDAY_MS


def test_only_changes_are_rows(database: Database) -> None:
    """The same place costs nothing; a change closes the old row; who has gone has none; a second writing changes nothing."""
    with database.begin() as connection:
        scene = Scene(connection)
        ming, hong = scene.member("小明"), scene.member("小红")
        assert standings.write(connection, scene.chat, "pyramid", "2026-03-02", {ming: "基础", hong: "基础"}) == 2
        for _ in range(2):
            standings.write(connection, scene.chat, "pyramid", "2026-03-03", {ming: "激活", hong: "基础"})
        standings.write(connection, scene.chat, "pyramid", "2026-03-04", {ming: "核心"})
        assert connection.execute(select(func.count()).select_from(t.standing)).scalar() == 4
        shares = [standings.shares(connection, scene.chat, f"2026-03-0{n}").get("pyramid", {}) for n in range(1, 6)]
        assert shares == [{}, {"基础": 2}, {"激活": 1, "基础": 1}, {"核心": 1}, {"核心": 1}]
        moves = standings.transitions(connection, scene.chat, "pyramid", "2026-03-02", "2026-03-04")
        assert moves == {("基础", "核心"): 1, ("基础", ""): 1}
        assert [(r.uid, r.value, r.since) for r in standings.holders(connection, scene.chat, "pyramid")] == [
            ("qq:小明", "核心", "2026-03-04")
        ]


def test_a_place_replaced_on_its_own_day(database: Database) -> None:
    """Placed twice on one day, the later one counts, and there is one row."""
    with database.begin() as connection:
        scene = Scene(connection)
        ming = scene.member("小明")
        standings.write(connection, scene.chat, "ladder", "2026-03-02", {ming: "新人"})
        standings.write(connection, scene.chat, "ladder", "2026-03-02", {ming: "尝试"})
        assert standings.shares(connection, scene.chat, "2026-03-02") == {"ladder": {"尝试": 1}}
        assert connection.execute(select(func.count()).select_from(t.standing)).scalar() == 1


def test_a_month_of_facts(database: Database) -> None:
    """Days, help, answers, links and silence of the last thirty days, of people only, who are still there."""
    with database.begin() as connection:
        scene = Scene(connection)
        ming, hong = scene.member("小明"), scene.member("小红")
        silent, gone = scene.member("潜水"), scene.member("老王", left_at=MONDAY_MS)
        robot = scene.member("群运", is_bot=1)
        scene.tell(gone, "早", MONDAY_MS)
        scene.tell(robot, "早", MONDAY_MS)
        scene.tell(ming, "请问今天读到哪里?", MONDAY_MS + 39 * DAY_MS)
        scene.tell(hong, "第三章", MONDAY_MS + 39 * DAY_MS + 5000, reply_to="3")
        scene.tell(hong, "早", MONDAY_MS + 20 * DAY_MS)
        scene.bump(hong, MONDAY_MS + 20 * DAY_MS, checkins=1, helped=2)
        scene.count()
        found, observed = people.month(connection, scene.chat, name_of(39))
    assert observed == 40
    ranks = {facts.uid: facts.rank for facts in found}
    assert ranks["qq:小明"] > ranks["qq:小红"] > ranks["qq:潜水"] == 0
    assert {facts.uid: facts for facts in found} == {
        "qq:小明": Facts(
            id=ming, uid="qq:小明", name="小明", joined_days=40, silent_days=0, days=1, msgs=1, received_from=1, days_now=1,
            rank=ranks["qq:小明"],
        ),
        "qq:小红": Facts(
            id=hong, uid="qq:小红", name="小红", joined_days=40, silent_days=0, days=2, msgs=2, given=3, plays=1,
            helped_people=1, answers=1, days_before=1, days_now=1, rank=ranks["qq:小红"],
        ),
        "qq:潜水": Facts(id=silent, uid="qq:潜水", name="潜水", joined_days=40),
    }  # fmt: skip
