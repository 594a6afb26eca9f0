"""Another version of the score comes into force: first the rules, then day by day the counters by these rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from bot.core.scoring import Scoring
from bot.engine.clock import to_ms
from bot.engine.kernel import Kernel
from storage import scoring as store
from storage.scoring import Span


def adopt(kernel: Kernel, scoring: Scoring, now: datetime) -> None:
    """From now on what happens counts by `scoring`. Days before wait for `recount`."""
    kernel.in_transaction(lambda connection: store.adopt(connection, scoring, to_ms(now)))
    kernel.directory.scoring = scoring
    for room in kernel.directory.rooms.values():
        room.tally = None


def recount(kernel: Kernel, days: Sequence[tuple[str, str]]) -> int:
    """Counts days (group uid, day) again from the log in one transaction; how many had a whole log."""
    directory = kernel.directory
    spans = []
    for chat, day in days:
        room = directory.rooms.get(chat)
        if room is not None:
            spans.append(Span(room.id, day, *directory.bounds(room, date.fromisoformat(day))))
            room.tally = None
    rules = directory.scoring.counting
    return kernel.in_transaction(
        lambda connection: sum(store.recount(connection, span, rules) is not None for span in spans)
    )
