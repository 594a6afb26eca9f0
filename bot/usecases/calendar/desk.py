"""Answers for the calendar: reads the plans in force and the log, asks the pure parts, gives orders to the engine."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.ports.calendar import Act, Detail, Fault, Flights, Goal, Move, Option, Place, Sight, Slot, Week
from bot.console.words import Language
from bot.engine.clock import to_ms
from bot.engine.live import LiveEngine
from bot.engine.orders import Order
from bot.engine.render import Renderer
from bot.playbook.load import Loaded
from bot.playbook.model import ActivePlay
from bot.plays.campaign.params import Params
from bot.plays.campaign.state import State
from bot.usecases.calendar import judge, past
from bot.usecases.calendar.costs import costs_of
from bot.usecases.calendar.details import Fates, texts
from bot.usecases.calendar.entries import day_of, entry_of, notices_of
from bot.usecases.calendar.grid import FREE, row_of, slots_of
from bot.usecases.calendar.moves import Mover
from bot.usecases.calendar.plan import CAMPAIGN, TIMERS, Group, Planned, merged
from bot.usecases.calendar.running import (
    Running,
    among,
    by_hand,
    groups_of,
    monday,
    occurrence,
    planned_in,
    running_in,
    scopes_of,
    timed,
)
from bot.usecases.calendar.states import add_waiting, flights_of, paused_plays, states_of
from bot.usecases.playbooks import PlaybooksDesk
from storage import calendar, overview, reads
from storage.database import Database

_MOST_NOTICES, _MOST_TIMERS, _MOST_FLIGHTS, _MOST_REACHED = 40, 400, 30, 200
_LATER_MS = 2 * 86_400_000
"""How long after it was due a post may have been said, ended, or failed."""
_WEEK = timedelta(days=7)
_ALL = Sight(lambda group, playbook: True, True)


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
        first = monday(day or today)
        everything = running_in(self._loaded(), await self._groups(), sight)
        running = among(everything, playbook, group)
        scopes = scopes_of(running, is_all=sight.is_all and not group)
        begin = to_ms(datetime.combine(first, datetime.min.time(), self._zone))
        end = begin + 7 * 86_400_000
        fired: list[Any] = []
        endings: list[Any] = []
        troubles: list[Any] = []
        async with self._database.session() as session:
            states = await self._states(session, running, sight)
            found = await asyncio.to_thread(planned_in, self._loaded(), running, first, states)
            names = {each.schedule for each in found}
            for chats, refs in scopes:
                fired += _of(await calendar.firings(session, names, begin, end, chats), refs)
                endings += _of(await calendar.endings(session, begin, end + _LATER_MS, chats), refs)
                troubles += _of(await calendar.troubles(session, begin, end + _LATER_MS, chats), refs)
            kinds, since = {kind for kind, _ in TIMERS}, max(begin, to_ms(now))
            timers = await calendar.timers(session, kinds, since, end, _chats(running, sight), limit=_MOST_TIMERS)
            accounts = await overview.accounts(session)
        tallies = past.tallies(endings, troubles)
        add_waiting(tallies, states)
        found = merged([*found, *timed(timers, running), *by_hand(tallies, running, begin, end)])
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
        gaps = judge.gaps(ahead, first, params) if first + _WEEK > today else []
        notices = notices_of([*faults, *gaps], ahead, now, today)
        loads = judge.forecast(ahead)
        still = judge.forecast(each for each in ahead if each.at > now)
        return Week(
            first=first, earlier=first - _WEEK, later=first + _WEEK, today=today, slots=tuple(rows),
            days=tuple(day_of(first + timedelta(days=n), today, rows, entries, loads.values()) for n in range(7)),
            notices=tuple(notices[:_MOST_NOTICES]), notices_more=max(0, len(notices) - _MOST_NOTICES),
            costs=costs_of(still, first, today, accounts, self._quota, self._engine.quota_left),
            flights=tuple(flights_of(states, groups_of(running)))[:_MOST_FLIGHTS], paused=paused_plays(states),
            playbooks=_playbooks(everything), groups=_options(groups_of(everything)), playbook=playbook, group=group,
            within=within,
        )  # fmt: skip

    async def flights(self, sight: Sight, *, playbook: str, group: str) -> Flights:
        running = among(running_in(self._loaded(), await self._groups(), sight), playbook, group)
        async with self._database.session() as session:
            states = await self._states(session, running, sight, is_busy=True)
        return Flights(flights=tuple(flights_of(states, groups_of(running)))[:_MOST_FLIGHTS])

    async def detail(self, sight: Sight, place: Place, group: str) -> Detail | None:
        ref = f"{place.playbook}/{place.play}"
        running = [
            each for each in running_in(self._loaded(), await self._groups(), sight) if each.active.ref == ref
        ]  # fmt: skip
        if not running:
            return None
        async with self._database.session() as session:
            states = await self._states(session, running, sight)
            one = occurrence(self._loaded(), running, place, states)
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
        plays = [(each.uid, loaded.plan(each.uid).plays.get(ref)) for each in await self._groups()]
        return tuple(uid for uid, active in plays if active is not None and isinstance(active.params, Params))

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

    async def _states(
        self, session: AsyncSession, running: Sequence[Running], sight: Sight, *, is_busy: bool = False
    ) -> dict[str, dict[str, State]]:
        """Of the campaigns that the caller sees, where they see them."""
        rows = await calendar.runs(session, CAMPAIGN, _chats(running, sight), is_busy=is_busy)
        shown = {(each.active.ref, group.uid) for each in running for group in each.groups}
        return states_of(row for row in rows if (row.ref, row.chat) in shown)

    async def _versions(self, playbook: str, play: str) -> Sequence[tuple[ActivePlay, int]]:
        ref = f"{playbook}/{play}"
        running = running_in(self._loaded(), await self._groups(), _ALL)
        return [(each.active, len(each.groups)) for each in running if each.active.ref == ref]


def _chats(running: Sequence[Running], sight: Sight) -> list[int] | None:
    return None if sight.is_all else [each.id for each in groups_of(running)]


def _of(rows: Iterable[Any], refs: Collection[str]) -> list[Any]:
    return [row for row in rows if row.ref in refs]


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
