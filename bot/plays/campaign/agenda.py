"""The playbook's posts, rows and countdown as one list of items with their schedules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from bot.core.play import Schedule
from bot.core.text import fold
from bot.core.units import ClockWindow
from bot.plays.campaign.params import EVERY, WEEKDAYS, Countdown, Params, Post, Row, Scheduled, in_span

PREFIX = "post/"
"""Before an item's name in the name of its schedule."""


@dataclass(frozen=True, slots=True)
class Item:
    """`when` is for people: 周一 早, 每天 09:00. `place`: where it stands below the play's node in the playbook."""

    name: str
    post: Post
    schedule: Schedule
    when: str
    weeks: tuple[int, ...] = ()
    place: tuple[str | int, ...] = ()


def items(params: Params) -> tuple[Item, ...]:
    """In the order of the playbook; names are unique."""
    found: dict[str, Item] = {}
    for item in _items(params):
        name, n = item.name, 2
        while name in found:
            name, n = f"{item.name}#{n}", n + 1
        found[name] = replace(item, name=name, schedule=_named(item.schedule, name, params))
    return tuple(found.values())


def find(params: Params, typed: str) -> tuple[Item, ...]:
    """The items that an operator may mean: by name, by topic, or the only ones that contain it."""
    wanted = fold(typed)
    everything = items(params)
    exact = tuple(item for item in everything if wanted in (fold(item.name), fold(item.post.topic or item.name)))
    return exact or tuple(item for item in everything if wanted and wanted in fold(f"{item.name} {item.post.topic}"))


def is_due(params: Params, item: Item, on: date, week: int) -> bool:
    """Whether the item is sent on that day at all: inside the campaign, its weeks, its countdown."""
    if not in_span(params, on):
        return False
    if isinstance(item.post, Countdown):
        return 0 <= (item.post.to - on).days <= item.post.days
    return not item.weeks or week in item.weeks


def _items(params: Params) -> Iterator[Item]:
    for n, post in enumerate(params.posts):
        yield Item(post.name or post.topic or f"第{n + 1}篇", post, *_when_scheduled(post), place=("posts", n))
    for n, row in enumerate(params.calendar):
        yield from (replace(item, place=("calendar", n)) for item in _row(params, row))
    if params.countdown:
        down = params.countdown
        yield Item(
            down.name or "倒计时", down, Schedule(name="", at=down.at, days=down.only), f"到 {down.to} {down.at:%H:%M}",
            place=("countdown",),
        )  # fmt: skip


def _when_scheduled(post: Scheduled) -> tuple[Schedule, str]:
    if post.at is not None:
        return Schedule(name="", once=post.at, days=post.only), f"{post.at:%m-%d %H:%M}"
    if post.cron is not None:
        return Schedule(name="", cron=post.cron, days=post.only), post.cron
    assert post.daily is not None
    return Schedule(name="", at=post.daily, days=post.only), f"每天 {post.daily:%H:%M}"


def _row(params: Params, row: Row) -> Iterator[Item]:
    window = params.slots[row.slot]
    jitter = min(int(params.pacing.spread.total_seconds()), _length_s(window))
    clock, base = window.start, row.name or row.topic
    weekdays = [day for day in WEEKDAYS if day in row.day]
    if weekdays:
        listed = ",".join(weekdays)
        cron = f"{clock.minute} {clock.hour} * * {listed}"
        when = "周" + "".join("一二三四五六日"[WEEKDAYS.index(day)] for day in weekdays)
        schedule = Schedule(name="", cron=cron, jitter_s=jitter, days=row.only)
        yield Item(base or when + row.slot, row, schedule, f"{when} {row.slot}", row.weeks())
    for day in row.day:
        if day in EVERY:
            days: Literal["all", "workdays", "holidays"] = row.only
            if day in ("workdays", "工作日"):
                days = "workdays"
            elif day in ("holidays", "节假日"):
                days = "holidays"
            when = {"all": "每天", "workdays": "工作日", "holidays": "节假日"}[days]
            schedule = Schedule(name="", at=clock, jitter_s=jitter, days=days)
            yield Item(base or when + row.slot, row, schedule, f"{when} {row.slot}", row.weeks())
        elif day not in WEEKDAYS:
            on = date.fromisoformat(day) if not day.isdecimal() else _nth(params, int(day))
            when = f"{on:%m-%d}" if not day.isdecimal() else f"第{day}天"
            schedule = Schedule(name="", once=datetime.combine(on, clock), jitter_s=jitter, days=row.only)
            yield Item(base or when + row.slot, row, schedule, f"{when} {row.slot}", row.weeks())


def _nth(params: Params, day: int) -> date:
    assert params.start is not None
    return params.start + timedelta(days=day - 1)


def _length_s(window: ClockWindow) -> int:
    minutes = (window.end.hour * 60 + window.end.minute) - (window.start.hour * 60 + window.start.minute)
    return minutes % 1440 * 60


def _named(schedule: Schedule, name: str, params: Params) -> Schedule:
    return Schedule(
        name=PREFIX + name,
        cron=schedule.cron,
        at=schedule.at,
        once=schedule.once,
        jitter_s=schedule.jitter_s,
        missed=params.missed,
        within_s=int(params.within.total_seconds()),
        days=schedule.days,
    )
