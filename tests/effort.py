"""Bounds on work that must not hang, which a busy machine does not break."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

TRIES = 5
Result = TypeVar("Result")


def with_effort(work: Callable[[], Result], *, within_s: float) -> tuple[Result, float]:
    """What `work` returns, and the processor seconds of this thread that it takes: the first within `within_s`, else the
    least of five.

    The clock also counts what the work did not cause: the collector coming round in a big process, the time that a shared
    processor was taken away. That falls on one try or another; what the work itself costs falls on each.
    """
    least = float("inf")
    for _ in range(TRIES):
        began = time.thread_time()
        result = work()
        least = min(least, time.thread_time() - began)
        if least < within_s:
            break
    return result, least
