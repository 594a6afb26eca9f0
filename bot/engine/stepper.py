"""Steps inside one transaction: in order, each play for itself, and what was decided goes to the batch and the caches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from bot.core.errors import TemplateMistake
from bot.core.events import BotInvited, Event, MessageReceived, OperatorOrdered
from bot.core.play import Context, Step
from bot.engine import runner
from bot.engine.apply import Applier
from bot.engine.batch import Batch
from bot.engine.directory import Directory, Room, Run
from bot.engine.facts import FactLoader
from bot.engine.failpoints import fp
from bot.engine.intake import Fresh, Intake
from bot.engine.invitations import Invitations
from bot.engine.orders import FAILED, NOT_RUNNING
from bot.engine.questions import Questions
from bot.engine.runner import Heard, StepFailed
from bot.engine.runs import Runs
from bot.engine.traffic import Counters
from bot.playbook.model import ActivePlay
from storage.writer import Writer

_LONGEST_TRACE = 4000


class Stepper:
    """Takes events to the plays that hear them."""

    def __init__(
        self,
        writer: Writer,
        directory: Directory,
        applier: Applier,
        intake: Intake,
        questions: Questions,
        invitations: Invitations,
        counters: Counters,
        *,
        dump: Callable[[ActivePlay], str],
        restore: Callable[[str], ActivePlay | None],
        trace: bool,
    ) -> None:
        self._applier, self._intake, self._questions, self._counters = applier, intake, questions, counters
        self._invitations, self._trace, self._directory = invitations, trace, directory
        self._facts = FactLoader(writer, directory, applier)
        self.runs = Runs(writer, self._facts, self.keep, dump=dump, restore=restore)

    def step_all(self, batch: Batch, fresh: Sequence[Fresh]) -> None:
        """The events in order of arrival, with everything that they need loaded in as few queries as can be."""
        heard = [self._hearers(batch, item) for item in fresh]
        self._facts.prefetch((item.room, one) for item, hearers in zip(fresh, heard, strict=True) for one in hearers)
        self._look_back(fresh, heard)
        for item, hearers in zip(fresh, heard, strict=True):
            self._intake.before_step(batch, item)
            batch.acting = {item.event.member: item.raw.member}
            if isinstance(item.raw, BotInvited):
                self._invitations.take(batch, item.logged_in, item.raw)
            if not self._is_answer(batch, item):
                for one in hearers:
                    assert item.room is not None
                    self._advance(batch, item.room, item.event, one)
            batch.acting = {}
            self._intake.after_step(item)

    def step(self, batch: Batch, room: Room, event: Event, only: str = "") -> None:
        """One event that the engine made itself, or repeats; `only`: for this play."""
        if room.plan is None:
            return
        batch.rooms[room.id] = room
        self.runs.ready(batch, room)
        for one in [one for one in runner.hearers(room.plan, event) if only in ("", one.active.ref)]:
            self._advance(batch, room, event, one)

    def obey(self, batch: Batch, room: Room, event: OperatorOrdered) -> str:
        """As `step`, for an order that the play may refuse: why it is not done, or ""."""
        assert room.plan is not None
        batch.rooms[room.id] = room
        self.runs.ready(batch, room)
        outcomes = [self._advance(batch, room, event, one) for one in runner.hearers(room.plan, event)]
        outcome = outcomes[0] if outcomes else None
        if outcome is None:
            return NOT_RUNNING
        return FAILED if isinstance(outcome, StepFailed) else outcome.refused

    def keep(
        self, batch: Batch, room: Room, run: Run, outcome: Step[Any], ctx: Context[Any], cause: str, event: str
    ) -> None:
        """What the step decided, into the batch and the caches."""
        before = run.state_json
        is_changed = outcome.state is not run.state and outcome.state != run.state
        if is_changed:
            run.state, run.state_json = outcome.state, outcome.state.model_dump_json()
            run.rev += 1
            batch.runs[run.id] = run
        old_slots = {key: run.slots.get(key) for key in outcome.slots} if self._trace else {}
        new_slots = _as_json(outcome.slots)
        for key, slot in outcome.slots.items():
            self._facts.remember(run, key, slot)
            batch.slots[(run.id, key)] = new_slots[key]
        said: list[Any] = []
        errors: list[str] = []
        for place, effect in enumerate(outcome.effects):
            try:
                said.append(self._applier.apply(batch, room, run, effect, ctx, cause, place))
            except TemplateMistake as error:
                errors.append(str(error))
                batch.bury(room, run.ref, cause, StepFailed(f"template: {error}", repr(effect)[:2000]))
        if self._trace and (is_changed or outcome.effects or outcome.slots):
            states = (before, run.state_json) if is_changed else ("", "")
            changes = [_document(states[0], _as_json(old_slots)), _document(states[1], new_slots)]
            self._add_trace(batch, room, run, cause, event, outcome.why, changes, said, "; ".join(errors))

    # -- inside -----------------------------------------------------------------------------------------------------

    def _hearers(self, batch: Batch, item: Fresh) -> list[Heard]:
        room = item.room
        if room is None or room.plan is None:
            return []
        self.runs.ready(batch, room)
        hearers = runner.hearers(room.plan, item.event)
        if item.is_backfill:
            return [one for one in hearers if item.age_s <= one.active.play.late_s]
        return list(hearers)

    def _look_back(self, fresh: Sequence[Fresh], heard: Sequence[Sequence[Heard]]) -> None:
        """Reads what was said before the batch where that is asked for and not in memory. The log holds the batch by now."""
        for item, hearers in zip(fresh, heard, strict=True):
            room = item.room
            if room is not None and room.recent is None and any(one.needs.recent_s for one in hearers):
                coming = [each.raw for each in fresh if each.logged_in is room]
                self._directory.recent(room, {raw.message_id for raw in coming if isinstance(raw, MessageReceived)})

    def _is_answer(self, batch: Batch, item: Fresh) -> bool:
        """Whether the message answered a question to operators; then it is nothing else."""
        if not isinstance(item.event, MessageReceived) or (item.room is None and item.logged_in.kind == "group"):
            return False
        follows = self._questions.answer(batch, item.event)
        for room, event in follows or ():
            self.step(batch, room, event)
        return follows is not None

    def _advance(self, batch: Batch, room: Room, event: Event, heard: Heard) -> Step[Any] | StepFailed | None:
        """What the play made of it; None: it has ended, or chat means nothing to it now."""
        assert room.runs is not None
        assert room.plan is not None
        run = room.runs.get(heard.active.ref)
        if run is None or not run.takes(heard):
            return None
        facts = self._facts.of_event(batch, room, event, heard, run)
        ctx = runner.context(run.active, batch.now, room.uid, facts, room.plan, heard.command)
        fp("step.before")
        outcome = runner.advance(run.active, run.state, event, ctx)
        fp("step.after")
        kind = type(event).__name__
        if isinstance(outcome, StepFailed):
            self._counters.failed_steps += 1
            batch.bury(room, run.ref, event.id, outcome)
            if self._trace:
                self._add_trace(batch, room, run, event.id, kind, {}, [run.state_json, ""], [], outcome.error)
            return outcome
        self.keep(batch, room, run, outcome, ctx, event.id, kind)
        self.runs.follow(batch, room, run)
        return outcome

    def _add_trace(
        self, batch: Batch, room: Room, run: Run, cause: str, event: str, why: Any, changes: list[str], said: list[Any],
        error: str,
    ) -> None:  # fmt: skip
        batch.traces.append([
            room.id, run.id, run.ref, cause[:200], event, run.active.version,
            orjson.dumps(dict(why), default=str).decode(), changes[0][:_LONGEST_TRACE], changes[1][:_LONGEST_TRACE],
            orjson.dumps(said, default=str).decode()[:_LONGEST_TRACE], error[:2000], batch.now_ms,
        ])  # fmt: skip


def _as_json(slots: Mapping[str, Any]) -> dict[str, str | None]:
    return {key: None if slot is None else slot.model_dump_json() for key, slot in slots.items()}


def _document(state_json: str, slots: Mapping[str, str | None]) -> str:
    """State and slots, given as JSON, as one JSON text; parts that did not change are left out."""
    parts = [f'"state":{state_json}'] if state_json else []
    if slots:
        kept = ",".join(f"{orjson.dumps(key).decode()}:{slot or 'null'}" for key, slot in slots.items())
        parts.append(f'"slots":{{{kept}}}')
    return f"{{{','.join(parts)}}}" if parts else ""
