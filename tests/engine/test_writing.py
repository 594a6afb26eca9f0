"""The writing thread when the database refuses: it waits, loses nothing and says so."""

from __future__ import annotations

import sqlite3
import threading

from bot.engine.clock import WallClock
from bot.engine.kernel import Dispatch, Inbound, Settled
from bot.engine.writing import WritingThread
from storage.database import Database
from tests.engine.test_kernel import BOT, NOW, Bench, says

PATIENCE_S = 20


def test_a_refused_batch_and_a_refused_call_are_made_when_the_database_takes_them(sqlite_database: Database) -> None:
    """While another program holds the write lock, a batch and a call wait; both stand as soon as it lets go, in order, and
    health knows of the refusal meanwhile."""
    bench = Bench(sqlite_database)
    with bench.connection.begin():
        bench.connection.exec_driver_sql("PRAGMA busy_timeout = 1")
    sends: list[Dispatch] = []
    answered = threading.Event()

    def on_sends(found: list[Dispatch]) -> None:
        sends.extend(found)
        for send in found:
            writing.settle(Settled(id=send.id, outcome="done", message_id=f"b{send.id}", at=NOW))
        if len(sends) == 2:
            answered.set()

    writing = WritingThread(bench.kernel, WallClock(), on_sends=on_sends, on_room=lambda: None)
    other = sqlite3.connect(str(sqlite_database.path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing.start()
    now = WallClock().now()
    writing.put([Inbound(says(n, "打卡", at=now), now) for n in (7, 8)])
    online = writing.call(lambda kernel: kernel.account_online(BOT, now))
    behind = writing.call(lambda kernel: kernel.counters.events, is_last=True)
    deadline = threading.Event()
    while not writing.lag.is_refused:
        assert not deadline.wait(0.01)
    assert not online.done()
    assert "locked" in writing.lag.refusal
    other.execute("ROLLBACK")
    other.close()
    assert online.result(PATIENCE_S) == []
    assert behind.result(PATIENCE_S) == 2, "what waits for the queue comes after it"
    assert answered.wait(PATIENCE_S)
    writing.stop()
    assert not writing.lag.is_refused
    assert bench.one("select count(*) from outbox where status = 'done'") == 2
    assert bench.one("select count(*) from ledger") == 2
    bench.connection.close()
