"""Runs and their steps inside one transaction: load what the plays need, step them in order, keep what they decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import orjson

from bot.core.errors import TemplateMistake
from bot.core.events import Event, MessageReceived
from bot.core.play import Capability, Context, Needs, Score, Step
from bot.core.scoring import since
from bot.engine import runner
from bot.engine.apply import Applier
from bot.engine.batch import Batch
from bot.engine.calendar import jittered, next_fire
from bot.engine.clock import to_ms
from bot.engine.directory import Directory, Room, Run
from bot.engine.failpoints import fp
from bot.engine.intake import Fresh, Intake
from bot.engine.questions import Questions
from bot.engine.runner import Facts, Heard, StepFailed
from bot.engine.times import dump_spec
from bot.playbook.model import ActivePlay
from storage.boards import board
from storage.writer import Writer

if TYPE_CHECKING:
    from bot.engine.kernel import Counters

_LONGEST_TRACE = 4000
_MOST_SLOTS = 150_000
"""Slots kept in memory over all runs; beyond it the caches are dropped and filled again as needed."""


class Stepper:
    """Owns the runs of every room."""

    def __init__(
        self,
        writer: Writer,
        directory: Directory,
        applier: Applier,
        intake: Intake,
        questions: Questions,
        counters: Counters,
        *,
        caps_of: Callable[[str, str], frozenset[Capability]],
        dump: Callable[[ActivePlay], str],
        restore: Callable[[str], ActivePlay | None],
        trace: bool,
    ) -> None:
        self._writer, self._directory, self._applier, self._intake = writer, directory, applier, intake
        self._questions = questions
        self._counters, self._caps_of, self._dump, self._restore, self._trace = counters, caps_of, dump, restore, trace
        self._generation = 0
        self._slots_held = 0

    def new_generation(self) -> None:
        """The playbooks changed: every room's runs are looked at again before their next step."""
        self._generation += 1

    # -- runs -------------------------------------------------------------------------------------------------------

    def start_all(self, batch: Batch, rooms: Sequence[Room]) -> None:
        """Starts what the rooms' plans say and is not running yet; ends what they no longer say."""
        cold = [room for room in rooms if room.runs is None]
        rows: dict[int, list[Any]] = {room.id: [] for room in cold}
        for row in self._writer.runs([room.id for room in cold]):
            rows[row.chat_id].append(row)
        for room in rooms:
            self._adopt(batch, room, rows.get(room.id))

    def _ready(self, batch: Batch, room: Room) -> dict[str, Run]:
        if room.started_version != self._generation or room.runs is None:
            self.start_all(batch, [room])
        assert room.runs is not None
        return room.runs

    def _adopt(self, batch: Batch, room: Room, rows: list[Any] | None) -> None:
        """Makes the room's runs match its plan. `rows` are given when the room is cold."""
        batch.rooms[room.id] = room
        wanted = dict(room.plan.plays) if room.plan else {}
        runs = room.runs if room.runs is not None else {}
        if rows is not None:
            pinned = self._pinned(rows, wanted)
            for row in rows:
                self._wake(batch, room, runs, row, wanted.get(row.ref), pinned)
        room.runs = runs
        room.started_version = self._generation
        for ref in [ref for ref in runs if ref not in wanted]:
            self._end(batch, runs.pop(ref))
        for ref, active in wanted.items():
            run = runs.get(ref)
            if run is None:
                self._begin(batch, room, active)
            elif run.active.version != active.version and not active.play.is_busy(run.state):
                self._take_version(batch, room, run, active)

    def _pinned(self, rows: list[Any], wanted: dict[str, ActivePlay]) -> dict[str, str]:
        versions = {row.version for row in rows if row.ref in wanted and row.version != wanted[row.ref].version}
        return self._writer.version_sources(versions) if versions else {}

    def _wake(
        self,
        batch: Batch,
        room: Room,
        runs: dict[str, Run],
        row: Any,
        active: ActivePlay | None,
        pinned: dict[str, str],
    ) -> None:
        """One stored run into memory, on the version that it is pinned to while busy."""
        if active is None:
            if row.status == "open":
                self._writer.update_runs([[row.id, row.version, row.state, row.rev, "closed", batch.now_ms]])
                self._writer.drop_times_of(row.id)
            return
        if row.status == "closed":
            return
        play = active.play
        try:
            data = row.state
            if row.state_version < play.version:
                document = orjson.loads(row.state)
                for version in range(row.state_version, play.version):
                    document = play.upgrade[version](document)
                data = orjson.dumps(document).decode()
            state = play.State.model_validate_json(data)
        except Exception as error:
            # The state cannot be read: the run must not act on a guess, and its row must not be overwritten.
            self._bury(batch, room, row.ref, "wake", StepFailed(f"state unreadable: {error}", str(error)))
            runs[row.ref] = Run(row.id, row.ref, active, None, row.state, row.rev, "broken")
            return
        run = Run(row.id, row.ref, active, state, data, row.rev, row.status)
        runs[row.ref] = run
        if row.version != active.version:
            old = self._restore(pinned[row.version]) if play.is_busy(state) and row.version in pinned else None
            if old is not None:
                run.active = old
            else:
                self._take_version(batch, room, run, active)

    def _begin(self, batch: Batch, room: Room, active: ActivePlay) -> None:
        ctx = runner.context(active, batch.now, room.uid, self._facts(batch, room, None, None), _plan(room))
        outcome = runner.begin(active, ctx)
        if isinstance(outcome, StepFailed):
            self._bury(batch, room, active.ref, "start", outcome)
            return
        state_json = outcome.state.model_dump_json()
        self._keep_version(batch, active)
        row = [
            room.id, active.ref, active.play.kind, active.version, active.play.version, state_json, 0, "open",
            batch.now_ms, batch.now_ms,
        ]  # fmt: skip
        run_id = self._writer.insert_runs([row])[(room.id, active.ref)]
        run = Run(run_id, active.ref, active, outcome.state, state_json, is_complete=True)
        assert room.runs is not None
        room.runs[active.ref] = run
        self._sync_schedules(batch, room, run)
        self._keep(batch, room, run, outcome, ctx, f"start:{active.version[:12]}:{batch.now_ms}", "Start")

    def _end(self, batch: Batch, run: Run) -> None:
        self._writer.update_runs([[run.id, run.active.version, run.state_json, run.rev, "closed", batch.now_ms]])
        self._writer.drop_times_of(run.id)
        batch.touched_time = True

    def _take_version(self, batch: Batch, room: Room, run: Run, active: ActivePlay) -> None:
        run.active = active
        self._keep_version(batch, active)
        batch.runs[run.id] = run
        self._sync_schedules(batch, room, run)

    def _keep_version(self, batch: Batch, active: ActivePlay) -> None:
        source = self._dump(active)
        if source:
            self._writer.versions([[active.version, active.ref, source, batch.now_ms]])

    def _sync_schedules(self, batch: Batch, room: Room, run: Run) -> None:
        """The run's schedule rows as its params declare them; one that did not change keeps its next time."""
        active = run.active
        zone, seed = active.header.zone, f"{active.ref}|{room.uid}"
        declared = {schedule.name: schedule for schedule in active.play.schedules(active.params)}
        existing = {row.name: row for row in self._writer.schedules_of(run.id)}
        for name in existing.keys() - declared.keys():
            self._writer.drop_schedule(run.id, name)
        rows = []
        for name, schedule in declared.items():
            following = next_fire(schedule, batch.now, zone)
            spec = dump_spec(schedule, zone, seed, following or batch.now)
            old = existing.get(name)
            if old is not None and orjson.loads(old.spec)["s"] == orjson.loads(spec)["s"]:
                continue
            due = to_ms(jittered(schedule, following, seed)) if following else None
            rows.append([run.id, name, spec, due])
        self._writer.set_schedules(rows)
        batch.touched_time = True

    # -- steps ------------------------------------------------------------------------------------------------------

    def step_all(self, batch: Batch, fresh: Sequence[Fresh]) -> None:
        """The events in order of arrival, with everything that they need loaded in as few queries as can be."""
        heard: list[list[Heard]] = []
        for item in fresh:
            room = item.room
            if room is None or room.plan is None:
                heard.append([])
                continue
            self._ready(batch, room)
            hearers = list(runner.hearers(room.plan, item.event))
            if item.is_backfill:
                hearers = [one for one in hearers if item.age_s <= one.active.play.late_s]
            heard.append(hearers)
        self._prefetch((item.room, one) for item, hearers in zip(fresh, heard, strict=True) for one in hearers)
        for item, hearers in zip(fresh, heard, strict=True):
            self._intake.before_step(batch, item)
            if isinstance(item.event, MessageReceived) and item.room is not None:
                decision = self._questions.answer(batch, item.room, item.event)
                if decision is not None:
                    self.step(batch, *decision)
                    hearers = []
            for one in hearers:
                assert item.room is not None
                self._advance(batch, item.room, item.event, one)
            self._intake.after_step(item)

    def step(self, batch: Batch, room: Room, event: Event) -> None:
        """One event that the engine made itself."""
        if room.plan is None:
            return
        batch.rooms[room.id] = room
        self._ready(batch, room)
        for one in list(runner.hearers(room.plan, event)):
            self._advance(batch, room, event, one)

    def _advance(self, batch: Batch, room: Room, event: Event, heard: Heard) -> None:
        assert room.runs is not None
        run = room.runs.get(heard.active.ref)
        if run is None or run.status != "open":
            return
        facts = self._facts(batch, room, event, heard, run)
        ctx = runner.context(run.active, batch.now, room.uid, facts, _plan(room), heard.command)
        fp("step.before")
        outcome = runner.advance(run.active, run.state, event, ctx)
        fp("step.after")
        if isinstance(outcome, StepFailed):
            self._counters.failed_steps += 1
            self._bury(batch, room, run.ref, event.id, outcome)
            self._add_trace(
                batch, room, run, event.id, type(event).__name__, ctx, {}, run.state_json, {}, [], outcome.error
            )
            return
        self._keep(batch, room, run, outcome, ctx, event.id, type(event).__name__)
        current = _plan(room).plays.get(run.ref)
        if current is not None and run.active.version != current.version and not current.play.is_busy(run.state):
            self._take_version(batch, room, run, current)

    def _keep(
        self, batch: Batch, room: Room, run: Run, outcome: Step[Any], ctx: Context[Any], cause: str, event: str
    ) -> None:
        """What the step decided, into the batch and the caches."""
        before = run.state_json
        is_changed = outcome.state is not run.state and outcome.state != run.state
        if is_changed:
            run.state, run.state_json = outcome.state, outcome.state.model_dump_json()
            run.rev += 1
            batch.runs[run.id] = run
        slots_before = {key: run.slots.get(key) for key in outcome.slots}
        for key, slot in outcome.slots.items():
            self._slots_held += key not in run.slots
            run.slots[key] = slot
            batch.slots[(run.id, key)] = (run, slot)
        said: list[Any] = []
        errors: list[str] = []
        for place, effect in enumerate(outcome.effects):
            try:
                said.append(self._applier.apply(batch, room, run, effect, ctx, cause, place))
            except TemplateMistake as error:
                errors.append(str(error))
                self._bury(batch, room, run.ref, cause, StepFailed(f"template: {error}", repr(effect)[:2000]))
        if is_changed or outcome.effects or outcome.slots:
            self._add_trace(
                batch, room, run, cause, event, ctx, outcome.why, before, slots_before, said, "; ".join(errors)
            )

    # -- facts ------------------------------------------------------------------------------------------------------

    def _facts(
        self, batch: Batch, room: Room, event: Event | None, heard: Heard | None, run: Run | None = None
    ) -> Facts:
        directory = self._directory
        caps = self._caps_of(room.primary, room.uid) - directory.refusals(room, room.primary, batch.now_ms)
        facts = Facts(chat_name=room.name, group_size=room.size, account=room.primary, caps=caps)
        if event is None or heard is None or run is None:
            return facts
        needs = heard.needs
        if event.member:
            person = directory.people(room).get(event.member)
            if person is not None:
                facts.member = directory.member(room, person)
        if needs.slots:
            facts.slots = self._slots(room, run, needs)
        if needs.roster:
            facts.roster = directory.roster(room)
        if needs.balances:
            facts.balances = self._balances(room, needs)
        if needs.recent_s:
            since = event.at - timedelta(seconds=needs.recent_s)
            newest_first = takewhile(lambda one: one.at >= since, reversed(directory.recent(room)))
            facts.recent = tuple(reversed(tuple(newest_first)))
        if needs.scores:
            facts.scores = {key: self._scores(room, run, key, batch) for key in needs.scores}
        return facts

    def _slots(self, room: Room, run: Run, needs: Needs) -> dict[str, Any]:
        if needs.slots == "all":
            self._load_all(run, "")
            return {key: slot for key, slot in run.slots.items() if slot is not None}
        found = {}
        missing = []
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
            self._load([run, key] for key in missing)
            found.update({key: run.slots[key] for key in missing if run.slots[key] is not None})
        return found

    def _load_all(self, run: Run, prefix: str) -> None:
        if run.is_complete:
            return
        model = run.active.play.Slot
        assert model is not None
        for row in self._writer.all_slots(run.id, prefix):
            if row.key not in run.slots:
                run.slots[row.key] = model.model_validate_json(row.data)
                self._slots_held += 1
        run.is_complete = not prefix

    def _prefetch(self, wanted: Iterable[tuple[Room | None, Heard]]) -> None:
        missing: dict[tuple[int, str], tuple[Run, str]] = {}
        balances: list[tuple[Room, str]] = []
        for room, heard in wanted:
            if room is not None and isinstance(heard.needs.balances, tuple):
                balances += [(room, uid) for uid in heard.needs.balances if uid not in room.balances]
            run = room.runs.get(heard.active.ref) if room and room.runs else None
            if run is None or run.is_complete or heard.needs.slots == "all":
                continue
            for key in heard.needs.slots:
                if key not in run.slots and not key.endswith("*"):
                    missing[(run.id, key)] = (run, key)
        self._applier.load_balances(balances)
        if missing:
            if self._slots_held > _MOST_SLOTS:
                self._drop_caches({run.id for run, _ in missing.values()})
            self._load(missing.values())

    def _load(self, wanted: Iterable[Sequence[Any]]) -> None:
        pairs = [(run, key) for run, key in wanted]
        by_id = {run.id: run for run, _ in pairs}
        for run, key in pairs:
            run.slots[key] = None
        self._slots_held += len(pairs)
        for row in self._writer.slots([[run.id, key] for run, key in pairs]):
            run = by_id[row.run_id]
            model = run.active.play.Slot
            assert model is not None
            run.slots[row.key] = model.model_validate_json(row.data)

    def _drop_caches(self, keep: set[int]) -> None:
        self._slots_held = 0
        for room in self._directory.rooms.values():
            for run in (room.runs or {}).values():
                if run.id not in keep:
                    run.slots.clear()
                    run.is_complete = False
                self._slots_held += len(run.slots)

    def _balances(self, room: Room, needs: Needs) -> dict[str, int]:
        uids = tuple(self._directory.people(room)) if needs.balances == "all" else needs.balances
        self._applier.load_balances([(room, uid) for uid in uids if uid not in room.balances])
        return {uid: room.balances[uid] for uid in uids}

    def _scores(self, room: Room, run: Run, key: tuple[str, str], batch: Batch) -> tuple[Score, ...]:
        kind, window = key
        header = run.active.header
        start = since(window, self._directory.date(room, batch.now), header.zone, header.day_starts)  # type: ignore[arg-type]
        return board(self._writer.connection, room.id, kind, start)

    # -- traces -----------------------------------------------------------------------------------------------------

    def _bury(self, batch: Batch, room: Room, ref: str, cause: str, failed: StepFailed) -> None:
        batch.dead.append([room.id, ref, cause[:200], failed.error[:2000], failed.detail[-4000:], batch.now_ms])

    def _add_trace(
        self, batch: Batch, room: Room, run: Run, cause: str, event: str, ctx: Context[Any], why: Any, before: str,
        slots_before: dict[str, Any], said: list[Any], error: str,
    ) -> None:  # fmt: skip
        if not self._trace:
            return
        after = run.state_json
        if slots_before:
            old = {key: slot.model_dump(mode="json") for key, slot in slots_before.items() if slot is not None}
            new = {
                key: slot.model_dump(mode="json") for key in slots_before if (slot := run.slots.get(key)) is not None
            }
            before = orjson.dumps({"slots": old}).decode() if before == after else before
            after = orjson.dumps({"slots": new}).decode() if before.startswith('{"slots"') else after
        elif before == after:
            before = after = ""
        batch.traces.append([
            room.id, run.id, run.ref, cause[:200], event, run.active.version,
            orjson.dumps(dict(why), default=str).decode(), before[:_LONGEST_TRACE], after[:_LONGEST_TRACE],
            orjson.dumps(said, default=str).decode()[:_LONGEST_TRACE], error[:2000], batch.now_ms,
        ])  # fmt: skip


def _plan(room: Room) -> Any:
    return room.plan
