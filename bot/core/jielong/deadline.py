"""When a list says that it ends: `3月3日 10:00截止`, `截止时间:明晚8点半`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, timezone

from bot.core.jielong.cleaning import clean_list, fold_width
from bot.core.jielong.keys import comparison_key

ZONE = timezone(timedelta(hours=8))
_WORD = "截止"
_PERIOD = "上午|下午|晚上|中午|凌晨|晚"
_DATE = (
    r"(?:(?P<year>20[0-9]{2})[-/年])?(?P<month>[0-9]{1,2})(?:月(?P<day1>[0-9]{1,2})[日号]|[/.-](?P<day2>[0-9]{1,2})日?)"
    r"|(?P<word>今天|今日|今晚|明天|明晚|后天)"
)
_GAP = r"[ ,、]*(?:[(]?(?:周|星期|礼拜)[一二三四五六日天末][)]?)?[ ,、]*"
_TIME = re.compile(
    rf"(?:(?<![0-9])(?:{_DATE}){_GAP})?(?P<period>{_PERIOD})? ?(?<![0-9])(?P<hour>[01]?[0-9]|2[0-4])"
    r"(?::(?P<minute>[0-5][0-9])(?![0-9])|[点时](?:(?P<half>半)|(?P<minute2>[0-5]?[0-9])(?![0-9])分?)?)"
)
_DAYS = {"今天": 0, "今日": 0, "今晚": 0, "明天": 1, "明晚": 1, "后天": 2}
_LONG_PAST = timedelta(days=183)


def find_deadline(lines: Iterable[str], sent_at: datetime) -> datetime | None:
    """The deadline that the first line with 截止 and a time states; aware, +08:00."""
    return next((at for _, at in _stated(lines, sent_at)), None)


def moved_deadline(before: Iterable[str], after: Iterable[str], sent_at: datetime) -> datetime | None:
    """The deadline that a changed header states; None when it states what it did before, or nothing. A line that only
    comes again is not read anew: tomorrow its 今晚 would be another day."""
    old = next((comparison_key(line) for line, _ in _stated(before, sent_at)), "")
    line, at = next(_stated(after, sent_at), ("", None))
    return at if at is not None and comparison_key(line) != old else None


def _stated(lines: Iterable[str], sent_at: datetime) -> Iterator[tuple[str, datetime]]:
    for raw in lines:
        line = fold_width(clean_list(raw))
        if _WORD in line and (found := _nearest(line)) and (at := _moment(found, sent_at.astimezone(ZONE))):
            yield line, at


def _nearest(line: str) -> re.Match[str] | None:
    """With several times in one line (19:30开打,17:00截止) the one beside the word counts."""
    word = line.index(_WORD)
    return min(
        _TIME.finditer(line),
        key=lambda found: word - found.end() if found.end() <= word else found.start() - word - len(_WORD),
        default=None,
    )


def _moment(found: re.Match[str], sent_at: datetime) -> datetime | None:
    hour = int(found["hour"])
    minute = 30 if found["half"] else int(found["minute"] or found["minute2"] or 0)
    is_evening = found["period"] in ("下午", "晚上", "晚") or found["word"] in ("今晚", "明晚")
    if is_evening and hour == 12 and found["period"] != "下午":
        hour = 24  # 今晚12点 is the end of the day, never noon
    elif (is_evening and hour < 12) or (found["period"] == "中午" and hour < 4):
        hour += 12
    day = _day(found, sent_at)
    if day is None:
        return None
    at = datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(hours=hour, minutes=minute)
    has_date = found["month"] or found["word"]
    if not has_date and at < sent_at:
        at += timedelta(days=1)
    if found["month"] and not found["year"] and sent_at - at > _LONG_PAST:
        at = at.replace(year=at.year + 1)  # 1月2日, written in December
    return at


def _day(found: re.Match[str], sent_at: datetime) -> date | None:
    if found["word"]:
        return sent_at.date() + timedelta(days=_DAYS[found["word"]])
    if not found["month"]:
        return sent_at.date()
    try:
        return date(int(found["year"] or sent_at.year), int(found["month"]), int(found["day1"] or found["day2"]))
    except ValueError:
        return None
