"""Occurrences and what became of them → what the page shows, purely."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from bot.console.ports.calendar import Count, Day, Entry, Fate, Fault, Notice, Slot
from bot.usecases.calendar.judge import Found, Load
from bot.usecases.calendar.past import Tally, worst
from bot.usecases.calendar.plan import CAMPAIGN, TIMERS, Planned
from bot.usecases.calendar.states import States, is_paused

_GRACE = timedelta(minutes=5)
"""What was due this short a time ago may not have been fired yet."""


def entry_of(
    each: Planned, tally: Tally | None, states: States, now: datetime, faults: Sequence[Fault], slot: str
) -> Entry | None:  # fmt: skip
    """None for what lies behind and left no trace: nobody ran it then."""
    is_ahead = each.at > now - _GRACE and tally is None
    fates: dict[Fate, int] = {}
    if is_ahead:
        paused = sum(is_paused(states, each.ref, group.uid, each.name) for group in each.groups) if each.item else 0
        counts: list[tuple[Fate, int]] = [("paused", paused), ("planned", len(each.groups) - paused)]
        fates = {fate: n for fate, n in counts if n}
    elif tally is not None:
        fates = tally.fates(is_post=each.item is not None)
    if not fates:
        return None
    first: Fate = next(iter(fates)) if is_ahead else worst(fates) or "sent"
    playbook, _, play = each.ref.partition("/")
    return Entry(
        playbook=playbook, play=play, kind=each.kind, name=each.name, title=each.title, what=each.what, at=each.at,
        day=each.local.date(), clock=f"{each.local:%H:%M}", slot=slot, groups=len(each.groups),
        group=(each.groups[0].name or each.groups[0].uid) if each.groups and not each.hand else "", fate=first,
        fates=tuple(Count(fate=fate, groups=n) for fate, n in fates.items()), is_ahead=is_ahead,
        can_move=bool(each.item) and not each.hand and each.kind == CAMPAIGN, hand=each.hand,
        is_matrix=bool(each.slot),
        has_more=(each.kind, each.name.partition(":")[0]) not in TIMERS, messages=each.parts, lasts_s=each.lasts_s,
        spread_s=each.spread_s, faults=tuple(faults) if is_ahead else (),
    )  # fmt: skip


def day_of(
    day: date, today: date, slots: Sequence[Slot], entries: Iterable[Entry], loads: Iterable[Mapping[date, Load]]
) -> Day:  # fmt: skip
    here = [each for each in entries if each.day == day]
    costs = [load[day] for load in loads if day in load]
    return Day(
        day=day, is_today=day == today, is_past=day < today,
        cells=tuple(tuple(each for each in here if each.slot == slot.name) for slot in slots),
        messages=sum(each.messages for each in costs), is_least=any(each.is_least for each in costs),
        posts=sum(each.kind == CAMPAIGN for each in here),
    )  # fmt: skip


def notices_of(faults: Iterable[Found], week: Sequence[Planned], now: datetime, today: date) -> list[Notice]:
    """What can still be changed, the soonest first; what is missing comes last."""
    found = list(_notices(faults, week, now, today))
    return sorted(found, key=lambda each: (each.day is None, each.day or today, each.clock))


def _notices(faults: Iterable[Found], week: Sequence[Planned], now: datetime, today: date) -> Iterator[Notice]:
    for each in faults:
        playbook, _, play = each.ref.partition("/")
        if not each.about:
            if each.day is None or each.day >= today:
                yield Notice(fault=each.fault, playbook=playbook, play=play, day=each.day, slot=each.slot)
            continue
        one, last = week[each.about[0]], week[each.about[-1]]
        if last.at > now:
            yield Notice(
                fault=each.fault, playbook=playbook, play=play, first=one.title,
                second=last.title if last is not one else "", day=one.local.date(), clock=f"{one.local:%H:%M}",
                minutes=each.minutes, n=each.n,
            )  # fmt: skip
