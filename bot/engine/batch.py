"""What one transaction will write: collected while stepping, written table by table at its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.core.events import Event
from bot.core.tally import Counting
from bot.engine.clock import to_ms
from bot.engine.directory import Room, Run
from bot.engine.outbox import Pending
from bot.engine.runner import StepFailed
from storage.scoring import Span, recount
from storage.writer import ROLLUP, Writer

_COLUMN = {name: place for place, name in enumerate(ROLLUP)}
_ROLLED_UP = {
    "checkin": ("checkins", 1),
    "checkin_undone": ("checkins", -1),
    "quiz": ("quiz", 1),
    "chain_entry": ("chain", 1),
}
"""Notes that count in the member's day: where, and how much."""


class RepeatedCause(Exception):
    """A ledger entry of this batch was there already, or a balance was not what its steps had seen (another process
    wrote): later steps were wrong. Step one by one."""


@dataclass(slots=True)
class Draft:
    """An outbox row before it has an id."""

    account_id: int
    room: Room
    run_id: int | None
    pending: Pending
    cause: str
    status: str = "ready"


@dataclass(slots=True)
class NoteDraft:
    room: Room
    run: Run
    member: str
    member_id: int | None
    what: str
    key: str
    data: str
    day: str


@dataclass(slots=True)
class Batch:
    """One transaction's worth of changes."""

    now: datetime
    is_strict: bool = False
    rooms: dict[int, Room] = field(default_factory=dict)
    follow_ups: list[tuple[Room, Event]] = field(default_factory=list)
    runs: dict[int, Run] = field(default_factory=dict)
    slots: dict[tuple[int, str], str | None] = field(default_factory=dict)
    """(run, key) → the slot as JSON, None: it goes."""
    memberships: dict[tuple[int, int], list[Any]] = field(default_factory=dict)
    days: dict[tuple[int, str, int], list[Any]] = field(default_factory=dict)
    recounts: dict[tuple[int, str], tuple[Room, Span, Counting]] = field(default_factory=dict)
    """(chat, day) whose counters are folded again from the log."""
    stale_days: set[tuple[int, str]] = field(default_factory=set)
    """(chat, day) whose coarse figures changed otherwise than by `days`."""
    notes: list[NoteDraft] = field(default_factory=list)
    ledger: list[list[Any]] = field(default_factory=list)
    balances: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    """(chat, member) → what is added, and the balance that the steps saw at the end."""
    funds: dict[tuple[int, str], int] = field(default_factory=dict)
    """(chat, account) → what is added."""
    timers: dict[tuple[int, str], tuple[int, str] | None] = field(default_factory=dict)
    tasks: list[list[Any]] = field(default_factory=list)
    task_notices: list[tuple[Room, Run, str, str, tuple[str, ...]]] = field(default_factory=list)
    tags: dict[tuple[int, int, str], bool] = field(default_factory=dict)
    traces: list[list[Any]] = field(default_factory=list)
    dead: list[list[Any]] = field(default_factory=list)
    outbox: list[Draft] = field(default_factory=list)
    settled: list[list[Any]] = field(default_factory=list)
    recalled: list[list[Any]] = field(default_factory=list)
    edited: list[list[Any]] = field(default_factory=list)
    refusals: dict[tuple[int, int], str] = field(default_factory=dict)
    chat_facts: dict[int, list[Any]] = field(default_factory=dict)
    touched_time: bool = False
    acting: dict[str, str] = field(default_factory=dict)
    """Who acts in the event at hand: the person → the id that the network named."""

    now_ms: int = field(init=False)

    def __post_init__(self) -> None:
        self.now_ms = to_ms(self.now)

    def bury(self, room: Room, ref: str, cause: str, failed: StepFailed) -> None:
        """An event that a play could not take: shown to operators, costs nobody else anything."""
        self.dead.append([room.id, ref, cause[:200], failed.error[:2000], failed.detail[-4000:], self.now_ms])

    def day_of(self, room: Room, day: str, member_id: int) -> list[Any]:
        """The member's day, in the order of `ROLLUP` and then the last time: add to it."""
        row = self.days.get((room.id, day, member_id))
        if row is None:
            row = self.days[(room.id, day, member_id)] = [0] * len(ROLLUP) + [None]
        return row

    def count(self, room: Room, day: str, member_id: int, column: str, by: int = 1) -> None:
        """Adds to the member's day."""
        self.day_of(room, day, member_id)[_COLUMN[column]] += by

    def transfer(self, chat_id: int, member_id: int, account: str, points: int, balance: int) -> None:
        """Points from the group's account to the member, whose balance is `balance` then."""
        before = self.balances.get((chat_id, member_id), [0, 0])[0]
        self.balances[(chat_id, member_id)] = [before + points, balance]
        self.funds[(chat_id, account)] = self.funds.get((chat_id, account), 0) - points

    def write(self, writer: Writer) -> dict[str, int]:
        """Everything but the log itself, each table once. Returns idem → id of the outbox rows that are new.

        Raises `RepeatedCause` when a ledger entry had been made before.
        """
        now = self.now_ms
        writer.memberships(list(self.memberships.values()))
        writer.chat_facts(list(self.chat_facts.values()))
        writer.update_runs(
            [
                [r.id, r.active.version, r.active.play.version, r.state_json, r.rev, r.status, now]
                for r in self.runs.values()
            ]
        )
        self._write_slots(writer)
        new_notes = writer.notes([[n.run.id, n.room.id, n.member_id, n.what, n.key, n.data, now] for n in self.notes])
        for note in self.notes:
            counts = _ROLLED_UP.get(note.what)
            if counts and note.member_id is not None and (note.run.id, note.what, note.key) in new_notes:
                new_notes.discard((note.run.id, note.what, note.key))
                self.count(note.room, note.day, note.member_id, *counts)
        writer.member_days([[*key, *row] for key, row in self.days.items()])
        stale = self.stale_days.union((chat_id, day) for chat_id, day, _ in self.days)
        writer.stale_days(sorted(stale))
        self._write_points(writer)
        self._write_times(writer)
        self._write_tags(writer, now)
        writer.mark_recalled(self.recalled)
        writer.mark_edited(self.edited)
        self._recount(writer)
        writer.refusals([[*key, refused] for key, refused in self.refusals.items()])
        writer.traces(self.traces)
        writer.dead(self.dead)
        writer.settle(self.settled)
        return writer.enqueue([self._outbox_row(draft, now) for draft in self.outbox])

    def _recount(self, writer: Writer) -> None:
        """After the log and its recalls: what came out of order counts as if it had come in order."""
        for room, span, rules in self.recounts.values():
            tally = recount(writer.connection, span, rules)
            if room.tally is not None and room.tally.day == span.day:
                if tally is not None:
                    tally.newest = max(tally.newest, room.tally.newest)
                room.tally = tally

    def _write_points(self, writer: Writer) -> None:
        if not self.ledger:
            return
        if writer.ledger(self.ledger) < len(self.ledger):
            raise RepeatedCause
        seen = {key: balance for key, (_, balance) in self.balances.items()}
        if writer.add_to_balances([[*key, added] for key, (added, _) in self.balances.items()]) != seen:
            raise RepeatedCause
        writer.add_to_funds([[*key, added] for key, added in self.funds.items()])

    def _write_slots(self, writer: Writer) -> None:
        rows = []
        for (run_id, key), slot in self.slots.items():
            if slot is None:
                writer.drop_slot(run_id, key)
            else:
                rows.append([run_id, key, slot])
        writer.write_slots(rows)

    def _write_times(self, writer: Writer) -> None:
        rows = []
        for (run_id, name), value in self.timers.items():
            if value is None:
                writer.drop_timer(run_id, name)
            else:
                rows.append([run_id, name, *value])
        writer.set_timers(rows)
        self.touched_time = self.touched_time or bool(self.timers)

    def _write_tags(self, writer: Writer, now: int) -> None:
        writer.add_tags([[*key, now] for key, on in self.tags.items() if on])
        for key, on in self.tags.items():
            if not on:
                writer.drop_tag(*key)

    def _outbox_row(self, draft: Draft, now: int) -> list[Any]:
        p = draft.pending
        return [
            draft.account_id, draft.room.id, draft.run_id, p.idem, draft.cause, p.kind, p.body, p.lane, p.on_unknown,
            p.effect_key, draft.status, p.not_before, p.expires_at, now,
        ]  # fmt: skip
