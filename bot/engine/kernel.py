"""The transactional shell's heart, synchronous: one cycle is one transaction.

    cycle: settle what the networks answered → log and step what arrived → fire what is due → write → commit → release

It is called by the writer thread of the live bot and directly by the simulation; it reads no clock and does no I/O but
the database's. Nothing leaves before the commit that holds its cause, so a crash before it means that nothing happened,
and a crash after it that everything will: outbox, timers and states are rows.

A cycle that fails for one event's sake is rolled back and taken again one event at a time; the guilty one is buried
with its traceback, the others stand.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from bot.core.events import Event
from bot.core.play import ALL_CAPABILITIES, Capability, Member
from bot.core.text import clean
from bot.engine import codec, logged
from bot.engine.apply import Applier
from bot.engine.batch import Batch
from bot.engine.clock import from_ms, to_ms
from bot.engine.directory import Directory, Room
from bot.engine.failpoints import fp
from bot.engine.forgetting import forget
from bot.engine.history import History, Said, Taken
from bot.engine.holding import AWAY_MS, AWAY_TIMERS_MS, READING_MS, Holding
from bot.engine.intake import Intake
from bot.engine.invitations import Invitations, Policy
from bot.engine.merging import Kinds, Merging
from bot.engine.orders import NOT_RUNNING, Order, audit_order, take_order
from bot.engine.outbox import OFF, Limits, Outbox, Pending
from bot.engine.questions import Questions
from bot.engine.relay import Relay
from bot.engine.render import Renderer
from bot.engine.roster import take_groups, take_members
from bot.engine.settlement import Settlement
from bot.engine.stepper import Stepper
from bot.engine.succession import Succession
from bot.engine.times import Times
from bot.engine.traffic import Buried, Counters, Dispatch, Inbound, Settled
from bot.playbook.model import ActivePlay, GroupPlan
from bot.transports.base import Group
from storage import machines
from storage.history import mark_bots, name_group, open_gaps
from storage.history import record as record_import
from storage.persons import member_id
from storage.privacy import erase_member
from storage.writer import Writer

R = TypeVar("R")

_TWINS_MS = 2 * 86_400_000
"""How much earlier than a suspect a send may have been queued whose message can be taken for it."""
RESTART = "restart"
"""The cause of a gap that a process left which ended without a word."""
_MAX_CHAIN = 200
"""How many plays may start each other from one event before it counts as a loop."""


class NotRepeatable(Exception):
    """A dead event that the log can't give back (a timer, an answer of the network), or whose step was done."""


