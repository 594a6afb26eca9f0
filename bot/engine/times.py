"""What is due: timers and schedules as rows, each firing exactly once, in the transaction that acts on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from bot.core.events import Event, TimerFired
from bot.core.play import Schedule
from bot.engine.batch import Batch
from bot.engine.calendar import jittered, next_fire
from bot.engine.clock import from_ms, to_ms
from bot.engine.directory import Directory, Room
from bot.engine.failpoints import fp
from bot.engine.holding import Holding
from bot.engine.traffic import Counters
from storage.writer import Writer

_ON_TIME_S = 120
"""A firing this late is still on time: a tick came late, nothing was missed."""
_MOST_MISSED = 1000


class Times:
    """The one in-memory tick's memory: when the next thing is due."""

    def __init__(self, writer: Writer, directory: Directory, counters: Counters, holding: Holding) -> None:
        self._writer = writer
        self._directory = directory
        self._counters = counters
        self._holding = holding
        self.next_due: int | None = None

    def refresh(self, now: int) -> None:
        wakes = (
            self._writer.next_due(self._holding.timers(now), self._holding.schedules(now)), self._holding.next_end(now),
        )  # fmt: skip
        self.next_due = min((ms for ms in wakes if ms is not None), default=None)

    def refresh_later(self) -> None:
        """The transaction failed: look again at the next cycle."""
        self.next_due = 0

    def due(self, batch: Batch, limit: int) -> Iterator[tuple[Room, Event]]:
        """Everything due by the batch's time, timers first, oldest first."""
        if self.next_due is None or self.next_due > batch.now_ms:
            return
        batch.touched_time = True
        timers = self._writer.due_timers(batch.now_ms, limit, self._holding.timers(batch.now_ms))
        for row in timers:
            fp("schedule.due")
            self._writer.drop_timer(row.run_id, row.name)
            self._counters.fired += 1
            yield self._fired(row, from_ms(row.due_at), orjson.loads(row.data))
        for row in self._writer.due_schedules(
            batch.now_ms, max(1, limit - len(timers)), self._holding.schedules(batch.now_ms)
        ):
            fp("schedule.due")
            yield from self._due_schedule(batch, row)

    def drop_first(self, batch: Batch) -> None:
        """Removes what is due first: it cannot be acted on and would block everything behind it."""
        timers = self._writer.due_timers(batch.now_ms, 1, self._holding.timers(batch.now_ms))
        for row in timers:
            self._writer.drop_timer(row.run_id, row.name)
        for row in [] if timers else self._writer.due_schedules(batch.now_ms, 1, self._holding.schedules(batch.now_ms)):
            list(self._due_schedule(batch, row))
        batch.touched_time = True

    def _due_schedule(self, batch: Batch, row: Any) -> Iterator[tuple[Room, Event]]:
        schedule, zone, seed, nominal = load_spec(row.spec)
        missed: list[datetime] = []
        at: datetime | None = nominal
        while at is not None and jittered(schedule, at, seed) <= batch.now and len(missed) < _MOST_MISSED:
            missed.append(at)
            at = next_fire(schedule, at, zone)
        following = to_ms(jittered(schedule, at, seed)) if at else None
        self._writer.set_schedules([[row.run_id, row.name, dump_spec(schedule, zone, seed, at or nominal), following]])
        in_time = [each for each in missed if self._is_in_time(batch, row.chat_id, jittered(schedule, each, seed))]
        fires = [] if row.is_paused else wanted(schedule, missed, in_time, batch.now)
        rows = []
        for when in missed:
            late = when not in in_time
            status = ("late" if late else "fired") if when in fires else "skipped"
            rows.append([row.run_id, row.name, to_ms(when), batch.now_ms, status])
        new = self._writer.firings(rows)
        for when in fires:
            if (row.run_id, row.name, to_ms(when)) in new:
                self._counters.fired += 1
                yield self._fired(row, when, {})
                fp("schedule.fired")
        self._counters.missed += len(missed) - len(fires)

    def _is_in_time(self, batch: Batch, chat_id: int, due: datetime) -> bool:
        waited_ms = self._holding.waited(chat_id, to_ms(due), batch.now_ms)
        return (batch.now - due).total_seconds() - waited_ms / 1000 <= _ON_TIME_S

    def _fired(self, row: Any, at: datetime, data: dict[str, str]) -> tuple[Room, Event]:
        room = self._directory.room_by_id(row.chat_id)
        event = TimerFired(
            id=f"{row.ref}/{room.uid}#{row.name}@{at.isoformat()}", account=room.primary, chat=room.uid, at=at,
            play=row.ref, name=row.name, data=data,
        )  # fmt: skip
        return room, event


def wanted(schedule: Schedule, due: list[datetime], on_time: list[datetime], now: datetime) -> list[datetime]:
    """Which of the `due` times fire, by the declared missed-run policy; those `on_time` missed nothing."""
    match schedule.missed:
        case "skip":
            return on_time
        case "late":
            last = due[-1:]
            return last if last and now - last[0] <= timedelta(seconds=schedule.within_s) else on_time
        case "catch_up":
            return [at for at in due if now - at <= timedelta(seconds=schedule.within_s)]


def dump_spec(schedule: Schedule, zone: ZoneInfo, seed: str, nominal: datetime) -> str:
    """The schedule as its row keeps it: self-contained, with the nominal time of the next firing."""
    data = {key: value for key, value in asdict(schedule).items() if value not in ("", None)}
    return orjson.dumps({"s": data, "zone": zone.key, "seed": seed, "at": to_ms(nominal)}, default=str).decode()


def load_spec(spec: str) -> tuple[Schedule, ZoneInfo, str, datetime]:
    data = orjson.loads(spec)
    fields = data["s"]
    if "at" in fields:
        fields["at"] = time.fromisoformat(fields["at"])
    if "once" in fields:
        fields["once"] = datetime.fromisoformat(fields["once"])
    return Schedule(**fields), ZoneInfo(data["zone"]), data["seed"], from_ms(data["at"])
