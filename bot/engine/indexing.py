"""The search index in the running bot: it follows the log in small transactions while little happens, so that nobody waits.

Nothing is done where nothing was said, and nothing under load: whoever searches then has the newest messages looked through
without it.
"""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import DBAPIError

from bot.engine.clock import monotonic_s
from bot.engine.live import LiveEngine
from storage.search_index import MOST, index_next

log = logging.getLogger(__name__)

BUSY_PER_S = 500.0
"""From so many events a second on the writer is left alone: an entry costs a tenth of what a message costs."""
_LOOK_S = 1.0
_PAUSE_S = 0.05


class Indexer:
    """Call `look` again and again."""

    def __init__(self, engine: LiveEngine) -> None:
        self._engine = engine
        self._events = self._done_at = -1
        self._looked_s = monotonic_s()

    async def look(self) -> int:
        """Indexes some messages, unless the bot is busy or all are indexed; how many it looked at."""
        events, now = self._engine.events_taken, monotonic_s()
        rate = (events - self._events) / max(now - self._looked_s, 0.001) if self._events >= 0 else 0.0
        self._events, self._looked_s = events, now
        if rate >= BUSY_PER_S or len(self._engine.writing) or events == self._done_at:
            return 0
        seen = await self._engine.call(lambda kernel: kernel.in_transaction(index_next))
        if seen < MOST:
            self._done_at = events
        return seen


async def follow(engine: LiveEngine) -> None:
    """For as long as the bot runs. An index that is damaged is left alone and said; nothing else suffers."""
    indexer = Indexer(engine)
    while True:
        try:
            seen = await indexer.look()
        except DBAPIError:
            log.exception("the search index can't be written; searching looks through the newest messages only")
            return
        await asyncio.sleep(_PAUSE_S if seen == MOST else _LOOK_S)
