"""What badges are given for: deeds that the log shows, counted by day, so that a rule can be asked of the past.

A member's *course* of a deed is day → how often. A plain deed is reached on the day on which the sum is; a run on the day on
which so many days in a row are. In a run 0 bridges a day without counting it (请假).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

Course: TypeAlias = Mapping[str, int]
"""Day (ISO) → how often."""


@dataclass(frozen=True, slots=True)
class Deed:
    """`done` is what members read, with {n} for the number; `is_run`: days in a row."""

    zh: str
    en: str
    done: str
    is_run: bool = False


DEEDS: Mapping[str, Deed] = {
    "messages": Deed("发言", "messages that count for the score", "发言 {n} 条"),
    "active_days": Deed("说过话的天数", "days with words", "{n} 天说过话"),
    "active_streak": Deed("连续说话的天数", "days with words in a row", "连续 {n} 天说话", is_run=True),
    "checkins": Deed("打卡", "check-ins", "打卡 {n} 次"),
    "checkin_streak": Deed(
        "连续打卡的天数", "check-ins in a row; made-up days count, leave bridges", "连续打卡 {n} 天", is_run=True
    ),
    "quiz_right": Deed("答对的题", "right answers in quizzes", "答对 {n} 题"),
    "quiz_perfect": Deed("满分的场次", "quizzes of three questions or more with every answer right", "{n} 场答题满分"),
    "chains": Deed("参加的接龙", "接龙 that the member stands in", "参加 {n} 次接龙"),
    "chains_led": Deed("发起的接龙", "接龙 that the member opened, closed with three lines or more", "发起 {n} 次接龙"),
    "answers": Deed("回复别人", "replies to others", "回复别人 {n} 次"),
    "first_answers": Deed(
        "第一个回答提问", "questions that the member was the first to answer", "第一个回答 {n} 个提问"
    ),
    "helped": Deed("帮助新人", "newcomers of the first week who were answered", "帮助 {n} 位新人"),
    "replied": Deed("得到回应", "others who answered the member, by day", "得到 {n} 次回应"),
}


def reached(deed: str, course: Course, needed: int) -> str | None:
    """The day on which the member had done it `needed` times; None: not yet."""
    return next((day for day, so_far in _progress(deed, course) if so_far >= needed), None)


def total(deed: str, course: Course) -> int:
    """How often in all; of a run the longest."""
    return max((so_far for _, so_far in _progress(deed, course)), default=0)


def done(deed: str, n: int) -> str:
    """`连续打卡 7 天`."""
    return DEEDS[deed].done.format(n=n)


def _progress(deed: str, course: Course) -> Iterator[tuple[str, int]]:
    """(day, how far the member had come on it), oldest first."""
    so_far = 0
    if not DEEDS[deed].is_run:
        for day in sorted(course):
            so_far = max(0, so_far + course[day])
            yield day, so_far
        return
    before: date | None = None
    for day in sorted(course):
        today = date.fromisoformat(day)
        if before is None or today - before != timedelta(days=1):
            so_far = 0
        so_far += min(1, max(0, course[day]))
        before = today
        yield day, so_far
