"""Which plays run where, as far as the caller sees, and the occurrences that follow: planned, set by runs, sent by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot.console.ports.calendar import Place, Sight
from bot.engine.clock import from_ms
from bot.playbook.load import Loaded
from bot.playbook.model import ActivePlay
from bot.plays.campaign import agenda
from bot.plays.campaign.params import Params
from bot.usecases.calendar.past import Tally
from bot.usecases.calendar.plan import CAMPAIGN, TIMERS, Group, Planned, merged, planned
from bot.usecases.calendar.states import States

HAND = "@hand:"
"""Between a post's name and the order of an operator, in the key of an occurrence that nothing scheduled."""


@dataclass(frozen=True, slots=True)
class Running:
    """A play in the groups that share its version."""

    active: ActivePlay
    groups: tuple[Group, ...]


def running_in(loaded: Loaded, groups: Iterable[Group], sight: Sight) -> list[Running]:
    found: dict[tuple[str, str], tuple[ActivePlay, list[Group]]] = {}
    for group in groups:
        for active in loaded.plan(group.uid).plays.values():
            if sight.is_all or sight.sees(group.uid, active.header.playbook):
                found.setdefault((active.ref, active.version), (active, []))[1].append(group)
    return [Running(active, tuple(groups)) for active, groups in found.values()]


def among(running: Iterable[Running], playbook: str, group: str) -> list[Running]:
    """Only what runs in this group and belongs to this playbook; "" everything."""
    mine = [each for each in running if playbook in ("", each.active.header.playbook)]
    if not group:
        return mine
    only = [Running(each.active, tuple(one for one in each.groups if one.uid == group)) for each in mine]
    return [each for each in only if each.groups]


def scopes_of(running: Iterable[Running], *, is_all: bool) -> list[tuple[Sequence[int] | None, frozenset[str]]]:
    """(groups, plays) to count together: what is counted of a play must come from the groups where the caller sees it, and
    these need not be the same for all. None: every group."""
    where: dict[str, set[int]] = {}
    for each in running:
        where.setdefault(each.active.ref, set()).update(group.id for group in each.groups)
    if is_all:
        return [(None, frozenset(where))]
    found: dict[frozenset[int], set[str]] = {}
    for ref, chats in where.items():
        found.setdefault(frozenset(chats), set()).add(ref)
    return [(sorted(chats), frozenset(refs)) for chats, refs in found.items()]


def groups_of(running: Iterable[Running]) -> list[Group]:
    found = {group.uid: group for each in running for group in each.groups}
    return sorted(found.values(), key=lambda group: (group.name or group.uid, group.uid))


def planned_in(loaded: Loaded, running: Iterable[Running], first: date, states: States) -> list[Planned]:
    return [
        one
        for each in running
        for one in planned(
            each.active, loaded.plan(each.groups[0].uid), each.groups, first, states.get(each.active.ref, {})
        )
    ]


def timed(rows: Iterable[Any], running: Iterable[Running]) -> Iterator[Planned]:
    """The timers of runs: what a list of members has set for itself."""
    known = {(each.active.ref, group.uid): (each.active, group) for each in running for group in each.groups}
    for row in rows:
        what = TIMERS.get((row.kind, row.name.partition(":")[0]))
        found = known.get((row.ref, row.chat))
        if what is not None and found is not None:
            active, group = found
            at = from_ms(row.at)
            yield Planned(
                ref=row.ref, kind=row.kind, name=row.name, title=active.name, what=what, at=at,
                local=at.astimezone(active.header.zone), groups=(group,), active=active,
            )  # fmt: skip


def by_hand(
    tallies: Mapping[tuple[str, str], Tally], running: Iterable[Running], begin: int, end: int
) -> Iterator[Planned]:  # fmt: skip
    """What operators sent themselves, at the time when they did."""
    plays = {each.active.ref: each for each in running}
    for (ref, occurrence), tally in tallies.items():
        name, mark, hand = occurrence.partition(HAND)
        each = plays.get(ref)
        if mark and each is not None and begin <= tally.at_ms < end:
            yield _hand_sent(each, name, hand, from_ms(tally.at_ms), tally.begun or len(each.groups))


def _hand_sent(each: Running, name: str, hand: str, at: datetime, groups: int) -> Planned:
    params = each.active.params
    item = next((one for one in agenda.items(params) if one.name == name), None) if isinstance(params, Params) else None
    return Planned(
        ref=each.active.ref, kind=CAMPAIGN, name=name, title=name, what="", at=at,
        local=at.astimezone(each.active.header.zone), groups=each.groups[:groups], active=each.active, item=item,
        hand=hand,
    )  # fmt: skip


def occurrence(loaded: Loaded, running: Sequence[Running], place: Place, states: States) -> Planned | None:
    if place.hand:
        whole = Running(running[0].active, tuple(groups_of(running)))
        return _hand_sent(whole, place.name, place.hand, place.at, len(whole.groups))
    first = monday(place.at.astimezone(running[0].active.header.zone).date())
    week = merged(planned_in(loaded, running, first, states))
    return next((each for each in week if each.name == place.name and each.at == place.at), None)


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
