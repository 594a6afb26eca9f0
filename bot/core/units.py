"""Quantities as operators write them: `30s`, `2h`, `21:00`, `05:00-23:59`. Annotated types for pydantic models.

Errors are `ValueError` with an English text; `bot.playbook` turns them into diagnostics with a place and Chinese words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhdw])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def parse_duration(text: str) -> timedelta:
    """`1h30m` → 1 h 30 min. A number without a unit is refused: nobody knows what 30 means."""
    compact = text.replace(" ", "")
    if not _DURATION.fullmatch(compact):
        raise ValueError(f"not a duration: {text!r}; write a number with a unit: 30s, 10m, 2h, 7d")
    try:
        return timedelta(seconds=sum(float(n) * _UNIT_S[unit] for n, unit in _PART.findall(compact)))
    except OverflowError:
        raise ValueError(f"not a duration: {text[:20]!r} is longer than anybody lives") from None


def format_duration(value: timedelta) -> str:
    """The shortest text that `parse_duration` reads back; whole seconds."""
    left = int(value.total_seconds())
    parts = []
    for unit in ("d", "h", "m", "s"):
        n, left = divmod(left, _UNIT_S[unit])
        if n:
            parts.append(f"{n}{unit}")
    return "".join(parts) or "0s"


def parse_clock(text: str) -> time:
    """`07:30` → time. `24:00` is refused: the end of a day is 23:59, the next begins at 00:00."""
    match = _CLOCK.fullmatch(text.strip().replace("：", ":"))
    if match is None:
        raise ValueError(f"not a time of day: {text!r}; write 07:30")
    return time(int(match[1]), int(match[2]))


@dataclass(frozen=True, slots=True)
class ClockWindow:
    """From `start` to `end` on the wall clock, both minutes included; may span midnight."""

    start: time
    end: time

    def __contains__(self, clock: time) -> bool:
        minute = clock.replace(second=0, microsecond=0)
        if self.start <= self.end:
            return self.start <= minute <= self.end
        return minute >= self.start or minute <= self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


def parse_window(text: str) -> ClockWindow:
    parts = re.split(r"\s*[-–—~～至到]\s*", text.strip())
    if len(parts) != 2:
        raise ValueError(f"not a time window: {text!r}; write 05:00-23:59")
    return ClockWindow(parse_clock(parts[0]), parse_clock(parts[1]))


def _text_of(what: str) -> Any:
    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"expected {what} as text, got {value!r}")
        return value

    return check


def _before(parse: Any, ready: type, what: str) -> BeforeValidator:
    check = _text_of(what)
    return BeforeValidator(lambda value: value if isinstance(value, ready) else parse(check(value)))


def parse_date(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"not a date: {text!r}; write 2026-03-01") from None


def parse_moment(text: str) -> datetime:
    """A local date and time `2026-03-01 07:30`, naive: the playbook's timezone gives it meaning."""
    try:
        value = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"not a date and time: {text!r}; write 2026-03-01 07:30") from None
    if value.tzinfo is not None:
        raise ValueError(f"{text!r} carries an offset; write local time, the playbook's timezone applies")
    return value


Duration = Annotated[
    timedelta,
    _before(parse_duration, timedelta, "a duration such as 30s, 10m, 2h, 7d"),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+(\.\d+)?[smhdw])+$", "examples": ["30s", "2h", "7d"]}),
]
Clock = Annotated[
    time,
    _before(parse_clock, time, "a time of day such as 07:30"),
    PlainSerializer(lambda value: f"{value:%H:%M}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^([01]?\d|2[0-3]):[0-5]\d$", "examples": ["07:30"]}),
]
Hours = Annotated[
    ClockWindow,
    _before(parse_window, ClockWindow, "a time window such as 05:00-23:59"),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["05:00-23:59"]}),
]
Day = Annotated[
    date,
    _before(parse_date, date, "a date such as 2026-03-01"),
    PlainSerializer(lambda value: value.isoformat(), return_type=str),
    WithJsonSchema({"type": "string", "format": "date"}),
]
Moment = Annotated[
    datetime,
    _before(parse_moment, datetime, "a local time such as 2026-03-01 07:30"),
    PlainSerializer(lambda value: value.isoformat(sep=" ", timespec="minutes"), return_type=str),
    WithJsonSchema({"type": "string", "examples": ["2026-03-01 07:30"]}),
]


@dataclass(frozen=True, slots=True)
class AssetRef:
    """Marks a params field as the path of a file beside the playbook (a bank, a lexicon, a post).

    `kind` chooses the parser; the parsed value reaches the play as `ctx.assets[path]`.
    """

    kind: str


@dataclass(frozen=True, slots=True)
class AssetProblem:
    """What is wrong in an asset file. `message` is `中文 · English`; `line` counts from 1."""

    line: int
    message: str
    is_error: bool = True


AssetParser: TypeAlias = Callable[[str, str], tuple[Any, Sequence[AssetProblem]]]
"""(path, text) → the parsed value, and what is wrong with it. Pure; never raises for a mistake in the file."""

AssetPath = Annotated[str, AssetRef("text")]
"""A text file, handed over as a string."""
BankPath = Annotated[str, AssetRef("bank")]
LexiconPath = Annotated[str, AssetRef("lexicon")]


@dataclass(frozen=True, slots=True)
class TemplateText:
    """Marks a params field as Jinja2 text; `names` are the variables that the play offers besides the common ones."""

    names: tuple[str, ...] = ()