class Kernel:
    """One database's engine. Not thread-safe: exactly one thread calls it."""

    def __init__(
        self,
        connection: Connection,
        *,
        plan_for: Callable[[str], GroupPlan | None],
        renderer: Renderer,
        limits: Limits = OFF,
        caps_of: Callable[[str, str], frozenset[Capability]] = lambda account, chat: ALL_CAPABILITIES,
        dump: Callable[[ActivePlay], str] = lambda active: "",
        restore: Callable[[str], ActivePlay | None] = lambda source: None,
        trace: bool = True,
        operators: frozenset[str] = frozenset(),
        relays: Callable[[str], bool] = lambda account: False,
        invitations: Policy = "ask",
    ) -> None:
        self._connection = connection
        self.writer = Writer(connection)
        self.directory = Directory(self.writer, plan_for, operators)
        self.outbox = Outbox(limits)
        self.counters = Counters()
        self.suspects: dict[int, Pending] = {}
        self._applier = Applier(self.writer, self.directory, renderer, caps_of, relays)
        self._relay = Relay(self.writer, self.directory, self._applier, renderer, self._queue_again)
        own = Invitations(self.writer, self.directory, self._applier, renderer, invitations)
        self._intake = Intake(self.writer, self.directory, self.counters)
        self._questions = Questions(self.writer, self.directory, self._applier, renderer, self._relay, own)
        self._stepper = Stepper(
            self.writer, self.directory, self._applier, self._intake, self._questions, own, self.counters,
            dump=dump, restore=restore, trace=trace,
        )  # fmt: skip
        self._history = History(self.writer, self.directory)
        self._holding = Holding()
        self._is_stale = False
        self._sends: list[Dispatch] = []
        """Committed, not given to the caller yet."""
        self._buried: list[Buried] = []
        """Committed, not told to the caller yet."""
        self._handed: set[int] = set()
        """Rows that this process gave to the network and whose answer is not committed yet."""
        self._seen_online: set[str] = set()
        self._times = Times(self.writer, self.directory, self.counters, self._holding)
        self._succession = Succession(self.writer, self.directory, self.outbox, self._holding)
        self._settlement = Settlement(self.directory, self.outbox, self.counters)

    # -- life -------------------------------------------------------------------------------------------------------

    def open(self, now: datetime) -> None:
        """Reads what an earlier process left: chats, the outbox, what is due. Rows that were with the network when it
        ended are `suspects`: reconcile each and settle it, or `give_up`. What waits behind one keeps waiting."""
        with self._connection.begin():
            self.directory.load()
            rows = [(row.status, _pending(row)) for row in self.writer.open_outbox()]
            self.suspects = {pending.id: pending for status, pending in rows if status == "sending"}
            self.outbox.reload([pending for _, pending in rows], set(self.suspects))
            since = to_ms(now) - (to_ms(now) + 8 * 3600_000) % 86_400_000
            for row in self.writer.sent_since(since):
                self.outbox.counted(row.uid, row.sends, to_ms(now))
            self._relay.load()
            self._times.refresh(to_ms(now))
            self._succession.opened(to_ms(now))

    def activate(self, now: datetime, chats: Iterable[str] | None = None) -> list[Dispatch]:
        """Starts the runs of every chat that has a plan, so that schedules fire without a word said."""
        rooms = [self.directory.rooms[uid] for uid in (chats if chats is not None else list(self.directory.rooms))]
        # A group without an account is known from an export only: nobody could speak there.
        waiting = [room for room in rooms if room.plan is not None and room.primary]
        for start in range(0, len(waiting), 50):
            part = waiting[start : start + 50]
            self._attempt(now, lambda batch, part=part: self._stepper.runs.start_all(batch, part))  # type: ignore[misc]
        return self._take_sends()

    def reload(self, plan_for: Callable[[str], GroupPlan | None], now: datetime) -> list[Dispatch]:
        """New playbooks. Idle runs take them at once; busy ones stay pinned until they are idle."""
        self.directory.replan(plan_for)
        self._stepper.runs.new_generation()
        with self._connection.begin():
            self._relay.load()
        return self.activate(now)

    def pause(self) -> None:
        """Nothing more goes out: the bot is about to stop. What waits is found by the next start."""
        self.outbox.is_paused = True

    def take_buried(self) -> list[Buried]:
        """What could not be taken since this was last asked, for the log that people watch."""
        buried, self._buried = self._buried, []
        return buried

    def next_wake(self) -> datetime | None:
        """When `cycle` should be called even if nothing arrives."""
        wakes = (self._times.next_due, self._relay.next_due, self.outbox.next_wake(), self._succession.next_due())
        due = [ms for ms in wakes if ms is not None]
        return from_ms(min(due)) if due else None

    # -- the cycle --------------------------------------------------------------------------------------------------

    def cycle(self, now: datetime, inbound: Sequence[Inbound] = (), settled: Sequence[Settled] = ()) -> list[Dispatch]:
        """One transaction. What comes back was committed as `sending` and must go to the network.

        Raises `OperationalError` when the database refuses: call again with the same. What was committed before the
        refusal is then known, and its sends come with the next answer.
        """
        try:
            self._transact(now, inbound, settled)
        except OperationalError:
            raise
        except Exception:
            self._one_by_one(now, inbound, settled)
        return self._take_sends()

    def decide(self, task_id: int, choice: str, by: str, now: datetime, text: str = "") -> list[Dispatch]:
        """An operator answers a question. Raises `LookupError` when it is not open."""
        with self._connection.begin():
            row = self.writer.task(task_id)
        if row is None or row.status != "open":
            raise LookupError(task_id)

        def work(batch: Batch) -> None:
            self.directory.resolve((), (), {by: ""})
            said = orjson.dumps({"choice": choice, "text": text, "play": row.ref, "key": row.key}).decode()
            self.writer.audit([[by, "task.decide", str(task_id), said, batch.now_ms]])
            for room, event in self._questions.close(batch, row, choice, by, text, now):
                self._stepper.step(batch, room, event)

        return self._guarded(now, work)

    def order(self, order: Order, now: datetime) -> list[str]:
        """An operator's order to one play in some groups, all in one transaction; the groups where it is new. Given again
        with the same key it changes nothing. What it sends goes with the next cycle, which is at once."""
        found: list[str] = []

        def work(batch: Batch) -> None:
            fresh = take_order(batch, self.writer, self.directory, order)
            found[:] = [room.uid for room, _ in fresh]
            audit_order(batch, self.writer, order, found)
            for room, event in fresh:
                self._stepper.step(batch, room, event)

        self._attempt(now, work)
        return found

    def order_one(self, order: Order, now: datetime) -> str:
        """As `order`, to one group, of a play that may refuse: why it is not done, as a code, or "".

        What is refused leaves nothing, its key is as good as new. An order that was done before is done.
        """
        (chat,) = order.chats
        room = self.directory.rooms.get(chat)
        if room is None or room.plan is None or order.play not in room.plan.plays or not room.primary:
            return NOT_RUNNING
        refused: list[str] = []

        def work(batch: Batch) -> None:
            refused.clear()
            for room, event in take_order(batch, self.writer, self.directory, order):
                refused.append(self._stepper.obey(batch, room, event))
                if refused[0]:
                    self.writer.unlog_event(room.id, event.id)
                else:
                    audit_order(batch, self.writer, order, order.chats)

        self._attempt(now, work)
        return refused[0] if refused else ""

    def give_up(self, account: str, now: datetime) -> list[Dispatch]:
        """Settles the suspects of `account` that nobody could reconcile, each by its declared policy."""
        rows = [
            Settled(id=p.id, outcome="unknown", error="restart") for p in self.suspects.values() if p.account == account
        ]
        return self.cycle(now, settled=rows) if rows else []

    # -- accounts ---------------------------------------------------------------------------------------------------

    def account_online(self, account: str, now: datetime, *, reads_history: bool = False) -> list[tuple[Pending, int]]:
        """Opens the account's outbox and ends its gap. Returns its suspects with their creation time (ms).

        `reads_history`: `note_backfill` will say of each group with a gap when it is filled; what is due there waits.
        """
        with self._connection.begin():
            self.directory.resolve([account], (), {})
            account_id = self.directory.accounts[account]
            cause = self.writer.end_gap(account_id, to_ms(now))
            if cause is None and account not in self._seen_online:
                self.writer.gap_since_last(account_id, to_ms(now), RESTART)
                cause = RESTART
            self._seen_online.add(account)
            # Before the first live message moves the newest one: a crash in the middle of a backfill must not hide the rest.
            self.writer.open_chat_gaps(account_id, to_ms(now), cause or "")
            rows = {row.id: row.created_at for row in self.writer.open_outbox() if row.id in self.suspects}
            gaps = self.writer.chats_with_gaps(account_id) if reads_history else []
        self._holding.hold(gaps, to_ms(now), READING_MS, READING_MS)
        self._holding.release(set(self._rooms_of(account)).difference(gaps), to_ms(now))
        self._times.refresh_later()
        self.directory.settled()
        self.outbox.set_online(account, True)
        self._succession.online(account)
        return [(p, rows.get(p.id, to_ms(now))) for p in self.suspects.values() if p.account == account]

    def await_accounts(self, platforms: Collection[str], now: datetime) -> None:
        """After a start, before the first cycle: accounts of these networks are about to come and to read what was said."""
        rooms = [room.id for room in self.directory.rooms.values() if room.platform in platforms]
        self._holding.hold(rooms, to_ms(now), READING_MS, READING_MS)

    def groups_waiting(self, now: datetime) -> int:
        """In how many groups what is due waits for what was said before."""
        return len(self._holding.timers(to_ms(now)))

    def account_offline(self, account: str, now: datetime, cause: str = "", *, reads_history: bool = False) -> None:
        """Its outbox waits; a gap begins, and in a while another account may speak for it."""
        self.outbox.set_online(account, False)
        if reads_history:
            self._holding.hold(self._rooms_of(account), to_ms(now), AWAY_MS, AWAY_TIMERS_MS)
            self._times.refresh_later()
        self._succession.offline(account, to_ms(now))
        with self._connection.begin():
            self.writer.open_gap(self.directory.accounts[account], to_ms(now), clean(cause[:200]))

    def learn_groups(self, account: str, groups: Sequence[Group], now: datetime) -> list[Dispatch]:
        """The account's groups; those with a plan start running."""

        def work(batch: Batch) -> None:
            rooms = take_groups(batch, self.writer, self.directory, account, groups)
            self._succession.listed(account, rooms, batch.now_ms)
            self._stepper.runs.start_all(batch, [room for room in rooms if room.plan is not None])

        return self._guarded(now, work)

    def learn_members(self, account: str, chat: str, members: Sequence[Member], now: datetime) -> list[Dispatch]:
        """The whole list of one group: what the log missed is logged and stepped as joins and leaves."""
        found: list[Event] = []

        def work(batch: Batch) -> None:
            found[:] = take_members(batch, self.directory, account, chat, members, now)
            told = [self.directory.members[member.uid] for member in members if member.is_bot]
            self.directory.machines.update(machines.mark(self._connection, told, is_bot=True))

        self._attempt(now, work)
        return self.cycle(now, [Inbound(event, now) for event in found]) if found else self._take_sends()

    def note_backfill(self, account: str, chat: str, until: datetime, reached: datetime | None, now: datetime) -> None:
        """The gap as one chat saw it: filled from `reached` on; what is older is missing, None: all of it."""
        if chat not in self.directory.rooms or account not in self.directory.accounts:
            return
        self._holding.release([self.directory.rooms[chat].id], to_ms(now))
        self._times.refresh_later()
        with self._connection.begin():
            self.writer.end_chat_gap(
                self.directory.accounts[account], self.directory.rooms[chat].id, to_ms(until),
                to_ms(reached) if reached is not None else None,
            )  # fmt: skip

    def last_seen(self) -> Sequence[Any]:
        """(account, chat, at): the newest logged message of each chat, or where a gap begins that is not filled."""
        with self._connection.begin():
            return self.writer.last_seen()

    def is_settled_as(self, chat: str, message_id: str, since: datetime) -> bool:
        """Whether this message of ours is known to come from a send that is settled."""
        if not message_id:
            return False
        with self._connection.begin():
            return self.writer.is_receipt(self.directory.rooms[chat].id, message_id, to_ms(since) - _TWINS_MS)

    def keep_frames(self, frames: Sequence[tuple[str, str]], now: datetime, most: int) -> None:
        """Adds raw frames to the debug ring."""
        known = [
            (self.directory.accounts[account], raw) for account, raw in frames if account in self.directory.accounts
        ]
        with self._connection.begin():
            self.writer.frames([[account_id, to_ms(now), raw] for account_id, raw in known], most)

    def in_transaction(self, work: Callable[[Connection], R]) -> R:
        """Maintenance by the one connection that writes: rows that no cache holds."""
        with self._connection.begin():
            return work(self._connection)

    # -- imported histories -----------------------------------------------------------------------------------------

    def begin_import(self, *, is_live: bool) -> None:
        """Before the first batch. `is_live` False: no bot is running on this database."""
        self._history.forget()
        if not is_live:
            with self._connection.begin():
                open_gaps(self._connection)

    def take_history(self, chat: str, said: Sequence[Said], now: datetime) -> Taken:
        """Logs messages of an export that are not known yet and counts their days. No play steps on them."""
        room = self.directory.rooms.get(chat)
        try:
            with self._connection.begin():
                if self._is_stale:
                    self._reread()
                taken = self._history.take(chat, said, now)
                fp("import.written")
        except BaseException:
            self.directory.forget([room] if room is not None else [])
            raise
        self.directory.settled()
        return taken

    def try_history(self, chat: str, said: Sequence[Said], now: datetime) -> Taken:
        """What `take_history` would do. Writes nothing and needs no writable connection; call inside a transaction."""
        if not self.directory.rooms:
            self.directory.load_rooms()
        return self._history.take(chat, said, now, is_trial=True)

    def end_import(self, chat: str, actor: str, detail: dict[str, Any], now: datetime) -> None:
        """After the last batch: what was done, for the audit log."""
        with self._connection.begin():
            mark_bots(self._connection)
            name_group(self._connection, chat, str(detail.get("title", "")))
            record_import(self._connection, actor, chat, detail, to_ms(now))
            self.directory.reread()

    # -- the operator -----------------------------------------------------------------------------------------------

    def resend(self, row_id: int, now: datetime, actor: str) -> bool:
        """Puts a dead, unknown, expired or stopped row back in the queue; False when it is none of these."""
        with self._connection.begin():
            row = self.writer.outbox_row(row_id)
            if row is None or row.status not in ("dead", "unknown", "expired", "stopped"):
                return False
            pending = replace(_pending(row), not_before=to_ms(now), expires_at=None, attempts=0)
            is_relayed = self._relay.again(row_id, row.chat_uid, to_ms(now))
            self.writer.settle([[row_id, "relayed" if is_relayed else "ready", to_ms(now), 0, "", "", None]])
            self.writer.audit([[actor, "outbox.resend", str(row_id), "{}", to_ms(now)]])
        if not is_relayed:
            self.outbox.add(pending)
        return True

    def retry(self, dead_id: int, now: datetime, actor: str) -> str:
        """Steps a dead event again, for the play that failed or for all; "" or the error of the new failure, which then
        stands in the place of the old one. What it sends goes with the next cycle.

        Nothing happens twice: awards, notes and sends are known by their cause. Raises `LookupError` when the event is
        not there, `NotRepeatable` when the log can't give it back.
        """
        with self._connection.begin():
            row = self.writer.dead_event(dead_id)
            if row is None:
                raise LookupError(dead_id)
            room = self.directory.rooms.get(row.chat_uid or "")
            event = self._logged(row, room) if room is not None else None
        if room is None or event is None or row.error.startswith("template: "):
            raise NotRepeatable(dead_id)
        failures: list[str] = []

        def work(batch: Batch) -> None:
            self.writer.drop_dead(dead_id)
            self.writer.audit([[actor, "dead.retry", str(dead_id), "{}", batch.now_ms]])
            self._stepper.step(batch, room, event, row.ref)
            failures[:] = [dead[3] for dead in batch.dead]

        self._attempt(now, work)
        return failures[0] if failures else ""

    def erase_member(self, uid: str, now: datetime, actor: str) -> dict[str, int]:
        """Takes a person out of the rows and out of memory; rows changed per table. Raises `StorageError`.

        Memory forgets everybody: what names them may be held by any group, and all of it is read again when needed.
        """
        with self._connection.begin():
            changed = erase_member(self._connection, uid, actor=actor, now=now, forget=forget)
        self.directory.forget(self.directory.rooms.values())
        self.directory.members.pop(uid, None)
        self._intake.forget(uid)
        self._times.refresh_later()
        self._is_stale = True
        return changed

    def _logged(self, row: Any, room: Room) -> Event | None:
        return logged.find(
            self._connection, row.cause, row.at, chat_id=room.id, chat=room.uid, account=room.primary,
            roles=self.directory.roster(room),
        )  # fmt: skip

    def mark_bot(self, uid: str, is_bot: bool, evidence: str, by: str, now: datetime) -> None:
        """An operator says that a member is a bot, or is none. Raises `LookupError` when nobody of that uid is known."""
        with self._connection.begin():
            who = member_id(self._connection, uid)
            if who is None:
                raise LookupError(uid)
            machines.mark(self._connection, [who], is_bot=is_bot)
            said = orjson.dumps({"is_bot": is_bot, "evidence": evidence}).decode()
            self.writer.audit([[by, "member.bot", uid, said, to_ms(now)]])
        with self._connection.begin():
            self.directory.read_machines()
        self.directory.forget(self.directory.rooms.values())

    def merge(self, older: str, newer: str, evidence: str, by: str, now: datetime, kinds: Kinds) -> None:
        """From now on `newer` is the same person as `older`. Raises `MergeRefused`; then nothing has changed."""
        self._change_persons(kinds, lambda merging: merging.merge(older, newer, evidence, by, to_ms(now)))

    def part(self, newer: str, by: str, now: datetime, kinds: Kinds) -> str:
        """Takes the merge of `newer` back; whom it was merged into. Raises `MergeRefused`."""
        return self._change_persons(kinds, lambda merging: merging.part(newer, by, to_ms(now)))

    # -- inside -----------------------------------------------------------------------------------------------------

    def _rooms_of(self, account: str) -> list[int]:
        return [room.id for room in self.directory.rooms.values() if room.primary == account]

    def _change_persons(self, kinds: Kinds, work: Callable[[Merging], R]) -> R:
        with self._connection.begin():
            done = work(Merging(self.writer, kinds))
        with self._connection.begin():
            self.directory.read_persons()
        # Rosters, documents and balances are read again as the links now say.
        self.directory.forget(self.directory.rooms.values())
        return done

    def _transact(
        self, now: datetime, inbound: Sequence[Inbound], settled: Sequence[Settled], *, strict: bool = False
    ) -> None:
        # Alone means alone: what is due may be the guilty one.
        most_due = 500 if not strict else 0 if inbound or settled else 1

        def work(batch: Batch) -> None:
            for room, event in self._settlement.take(batch, settled):
                self._stepper.step(batch, room, event)
            for room, event in self._settlement.expire(batch) if most_due else ():
                self._stepper.step(batch, room, event)
            if most_due and (heard := self._succession.due(batch)):
                self._stepper.step_all(batch, heard)
            fp("inbox.begin")
            fresh = self._intake.take(batch, inbound)
            fp("inbox.logged")
            self._succession.heard(fresh)
            self._stepper.step_all(batch, fresh)
            for room, event in self._times.due(batch, most_due) if most_due else ():
                self._stepper.step(batch, room, event)
            for room, event in self._relay.due(batch) if most_due else ():
                self._stepper.step(batch, room, event)

        self.counters.last_batch = len(inbound) + len(settled)
        self._run(Batch(now, is_strict=strict), work)

    def _guarded(self, now: datetime, work: Callable[[Batch], None]) -> list[Dispatch]:
        """A transaction outside the cycle, and what it sends."""
        self._attempt(now, work)
        return self._take_sends()

    def _attempt(self, now: datetime, work: Callable[[Batch], None]) -> None:
        """Once more in strict mode if a repeated cause spoils it."""
        try:
            self._run(Batch(now), work)
        except OperationalError:
            raise
        except Exception:
            self._run(Batch(now, is_strict=True), work)

    def _run(self, batch: Batch, work: Callable[[Batch], None]) -> None:
        try:
            with self._connection.begin():
                if self._is_stale:
                    self._reread()
                work(batch)
                self._follow_up(batch)
                self._questions.announce(batch)
                fp("flush.begin")
                ids = batch.write(self.writer)
                fp("flush.written")
                if batch.touched_time:
                    self._times.refresh(batch.now_ms)
                dispatches = self._release(batch, ids)
                fp("commit.before")
            fp("commit.after")
        except BaseException:
            self._undo(batch)
            raise
        self.directory.settled()
        self.counters.commits += 1
        for row in batch.settled:
            self.suspects.pop(row[0], None)
            self._handed.discard(row[0])
        self._handed.update(dispatch.id for dispatch in dispatches)
        self._sends += dispatches
        self._buried += [Buried(ref=ref, cause=cause, error=error) for _, ref, cause, error, *_ in batch.dead]

    def _take_sends(self) -> list[Dispatch]:
        sends, self._sends = self._sends, []
        return sends

    def _undo(self, batch: Batch) -> None:
        """The transaction failed: what memory took from it is read again before the next one."""
        self.directory.forget(batch.rooms.values())
        self._times.refresh_later()
        self._is_stale = True

    def _reread(self) -> None:
        """Chats and outbox as the rows say.

        A row that says `sending` although nobody was told to send it was claimed by a commit that seemed to fail and
        did not (the server went away while it answered): it waits like any other.
        """
        self.directory.reread()
        rows = {row.id: (row.status, _pending(row)) for row in self.writer.open_outbox()}
        self.suspects = {row_id: pending for row_id, pending in self.suspects.items() if row_id in rows}
        known = self._handed | self.suspects.keys()
        busy = {row_id for row_id, (status, _) in rows.items() if status == "sending" and row_id in known}
        self.outbox.reload([pending for _, pending in rows.values()], busy)
        self._relay.load()
        self._is_stale = False

    def _one_by_one(self, now: datetime, inbound: Sequence[Inbound], settled: Sequence[Settled]) -> None:
        """Each alone; the guilty one is logged with its traceback and costs nobody else anything."""
        for answer in settled:
            self._alone(now, (), (answer,), f"outbox:{answer.id}")
        for item in inbound:
            self._alone(now, (item,), (), item.event.id)
        self._alone(now, (), (), "timer")

    def _alone(self, now: datetime, inbound: Sequence[Inbound], settled: Sequence[Settled], cause: str) -> None:
        try:
            self._transact(now, inbound, settled, strict=True)
        except OperationalError:
            raise
        except Exception as error:
            self.counters.buried += 1
            detail = traceback.format_exc(limit=12)
            summary = f"{type(error).__name__}: {error}"
            room = self.directory.rooms.get(inbound[0].event.chat) if inbound else None
            row = [room.id if room else None, "", clean(cause[:200]), clean(summary[:2000]), clean(detail[-4000:])]
            self._bury(now, inbound, settled, row)

    def _bury(self, now: datetime, inbound: Sequence[Inbound], settled: Sequence[Settled], row: list[Any]) -> None:
        """Keeps what can be kept of the guilty one: logged but not stepped, else only named among the dead."""

        def bury(batch: Batch) -> None:
            self._intake.take(batch, inbound)
            self._settlement.take(batch, settled)
            if not inbound and not settled and not self._settlement.expire(batch):
                self._times.drop_first(batch)
                self._relay.rest(batch.now_ms)
                self._succession.rest()
            batch.dead.append([*row, batch.now_ms])

        try:
            self._run(Batch(now, is_strict=True), bury)
        except OperationalError:
            raise
        except Exception:
            self._run(Batch(now, is_strict=True), lambda batch: batch.dead.append([*row, batch.now_ms]))

    def _queue_again(self, row_id: int) -> None:
        """A row that is `ready` again by this transaction."""
        self.outbox.add(_pending(self.writer.outbox_row(row_id)))

    def _follow_up(self, batch: Batch) -> None:
        """Plays that plays started, in the same transaction."""
        for _ in range(_MAX_CHAIN):
            if not batch.follow_ups:
                return
            room, event = batch.follow_ups.pop(0)
            self._stepper.step(batch, room, event)
        raise RecursionError("plays start each other without end")

    def _release(self, batch: Batch, ids: dict[str, int]) -> list[Dispatch]:
        """Queues the new rows, then claims what may go now; both in the batch's transaction."""
        for draft in batch.outbox:
            row_id = ids.get(draft.pending.idem)
            if row_id is not None and draft.status == "relayed":
                self._relay.queued(draft.pending.chat, draft.pending.not_before)
            elif row_id is not None:
                self.outbox.add(replace(draft.pending, id=row_id))
        sends = self.outbox.release(batch.now_ms, lambda pending: self._relay.takes(pending, batch.now_ms))
        self.writer.claim([pending.id for pending in sends])
        if sends:
            fp("outbox.claimed")
        return [
            Dispatch(
                id=p.id, account=p.account, chat=p.chat, outgoing=codec.decode(p.kind, p.body), attempts=p.attempts
            )
            for p in sends
        ]


def _pending(row: Any) -> Pending:
    body = orjson.loads(row.body)
    return Pending(
        id=row.id, idem=row.idem, account=row.account_uid, chat=row.chat_uid, to=body.get("to") or "", lane=row.lane,
        kind=row.kind, body=row.body, ref=row.run_ref or "", effect_key=row.effect_key, on_unknown=row.on_unknown,
        not_before=row.not_before, expires_at=row.expires_at, attempts=row.attempts,
    )  # fmt: skip
