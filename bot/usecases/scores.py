"""A member's score, day by day, with the events behind it: one reading for the command line and the console."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.core.play import Window
from bot.core.scoring import Scoring, since
from bot.playbook.load import Loaded
from storage import explanation, scoring
from storage.scoring import Span


def calendar_of(loaded: Loaded, chat: str) -> tuple[ZoneInfo, time]:
    """The group's zone and when its day begins, as its playbooks say."""
    plays = loaded.plan(chat).plays.values()
    header = next((active.header for active in plays), None)
    return (header.zone, header.day_starts) if header else (ZoneInfo("Asia/Shanghai"), time(0))


def span_of(chat_id: int, day: str, zone: ZoneInfo, starts: time) -> Span:
    """The day with its bounds."""
    first = date.fromisoformat(day)
    begin, end = (
        int(datetime.combine(each, starts, zone).astimezone(UTC).timestamp() * 1000)
        for each in (first, first + timedelta(days=1))
    )
    return Span(chat_id, day, begin, end)


def days_of(
    connection: Connection, chat_id: int, who: Sequence[int], version: Scoring, zone: ZoneInfo, starts: time,
    window: Window, now: datetime,
) -> Iterator[explanation.Day]:  # fmt: skip
    """The days of the person with the ids `who` in the group that count within `window`, oldest first."""
    today = (now.astimezone(zone) - timedelta(hours=starts.hour, minutes=starts.minute)).date()
    begin = since(window, today, zone, starts)
    newest = explanation.newest_day(connection, chat_id)
    days = [day for day in scoring.days_of(connection, chat_id) if begin is None or day >= begin.day.isoformat()]
    counted = explanation.counts_of(connection, chat_id, who, days)
    for day in sorted(counted):
        age = (newest - date.fromisoformat(day)).days if newest else 0
        span = span_of(chat_id, day, zone, starts)
        yield explanation.explain_day(connection, who, span, version, age, Counter())
