"""Retention in the running bot: small transactions between the bot's own, so that no member waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from bot.engine.live import LiveEngine
from storage.retention import CHUNK, Cut, delete_chunk, plan, record

_PAUSE_S = 0.05


async def tidy(engine: LiveEngine, now: datetime, days: Mapping[str, int], default_days: int) -> int:
    """Cuts the log to `default_days`, single groups to their own `days`. Returns how many rows went."""

    def planned(connection: Connection) -> list[Cut]:
        return plan(connection, now, days, default_days)

    cuts = await engine.call(lambda kernel: kernel.in_transaction(planned))
    return sum([await _cut(engine, cut, now) for cut in cuts])


async def _cut(engine: LiveEngine, cut: Cut, now: datetime) -> int:
    total = 0

    def chunk(connection: Connection) -> int:
        return delete_chunk(connection, cut)

    while True:
        deleted = await engine.call(lambda kernel: kernel.in_transaction(chunk))
        total += deleted
        if deleted < CHUNK:
            break
        await asyncio.sleep(_PAUSE_S)
    if total:
        await engine.call(lambda kernel: kernel.in_transaction(lambda connection: record(connection, cut, total, now)))
    return total
