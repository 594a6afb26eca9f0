"""What is known about the times when nobody listened."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from storage import tables as t
from storage.database import Database
from storage.writer import Writer
from tests.storage.rows import MONDAY_MS, Rows

MINUTE = 60_000
AWAY, BACK, READ = MONDAY_MS + 10 * MINUTE, MONDAY_MS + 70 * MINUTE, MONDAY_MS + 71 * MINUTE


def _rows(database: Database) -> list[tuple[Any, ...]]:
    """(is of a chat, from, to, status, found, cause), times in minutes after Monday began."""
    g = t.gap.c
    with database.reading() as connection:
        found = connection.execute(select(g.chat_id, g.from_at, g.to_at, g.status, g.found, g.cause).order_by(g.id))
        minutes = lambda at: (at - MONDAY_MS) // MINUTE  # noqa: E731
        return [(row[0] is not None, minutes(row[1]), minutes(row[2]), *row[3:]) for row in found]


@pytest.fixture
def rows(database: Database) -> Rows:
    """The account was away from minute 10 to 70, the group's newest message is of minute 5, and the history brought
    three messages of it, two of them from the gap."""
    with database.begin() as connection:
        rows, writer = Rows(connection), Writer(connection)
        ming = rows.member("小明")
        rows.says(ming, "睡了", MONDAY_MS + 5 * MINUTE)
        writer.open_gap(rows.account, AWAY, "connection lost")
        assert writer.end_gap(rows.account, BACK) == "connection lost"
        assert writer.end_gap(rows.account, BACK) is None
        writer.open_chat_gaps(rows.account, BACK, "connection lost")
        for minute in (20, 40):
            rows.says(ming, "在吗", MONDAY_MS + minute * MINUTE, flags=8, received_at=READ)
        rows.says(ming, "早", BACK + 1, received_at=READ)
    return rows


def test_a_gap_that_was_filled(database: Database, rows: Rows) -> None:
    """How many messages the history brought is said; what came live meanwhile is none of them."""
    with database.begin() as connection:
        Writer(connection).end_chat_gap(rows.account, rows.chat, READ, MONDAY_MS + 5 * MINUTE)
        Writer(connection).end_chat_gap(rows.account, rows.chat, READ, None)
    assert _rows(database) == [
        (False, 10, 70, "ended", 0, "connection lost"),
        (True, 5, 71, "backfilled", 2, "connection lost"),
    ]


def test_a_gap_that_was_filled_in_part(database: Database, rows: Rows) -> None:
    """The history went back half of the way: what lies before is a gap of its own, from and to."""
    with database.begin() as connection:
        Writer(connection).end_chat_gap(rows.account, rows.chat, READ, MONDAY_MS + 30 * MINUTE)
    assert _rows(database)[1:] == [
        (True, 5, 30, "partial", 0, "connection lost"),
        (True, 30, 71, "backfilled", 1, "connection lost"),
    ]


def test_a_gap_without_a_history(database: Database, rows: Rows) -> None:
    """A network that keeps nothing: all of it is missing."""
    with database.begin() as connection:
        Writer(connection).end_chat_gap(rows.account, rows.chat, READ, None)
    assert _rows(database)[1:] == [(True, 5, 71, "partial", 0, "connection lost")]
