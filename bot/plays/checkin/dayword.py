"""Days as members type them: 昨天, 3月5日, 5号, 3-5, 周二, 3天."""

from __future__ import annotations

import re
from datetime import date, timedelta

from bot.core.text import fold

_WORDS = {
    "今天": 0,
    "今日": 0,
    "昨天": -1,
    "昨日": -1,
    "前天": -2,
    "大前天": -3,
    "明天": 1,
    "明日": 1,
    "后天": 2,
    "大后天": 3,
}
_FULL = re.compile(r"(20\d\d)[-./年](\d{1,2})[-./月](\d{1,2})[日号]?")
_MONTH_DAY = re.compile(r"(\d{1,2})[-./月](\d{1,2})[日号]?")
_DAY = re.compile(r"(\d{1,2})[日号]")
_SPAN = re.compile(r"(\d{1,2}|[一二两三四五六七])天")
_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7}


def parse_day(text: str, today: date, *, is_past: bool) -> date | None:
    """The day that `text` names, None when it names none. Without a year or month: the nearest in the direction
    that `is_past` says, today included."""
    word = fold(text)
    if word in _WORDS:
        return today + timedelta(days=_WORDS[word])
    if match := _FULL.fullmatch(word):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if match := _MONTH_DAY.fullmatch(word):
        years = (today.year, today.year - 1) if is_past else (today.year, today.year + 1)
        found = [day for year in years if (day := _date(year, int(match[1]), int(match[2])))]
        return _nearest(found, today, is_past=is_past)
    if match := _DAY.fullmatch(word):
        here = today.replace(day=1)
        there = (here - timedelta(days=1)).replace(day=1) if is_past else (here + timedelta(days=32)).replace(day=1)
        found = [day for month in (here, there) if (day := _date(month.year, month.month, int(match[1])))]
        return _nearest(found, today, is_past=is_past)
    return None


def parse_span(text: str) -> int | None:
    """3天 → 3; None when it is no number of days."""
    match = _SPAN.fullmatch(fold(text))
    if match is None:
        return None
    return _DIGITS.get(match[1]) or int(match[1])


def _nearest(found: list[date], today: date, *, is_past: bool) -> date | None:
    return next((day for day in found if (day <= today if is_past else day >= today)), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
