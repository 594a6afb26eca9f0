"""What scoring adds to a message: the kernel's cycles with the fold that counts for the score and without it, in turns.

    python -m benchmarks.scoring_cost

Chatter with one check-in in ten over a hundred groups, every commit durable. Prints the processor's time a message of both and
the ratio (at most 1.10). Both are medians of the same run, so a busy machine slows both.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.flat import BATCH, inbound_of, plan
from bot.engine.counting import Counting
from bot.engine.kernel import Kernel
from bot.engine.render import Renderer
from bot.engine.traffic import Settled
from storage.database import Database
from storage.schema import upgrade

_NOW = datetime(2026, 3, 2, tzinfo=UTC)
_ROOT = Path(__file__).resolve().parents[1]
_BOT = "qq:3000000001"
_ROUNDS, _EACH = 40, 1000


class _Nothing(Counting):
    """Counts nothing for the score; messages and characters of the day are counted elsewhere."""

    def warm(self, *args: Any, **more: Any) -> None: ...

    def count(self, *args: Any, **more: Any) -> None: ...


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="qunops-scoring-") as name,
        Database(f"sqlite:///{name}/log.db") as database,
    ):
        upgrade(database, now=_NOW)
        with database.engine.connect() as connection:
            kernel = Kernel(connection, plan_for=plan(), renderer=Renderer(_ROOT / "templates"))
            kernel.open(_NOW)
            kernel.outbox.set_online(_BOT, True)
            intake: Any = kernel._intake
            real = intake._counting
            nothing = _Nothing(kernel.writer, kernel.directory)
            items = inbound_of(100, (_ROUNDS + 1) * _EACH)
            taken: dict[bool, list[float]] = {True: [], False: []}
            sends: list[Any] = []
            for number in range(_ROUNDS + 1):
                is_scoring = number % 2 == 0
                intake._counting = real if is_scoring else nothing
                part = items[number * _EACH : (number + 1) * _EACH]
                began = time.process_time()
                for start in range(0, _EACH, BATCH):
                    some = part[start : start + BATCH]
                    answers = [Settled(id=send.id, outcome="done", message_id=str(send.id)) for send in sends]
                    sends = kernel.cycle(some[-1].arrived_at, some, answers)
                if number:  # the first one warms the caches
                    taken[is_scoring].append((time.process_time() - began) / _EACH * 1e6)
        scored, plain = (statistics.median(taken[each]) for each in (True, False))
        print(
            f"with scoring {scored:.1f} µs, without {plain:.1f} µs a message: ratio {scored / plain:.3f} (at most 1.10)"
        )


if __name__ == "__main__":
    main()
