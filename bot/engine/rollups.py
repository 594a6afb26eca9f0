"""The coarse figures in the running bot: one group's day per transaction, between the bot's own, so that nobody waits.

`roll_up` counts what changed, every few minutes; `settle_days` compares the days that are over with the log, every night and at
the start, and then places every member in the tiers. Both go on where a crash left them: what is owed is rows.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.core.conversation import ANSWER_WITHIN_MS
from bot.core.tiers import place
from bot.engine.clock import to_ms
from bot.engine.kernel import Kernel
from bot.engine.live import LiveEngine
from storage import people, rollups, standings

log = logging.getLogger(__name__)

_PAUSE_S = 0.02


def count_next(kernel: Kernel, chat: str = "") -> tuple[int, str] | None:
    """Counts the first day that waits, in one transaction; which it was, None when none waits. `chat` (uid): of one group only."""
    only = kernel.directory.rooms[chat].id if chat else None

    def work(connection: Connection) -> tuple[int, str] | None:
        waiting = rollups.stale(connection, 1, only)
        if not waiting:
            return None
        chat_id, day = waiting[0]
        if day == rollups.LIVES:
            rollups.rebuild_lives(connection, chat_id)
        else:
            rollups.refresh(connection, _day(kernel, chat_id, day))
        return waiting[0]

    return kernel.in_transaction(work)


def settle_next(kernel: Kernel, now: datetime) -> tuple[int, str, int] | None:
    """Compares the first day that is over with the log; (chat, day, differences), None when all are settled.

    Over: late answers have come, too.
    """

    def work(connection: Connection) -> tuple[int, str, int] | None:
        found = rollups.unsettled(connection, to_ms(now) - ANSWER_WITHIN_MS)
        if found is None:
            return None
        differences = rollups.settle(connection, found)
        if rollups.is_newest_settled(connection, found):
            _place_members(connection, found)
            kernel.directory.restand(kernel.directory.room_by_id(found.chat_id))
        if differences:
            rollups.record_differences(connection, found, differences, to_ms(now))
        return found.chat_id, found.day, len(differences)

    return kernel.in_transaction(work)


def expect_yesterday(kernel: Kernel, now: datetime, chat: str = "") -> None:
    """Yesterday is counted in every group (or in `chat` only), in which nobody spoke, too."""
    every = kernel.directory.rooms.values() if not chat else [kernel.directory.rooms[chat]]
    rooms = [room for room in every if room.kind == "group"]
    days = [(room.id, (kernel.directory.date(room, now) - timedelta(days=1)).isoformat()) for room in rooms]
    kernel.in_transaction(lambda connection: rollups.expect(connection, days))


async def roll_up(engine: LiveEngine, now: datetime, chat: str = "") -> int:
    """Counts every day that waits; how many. `chat` (uid): of one group only, for who waits for its figures."""
    counted = 0
    await engine.call(lambda kernel: expect_yesterday(kernel, now, chat))
    while await engine.call(lambda kernel: count_next(kernel, chat)) is not None:
        counted += 1
        await asyncio.sleep(_PAUSE_S)
    return counted


async def settle_days(engine: LiveEngine, now: datetime) -> int:
    """Compares every day that is over with the log; how many days differ. Each difference is logged as an error."""
    wrong = 0
    while (found := await engine.call(lambda kernel: settle_next(kernel, now))) is not None:
        chat_id, day, differences = found
        if differences:
            wrong += 1
            log.error(
                "figures of chat %d on %s differ from the log in %d places: see the audit log",
                chat_id,
                day,
                differences,
            )
        await asyncio.sleep(_PAUSE_S)
    return wrong


def _place_members(connection: Connection, day: rollups.Day) -> None:
    """Everybody's standing at the end of the day; who keeps theirs costs no row."""
    facts, observed = people.month(connection, day.chat_id, day.day)
    placed = place(facts, observed)
    for scheme in ("pyramid", "rfm", "ladder"):
        values = {each.facts.id: getattr(each, scheme) for each in placed}
        standings.write(connection, day.chat_id, scheme, day.day, values)


def _day(kernel: Kernel, chat_id: int, day: str) -> rollups.Day:
    room = kernel.directory.room_by_id(chat_id)
    return rollups.Day(chat_id, day, *kernel.directory.bounds(room, date.fromisoformat(day)))
