"""What a step may know besides its event: loaded as the play declared it, in as few queries as can be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.core.events import Event
from bot.core.play import Member, Needs, Recent, Score
from bot.core.scoring import Explanation, Since, since
from bot.engine.apply import Applier
from bot.engine.batch import Batch
from bot.engine.deeds import Deeds
from bot.engine.directory import Directory, Person, Room, Run
from bot.engine.runner import Facts, Heard
from storage import explanation, own
from storage.boards import board
from storage.scoring import Span
from storage.writer import ROLLUP, Writer

_A_SLOT, _NO_SLOT = 15, 1
_MOST_HELD = 1_000 * _A_SLOT
"""Slots kept in memory over all runs; beyond it the caches are dropped and filled again as needed. Most members act once
a day, so a large cache costs memory (3 KB a slot) and saves hardly a query. That a member has none is cheaper to keep, and
asked more often: each message of a group with rules is one of somebody who never broke one."""


class FactLoader:
    """Reads slots, balances, rosters, rankings and recent messages, and keeps what it read."""

    def __init__(self, writer: Writer, directory: Directory, applier: Applier) -> None:
        self._writer, self._directory, self._applier = writer, directory, applier
        self._deeds = Deeds(writer.connection, directory)
        self._with_slots: dict[int, Run] = {}
        """Runs by id that have slots in memory."""
        self._held = 0
        self._last: tuple[Event, Person, int, Member] | None = None

    def of_room(self, batch: Batch, room: Room) -> Facts:
        """What is known without an event."""
        refused = self._directory.refusals(room, room.primary, batch.now_ms)
        caps = self._applier.caps_of(room)
        if refused:
            caps -= refused
        return Facts(chat_name=room.name, group_size=room.size, account=room.primary, caps=caps)

    def of_event(self, batch: Batch, room: Room, event: Event, heard: Heard, run: Run) -> Facts:
        """What the play asked for."""
        facts, needs, directory = self.of_room(batch, room), heard.needs, self._directory
        if event.member:
            person = directory.person(room, event.member)
            if person is not None:
                facts.member = self._member(room, person, event)
        if needs.slots:
            facts.slots = self._slots(run, needs)
        if needs.roster:
            facts.roster = directory.roster(room)
        if needs.balances:
            facts.balances = self._balances(room, needs)
        if needs.recent_s:
            facts.recent = self._recent(room, event.at - timedelta(seconds=needs.recent_s), event.at)
        if needs.entries:
            facts.entries = {uid: self._applier.bank.entries(batch, room, uid) for uid in needs.entries}
        if needs.earned_by and event.member:
            facts.earned = self._applier.bank.earned(batch, room, event.member, needs.earned_by)
        if needs.lapsing:
            facts.lapsing = {until: self._applier.bank.lapsing(batch, room, until) for until in needs.lapsing}
        if needs.claims and event.member:
            facts.claims = self._applier.bank.claims(batch, event.member, needs.claims)
        if needs.said:
            facts.recent = directory.said(room, needs.said)
        if needs.explain_days_ago is not None and event.member:
            facts.explanation = self._explanation(batch, room, event.member, needs.explain_days_ago)
        if needs.scores:
            facts.scores = {key: self._scores(room, run, key, batch) for key in needs.scores}
        if needs.deeds:
            facts.deeds = self._deeds.reached(room, needs.deeds)
        if needs.done and event.member:
            facts.done = self._deeds.done(room, event.member, needs.done)
        if needs.own and event.member:
            facts.own = {key: self._own(room, run, key, batch, event.member) for key in needs.own}
        return facts

    def remember(self, run: Run, key: str, slot: Any) -> None:
        """What a step wrote."""
        if key in run.slots:
            self._held -= _weight(run.slots[key])
        self._held += _weight(slot)
        self._with_slots[run.id] = run
        run.slots[key] = slot

    def prefetch(self, wanted: Iterable[tuple[Room | None, Heard]]) -> None:
        """One query for the slots and one for the balances of a whole batch."""
        missing: dict[tuple[int, str], tuple[Run, str]] = {}
        balances: list[tuple[Room, str]] = []
        for room, heard in wanted:
            if room is not None and isinstance(heard.needs.balances, tuple):
                balances += [(room, uid) for uid in self._ids(heard.needs.balances) if uid not in room.balances]
            run = room.runs.get(heard.active.ref) if room and room.runs else None
            if run is None or run.is_complete or heard.needs.slots == "all":
                continue
            if not run.takes(heard):
                continue  # should it take it by the time that it is stepped, its slots are read then
            for key in heard.needs.slots:
                if key not in run.slots and not key.endswith("*"):
                    missing[(run.id, key)] = (run, key)
        self._applier.bank.load(balances)
        if missing:
            if self._held > _MOST_HELD:
                self._drop_caches({run.id for run, _ in missing.values()})
            self._load(missing.values())

    # -- inside -----------------------------------------------------------------------------------------------------

    def _slots(self, run: Run, needs: Needs) -> dict[str, Any]:
        if needs.slots == "all":
            self._load_all(run, "")
            return {key: slot for key, slot in run.slots.items() if slot is not None}
        found, missing = {}, []
        for key in needs.slots:
            if key.endswith("*"):
                self._load_all(run, key[:-1])
                found.update({k: s for k, s in run.slots.items() if s is not None and k.startswith(key[:-1])})
            elif key in run.slots:
                if run.slots[key] is not None:
                    found[key] = run.slots[key]
            elif not run.is_complete:
                missing.append(key)
        if missing:
            self._load([(run, key) for key in missing])
            found.update({key: run.slots[key] for key in missing if run.slots[key] is not None})
        return found

    def _load_all(self, run: Run, prefix: str) -> None:
        if run.is_complete:
            return
        for row in self._writer.all_slots(run.id, prefix):
            if row.key not in run.slots:
                self.remember(run, row.key, _parsed(run, row.data))
        run.is_complete = not prefix

    def _load(self, wanted: Iterable[Sequence[Any]]) -> None:
        pairs = [(run, key) for run, key in wanted]
        by_id = {run.id: run for run, _ in pairs}
        for run, key in pairs:
            self.remember(run, key, None)
        for row in self._writer.slots([[run.id, key] for run, key in pairs]):
            run = by_id[row.run_id]
            self.remember(run, row.key, _parsed(run, row.data))

    def _drop_caches(self, keep: set[int]) -> None:
        for run in self._with_slots.values():
            if run.id not in keep:
                run.slots.clear()
                run.is_complete = False
        self._with_slots = {run.id: run for run in self._with_slots.values() if run.id in keep}
        self._held = sum(_weight(slot) for run in self._with_slots.values() for slot in run.slots.values())

    def _member(self, room: Room, person: Person, event: Event) -> Member:
        """Made once for all plays that hear the event, unless one of them changed what they see of people."""
        directory = self._directory
        if self._last is not None:
            of, whom, changes, member = self._last
            if of is event and whom is person and changes == directory.changes:
                return member
        member = directory.member(room, person)
        self._last = (event, person, directory.changes, member)
        return member

    def _recent(self, room: Room, since: datetime, until: datetime) -> tuple[Recent, ...]:
        found, persons = self._directory.recent(room).between(since, until), self._directory.persons
        if not persons:
            return found
        heads = {uid: persons.head(uid) for uid in {one.member for one in found}}
        return tuple(
            one if heads[one.member] == one.member else replace(one, member=heads[one.member]) for one in found
        )

    def _balances(self, room: Room, needs: Needs) -> dict[str, int]:
        persons = self._directory.persons
        uids = tuple(self._directory.roster(room)) if needs.balances == "all" else needs.balances
        self._applier.bank.load([(room, uid) for uid in self._ids(uids) if uid not in room.balances])
        return {uid: sum(room.balances[each] for each in persons.ids(uid)) for uid in uids}

    def _ids(self, uids: Sequence[str]) -> Sequence[str]:
        """Every id of these persons."""
        persons = self._directory.persons
        return [each for uid in uids for each in persons.ids(uid)] if persons else uids

    def _scores(self, room: Room, run: Run, key: tuple[str, str], batch: Batch) -> tuple[Score, ...]:
        return board(self._writer.connection, room.id, key[0], self._since(room, run, key[1], batch))

    def _own(self, room: Room, run: Run, key: tuple[str, str], batch: Batch, uid: str) -> float:
        """The member's own total, with what this batch has not written yet."""
        kind, start = key[0], self._since(room, run, key[1], batch)
        ids = [member for each in self._directory.persons.ids(uid) if (member := self._directory.members.get(each))]
        connection = self._writer.connection
        if kind == "activity":
            pending = {(day, who): row for (chat, day, who), row in batch.days.items() if chat == room.id}
            return own.activity(connection, self._directory.scoring, room.id, ids, start, pending)
        account = "issue" if kind == "earned" else None
        return own.points(connection, room.id, ids, start, account, batch.ledger)

    def _since(self, room: Room, run: Run, window: str, batch: Batch) -> Since | None:
        header = run.active.header
        return since(window, self._directory.date(room, batch.now), header.zone, header.day_starts)

    def _explanation(self, batch: Batch, room: Room, uid: str, days_ago: int) -> Explanation:
        directory, connection = self._directory, self._writer.connection
        ids = [directory.members[each] for each in directory.persons.ids(uid) if each in directory.members]
        today = directory.date(room, batch.now)
        monday = today - timedelta(days=today.weekday())
        shown = today - timedelta(days=days_ago)
        newest = max(explanation.newest_day(connection, room.id) or today, today)
        week = [monday + timedelta(days=n) for n in range((today - monday).days + 1)]
        counts = explanation.counts_of(connection, room.id, ids, [day.isoformat() for day in week])
        days = {
            day: sum(directory.scoring.day(counts.get(day.isoformat(), {}), (newest - day).days).values())
            for day in week
        }
        begin, end = directory.bounds(room, shown)
        pending: Counter[str] = Counter()
        for who in ids:
            row = batch.days.get((room.id, shown.isoformat(), who))
            pending.update(dict(zip(ROLLUP, row, strict=False)) if row else {})
        span = Span(room.id, shown.isoformat(), begin, end)
        found = explanation.explain_day(connection, ids, span, directory.scoring, (newest - shown).days, pending)
        if shown in days:
            days[shown] = found.mp
        return Explanation(days=days, day=shown, lines=found.lines)


def _weight(slot: Any) -> int:
    return _NO_SLOT if slot is None else _A_SLOT


def _parsed(run: Run, data: str) -> Any:
    model = run.active.play.Slot
    assert model is not None
    return model.model_validate_json(data)
