"""A transaction that fails, by any cause and at any point, loses nothing, doubles nothing and costs no innocent anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.core.events import MemberJoined
from bot.engine import failpoints
from bot.engine.clock import to_ms
from bot.engine.traffic import Inbound, Settled
from storage.database import Database
from storage.invariants import violations
from tests.engine.test_kernel import BOT, GROUP, NOW, Bench, bench, says, start

__all__ = ["bench", "start"]  # fixtures

POINTS = (
    "inbox.begin", "inbox.logged", "step.before", "step.after", "flush.begin", "flush.written", "commit.before",
    "commit.after",
)  # fmt: skip


@contextmanager
def armed(spec: str) -> Iterator[None]:
    failpoints.arm(spec)
    try:
        yield
    finally:
        failpoints.arm("")


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("hit", [1, 2])
def test_a_failure_at_any_point_with_a_send_in_flight(database: Database, bench: Bench, point: str, hit: int) -> None:
    """Two answers wait, one is with the network, its receipt and three more check-ins come, and the transaction fails:
    before its commit, or after one that the server had taken. Every member is credited and answered once, in order."""
    first = bench.kernel.cycle(NOW, [Inbound(says(n, "打卡"), NOW) for n in (10, 11)])
    (in_flight,) = first
    receipt = Settled(id=in_flight.id, outcome="done", message_id="b1", at=NOW)
    with armed(f"{point}=raise@{hit}"):
        sends = bench.kernel.cycle(NOW, [Inbound(says(n, "打卡"), NOW) for n in (12, 13, 14)], [receipt])
    said = bench.deliver(sends)
    assert [line.split("成员")[1][:2] for line in said] == ["11", "12", "13", "14"]
    assert bench.one("select count(*) from ledger") == 5
    assert bench.one("select count(*) from outbox where status = 'done'") == 5
    assert bench.one("select count(*) from outbox where status <> 'done'") == 0
    assert bench.kernel.outbox.in_flight == {}
    bench.connection.close()
    with database.reading() as connection:
        assert violations(connection, is_stopped=True) == []


def test_a_failing_transaction_leaves_what_the_chat_is(bench: Bench) -> None:
    """The first message of a chat makes its account the primary one; a failure in between must not forget to write it."""
    with armed("commit.before=raise"):
        bench.hears(says(7, "早"))
    assert bench.one("select count(*) from chat where primary_account_id is not null") == 1


def test_what_no_database_can_store_costs_only_itself(bench: Bench) -> None:
    """A lone surrogate that a transport let through: named among the dead; its neighbours are logged and answered."""
    said = bench.hears(says(7, "打卡"), says(8, "打卡\ud800"), says(9, "打卡"))
    assert len(said) == 2
    assert bench.one("select count(*) from message") == 2
    assert bench.one("select count(*) from dead_event") == 1
    assert len(bench.hears(says(10, "打卡"))) == 1


def test_a_step_that_cannot_be_kept_is_logged_and_buried(bench: Bench) -> None:
    """What breaks after the log row costs the event its step, not its row."""
    joined = MemberJoined(id="j1", account=BOT, chat=GROUP, member="qq:8", at=NOW, name="小\ud800红")
    said = bench.hears(says(7, "打卡"), joined, says(9, "打卡"))
    assert len(said) == 2
    assert bench.one("select count(*) from dead_event") == 1


def test_a_timer_that_raises_costs_nobody_his_check_in(bench: Bench) -> None:
    """A timer whose row cannot be read is dropped and named; what members do in the same moment counts."""
    bench.hears(says(7, "打卡"))
    with bench.connection.begin():
        row = {"run": bench.connection.execute(text("select min(id) from run")).scalar(), "at": to_ms(NOW)}
        bench.connection.execute(text("insert into timer values (:run, 'broken', :at, 'no json')"), row)
    bench.kernel._times.refresh_later()
    assert len(bench.hears(says(8, "打卡"), says(9, "打卡"))) == 2
    assert bench.one("select count(*) from ledger") == 3
    assert bench.one("select count(*) from timer where name = 'broken'") == 0
    assert bench.one("select cause from dead_event") == "timer"


def test_the_successor_of_a_suspect_waits_for_its_fate(start: Callable[[], Bench]) -> None:
    """After a crash the answer that was with the network may still be unsent: what follows it must not overtake it."""
    first = start()
    first.kernel.cycle(NOW, [Inbound(says(n, "打卡"), NOW) for n in (10, 11, 12)])
    again = start()
    assert again.hears(says(13, "打卡")) == []
    (suspect,) = again.kernel.suspects
    said = again.deliver(again.kernel.cycle(NOW, settled=[Settled(id=suspect, outcome="absent")]))
    assert [line.split("成员")[1][:2] for line in said] == ["10", "11", "12", "13"]


def test_what_is_due_before_the_account_is_online_happens(start: Callable[[], Bench]) -> None:
    """A summary came due while the bot was down: it is made at once and waits for the connection."""
    start().hears(says(7, "打卡"))
    again = start()
    again.kernel.outbox.set_online(BOT, False)
    later = NOW + timedelta(hours=15)
    assert again.kernel.cycle(later) == []
    assert again.one("select count(*) from dead_event") == 0
    assert again.one("select count(*) from outbox where status = 'ready'") == 1
    again.kernel.account_online(BOT, later)
    assert len(again.deliver(again.kernel.cycle(later))) == 1


def test_a_gap_that_was_not_filled_survives_a_crash(start: Callable[[], Bench]) -> None:
    """Live messages after a restart move the newest one; until the history was read, the gap begins where it began."""
    bench = start()
    bench.hears(says(7, "早"))
    for minutes in (10, 20):
        bench = start()
        bench.now = NOW + timedelta(minutes=minutes)
        bench.kernel.account_online(BOT, bench.now)
        bench.hears(says(7, "早", n=minutes, at=bench.now))
    assert [row.at for row in start().kernel.last_seen()] == [to_ms(NOW)]
    bench = start()
    bench.kernel.account_online(BOT, bench.now)
    bench.kernel.note_backfill(BOT, GROUP, bench.now, NOW, bench.now)
    assert [row.at for row in start().kernel.last_seen()] == [to_ms(NOW + timedelta(minutes=20))]
