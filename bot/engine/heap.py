"""When the interpreter looks for garbage: not while somebody waits for an answer.

Rows, events and caches make no cycles: they go when the last reference does. What Python's collector finds is little, but
to find it, it walks everything that is alive, with both threads standing still: 100 ms for 20,000 members. So young
objects are looked at as ever, old ones are set aside (`freeze`) in quiet moments, and all of them are walked once a day.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

_EVERY_S = 60.0
_WHOLE_EVERY = 24 * 60
"""Minutes between two looks at everything."""
_NEVER = 1_000_000


def set_aside() -> None:
    """What is alive now is taken to stay."""
    gc.collect(1)
    gc.freeze()


def settle() -> None:
    """At the end of the start: what is loaded lives as long as the process."""
    gc.collect()
    gc.freeze()
    # The default of 700 young objects would look thousands of times a minute; the oldest generation waits for `keep`.
    gc.set_threshold(10_000, 20, _NEVER)


async def keep(is_idle: Callable[[], bool]) -> None:
    """For as long as the bot runs."""
    minutes = 0
    while True:
        await asyncio.sleep(_EVERY_S)
        minutes += 1
        if not is_idle():
            continue
        if minutes >= _WHOLE_EVERY:
            minutes = 0
            gc.unfreeze()
            gc.collect()
        set_aside()
