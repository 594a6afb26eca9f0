"""Rankings: the same on both databases, equal to the pure function, explained by parts."""

from __future__ import annotations

import random
from datetime import date
from zoneinfo import ZoneInfo

from bot.core.scoring import COLUMNS, DEFAULT, since, total
from storage.boards import board
from storage.database import Database
from tests.storage.rows import DAY_MS, MONDAY_MS, Rows

ZONE = ZoneInfo("Asia/Shanghai")
TUESDAY = date(2026, 3, 3)


def test_activity_is_the_pure_function_summed_over_days(database: Database) -> None:
    """SQL and `Scoring.day` agree on every member, whatever the counts."""
    dice = random.Random(7)
    expected: dict[str, float] = {}
    with database.begin() as connection:
        rows = Rows(connection)
        for number in range(30):
            name = f"成员{number:02}"
            who = rows.member(name)
            days = []
            for day in range(1, 11):
                counts = {column: dice.choice([0, 0, 1, 3, 50, 2000]) for column in COLUMNS.values()}
                rows.day(who, f"2026-03-{day:02}", msgs=1, **counts)
                days.append(sum(DEFAULT.day(counts).values()))
            expected[f"qq:{name}"] = sum(days) / 1000
    with database.reading() as connection:
        found = board(connection, rows.chat, "activity", None)
    assert {score.member: score.total for score in found} == expected
    assert [score.total for score in found] == sorted(expected.values(), reverse=True)
    assert all(total(score.parts) == score.total for score in found)


def test_windows_names_and_who_is_ranked(database: Database) -> None:
    """This week only; the group's own names; bots and those who left are not ranked; nobody with nothing."""
    with database.begin() as connection:
        rows = Rows(connection)
        ming, hong = rows.member("小明"), rows.member("小红")
        gone, bot = rows.member("老王", left_at=MONDAY_MS), rows.member("群运", is_bot=1)
        silent = rows.member("潜水")
        for who in (ming, hong, gone, bot):
            rows.day(who, "2026-02-28", counted=30)
        rows.day(ming, "2026-03-02", counted=3, counted_chars=100)
        rows.day(hong, "2026-03-03", checkins=1)
        rows.day(silent, "2026-03-03", msgs=1)
    with database.reading() as connection:
        week = board(connection, rows.chat, "activity", since("week", TUESDAY, ZONE))
        assert [(s.name, s.total, dict(s.parts)) for s in week] == [
            ("小红", 5, {"checkins": 5}),
            ("小明", 3.5, {"messages": 3, "chars": 0.5}),
        ]
        everyone = board(connection, rows.chat, "activity", None, limit=1)
        assert [(s.name, s.total) for s in everyone] == [("小红", 35)]


def test_points_of_a_window_and_of_all_time(database: Database) -> None:
    """A window nets what was gained and spent within it; all time is the balance; parts are sources."""
    with database.begin() as connection:
        rows = Rows(connection)
        ming, hong = rows.member("小明"), rows.member("小红")
        rows.points(ming, 100, MONDAY_MS - 1)
        rows.points(ming, 5, MONDAY_MS)
        rows.points(ming, -20, MONDAY_MS + 1, source="makeup")
        rows.points(hong, 5, MONDAY_MS + DAY_MS)
        rows.points(hong, 10, MONDAY_MS + DAY_MS, source="quiz")
    with database.reading() as connection:
        week = board(connection, rows.chat, "points", since("week", TUESDAY, ZONE))
        assert [(s.name, s.total, dict(s.parts)) for s in week] == [("小红", 15, {"checkin": 5, "quiz": 10})]
        every = board(connection, rows.chat, "points", None)
        assert [(s.name, s.total) for s in every] == [("小明", 85), ("小红", 15)]
        assert dict(every[0].parts) == {"checkin": 105, "makeup": -20}
