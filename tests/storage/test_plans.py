"""Queries of pages and commands never walk a table that grows with the log: SQLite says by which index it goes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncSession

from storage import groups, measures, overview, reads, standings
from storage.database import Database

_WALKED = re.compile(r"^SCAN (outbox|message|event|member_day|standing|note|ledger|trace)(?! USING)")
Asked = list[tuple[str, Any]]


def plans(connection: Connection, asked: Asked) -> list[str]:
    """How SQLite goes about each statement that looks for something, line by line: the newest row of all is no search."""
    return [
        row[3]
        for statement, values in asked
        if "WHERE" in statement
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    ]


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: standings.transitions(c, 1, "ladder", "2026-02-01", "2026-03-01"),
        lambda c: standings.shares(c, 1, "2026-03-01"),
        lambda c: measures.cohorts(c, 1, "2026-02-01", "2026-03-01", "2026-03-01", (1, 7, 30)),
        lambda c: measures.cohorts(c, None, "2026-02-01", "2026-03-01", "2026-03-01", (1, 7, 30)),
        lambda c: measures.active(c, None, "2026-02-01", "2026-03-01"),
        lambda c: measures.deeds_of_joined(c, None, "2026-02-01", "2026-03-01", 0, 1),
        lambda c: measures.noted(c, None, "quiz", 0, 1),
    ],
    ids=["moves", "tiers", "cohorts", "cohorts of all", "active of all", "newcomers of all", "notes of all"],
)
async def test_a_figure_goes_by_an_index(sqlite_database: Database, ask: Callable[[Connection], object]) -> None:
    """Of one group and of all of them."""
    asked: Asked = []
    with sqlite_database.reading() as connection:
        event.listen(connection, "before_cursor_execute", lambda *seen: asked.append((seen[2], seen[3])))
        ask(connection)
        found = plans(connection, list(asked))
    assert asked
    assert [line for line in found if _WALKED.match(line)] == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: reads.outbox(s, status="failed"),
        lambda s: reads.outbox(s, status="dead", chat=1),
        lambda s: reads.health(s),
        lambda s: overview.relayed(s),
        lambda s: overview.waiting(s, limit=10),
        lambda s: overview.next_firings(s, limit=10),
        lambda s: groups.open_counts(s),
        lambda s: groups.days(s, "2026-03-01"),
    ],
    ids=["failed", "dead of one", "health", "relayed", "waiting", "next", "open", "days"],
)
async def test_a_page_goes_by_an_index(
    sqlite_database: Database, ask: Callable[[AsyncSession], Awaitable[object]]
) -> None:
    """What Today and Groups ask, of a thousand groups and ten million messages."""
    asked: Asked = []
    engine = sqlite_database.async_engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *seen: asked.append((seen[2], seen[3])))
    async with sqlite_database.session() as session:
        await ask(session)
    with sqlite_database.reading() as connection:
        found = plans(connection, asked)
    assert asked
    assert [line for line in found if _WALKED.match(line)] == []
