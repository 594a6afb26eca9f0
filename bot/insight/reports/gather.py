"""Everything a report needs from the store, in one read-only snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.core import retention
from bot.insight.catalogue import Scope, Value, measure
from bot.insight.coverage import Coverage
from bot.insight.figures import Figures
from bot.insight.funnel import Step, newcomers
from bot.insight.reports.period import Period
from storage import measures, reporting
from storage.measures import DayCounts

_HOUR_MS = 3_600_000
_COHORT_DAYS = 56
COHORT_AFTER = (1, 7, 14, 28)
"""Days after the first of which a cohort's share is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The figures of one group in one period and in the one before. `hours`: messages by weekday (Monday first) and hour of the
    group's clock. `pairs`: cohorts by first day."""

    uid: str
    name: str
    period: Period
    is_over: bool
    zone: ZoneInfo
    values: tuple[Value, ...]
    before: tuple[Value, ...]
    days: Sequence[DayCounts]
    days_before: Sequence[DayCounts]
    coverage: Coverage
    stale_days: int
    has_imported: bool
    people_active: int
    hours: tuple[tuple[int, ...], ...]
    steps: tuple[Step, ...]
    pyramid: dict[str, int]
    pairs: retention.Pairs
    over: str
    people: Sequence[reporting.PersonRow]
    questions: Sequence[reporting.QuestionRow]
    actions: Sequence[reporting.ActionRow]
    now_ms: int


def gather(
    connection: Connection, chat: int, period: Period, now: datetime, *, zone: ZoneInfo = ZoneInfo("Asia/Shanghai"),
    day_starts: time = time(0),
) -> Material:  # fmt: skip
    """Raises `LookupError` when there is no such group."""
    group = reporting.group_by_id(connection, chat)
    if group is None:
        raise LookupError(chat)
    begin, end = _bounds(period.first, zone, day_starts)[0], _bounds(period.last, zone, day_starts)[1]
    now_ms = min(int(now.timestamp() * 1000), end)
    is_over = now_ms >= end
    today = period.last + timedelta(days=1) if is_over else _today(now, zone, day_starts)
    scope = Scope(chat=chat, first=period.first, last=period.last, today=today, now_ms=now_ms)
    figures = Figures(connection, scope)
    earlier = period.previous
    before: tuple[Value, ...] = ()
    days_before: Sequence[DayCounts] = ()
    if earlier is not None:
        of_before = replace(scope, first=earlier.first, last=earlier.last, today=period.first, now_ms=begin)
        days_before = Figures(connection, of_before).days
        before = measure(connection, of_before) if days_before else ()
    first = period.first if period.kind == "past" else period.last - timedelta(days=_COHORT_DAYS - 1)
    return Material(
        uid=group.uid,
        name=group.name or group.uid,
        period=period,
        is_over=is_over,
        zone=zone,
        values=measure(connection, scope),
        before=before,
        days=figures.days,
        days_before=days_before,
        coverage=figures.coverage,
        stale_days=reporting.stale_days(connection, chat, period.first.isoformat(), period.last.isoformat()),
        has_imported=reporting.has_imported(connection, chat, begin, end),
        people_active=figures.active,
        hours=_hours(connection, chat, begin, min(end, now_ms), zone),
        steps=newcomers(figures),
        pyramid=dict(figures.standing.get("pyramid", {})),
        pairs=measures.cohorts(connection, chat, first.isoformat(), figures.last, figures.over, COHORT_AFTER),
        over=figures.over,
        people=reporting.people(connection, chat, figures.first, figures.last, 20),
        questions=reporting.unanswered(connection, chat, figures.first, figures.last, 8),
        actions=reporting.actions(connection, chat, end),
        now_ms=now_ms,
    )


def _bounds(day: date, zone: ZoneInfo, starts: time) -> tuple[int, int]:
    """The day in ms: from, until."""
    begin = datetime.combine(day, starts, zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), starts, zone).astimezone(UTC)
    return int(begin.timestamp() * 1000), int(end.timestamp() * 1000)


def _today(now: datetime, zone: ZoneInfo, starts: time) -> date:
    return (now.astimezone(zone) - timedelta(hours=starts.hour, minutes=starts.minute)).date()


def _hours(connection: Connection, chat: int, begin: int, end: int, zone: ZoneInfo) -> tuple[tuple[int, ...], ...]:
    grid = [[0] * 24 for _ in range(7)]
    for hour, count in reporting.by_hour(connection, chat, begin, end):
        local = datetime.fromtimestamp(hour * _HOUR_MS / 1000, UTC).astimezone(zone)
        grid[local.weekday()][local.hour] += count
    return tuple(tuple(row) for row in grid)
