"""What an operator should look at before a week runs, purely: clashes, gaps, and what it will cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from bot.plays.campaign.params import Params, in_span
from bot.usecases.calendar.plan import CAMPAIGN, Planned

Fault = Literal["clash", "quiet_wait", "quiet_skip", "no_content", "over_limit", "day_empty", "slot_empty"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`about` are the occurrences that are concerned, by their index; `day` and `slot` say where something is missing.
    `minutes`: between two that clash; `n`: how many groups, or the limit of a day."""

    fault: Fault
    ref: str
    about: tuple[int, ...] = ()
    day: date | None = None
    slot: str = ""
    minutes: int = 0
    n: int = 0


def clashes(week: Sequence[Planned], within: timedelta) -> list[Found]:
    """Two occurrences less than `within` apart that a group would see both. `week` is in the order of time."""
    found = []
    seen_by = [frozenset(group.uid for group in each.groups) for each in week]
    for index, one in enumerate(week):
        for other in range(index + 1, len(week)):
            apart = week[other].at - one.at
            if apart >= within:
                break
            if common := seen_by[index] & seen_by[other]:
                minutes = int(apart.total_seconds()) // 60
                found.append(
                    Found(fault="clash", ref=one.ref, about=(index, other), minutes=minutes, n=len(common))
                )  # fmt: skip
    return found


def faults(week: Sequence[Planned]) -> list[Found]:
    """What single posts suffer from: quiet hours, missing content, more posts in a day than the playbook allows."""
    found = []
    posted: Counter[tuple[str, date]] = Counter()
    for index, each in enumerate(week):
        if each.item is None or each.active is None or not isinstance(each.active.params, Params):
            continue
        params = each.active.params
        if each.parts == 0:
            found.append(Found(fault="no_content", ref=each.ref, about=(index,), n=len(each.groups)))
        if each.is_quiet:
            fault: Fault = "quiet_wait" if params.quiet == "wait" else "quiet_skip"
            found.append(Found(fault=fault, ref=each.ref, about=(index,), n=len(each.groups)))
        posted[(each.ref, each.local.date())] += 1
        if posted[(each.ref, each.local.date())] > params.per_day:
            found.append(Found(fault="over_limit", ref=each.ref, about=(index,), n=params.per_day))
    return found


def gaps(week: Sequence[Planned], first: date, campaigns: Mapping[str, Params]) -> list[Found]:
    """Days on which a campaign says nothing, slots of its matrix that stay empty. `campaigns`: ref → its params."""
    days: dict[str, set[date]] = defaultdict(set)
    slots: dict[str, set[str]] = defaultdict(set)
    for each in week:
        if each.kind == CAMPAIGN:
            days[each.ref].add(each.local.date())
            slots[each.ref].add(each.slot)
    found = []
    for ref, params in campaigns.items():
        if not params.calendar:
            continue
        running = [day for day in (first + timedelta(days=n) for n in range(7)) if in_span(params, day)]
        found += [Found(fault="day_empty", ref=ref, day=day) for day in running if day not in days[ref]]
        if running:
            found += [Found(fault="slot_empty", ref=ref, slot=slot) for slot in params.slots if slot not in slots[ref]]
    return found


@dataclass(frozen=True, slots=True)
class Load:
    """What one account sends on one day. `is_least`: some of it can't be counted before."""

    messages: int = 0
    posts: int = 0
    is_least: bool = False


def forecast(week: Iterable[Planned]) -> dict[str, dict[date, Load]]:
    """Account → day → what it will send."""
    found: dict[str, dict[date, Load]] = defaultdict(dict)
    for each in week:
        for account, n in Counter(group.account for group in each.groups).items():
            day = each.local.date()
            load = found[account].get(day, Load())
            found[account][day] = Load(
                load.messages + n * (1 if each.parts is None else each.parts), load.posts + n,
                load.is_least or each.parts is None,
            )  # fmt: skip
    return dict(found)
