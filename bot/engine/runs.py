"""The life of runs: started by a room's plan, woken from their rows, moved to a new version, ended and taken up again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import orjson

from bot.core.play import Context, Step
from bot.engine import runner
from bot.engine.batch import Batch
from bot.engine.calendar import jittered, next_fire
from bot.engine.clock import to_ms
from bot.engine.directory import Room, Run
from bot.engine.facts import FactLoader
from bot.engine.runner import StepFailed
from bot.engine.times import dump_spec
from bot.playbook.model import ActivePlay
from storage.writer import Writer


class Keeper(Protocol):
    """What a first step decided goes the way of every step (`Stepper.keep`)."""

    def __call__(
        self, batch: Batch, room: Room, run: Run, outcome: Step[Any], ctx: Context[Any], cause: str, event: str
    ) -> None: ...


class Runs:
    """Every room's runs, made to match its plan before they are stepped."""

    def __init__(
        self,
        writer: Writer,
        facts: FactLoader,
        keep: Keeper,
        *,
        dump: Callable[[ActivePlay], str],
        restore: Callable[[str], ActivePlay | None],
    ) -> None:
        self._writer, self._facts, self._keep, self._dump, self._restore = writer, facts, keep, dump, restore
        self._generation = 0

    def new_generation(self) -> None:
        """The playbooks changed: every room's runs are looked at again before their next step."""
        self._generation += 1

    def ready(self, batch: Batch, room: Room) -> dict[str, Run]:
        """The room's runs by ref, as its plan wants them."""
        if room.started_version != self._generation or room.runs is None:
            self.start_all(batch, [room])
        assert room.runs is not None
        return room.runs

    def start_all(self, batch: Batch, rooms: Sequence[Room]) -> None:
        """Starts what the rooms' plans say and is not running yet; ends what they no longer say."""
        cold = [room for room in rooms if room.runs is None]
        rows: dict[int, list[Any]] = {room.id: [] for room in cold}
        for row in self._writer.runs([room.id for room in cold]):
            rows[row.chat_id].append(row)
        for room in rooms:
            self._match(batch, room, rows.get(room.id, []))

    def follow(self, batch: Batch, room: Room, run: Run) -> None:
        """After a step: a run that is no longer busy takes the plan's version."""
        wanted = room.plan.plays.get(run.ref) if room.plan else None
        if wanted is not None and run.active.version != wanted.version and not wanted.play.is_busy(run.state):
            self._take_version(batch, room, run, wanted)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _match(self, batch: Batch, room: Room, rows: Sequence[Any]) -> None:
        """`rows` are the stored runs of a room that was cold."""
        batch.rooms[room.id] = room
        wanted = dict(room.plan.plays) if room.plan else {}
        room.runs = {} if room.runs is None else room.runs
        room.started_version = self._generation
        pinned = self._pinned(rows, wanted)
        for row in rows:
            if row.ref in wanted:
                self._wake(batch, room, row, wanted[row.ref], pinned)
            elif row.status == "open":
                self._close(batch, row.id, row)
        for ref in [ref for ref in room.runs if ref not in wanted]:
            run = room.runs.pop(ref)
            run.status = "closed" if run.status == "open" else run.status
            batch.runs[run.id] = run
            self._writer.drop_times_of(run.id)
            batch.touched_time = True
        for ref, active in wanted.items():
            run_or_none = room.runs.get(ref)
            if run_or_none is None or (run_or_none.status == "done" and run_or_none.active.version != active.version):
                self._begin(batch, room, active)
            elif run_or_none.status == "open":
                self.follow(batch, room, run_or_none)

    def _pinned(self, rows: Sequence[Any], wanted: dict[str, ActivePlay]) -> dict[str, str]:
        versions = {row.version for row in rows if row.ref in wanted and row.version != wanted[row.ref].version}
        return self._writer.version_sources(versions) if versions else {}

    def _close(self, batch: Batch, run_id: int, row: Any) -> None:
        self._writer.update_runs([[run_id, row.version, row.state_version, row.state, row.rev, "closed", batch.now_ms]])
        self._writer.drop_times_of(run_id)
        batch.touched_time = True

    def _wake(self, batch: Batch, room: Room, row: Any, active: ActivePlay, pinned: dict[str, str]) -> None:
        """One stored run into memory, on the version that it is pinned to while busy. A play that had been taken out of
        the playbook goes on where it was: nobody's streak is lost by an edit."""
        assert room.runs is not None
        if row.status == "done" and row.version != active.version:
            return  # finished, and changed since: it begins anew
        try:
            state_json = _upgraded(row, active)
            state = active.play.State.model_validate_json(state_json)
        except Exception as error:
            # The state cannot be read: the run must not act on a guess, and its row must not be overwritten.
            batch.bury(room, row.ref, "wake", StepFailed(f"state unreadable: {error}", str(error)))
            room.runs[row.ref] = Run(row.id, row.ref, active, None, row.state, row.rev, "broken")
            return
        run = room.runs[row.ref] = Run(row.id, row.ref, active, state, state_json, row.rev, row.status)
        if row.status == "closed":
            run.status = "open"
            self._take_version(batch, room, run, active)
        elif row.version != active.version:
            source = pinned.get(row.version) if active.play.is_busy(state) else None
            old = self._restore(source) if source else None
            if old is not None:
                run.active = old
            else:
                self._take_version(batch, room, run, active)

    def _begin(self, batch: Batch, room: Room, active: ActivePlay) -> None:
        assert room.plan is not None
        assert room.runs is not None
        ctx = runner.context(active, batch.now, room.uid, self._facts.of_room(batch, room), room.plan)
        outcome = runner.begin(active, ctx)
        if isinstance(outcome, StepFailed):
            batch.bury(room, active.ref, "start", outcome)
            return
        state_json = outcome.state.model_dump_json()
        self._keep_version(batch, active)
        row = [
            room.id, active.ref, active.play.kind, active.version, active.play.version, state_json, 0, "open",
            batch.now_ms, batch.now_ms,
        ]  # fmt: skip
        run_id = self._writer.insert_runs([row])[(room.id, active.ref)]
        run = room.runs[active.ref] = Run(run_id, active.ref, active, outcome.state, state_json)
        self._sync_schedules(batch, room, run)
        self._keep(batch, room, run, outcome, ctx, f"start:{active.version[:12]}:{batch.now_ms}", "Start")

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
            if old is not None and _same(old.spec, spec):
                continue
            due = to_ms(jittered(schedule, following, seed)) if following else None
            rows.append([run.id, name, spec, due])
        self._writer.set_schedules(rows)
        batch.touched_time = True


def _upgraded(row: Any, active: ActivePlay) -> str:
    """The stored state in the form of the play's present version."""
    if row.state_version >= active.play.version:
        return str(row.state)
    document = orjson.loads(row.state)
    for version in range(row.state_version, active.play.version):
        document = active.play.upgrade[version](document)
    return orjson.dumps(document).decode()


def _same(old: str, new: str) -> bool:
    """Whether two schedule rows declare the same, whatever their next time."""
    before, after = orjson.loads(old), orjson.loads(new)
    return bool(before["s"] == after["s"] and before["zone"] == after["zone"])
