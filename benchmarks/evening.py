"""The scripted evening of a group of 200, with figures: `python -m benchmarks.evening [--onebot] [--rounds 3]`.

Sixty continue a chain at once from stale copies, ten questions are answered by 150 as people type, fifty advertisers hide
among 200 harmless lines. On the simulator in virtual time, with the real limits of the outbox; with `--onebot` also in
real time against the bot as a process. What the evening is, stands in `tests/evening`.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tests.evening import cast, course
from tests.evening.groups import OneBotGroup, SimGroup, over_onebot, simulated

_MESSAGES = "SELECT count(*), sum(CASE WHEN id IN (SELECT id FROM message WHERE text LIKE '#接龙%') THEN 1 ELSE 0 END) FROM message"


async def _evening(name: str, opened: AbstractAsyncContextManager[SimGroup | OneBotGroup]) -> None:
    outcome = course.Outcome()
    async with opened as group:
        begin = time.perf_counter()
        await course.chain(group, outcome)
        chained = time.perf_counter()
        await course.quiz(group, outcome, over_s=8.0 if isinstance(group, SimGroup) else 1.5)
        asked = time.perf_counter()
        await course.wave(group, outcome, spam=len(cast.SPAMMERS) - 2, over_s=60.0 if name == "simulator" else 20.0)
        done = time.perf_counter()
        messages, lists = (await group.rows(_MESSAGES))[0]
    print(f"{name}: {messages} messages, {lists} of them lists")
    print(f"  entries lost: {len(outcome.lost)} of {outcome.entries}; doubled: {len(outcome.doubled)}")
    print(f"  answers misjudged: {len(outcome.misjudged)} of {outcome.answers}")
    print(f"  harmless lines wronged: {len(outcome.false_alarms)} of {outcome.harmless}")
    print(f"  spam missed: {len(outcome.missed)} of {outcome.spam}")
    for wrong in (*outcome.lost, *outcome.doubled, *outcome.misjudged, *outcome.false_alarms, *outcome.missed):
        print(f"    {wrong}")
    print(f"  seconds: chain {chained - begin:.1f}, quiz {asked - chained:.1f}, wave {done - asked:.1f}", end="")
    print(f"; {messages / (done - begin):,.0f} messages/s" if name == "simulator" else " (real time)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--onebot", action="store_true")
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(_evening("simulator", simulated(Path(folder) / "playbooks")))
    if given.onebot:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(_evening("onebot", over_onebot(Path(folder))))


if __name__ == "__main__":
    main()
