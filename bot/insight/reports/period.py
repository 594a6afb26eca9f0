"""Which days a report is about, and which it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Kind = Literal["day", "week", "month", "camp", "past"]
KINDS: tuple[Kind, ...] = ("day", "week", "month", "camp", "past")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the group's calendar, both included. `camp` and `past` have nothing before them to compare with."""

    kind: Kind
    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def previous(self) -> Period | None:
        """The period before: as many days, or the month before."""
        end = self.first - _DAY
        match self.kind:
            case "day" | "week":
                return Period(self.kind, end - timedelta(days=self.days - 1), end)
            case "month":
                return Period("month", end.replace(day=1), end)
            case _:
                return None

    @property
    def slug(self) -> str:
        """For file names: `2026-03-02`, `2026-03-02_2026-03-08`, `2026-03`."""
        if self.kind == "month":
            return f"{self.first:%Y-%m}"
        return f"{self.first}" if self.days == 1 else f"{self.first}_{self.last}"


def period_of(kind: Kind, on: date, *, begins: date | None = None) -> Period:
    """The period of `kind` that holds the day `on`. A week begins on Monday. `begins`: the first day of a camp or of a past,
    of which `on` is the last."""
    match kind:
        case "day":
            return Period(kind, on, on)
        case "week":
            monday = on - timedelta(days=on.weekday())
            return Period(kind, monday, monday + timedelta(days=6))
        case "month":
            first = on.replace(day=1)
            return Period(kind, first, (first + timedelta(days=31)).replace(day=1) - _DAY)
        case _:
            return Period(kind, min(begins or on, on), on)
