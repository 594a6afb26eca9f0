"""One member's own total is what the ranking says of that member, with what is not written yet."""

from __future__ import annotations

import random
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from bot.core.scoring import COLUMNS, DEFAULT, Since, since
from storage import own
from storage.boards import board
from storage.database import Database
from storage.writer import ROLLUP
from tests.storage.rows import DAY_MS, MONDAY_MS, Rows

TUESDAY = date(2026, 3, 3)
WINDOWS = ("all", "day", "30d", "2d")


def _since(window: str) -> Since | None:
    return since(window, TUESDAY, ZoneInfo("Asia/Shanghai"))


def test_it_agrees_with_the_ranking(database: Database) -> None:
    """Points ever earned and activity, over any window; spending and lapsing take nothing from what was earned."""
    dice = random.Random(3)
    with database.begin() as connection:
        rows = Rows(connection)
        people = {f"qq:{name}": rows.member(name) for name in ("小明", "小红", "小刚")}
        for who in people.values():
            for n in range(40):
                counts = {column: dice.choice([0, 0, 1, 30, 2000]) for column in COLUMNS.values()}
                rows.day(who, date.fromordinal(TUESDAY.toordinal() - n).isoformat(), msgs=1, **counts)
                at = MONDAY_MS - n * DAY_MS
                rows.points(who, dice.choice([1, 5, 20]), at)
                if n % 3 == 0:
                    rows.points(who, -1, at + 1, account=dice.choice(["shop", "expiry", "fee"]))
                if n % 7 == 0:
                    rows.points(who, -1, at + 2, account="issue")
    with database.reading() as connection:
        for window in WINDOWS:
            start = _since(window)
            earned = {score.member: score.total for score in board(connection, rows.chat, "earned", start)}
            active = {score.member: score.total for score in board(connection, rows.chat, "activity", start)}
            held = {score.member: score.total for score in board(connection, rows.chat, "points", start)}
            for uid, who in people.items():
                assert own.points(connection, rows.chat, [who], start, "issue", ()) == earned.get(uid, 0)
                assert max(0, own.points(connection, rows.chat, [who], start, None, ())) == held.get(uid, 0)
                assert own.activity(connection, DEFAULT, rows.chat, [who], start, {}) == active.get(uid, 0)
        assert (
            board(connection, rows.chat, "earned", None)[0].total
            > board(connection, rows.chat, "points", None)[0].total
        )


@pytest.mark.parametrize("window", WINDOWS)
def test_what_is_pending_counts(database: Database, window: str) -> None:
    """Another's rows, another group's and other accounts do not."""
    with database.begin() as connection:
        rows = Rows(connection)
        ming, hong = rows.member("小明"), rows.member("小红")
        rows.day(ming, "2026-03-03", counted=39)
    with database.reading() as connection:
        pending = [
            [rows.chat, ming, 5, 5, "", "", "", "", 0, "issue", ""],
            [rows.chat, ming, -2, 3, "", "", "", "", 0, "shop", ""],
            [rows.chat, hong, 9, 9, "", "", "", "", 0, "issue", ""],
            [rows.chat + 1, ming, 9, 9, "", "", "", "", 0, "issue", ""],
        ]
        assert own.points(connection, rows.chat, [ming], _since(window), "issue", pending) == 5
        day = [2 if name == "counted" else 0 for name in ROLLUP]
        total = own.activity(connection, DEFAULT, rows.chat, [ming], _since(window), {
            ("2026-03-03", ming): day, ("2026-03-03", hong): day,
        })  # fmt: skip
        assert total == 40, "forty messages of a day count at most"
