"""Courses of deeds from rollup, notes and questions; on both databases."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.deeds import DEEDS
from storage import deeds
from storage import tables as t
from storage.database import Database
from tests.storage.rows import DAY_MS, MONDAY_MS, Rows, add

ZONE = ZoneInfo("Asia/Shanghai")


def day_of(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZONE).date().isoformat()


def note(rows: Rows, run: int, who: int | None, what: str, key: str, at: int = MONDAY_MS, **data: Any) -> None:
    add(rows.connection, t.note, run_id=run, chat_id=rows.chat, member_id=who, what=what, key=key,
        data=json.dumps(data), at=at)  # fmt: skip


def test_every_deed_is_read_from_where_it_was_written(database: Database) -> None:
    """Counters of the rollup, made-up days and leave, right answers, a perfect quiz, lines of 接龙, first answers."""
    with database.begin() as connection:
        rows = Rows(connection)
        ming, hong = rows.member("小明"), rows.member("小红")
        quiz, chain = rows.new_run("共读/答题", "quiz"), rows.new_run("共读/接龙", "chain")
        rows.day(ming, "2026-03-02", msgs=9, counted=7, checkins=2, answers=3, helped=1, replied=2)
        rows.day(ming, "2026-03-05", msgs=1, counted=0, checkins=1)
        rows.day(hong, "2026-03-02", msgs=4, counted=4)
        note(rows, rows.run, ming, "makeup", "qq:小明|2026-03-03")
        note(rows, rows.run, ming, "leave", "qq:小明|2026-03-04")
        for index in range(3):
            note(rows, quiz, None, "quiz_item", f"s1|{index}")
            note(rows, quiz, ming, "quiz", f"s1|{index}|qq:小明", MONDAY_MS + DAY_MS, is_right=True)
            note(rows, quiz, hong, "quiz", f"s1|{index}|qq:小红", MONDAY_MS + DAY_MS, is_right=index < 2)
        for index in range(2):
            note(rows, quiz, None, "quiz_item", f"s2|{index}")
            note(rows, quiz, hong, "quiz", f"s2|{index}|qq:小红", is_right=True)
        note(rows, chain, ming, "chain_entry", "1:1")
        note(rows, chain, ming, "chain_entry", "1:2")
        note(rows, chain, ming, "chain_entry", "2:1", MONDAY_MS + DAY_MS)
        note(rows, chain, hong, "chain", "1", entries=[{}, {}, {}])
        note(rows, chain, hong, "chain", "2", entries=[{}, {}])
        add(connection, t.question, chat_id=rows.chat, day="2026-03-02", message_id=1, member_id=ming,
            asked_at=MONDAY_MS, answered_by=hong, answer_ms=5)  # fmt: skip
        add(
            connection,
            t.question,
            chat_id=rows.chat,
            day="2026-03-02",
            message_id=2,
            member_id=ming,
            asked_at=MONDAY_MS,
        )
    with database.reading() as connection:
        found = deeds.courses(connection, rows.chat, DEEDS.keys(), day_of)
        assert {deed: dict(days) for deed, days in found[ming].items()} == {
            "messages": {"2026-03-02": 7},
            "active_days": {"2026-03-02": 1, "2026-03-05": 1},
            "active_streak": {"2026-03-02": 1, "2026-03-05": 1},
            "checkins": {"2026-03-02": 2, "2026-03-05": 1},
            "checkin_streak": {"2026-03-02": 1, "2026-03-03": 1, "2026-03-04": 0, "2026-03-05": 1},
            "answers": {"2026-03-02": 3},
            "helped": {"2026-03-02": 1},
            "replied": {"2026-03-02": 2},
            "quiz_right": {"2026-03-03": 3},
            "quiz_perfect": {"2026-03-03": 1},
            "chains": {"2026-03-02": 1, "2026-03-03": 1},
        }
        assert {
            deed: dict(days) for deed, days in found[hong].items() if deed.startswith(("quiz", "chain", "first"))
        } == {
            "quiz_right": {"2026-03-02": 2, "2026-03-03": 2},
            "chains_led": {"2026-03-02": 1},
            "first_answers": {"2026-03-02": 1},
        }
        assert deeds.courses(connection, rows.chat, DEEDS.keys(), day_of, [ming]) == {ming: found[ming]}
        assert deeds.courses(connection, rows.chat, ["helped"], day_of) == {ming: {"helped": {"2026-03-02": 1}}}
        assert deeds.uids_of(connection, [ming, hong]) == {ming: "qq:小明", hong: "qq:小红"}
