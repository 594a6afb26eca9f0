"""The invariants hold for what the engine itself writes, with copies, duplicates and late events in between."""

from __future__ import annotations

import random
from datetime import timedelta

from storage.database import Database
from storage.invariants import violations
from tests.engine.test_kernel import NOW, Bench, says


def test_a_lively_morning_leaves_no_violation(database: Database) -> None:
    """Check-ins, chatter and every third message delivered again, out of order."""
    dice = random.Random(3)
    bench = Bench(database)
    events = [
        says(
            member,
            dice.choice(["打卡", "早上好", "打卡 今天读了三页,很有收获", "积分", "排行"]),
            n=n,
            at=NOW + timedelta(seconds=n),
        )
        for n in range(60)
        for member in dice.sample(range(1, 9), 3)
    ]
    events += dice.sample(events, len(events) // 3)
    for start in range(0, len(events), 25):
        bench.now = NOW + timedelta(minutes=start)
        bench.hears(*events[start : start + 25])
    bench.connection.close()
    with database.reading() as connection:
        assert violations(connection, is_stopped=True) == []
