"""When a line of a script happens: `07:31`, `周一 07:31`, `第3天 21:00`, `明天 09:00`, `3月5日 20:00`.

Everything is relative to the virtual clock and never in the past: a bare time that has gone by is tomorrow's, a weekday
that has gone by is next week's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_WEEKDAYS = {name: n for n, names in enumerate(
    (("一", "mon"), ("二", "tue"), ("三", "wed"), ("四", "thu"), ("五", "fri"), ("六", "sat"), ("日", "天", "sun"))
) for name in names}  # fmt: skip
_AWAY = {"今天": 0, "明天": 1, "次日": 1, "后天": 2}
_MOMENT = re.compile(
    r"""(?:
        (?P<iso>\d{4}-\d{1,2}-\d{1,2}) | (?P<month>\d{1,2})(?:月|-)(?P<day>\d{1,2})日? |
        (?P<next>下)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天]) | (?P<english>mon|tue|wed|thu|fri|sat|sun)[a-z]* |
        第\s*(?P<nth>\d+)\s*天 | (?P<away>今天|明天|次日|后天)
    )?\s*
    (?:(?P<hour>[01]?\d|2[0-3])[:：](?P<minute>[0-5]\d)(?:[:：](?P<second>[0-5]\d))?)?""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class When:
    """A moment as written; `resolve` gives it its date."""

    source: str
    day: str = ""
    clock: time | None = None

    def resolve(self, now: datetime, start: datetime) -> datetime:
        """The first such moment at or after `now`, both local. Raises `ValueError` where there is none."""
        clock = self.clock or (now.timetz().replace(tzinfo=None) if not self.day else time(0))
        match = _MOMENT.fullmatch(self.day) if self.day else None
        if match is None:
            at = _on(now.date(), clock, now)
            # A line written to the minute belongs to this minute, though seconds have gone by.
            if at < now and clock.second == 0 and at.replace(second=59, microsecond=999_999) >= now:
                return now
            return at if at >= now else _on(now.date() + timedelta(days=1), clock, now)
        at = _on(_date(match, now, start), clock, now)
        if at < now and (match["weekday"] or match["english"]):
            at = at if at.date() == now.date() and at + timedelta(minutes=1) > now else at + timedelta(days=7)
        if at + timedelta(minutes=1) <= now:
            raise ValueError(f"{self.source} is over: it is {now:%m-%d %H:%M}")
        return max(at, now)


def _on(day: date, clock: time, now: datetime) -> datetime:
    return datetime.combine(day, clock, now.tzinfo)


def _date(match: re.Match[str], now: datetime, start: datetime) -> date:
    if match["iso"]:
        return date.fromisoformat("-".join(part.zfill(2) for part in match["iso"].split("-")))
    if match["month"]:
        return now.date().replace(month=int(match["month"]), day=int(match["day"]))
    if match["nth"]:
        return start.date() + timedelta(days=int(match["nth"]) - 1)
    if match["away"]:
        return now.date() + timedelta(days=_AWAY[match["away"]])
    wanted = _WEEKDAYS[match["weekday"] or match["english"].lower()]
    ahead = (wanted - now.weekday()) % 7
    return now.date() + timedelta(days=ahead + (7 if match["next"] and ahead == 0 else 0))


def split(line: str) -> tuple[When | None, str]:
    """A leading moment and the rest of the line."""
    match = _MOMENT.match(line)
    if match is None or match.end() == 0:
        return None, line
    rest = line[match.end() :]
    if rest and not rest[0].isspace():
        return None, line
    clock = None
    if match["hour"]:
        clock = time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
    source = match[0].strip()
    day = line[: match.start("hour")].strip() if match["hour"] else source
    return (When(source, day, clock), rest.strip()) if source else (None, line)


def parse(text: str) -> When:
    """A moment that stands alone. Raises `ValueError`."""
    when, rest = split(text.strip())
    if when is None or rest:
        raise ValueError(f"not a moment: {text!r}; write 07:31, 周一 07:31 or 第3天 21:00")
    return when
