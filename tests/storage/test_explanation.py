"""The sum of the cited events is the score, whatever happened; on both databases."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from bot.core.scoring import Scoring
from bot.usecases.scores import span_of
from storage import explanation, scoring
from storage import tables as t
from storage.boards import board
from storage.database import Database
from storage.tables import metadata
from tests.engine.test_counting import START, Log, events_of, happenings, recalls, says

ZONE = ZoneInfo("Asia/Shanghai")


def explained(database: Database, uid: str, version: Scoring) -> list[explanation.Day]:
    """Every day of the member."""
    with database.reading() as connection:
        chat = connection.execute(select(t.chat.c.id)).scalar() or 0
        who = explanation.ids_of(connection, uid)
        newest = explanation.newest_day(connection, chat) or date(2026, 3, 2)
        return [
            explanation.explain_day(
                connection, who, span_of(chat, day, ZONE, datetime.min.time()), version,
                (newest - date.fromisoformat(day)).days, Counter(),
            )
            for day in scoring.days_of(connection, chat)
        ]  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=happenings, half_life=st.sampled_from([0, 0.7, 30]))
def test_the_cited_events_sum_up_to_the_score(database: Database, drawn: Any, half_life: float) -> None:
    """For every member of a disorderly evening over midnight, with and without decay."""
    version = Scoring(version="x", half_life_days=half_life)
    with database.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        scoring.adopt(connection, version, 1)
    log = Log(database)
    try:
        log.takes(*(event for event in events_of(drawn) if event is not None))
    finally:
        log.close()
    with database.reading() as connection:
        chat = connection.execute(select(t.chat.c.id)).scalar() or 0
        totals = {score.member: score.total for score in board(connection, chat, "activity", None)}
        uids = connection.execute(select(t.member.c.uid)).scalars().all()
    for uid in uids:
        days = explained(database, uid, version)
        assert sum(day.mp for day in days) == round(totals.get(uid, 0) * 1000)


@pytest.fixture
def evening(database: Database) -> Database:
    log = Log(database)
    log.takes(
        says(1, 2, "有人知道在哪买吗", 0), says(2, 3, "书店就有", 1, 1), says(3, 3, "书店就有", 2), says(4, 2, "好", 3),
        says(5, 2, "谢谢", 3.05), says(6, 2, "写错了", 5),
    )  # fmt: skip
    log.takes(recalls(6, 6))
    log.close()
    return database


def test_each_line_says_what_it_brought_and_why_not(evening: Database) -> None:
    """Counted, answered, flooded, recalled."""
    (day,) = explained(evening, "qq:2", Scoring())
    assert [(line.event.text, line.mp, line.event.by, line.event.why_not) for line in day.lines] == [
        ("有人知道在哪买吗", 1040, "", ""),
        ("书店就有", 1000, "成员3", ""),
        ("好", 1005, "", ""),
        ("谢谢", 0, "", "flood"),
        ("写错了", 0, "", "recalled"),
    ]
    (other,) = explained(evening, "qq:3", Scoring())
    assert [(line.mp, line.event.why_not) for line in other.lines] == [(1520, ""), (0, "repeat")]
    assert other.lines[0].parts == {"messages": 1000, "chars": 20, "answers": 500}


def test_points_whose_messages_are_gone_stay_and_say_so(evening: Database) -> None:
    """Retention took the log: one line for all that has none."""
    with evening.begin() as connection:
        connection.execute(text("DELETE FROM message"))
    (day,) = explained(evening, "qq:2", Scoring())
    assert [(line.mp, line.event.why_not) for line in day.lines] == [(3045, explanation.GONE)]


def test_notes_of_plays_are_events_of_their_day(evening: Database) -> None:
    """A check-in of yesterday that was noted today, and taken back."""
    with evening.begin() as connection:
        who = explanation.ids_of(connection, "qq:2")[0]
        chat = connection.execute(select(t.chat.c.id)).scalar() or 0
        run = connection.execute(
            t.run.insert().values(chat_id=chat, ref="营/打卡", kind="checkin", version="1", state_version=1, state="{}",
                                  started_at=0, updated_at=0).returning(t.run.c.id)
        ).scalar()  # fmt: skip
        at = int((START + timedelta(hours=20)).timestamp() * 1000)
        for n, what in enumerate(("checkin", "checkin_undone", "checkin")):
            row = {"run_id": run, "chat_id": chat, "member_id": who, "what": what, "key": str(n), "at": at + n}
            connection.execute(t.note.insert().values(**row, data='{"day": "2026-03-02"}'))
        connection.execute(t.member_day.update().where(t.member_day.c.member_id == who).values(checkins=1))
    (day,) = explained(evening, "qq:2", Scoring())
    assert [line.mp for line in day.lines][-3:] == [5000, -5000, 5000]
    assert day.mp == 3045 + 5000
