"""The rows of the week: the slots of the campaigns that are shown, and one row for what fits in none of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time

from bot.plays.campaign.params import Params
from bot.usecases.calendar.plan import Planned

FREE = ""
_MOST = 11
"""Rows of a week; what stands in further slots is shown where it fits."""
_USUAL = (("早", time(5), time(11)), ("午", time(11), time(17)), ("晚", time(17), time(23, 59)))
"""Where no campaign says what its slots are."""


@dataclass(frozen=True, slots=True)
class Slot:
    """`is_named`: a campaign calls it so, posts of the matrix belong there; otherwise only a part of the day."""

    name: str
    start: time
    end: time
    is_named: bool = True

    def __contains__(self, clock: time) -> bool:
        minute = clock.replace(second=0, microsecond=0)
        if self.start <= self.end:
            return self.start <= minute <= self.end
        return minute >= self.start or minute <= self.end


def slots_of(campaigns: Iterable[Params]) -> tuple[Slot, ...]:
    """By their beginning; a name that several campaigns use spans all of their windows."""
    found: dict[str, Slot] = {}
    for params in campaigns:
        for name, window in params.slots.items():
            known = found.get(name)
            if known is None:
                found[name] = Slot(name, window.start, window.end)
            elif window.start <= window.end and known.start <= known.end:
                found[name] = Slot(name, min(known.start, window.start), max(known.end, window.end))
    if not found:
        return tuple(Slot(name, start, end, is_named=False) for name, start, end in _USUAL)
    return tuple(sorted(found.values(), key=lambda slot: (slot.start, slot.end, slot.name)))[:_MOST]


def row_of(each: Planned, slots: Sequence[Slot]) -> str:
    """The slot that an occurrence stands in: its own unless it was sent by hand, else the narrowest that it falls into, else
    `FREE`."""
    names: Mapping[str, Slot] = {slot.name: slot for slot in slots}
    if each.slot in names and not each.hand:
        return each.slot
    fitting = [slot for slot in slots if each.local.time() in slot]
    return min(fitting, key=_length, default=Slot(FREE, time(0), time(0))).name


def _length(slot: Slot) -> int:
    minutes = (slot.end.hour * 60 + slot.end.minute) - (slot.start.hour * 60 + slot.start.minute)
    return minutes % 1440
