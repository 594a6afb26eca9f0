"""What the networks answered: each send's row takes its last status, waits for another try, or is declared unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import orjson

from bot.core.events import EXPIRED, EffectSettled, Event
from bot.engine.batch import Batch
from bot.engine.directory import Directory, Room
from bot.engine.failpoints import fp
from bot.engine.outbox import Outbox, Pending
from bot.engine.traffic import Counters, Settled

_RETRIES = 5
_BACKOFF_S = (5, 20, 60, 300, 900)
_REFUSAL_S = 3600


class Settlement:
    """Everything that is with a network is in flight in the outbox, what an earlier process left there as well."""

    def __init__(self, directory: Directory, outbox: Outbox, counters: Counters) -> None:
        self._directory, self._outbox, self._counters = directory, outbox, counters

    def take(self, batch: Batch, settled: Sequence[Settled]) -> list[tuple[Room, Event]]:
        """The rows' new status, and the events for plays that asked to know."""
        reports: list[tuple[Room, Event]] = []
        for answer in settled:
            pending = self._outbox.in_flight.get(answer.id)
            if pending is None:
                continue
            status, not_before, attempts, error = self._verdict(batch, pending, answer)
            settled_at = None if status == "ready" else batch.now_ms
            batch.settled.append([pending.id, status, not_before, attempts, answer.message_id, error, settled_at])
            pause = max(0, not_before - batch.now_ms) if status == "ready" else 0
            self._outbox.settled(pending.id, batch.now_ms, is_unknown=answer.outcome == "unknown", pause_ms=pause)
            if status == "ready":
                self._outbox.add(replace(pending, not_before=not_before, attempts=attempts))
            elif pending.effect_key:
                reports.append(self._report(batch, pending, answer, status))
        if settled:
            fp("outbox.settled")
        return reports

    def expire(self, batch: Batch) -> list[tuple[Room, Event]]:
        """Ends what waited too long; its play hears of it as of any send that failed."""
        reports: list[tuple[Room, Event]] = []
        for pending in self._outbox.expired(batch.now_ms):
            self._counters.expired += 1
            batch.settled.append(
                [pending.id, "expired", pending.not_before, pending.attempts, "", EXPIRED, batch.now_ms]
            )
            if pending.effect_key:
                answer = Settled(id=pending.id, outcome="refused", error=EXPIRED)
                reports.append(self._report(batch, pending, answer, "expired"))
        return reports

    def _verdict(self, batch: Batch, pending: Pending, answer: Settled) -> tuple[str, int, int, str]:
        """(status, not_before, attempts, error) of an answered row."""
        now, attempts = batch.now_ms, pending.attempts + 1
        retry_at = now + int(1000 * max(answer.retry_after_s, _BACKOFF_S[min(attempts, len(_BACKOFF_S)) - 1]))
        match answer.outcome:
            case "done":
                self._counters.sent += 1
                return "done", pending.not_before, attempts, answer.error
            case "absent":
                return "ready", now, attempts, ""
            case "deferred" if attempts <= _RETRIES:
                return "ready", retry_at, attempts, answer.error
            case "unknown" if pending.on_unknown == "resend" and attempts <= _RETRIES:
                return "ready", retry_at, attempts, answer.error
            case "unknown":
                self._counters.unknown += 1
                return "unknown", pending.not_before, attempts, answer.error
            case _:
                self._counters.dead += 1
                if answer.capability:
                    self._downgrade(batch, pending, answer.capability)
                return "dead", pending.not_before, attempts, answer.error

    def _downgrade(self, batch: Batch, pending: Pending, capability: str) -> None:
        """A refused capability stays off in this chat for an hour."""
        room = self._directory.rooms[pending.chat]
        batch.rooms[room.id] = room
        refused = room.refused.setdefault(pending.account, {})
        refused[capability] = batch.now_ms + _REFUSAL_S * 1000
        account_id = self._directory.accounts[pending.account]
        batch.refusals[(room.id, account_id)] = orjson.dumps(refused).decode()

    def _report(self, batch: Batch, pending: Pending, answer: Settled, status: str) -> tuple[Room, Event]:
        room = self._directory.rooms[pending.chat]
        outcome = {"done": "done", "unknown": "unknown"}.get(status, "failed")
        event = EffectSettled(
            id=f"settled:{pending.id}:{pending.attempts}", account=pending.account, chat=pending.chat,
            at=answer.at or batch.now, play=pending.ref, key=pending.effect_key, outcome=outcome,  # type: ignore[arg-type]
            message_id=answer.message_id, error=answer.error,
        )  # fmt: skip
        return room, event
