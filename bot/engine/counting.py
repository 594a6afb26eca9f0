"""The score's counters as messages arrive: the group's tally in memory, and days that must be folded again from the log.

In order, a message costs a few look-ups in memory. What comes out of order, is recalled or came by an import makes its day
be folded anew at the end of the same transaction, once for all such messages of the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.core.events import MessageRecalled, MessageReceived
from bot.core.scoring import Scoring
from bot.core.tally import DAY_MS, LOOK_BACK_MS
from bot.engine.batch import Batch
from bot.engine.clock import to_ms
from bot.engine.directory import Directory, Room
from bot.engine.traffic import Inbound
from storage import scoring as store
from storage.scoring import Span
from storage.writer import ROLLUP, Writer

_COUNTED, _HELPED, _CHARS, _ANSWERS = (
    ROLLUP.index(name) for name in ("counted", "helped", "counted_chars", "answers")
)  # fmt: skip


class Counting:
    """Keeps `Room.tally` and says which days are to be folded again."""

    def __init__(self, writer: Writer, directory: Directory) -> None:
        self._writer, self._directory = writer, directory

    @property
    def _scoring(self) -> Scoring:
        return self._directory.scoring

    def warm(self, inbound: Sequence[Inbound]) -> None:
        """Makes the tallies of groups that speak for the first time since the start. Call before the batch is logged."""
        for item in inbound:
            if isinstance(item.event, MessageReceived):
                room = self._directory.rooms[item.event.chat]
                if room.tally is None and room.kind == "group":
                    newest = store.newest_at(self._writer.connection, room.id)
                    self._directory.day(room, max(newest, to_ms(item.event.at)))
                    span = Span(room.id, room.day[2], room.day[0], room.day[1])
                    room.tally, _, _ = store.fold(self._writer.connection, span, self._scoring.counting)
                    room.tally.newest = max(newest, room.tally.newest)

    def count(self, batch: Batch, room: Room, member: int, event: MessageReceived, at: int, row: list[int]) -> None:
        """A message of the day that `room.day` stands at; `row` is the member's day."""
        tally, day = room.tally, room.day[2]
        if tally is None or at < tally.newest:
            self.again(batch, room, at)
            return
        if day != tally.day:
            tally.turn(day)
        credit = tally.count(member, at, event.text, event.message_id, event.reply_to, room.day[0])
        if credit.verdict == "counted":
            row[_COUNTED] += 1
            row[_CHARS] += credit.chars
            if credit.answered:
                row[_ANSWERS] += 1
                row[_HELPED] += credit.helped
                if credit.replied:
                    batch.count(room, day, credit.replied, "replied")

    def joined(self, batch: Batch, room: Room, member: int, at: int) -> None:
        """Somebody is a newcomer from `at` on; told late, the days since then are folded again."""
        tally = room.tally
        if tally is None:
            return
        if at >= tally.newest:
            tally.joined[member] = at
            return
        until = min(at + self._scoring.counting.newcomer_days * DAY_MS, tally.newest)
        for moment in (*range(at, until, DAY_MS), until):
            self._fold(batch, room, moment)

    def recalled(self, batch: Batch, room: Room, event: MessageRecalled) -> None:
        known = room.tally.written_at(event.message_id) if room.tally else None
        found = [known] if known else store.sent_at(self._writer.connection, room.id, event.message_id, to_ms(event.at))
        for at in found:
            self.again(batch, room, at)

    def again(self, batch: Batch, room: Room, at: int) -> None:
        """Something changed at that moment: its day, and the next one if that looks back so far, are folded again."""
        self._fold(batch, room, at)
        if room.tally is not None and at <= room.tally.newest:
            self._fold(batch, room, min(at + LOOK_BACK_MS, max(at, room.tally.newest)))

    def _fold(self, batch: Batch, room: Room, at: int) -> None:
        day = self._directory.day(room, at)
        if (room.id, day) not in batch.recounts:
            begin, end = self._directory.bounds(room, date.fromisoformat(day))
            batch.recounts[(room.id, day)] = (room, Span(room.id, day, begin, end), self._scoring.counting)
