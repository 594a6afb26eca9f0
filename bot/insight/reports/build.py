"""Material → report, purely."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from bot.core import retention
from bot.insight.catalogue import Value
from bot.insight.coverage import within
from bot.insight.reports import telling
from bot.insight.reports.compare import figure
from bot.insight.reports.gather import COHORT_AFTER, Material
from bot.insight.reports.model import Action, Bar, Cohort, DayBar, Figure, Person, Purpose, Report
from storage.measures import DayCounts

_MOST_BARS = 45
_EXPECTED_TIERS = (("核心", 0.10), ("激活", 0.15), ("基础", 0.75))
_COURSES = {
    "activity.dau": "active", "activity.dau_mau": "active", "activity.msgs_per_day": "msgs", "growth.net": "joins",
    "checkin.rate": "checkin_members", "quiz.participation": "quiz_members", "reach.penetration": "active",
    "interaction.rate": "replies", "content.cadence": "posts", "service.response_time": "questions",
}  # fmt: skip
"""Metric → the column of the day that its little course shows."""


def build(material: Material, purpose: Purpose = Purpose()) -> Report:
    """The report. Nothing is read, and no clock."""
    before = {value.metric.id: value for value in material.before}
    figures = {value.metric.id: _figure(material, value, before, purpose) for value in material.values}
    first = tuple(each for each in figures.values() if each.now.metric.level == 1)
    second = tuple(each for each in figures.values() if each.now.metric.level == 2)
    course = _course(material)
    actions = _actions(material)
    begin = _ms(material, material.period.first)
    return Report(
        group=material.name,
        uid=material.uid,
        period=material.period,
        purpose=purpose,
        version=_version(),
        is_over=material.is_over,
        seen=material.coverage.seen,
        lost=tuple((_clock(material, a), _clock(material, b)) for a, b in material.coverage.lost),
        stale_days=material.stale_days,
        has_imported=material.has_imported,
        star=figures.get(purpose.north_star),
        first=first,
        second=second,
        story=telling.story(material, course),
        notable=telling.notable(material, figures),
        ideas=telling.ideas(material, figures),
        course=course,
        hours=material.hours if any(map(any, material.hours)) else (),
        funnel=tuple(Bar(step.zh, step.people, step.of_first) for step in material.steps if material.steps[0].people),
        tiers=_tiers(material.pyramid),
        cohorts=_cohorts(material),
        people=tuple(
            Person(row.name or row.uid, row.msgs, row.days, row.replies, row.checkins, row.helped)
            for row in material.people
        ),
        questions=tuple(
            (_clock(material, row.asked_at), row.name, " ".join(row.text.split())[:80]) for row in material.questions
        ),
        actions=tuple(each for each in actions if each.status == "open"),
        done=tuple(
            each for each in actions
            if each.status == "done" and each.done_on is not None and _ms(material, each.done_on) >= begin
        ),
    )  # fmt: skip


def _figure(material: Material, value: Value, before: Mapping[str, Value], purpose: Purpose) -> Figure:
    column = _COURSES.get(value.metric.id)
    course = tuple(float(day[column]) for day in material.days) if column and len(material.days) > 2 else ()
    return figure(value, before.get(value.metric.id), purpose.targets.get(value.metric.id), course)


def _course(material: Material) -> tuple[DayBar, ...]:
    """The days, some of them together where there are too many to tell apart; days that nobody counted are empty."""
    period = material.period
    known: dict[date, DayCounts] = {date.fromisoformat(day.day): day for day in material.days}
    step = max(1, -(-period.days // _MOST_BARS))
    step = step if step == 1 or step > 7 else 7
    bars = []
    begin = period.first
    while begin <= period.last:
        end = min(begin + timedelta(days=step - 1), period.last)
        days = [known[day] for day in known if begin <= day <= end]
        spans = [(day.from_at, day.to_at) for day in days]
        lost = sum(b - a for a, b in within(spans, material.coverage.lost))
        whole = sum(b - a for a, b in spans)
        active = sum(day["active"] for day in days)
        bars.append(
            DayBar(
                begin, end, sum(day["msgs"] for day in days), round(active / len(days)) if days else 0,
                lost / whole if whole else 0.0, _ms(material, end + timedelta(days=1)) > material.now_ms,
            )
        )  # fmt: skip
        begin = end + timedelta(days=1)
    return tuple(bars)


def _tiers(pyramid: Mapping[str, int]) -> tuple[Bar, ...]:
    total = sum(pyramid.values())
    if not total:
        return ()
    expected = dict(_EXPECTED_TIERS)
    names = [name for name, _ in _EXPECTED_TIERS if name in pyramid] + sorted(pyramid.keys() - expected.keys())
    return tuple(Bar(name, pyramid[name], pyramid[name] / total, expected.get(name)) for name in names)


def _cohorts(material: Material) -> tuple[Cohort, ...]:
    """By week of the first day: classic day-n retention of each."""
    weeks: dict[str, dict[tuple[str, str], int]] = {}
    for (first, day), people in material.pairs.items():
        monday = date.fromisoformat(first)
        monday -= timedelta(days=monday.weekday())
        weeks.setdefault(monday.isoformat(), {})[(first, day)] = people
    found = []
    for week in sorted(weeks)[-8:]:
        pairs = weeks[week]
        size = sum(people for (first, day), people in pairs.items() if first == day)
        kept = [retention.kept(pairs, n, material.over) for n in COHORT_AFTER]
        found.append(Cohort(week, size, tuple(each.share if each.of else None for each in kept)))
    return tuple(found)


def _actions(material: Material) -> list[Action]:
    found = []
    for row in material.actions:
        on = _date(material, row.at)
        done = _date(material, row.done_at) if row.done_at is not None else None
        found.append(
            Action(
                row.number, row.text, row.by, on, "open" if done is None else "done", on < material.period.first, done
            )
        )  # fmt: skip
    return found


def _version() -> str:
    try:
        return version("qunops")
    except PackageNotFoundError:
        return "0"


def _clock(material: Material, at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(material.zone):%m-%d %H:%M}"


def _date(material: Material, at_ms: int) -> date:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(material.zone).date()


def _ms(material: Material, day: date) -> int:
    return int(datetime.combine(day, datetime.min.time(), material.zone).timestamp() * 1000)
