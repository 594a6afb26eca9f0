"""A report as data: every page, table, card and line is drawn from this and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from bot.insight.catalogue import Value
from bot.insight.reports.period import Period

Trend = Literal["good", "bad", "even"]


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the playbook says that the group is for. `north_star`: a metric's id; `targets` by metric id."""

    title: str = ""
    goal: str = ""
    audience: str = ""
    north_star: str = ""
    targets: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A metric now and in the period before. `change` is a difference for shares and scores, a ratio less 1 otherwise; None where
    one of them is missing. `is_certain`: more than chance explains. `target` None: none is set."""

    now: Value
    before: Value | None = None
    change: float | None = None
    trend: Trend = "even"
    is_certain: bool = False
    target: float | None = None
    course: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """One sentence: `code` names its words in `templates/reports/words.toml`, `data` fills them."""

    code: str
    data: Mapping[str, Any] = field(default_factory=dict)
    trend: Trend = "even"


@dataclass(frozen=True, slots=True)
class DayBar:
    """One bar of the course: a day, or some days where there are many. `lost`: the share of its time that nobody saw.
    `is_open`: it is not over yet."""

    first: date
    last: date
    msgs: int
    active: int
    lost: float
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the members' table."""

    name: str
    msgs: int
    days: int
    replies: int
    checkins: int
    helped: int


@dataclass(frozen=True, slots=True)
class Action:
    """Something that operators agreed to do. `status`: open, done. `is_carried`: from an earlier period."""

    number: int
    text: str
    by: str
    on: date
    status: Literal["open", "done"]
    is_carried: bool
    done_on: date | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a funnel or a distribution. `share` of the whole, `expected` what the field holds to be usual."""

    label: str
    number: int
    share: float | None = None
    expected: float | None = None


@dataclass(frozen=True, slots=True)
class Cohort:
    """People whose first active day was in one week, and which share of them was active n days later; None: not over yet."""

    label: str
    size: int
    shares: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`story` says what happened, `notable` what stands out, `ideas` what could be done about it. `version` is that of the
    program: figures may be defined differently in another."""

    group: str
    uid: str
    period: Period
    purpose: Purpose
    version: str
    is_over: bool
    seen: float
    lost: tuple[tuple[str, str], ...]
    stale_days: int
    has_imported: bool
    star: Figure | None
    first: tuple[Figure, ...]
    second: tuple[Figure, ...]
    story: tuple[Remark, ...]
    notable: tuple[Remark, ...]
    ideas: tuple[Remark, ...]
    course: tuple[DayBar, ...]
    hours: tuple[tuple[int, ...], ...]
    funnel: tuple[Bar, ...]
    tiers: tuple[Bar, ...]
    cohorts: tuple[Cohort, ...]
    people: tuple[Person, ...]
    questions: tuple[tuple[str, str, str], ...]
    actions: tuple[Action, ...]
    done: tuple[Action, ...]
