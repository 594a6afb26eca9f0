"""The bot's two busy threads share one core; what they start may run on any."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator

import pytest

from bot.engine import cores

pytestmark = pytest.mark.skipif(
    len(getattr(os, "sched_getaffinity", lambda _: ())(0)) < 2, reason="needs Linux and two cores"
)
_ASK = "import os; print(len(os.sched_getaffinity(0)))"


@pytest.fixture
def writer() -> Iterator[int]:
    """A thread that does nothing; its native id."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    assert thread.native_id is not None
    yield thread.native_id
    over.set()
    thread.join()


async def test_both_threads_are_on_one_core_until_it_ends(writer: int) -> None:
    everywhere = os.sched_getaffinity(0)
    keeping = asyncio.create_task(cores.keep_together(writer))
    await asyncio.sleep(0)
    assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(writer) == os.sched_getaffinity(0)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert os.sched_getaffinity(writer) == os.sched_getaffinity(0) == everywhere


async def test_what_is_started_meanwhile_runs_anywhere(writer: int) -> None:
    everywhere = os.sched_getaffinity(0)
    loop = asyncio.get_running_loop()
    loop.set_default_executor(cores.executor())
    keeping = asyncio.create_task(cores.keep_together(writer))
    await asyncio.sleep(0)
    try:
        assert await asyncio.to_thread(os.sched_getaffinity, 0) == everywhere
        with cores.anywhere():
            child = await asyncio.create_subprocess_exec(sys.executable, "-c", _ASK, stdout=asyncio.subprocess.PIPE)
        said, _ = await child.communicate()
        assert int(said) == len(everywhere)
        assert len(os.sched_getaffinity(0)) == 1, "the thread itself is held as before"
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def test_a_thread_that_has_ended_stops_nothing() -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    assert thread.native_id is not None
    keeping = asyncio.create_task(cores.keep_together(thread.native_id))
    await asyncio.sleep(0)
    assert not keeping.done()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
