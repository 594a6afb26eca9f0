"""The activity score: integer arithmetic over one member's counters of each day, so that it can be explained to the point.

Each part is a count of the day, capped, times its weight. The caps are what keeps a score honest: nobody reaches the top
by flooding, and a day that is quiet but helpful beats a noisy one. With a half-life old days fade. A score is in
thousandths of a point (`mp`), cut once for each day and part: sums are exact on both databases and line by line.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.play import Window
from bot.core.tally import Counting

FULL = 1_000_000
"""The decay of today, in millionths."""


@dataclass(frozen=True, slots=True)
class Weight:
    """`mp` thousandths of a point for each unit of `column`, of which at most `cap` count in a day. `title` is what
    members read."""

    column: str
    mp: int
    cap: int
    title: str

    def worth(self, count: int, left: int = FULL) -> int:
        """mp of so many units on one day of which `left` millionths are left."""
        return min(max(count, 0), self.cap) * self.mp * left // FULL


def _default() -> Mapping[str, Weight]:
    return {
        "messages": Weight("counted", 1000, 40, "发言"),
        # Long messages are worth a little more than short ones: 1,000 characters are 5 points.
        "chars": Weight("counted_chars", 5, 1000, "字数"),
        "answers": Weight("answers", 500, 20, "回复别人"),
        "replied": Weight("replied", 1000, 10, "得到回应"),
        "checkins": Weight("checkins", 5000, 3, "打卡"),
        # Valid answers, right or wrong.
        "quiz": Weight("quiz", 2000, 20, "答题"),
        # Lines in a 接龙.
        "chain": Weight("chain", 3000, 5, "接龙"),
        # Newcomers of the first week who were answered.
        "helped": Weight("helped", 4000, 10, "帮助新人"),
    }


COLUMNS: Mapping[str, str] = {name: weight.column for name, weight in _default().items()}
"""Part of the score → column of the daily rollup."""
TITLES: Mapping[str, str] = {name: weight.title for name, weight in _default().items()}
FOLDED = ("counted", "counted_chars", "answers", "replied", "helped")
"""The columns that the fold over a day's log makes (`bot.core.tally`); the others are facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """One version. `half_life_days` 0: days don't fade."""

    version: str = "1"
    counting: Counting = Counting()
    weights: Mapping[str, Weight] = field(default_factory=_default)
    half_life_days: float = 0

    def decay(self, age_days: int) -> int:
        """What is left of a day's points after so many days, in millionths."""
        if not self.half_life_days or age_days <= 0:
            return FULL
        return round(FULL * math.pow(0.5, age_days / self.half_life_days))

    def horizon_days(self) -> int | None:
        """After so many days nothing is left; None: never."""
        return int(self.half_life_days * 21) + 1 if self.half_life_days else None

    def day(self, counts: Mapping[str, int], age_days: int = 0) -> dict[str, int]:
        """Part → mp of one member's day (`counts` by column); parts without any are left out."""
        left = self.decay(age_days)
        parts = {name: weight.worth(counts.get(weight.column, 0), left) for name, weight in self.weights.items()}
        return {name: mp for name, mp in parts.items() if mp > 0}

    def document(self) -> dict[str, Any]:
        """As JSON values; `scoring_of` reads it back."""
        return {
            "version": self.version,
            "counting": asdict(self.counting),
            "weights": {name: {"mp": weight.mp, "cap": weight.cap} for name, weight in self.weights.items()},
            "half_life_days": self.half_life_days,
        }


def scoring_of(document: Mapping[str, Any]) -> Scoring:
    """The version that `Scoring.document` gave. A part that it does not name has no weight."""
    weights = {
        name: Weight(COLUMNS[name], each["mp"], each["cap"], TITLES[name])
        for name, each in document["weights"].items()
        if name in COLUMNS
    }
    return Scoring(
        version=document["version"], counting=Counting(**document["counting"]), weights=weights,
        half_life_days=document["half_life_days"],
    )  # fmt: skip


DEFAULT = Scoring()


def total(parts: Mapping[str, float]) -> float:
    """The sum of parts that are points."""
    return sum(round(points * 1000) for points in parts.values()) / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that counts for a member, or not. `units`: part → how much of it; `why_not` says why nothing came of it.

    `text` is an excerpt of the message, or what was done; `by` who did it, where that is not the member."""

    at: datetime
    text: str
    units: Mapping[str, int] = field(default_factory=dict)
    why_not: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One event with what it brought, part → mp. `capped`: parts whose cap of the day it ran into."""

    event: Event
    parts: Mapping[str, int]
    capped: tuple[str, ...] = ()

    @property
    def mp(self) -> int:
        return sum(self.parts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a member's score of this week is what it is: mp of each day, and the lines of one of them."""

    days: Mapping[date, int]
    day: date
    lines: tuple[Line, ...]

    @property
    def mp(self) -> int:
        return sum(self.days.values())


def lines_of(scoring: Scoring, events: Iterable[Event], age_days: int) -> list[Line]:
    """The events of one member's day in order, each with what it added to the day: they sum up to `Scoring.day`."""
    left = scoring.decay(age_days)
    counted: dict[str, int] = {}
    lines = []
    for event in events:
        parts: dict[str, int] = {}
        capped = []
        for name, units in event.units.items():
            weight = scoring.weights.get(name)
            if weight is None:
                continue
            before = counted.get(name, 0)
            after = counted[name] = before + units
            if gain := weight.worth(after, left) - weight.worth(before, left):
                parts[name] = gain
            if units > 0 and after > weight.cap:
                capped.append(name)
        lines.append(Line(event=event, parts=parts, capped=tuple(capped)))
    return lines


@dataclass(frozen=True, slots=True)
class Since:
    """The first day of a window in the group's own calendar, and the moment at which it began."""

    day: date
    at: datetime

    @property
    def at_ms(self) -> int:
        return int(self.at.timestamp() * 1000)


def since(window: Window | str, today: date, zone: ZoneInfo, day_starts: time = time(0)) -> Since | None:
    """Where `window` began: today, this Monday, the first of this month, so many days ago (`30d`, today is one of them);
    None for all time.

    `today` is the group's day (`Context.day`), so that a day that begins at 04:00 still holds the small hours.
    """
    match window:
        case "day":
            first = today
        case "week":
            first = today - timedelta(days=today.weekday())
        case "month":
            first = today.replace(day=1)
        case "all":
            return None
        case _:
            first = today - timedelta(days=int(window.removesuffix("d")) - 1)
    return Since(first, datetime.combine(first, day_starts, zone).astimezone(UTC))
