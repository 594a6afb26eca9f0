"""Answers for the calendar: reads the plans in force and the log, asks the pure parts, gives orders to the engine."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.console.ports.calendar import Act, Detail, Fault, Goal, Move, Option, Place, Sight, Slot, Week
from bot.console.words import Language
from bot.engine.clock import from_ms, to_ms
from bot.engine.live import LiveEngine
from bot.engine.orders import Order
from bot.engine.render import Renderer
from bot.playbook.load import Loaded
from bot.playbook.model import ActivePlay
from bot.plays.campaign import agenda
from bot.plays.campaign.params import Params
from bot.usecases.calendar import judge, past
from bot.usecases.calendar.costs import costs_of
from bot.usecases.calendar.details import Fates, texts
from bot.usecases.calendar.entries import day_of, entry_of, notices_of
from bot.usecases.calendar.grid import FREE, row_of, slots_of
from bot.usecases.calendar.moves import Mover
from bot.usecases.calendar.past import Tally
from bot.usecases.calendar.plan import CAMPAIGN, TIMERS, Group, Planned, merged, planned
from bot.usecases.calendar.states import States, add_waiting, flights_of, paused_plays, states_of
from bot.usecases.playbooks import PlaybooksDesk
from storage import calendar, overview, reads
from storage.database import Database

_MOST_NOTICES, _MOST_TIMERS, _MOST_FLIGHTS, _MOST_REACHED = 40, 400, 30, 200
_LATER_MS = 2 * 86_400_000
"""How long after it was due a post may have been said, ended, or failed."""
_HAND = "@hand:"
_WEEK = timedelta(days=7)
_ALL = Sight(lambda group, playbook: True, True)


@dataclass(frozen=True, slots=True)
class Running:
    """A play in the groups that share its version."""

    active: ActivePlay
    groups: tuple[Group, ...]


class CalendarDesk:
    """Answers `bot.console.ports.calendar.CalendarPort`."""

    def __init__(
        self, database: Database, engine: LiveEngine, loaded: Callable[[], Loaded], playbooks: PlaybooksDesk,
        templates: Path, now: Callable[[], datetime], zone: ZoneInfo, quota: int,
    ) -> None:  # fmt: skip
        self._database, self._engine, self._loaded = database, engine, loaded
        self._now, self._zone, self._quota = now, zone, quota
        self._renderer = Renderer(templates)
        self._mover = Mover(playbooks, self._versions, now)

    async def week(self, sight: Sight, day: date | None, *, playbook: str, group: str, within: int) -> Week:
        now = self._now()
        today = now.astimezone(self._zone).date()
        first = _monday(day or today)
        everything = _running(self._loaded(), await self._groups(), sight)
        running = [
            each for each in _among(everything, group) if playbook in ("", each.active.header.playbook)
        ]  # fmt: skip
        chats = None if sight.is_all and not group else [each.id for each in _groups_of(running)]
        begin = to_ms(datetime.combine(first, datetime.min.time(), self._zone))
        end = begin + 7 * 86_400_000
        async with self._database.session() as session:
            states = states_of(await calendar.runs(session, CAMPAIGN, chats))
            found = await asyncio.to_thread(_planned, self._loaded(), running, first, states)
            fired = await calendar.firings(session, {each.schedule for each in found}, begin, end, chats)
            endings = await calendar.endings(session, begin, end + _LATER_MS, chats)
            troubles = await calendar.troubles(session, begin, end + _LATER_MS, chats)
            kinds = {kind for kind, _ in TIMERS}
            since = max(begin, to_ms(now))
            timers = await calendar.timers(session, kinds, since, end, chats, limit=_MOST_TIMERS)
            accounts = await overview.accounts(session)
        shown = {each.active.ref for each in running}
        states = {ref: runs for ref, runs in states.items() if ref in shown}
        tallies = past.tallies(endings, troubles)
        add_waiting(tallies, states)
        found = merged([*found, *_timed(timers, running), *_by_hand(tallies, running, begin, end)])
        past.add_firings(tallies, fired, {(e.ref, e.schedule, to_ms(e.at)): e.occurrence for e in found if not e.hand})
        params = {each.active.ref: each.active.params for each in running if isinstance(each.active.params, Params)}
        slots = slots_of(params.values())
        ahead = [each for each in found if not each.hand]
        faults = [*judge.clashes(ahead, timedelta(minutes=within)), *judge.faults(ahead)]
        about = _about(faults, ahead)
        entries = [
            entry
            for each in found
            if (
                entry := entry_of(
                    each, tallies.get((each.ref, each.occurrence)), states, now, about[id(each)], row_of(each, slots)
                )
            )
        ]
        filled = {each.slot for each in found if not each.hand}
        rows = [
            Slot(
                name=each.name, start=f"{each.start:%H:%M}", end=f"{each.end:%H:%M}", is_named=each.is_named,
                is_empty=each.is_named and each.name not in filled,
            )
            for each in slots
        ]  # fmt: skip
        if any(each.slot == FREE for each in entries):
            rows.append(Slot(name=FREE, start="", end="", is_named=False))
        notices = notices_of([*faults, *judge.gaps(ahead, first, params)], ahead, now, today)
        loads = judge.forecast(ahead)
        still = judge.forecast(each for each in ahead if each.at > now)
        return Week(
            first=first, earlier=first - _WEEK, later=first + _WEEK, today=today, slots=tuple(rows),
            days=tuple(day_of(first + timedelta(days=n), today, rows, entries, loads.values()) for n in range(7)),
            notices=tuple(notices[:_MOST_NOTICES]), notices_more=max(0, len(notices) - _MOST_NOTICES),
            costs=costs_of(still, first, today, accounts, self._quota, self._engine.quota_left),
            flights=tuple(flights_of(states, _groups_of(running)))[:_MOST_FLIGHTS], paused=paused_plays(states),
            playbooks=_playbooks(everything), groups=_options(_groups_of(everything)), playbook=playbook, group=group,
            within=within,
        )  # fmt: skip

    async def detail(self, sight: Sight, place: Place, group: str) -> Detail | None:
        ref = f"{place.playbook}/{place.play}"
        running = [
            each for each in _running(self._loaded(), await self._groups(), sight) if each.active.ref == ref
        ]  # fmt: skip
        if not running:
            return None
        async with self._database.session() as session:
            states = states_of(await calendar.runs(session, CAMPAIGN, [each.id for each in _groups_of(running)]))
            one = _occurrence(self._loaded(), running, place, states)
            if one is None:
                return None
            fates = await Fates.read(session, one, states)
        faults: list[Fault] = [each.fault for each in judge.faults([one])]
        entry = entry_of(one, fates.tally, states, self._now(), faults, one.slot)
        if entry is None:
            return None
        reached = fates.reached(states, is_ahead=entry.is_ahead)
        post = one.item.post if one.item is not None else None
        return Detail(
            entry=entry, reached=reached[:_MOST_REACHED], reached_more=max(0, len(reached) - _MOST_REACHED),
            texts=texts(one, self._loaded(), states, group, self._renderer) if post is not None else (),
            arms=tuple(sorted(post.texts or post.variants)) if post is not None else (),
            topic=post.topic if post is not None else "", points=post.points if post is not None else (),
            when=one.item.when if one.item is not None else "", slots=_slots(one),
            groups=_options(one.groups), cost=len(one.groups) * (one.parts or 0), **fates.sums(),
        )  # fmt: skip

    async def groups_of(self, playbook: str, play: str) -> tuple[str, ...]:
        ref, loaded = f"{playbook}/{play}", self._loaded()
        return tuple(each.uid for each in await self._groups() if ref in loaded.plan(each.uid).plays)

    async def move(self, place: Place, goal: Goal, language: Language) -> Move | None:
        return await self._mover.move(place, goal, language)

    async def moved(self, place: Place, goal: Goal, base: str, actor: str) -> None:
        await self._mover.moved(place, goal, base, actor)

    async def order(
        self, playbook: str, play: str, act: Act, about: str, groups: tuple[str, ...], key: str, actor: str
    ) -> int:  # fmt: skip
        # A page has one key and several buttons; the same button is the same order, in whichever groups it is pressed.
        pressed = blake2b("|".join((key, playbook, play, act, about)).encode(), digest_size=20).hexdigest()
        order = Order(
            key=pressed, play=f"{playbook}/{play}", order=act, about=about, chats=groups, by=actor,
            action=f"calendar.{act}",
        )  # fmt: skip
        return len(await self._engine.call(lambda kernel: kernel.order(order, self._now())))

    # -- inside -----------------------------------------------------------------------------------------------------

    async def _groups(self) -> list[Group]:
        async with self._database.session() as session:
            rows = await reads.chats(session)
        return [Group(row.id, row.uid, row.name, row.size, row.account or "") for row in rows if row.account]

    async def _versions(self, playbook: str, play: str) -> Sequence[tuple[ActivePlay, int]]:
        ref = f"{playbook}/{play}"
        running = _running(self._loaded(), await self._groups(), _ALL)
        return [(each.active, len(each.groups)) for each in running if each.active.ref == ref]


def _running(loaded: Loaded, groups: Iterable[Group], sight: Sight) -> list[Running]:
    found: dict[tuple[str, str], tuple[ActivePlay, list[Group]]] = {}
    for group in groups:
        for active in loaded.plan(group.uid).plays.values():
            if sight.is_all or sight.sees(group.uid, active.header.playbook):
                found.setdefault((active.ref, active.version), (active, []))[1].append(group)
    return [Running(active, tuple(groups)) for active, groups in found.values()]


def _among(running: Iterable[Running], group: str) -> list[Running]:
    """Only what runs in this group, "" everything."""
    if not group:
        return list(running)
    only = [Running(each.active, tuple(one for one in each.groups if one.uid == group)) for each in running]
    return [each for each in only if each.groups]


def _groups_of(running: Iterable[Running]) -> list[Group]:
    found = {group.uid: group for each in running for group in each.groups}
    return sorted(found.values(), key=lambda group: (group.name or group.uid, group.uid))


def _planned(loaded: Loaded, running: Iterable[Running], first: date, states: States) -> list[Planned]:
    return [
        one
        for each in running
        for one in planned(
            each.active, loaded.plan(each.groups[0].uid), each.groups, first, states.get(each.active.ref, {})
        )
    ]


def _timed(rows: Iterable[Any], running: Iterable[Running]) -> Iterator[Planned]:
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


def _by_hand(
    tallies: Mapping[tuple[str, str], Tally], running: Iterable[Running], begin: int, end: int
) -> Iterator[Planned]:  # fmt: skip
    """What operators sent themselves, at the time when they did."""
    plays = {each.active.ref: each for each in running}
    for (ref, occurrence), tally in tallies.items():
        name, mark, hand = occurrence.partition(_HAND)
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


def _occurrence(loaded: Loaded, running: Sequence[Running], place: Place, states: States) -> Planned | None:
    if place.hand:
        whole = Running(running[0].active, tuple(_groups_of(running)))
        return _hand_sent(whole, place.name, place.hand, place.at, len(whole.groups))
    first = _monday(place.at.astimezone(running[0].active.header.zone).date())
    week = merged(_planned(loaded, running, first, states))
    return next((each for each in week if each.name == place.name and each.at == place.at), None)


def _about(faults: Iterable[judge.Found], week: Sequence[Planned]) -> defaultdict[int, list[Fault]]:
    """What is wrong with each occurrence, by its identity."""
    found: defaultdict[int, list[Fault]] = defaultdict(list)
    for fault in faults:
        for index in fault.about:
            known = found[id(week[index])]
            if fault.fault not in known:
                known.append(fault.fault)
    return found


def _slots(one: Planned) -> tuple[Option, ...]:
    params = one.active.params if one.active is not None else None
    if not isinstance(params, Params) or not one.slot:
        return ()
    return tuple(Option(value=name, label=f"{name} {window}") for name, window in params.slots.items())


def _playbooks(running: Iterable[Running]) -> tuple[Option, ...]:
    found = {each.active.header.playbook: each.active.header.title for each in running}
    return tuple(Option(value=key, label=title or key) for key, title in sorted(found.items()))


def _options(groups: Iterable[Group]) -> tuple[Option, ...]:
    return tuple(Option(value=each.uid, label=each.name or each.uid) for each in groups)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
