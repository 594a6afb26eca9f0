"""The coarse figures in the bot: what happens is marked, counted once, and survives a process that ends at any point."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.events import MemberJoined, MemberLeft
from bot.core.play import Member
from bot.engine.clock import to_ms
from bot.engine.rollups import count_next, expect_yesterday, settle_next
from storage import tables as t
from storage.database import Database
from tests.engine.test_kernel import BOT, GROUP, NOW, Bench, says

LATER = NOW + timedelta(days=2)


@pytest.fixture
def start(database: Database) -> Iterator[Callable[[], Bench]]:
    made: list[Bench] = []

    def begin() -> Bench:
        made.append(Bench(database))
        return made[-1]

    yield begin
    for bench in made:
        bench.connection.close()


def talk(bench: Bench) -> None:
    bench.hears(
        MemberJoined(id="j1", account=BOT, chat=GROUP, member="qq:7", at=NOW, name="成员7"),
        says(7, "打卡"),
        says(8, "早上好"),
        MemberLeft(id="l1", account=BOT, chat=GROUP, member="qq:8", at=NOW),
    )


def count(bench: Bench) -> int:
    counted = 0
    while count_next(bench.kernel) is not None:
        counted += 1
    return counted


def seen(bench: Bench) -> Member:
    """What a play would know of member 7."""
    directory = bench.kernel.directory
    with bench.connection.begin():
        return directory.roster(directory.rooms[GROUP])["qq:7"]


def test_what_happens_is_counted_once(start: Callable[[], Bench]) -> None:
    """A join, a leave, talk and a check-in make one stale day; counted, nothing waits; the same again changes nothing."""
    bench = start()
    talk(bench)
    assert bench.one("SELECT count(*) FROM stale_day") == 1
    # The day, and everybody's life, which nothing is known of yet.
    assert count(bench) == 2
    row = bench.connection.execute(t.day_stat.select()).mappings().one()
    bench.connection.rollback()
    expected = {"day": "2026-03-02", "active": 2, "msgs": 2, "joins": 1, "leaves": 1, "checkins": 1, "members": 1}
    assert {name: row[name] for name in expected} == expected
    assert row["from_at"] == to_ms(datetime(2026, 3, 1, 16, tzinfo=UTC))
    assert count(bench) == 0


def test_a_mark_outlives_the_process(start: Callable[[], Bench]) -> None:
    """Nothing was counted before the end: the next process finds it."""
    talk(start())
    again = start()
    assert count(again) == 2
    assert again.one("SELECT msgs FROM member_life WHERE member_id = (SELECT id FROM member WHERE uid = 'qq:7')") == 1


def test_over_days_are_settled_and_members_placed(start: Callable[[], Bench]) -> None:
    """After the day and its late answers: no difference, everybody placed, and the people in memory know it."""
    bench = start()
    talk(bench)
    count(bench)
    assert settle_next(bench.kernel, NOW + timedelta(hours=12)) is None
    settled = settle_next(bench.kernel, LATER)
    assert settled is not None
    assert settled[1:] == ("2026-03-02", 0)
    member = seen(bench)
    assert {"tier:基础", "tier:尝试"} <= member.labels
    assert member.spoke_at == NOW
    assert settle_next(bench.kernel, LATER) is None


def test_a_difference_is_an_alarm(start: Callable[[], Bench]) -> None:
    """A message that the rollup lost is found the next night and stands in the audit log."""
    bench = start()
    talk(bench)
    count(bench)
    with bench.connection.begin():
        bench.connection.exec_driver_sql("UPDATE member_day SET msgs = 5 WHERE msgs = 1 AND checkins = 1")
    settled = settle_next(bench.kernel, LATER)
    assert settled is not None
    assert settled[2] == 2
    assert "the rollup says 5 messages, the log 1" in bench.one("SELECT detail FROM audit")


def test_last_words_are_known_after_a_restart(start: Callable[[], Bench]) -> None:
    """Whether or not the day was counted; and the roster follows the newest words."""
    first = start()
    talk(first)
    assert seen(first).spoke_at == NOW
    first.hears(says(7, "又来了", n=2, at=NOW + timedelta(hours=1)))
    assert seen(first).spoke_at == NOW + timedelta(hours=1)
    for is_counted in (False, True):
        second = start()
        if is_counted:
            count(second)
        assert seen(second).spoke_at == NOW + timedelta(hours=1)


def test_a_silent_yesterday_is_counted(start: Callable[[], Bench]) -> None:
    """A group in which nobody spoke has a day of zeros, once."""
    bench = start()
    talk(bench)
    for _ in range(2):
        expect_yesterday(bench.kernel, NOW + timedelta(days=3))
        count(bench)
    assert bench.one("SELECT active FROM day_stat WHERE day = '2026-03-04'") == 0
