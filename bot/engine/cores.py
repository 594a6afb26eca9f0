"""On which processor cores the bot's threads run. Linux only; elsewhere nothing here does anything.

The interpreter runs one thread at a time. While the event loop and the writing thread sit on two cores, each change of turn,
and there is one at every statement and every read of a socket, carries what they share from one core's cache to the other's:
a fifth of the throughput (ADR 0032). So both live on one core. Which one is the system's to choose, anew every second:
it knows what else runs here. What they start (threads that read, processes that draw) is free to run anywhere.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

_EVERYWHERE = frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else frozenset[int]()
"""What the process was given at its start."""
_THIS_THREAD = 0
_HELD_S = 1.0
_FREE_S = 0.02
_PROCESSOR = 36
"""The field of /proc/…/stat that names a thread's core, counted behind the name in parentheses (proc(5), field 39)."""


async def keep_together(*others: int) -> None:
    """Keeps the calling thread and `others` (native ids) on one core for as long as this runs."""
    if len(_EVERYWHERE) < 2:
        return
    threads = (threading.get_native_id(), *others)
    try:
        while (here := _core_of(threads[0])) is not None:
            _allow({here}, *threads)
            await asyncio.sleep(_HELD_S)
            _allow(_EVERYWHERE, *threads)
            await asyncio.sleep(_FREE_S)
    finally:
        _allow(_EVERYWHERE, *threads)


@contextmanager
def anywhere() -> Iterator[None]:
    """A process that is started within, by the calling thread, may run on any core."""
    if len(_EVERYWHERE) < 2:
        yield
        return
    before = os.sched_getaffinity(0)
    _allow(_EVERYWHERE, _THIS_THREAD)
    try:
        yield
    finally:
        _allow(before, _THIS_THREAD)


def executor() -> ThreadPoolExecutor:
    """For `asyncio.to_thread`: threads begin where the thread that started them may run, these may run anywhere."""
    return ThreadPoolExecutor(thread_name_prefix="asyncio", initializer=_go_anywhere)


def _go_anywhere() -> None:
    if _EVERYWHERE:
        _allow(_EVERYWHERE, _THIS_THREAD)


def _allow(cores: AbstractSet[int], *threads: int) -> None:
    for thread in threads:
        with suppress(OSError):  # it has ended, or a container took cores away meanwhile
            os.sched_setaffinity(thread, cores)


def _core_of(thread: int) -> int | None:
    """Where the thread ran last; None where the system doesn't tell."""
    try:
        stat = Path(f"/proc/self/task/{thread}/stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[_PROCESSOR])
