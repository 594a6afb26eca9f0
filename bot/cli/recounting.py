"""The log by other rules, group by group; a long one in as many processes as there are processors.

The workers only read and give the counters back; one process writes the preview. Folding is arithmetic in Python: threads would
take turns.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from typing import TypeAlias

from sqlalchemy import URL, Connection, func, select

from bot.core.scoring import Scoring
from bot.core.tally import Counting
from bot.playbook.load import Loaded
from bot.usecases.scores import calendar_of, span_of
from storage import scoring as store
from storage import tables as t
from storage.database import Database
from storage.preview import Preview
from storage.refold import Row, mark_of, refold
from storage.scoring import Span

_LONG = 500_000
"""Messages from which on starting processes is worth it."""
Work: TypeAlias = tuple[int, int, list[Span]]
"""(group, mark, its days)."""


def recount(
    database: Database, connection: Connection, preview: Preview, wanted: Scoring, loaded: Loaded,
    tell: Callable[[int, int], None],
) -> tuple[int, int]:  # fmt: skip
    """Days of every group whose log is not the one that the preview was made from: (counted, up to date). `tell` hears how many
    groups of how many are done."""
    chats = connection.execute(select(t.chat.c.id, t.chat.c.uid).where(t.chat.c.kind == "group")).all()
    work: list[Work] = []
    skipped = 0
    for chat in chats:
        days, mark = store.days_of(connection, chat.id), mark_of(connection, chat.id)
        if preview.mark(chat.id) == mark:
            skipped += len(days)
        else:
            calendar = calendar_of(loaded, chat.uid)
            work.append((chat.id, mark, [span_of(chat.id, day, *calendar) for day in days]))
    done = 0
    tell(0, len(work))
    with ExitStack() as stack:
        for place, ((chat_id, mark, spans), rows) in enumerate(
            zip(work, _folded(stack, database, connection, work, wanted.counting), strict=True), 1
        ):
            preview.put(chat_id, mark, rows)
            done += len(spans)
            tell(place, len(work))
    return done, skipped


def _folded(
    stack: ExitStack, database: Database, connection: Connection, work: Sequence[Work], rules: Counting
) -> Iterator[Sequence[Row]]:
    days = [spans for _, _, spans in work]
    processes = min(os.cpu_count() or 1, 8)
    messages = connection.execute(select(func.sum(t.day_stat.c.msgs))).scalar() or 0
    if processes == 1 or messages < _LONG or len(work) < processes:
        yield from (list(refold(connection, spans, rules)) for spans in days)
        return
    pool = stack.enter_context(
        ProcessPoolExecutor(
            processes, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(database.url, rules)
        )
    )
    # Stopped in the middle: what waits is not begun.
    stack.callback(pool.shutdown, cancel_futures=True)
    yield from pool.map(_fold, days)


# -- in a worker ----------------------------------------------------------------------------------------------------------

_opened: AbstractContextManager[Connection]
_own: tuple[Connection, Counting]


def _begin(url: URL, rules: Counting) -> None:
    """The worker's connection, open until the process ends."""
    global _opened, _own
    _opened = Database(url, mode="read").reading()
    _own = _opened.__enter__(), rules


def _fold(spans: list[Span]) -> list[Row]:
    connection, rules = _own
    return list(refold(connection, spans, rules))
