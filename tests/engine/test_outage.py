"""The bot was away for hours: what members did meanwhile comes with the history and counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.core.events import MessageReceived
from bot.engine.traffic import Inbound
from storage.database import Database
from tests.engine.test_kernel import NOW, Bench, camp_of, says

HOUR = timedelta(hours=1)


class Camp(Bench):
    """With a check-in and a chain."""

    def __init__(self, database: Database) -> None:
        checkin = {"commands": ["打卡"], "points": 5}
        chain = {"title": "周末爬山", "members_may_open": True}
        super().__init__(database, plan_for=camp_of(checkin=checkin, chain=chain))

    def catches_up(self, *said: MessageReceived) -> list[str]:
        """The history, as it comes when the account is back."""
        return self.deliver(self.kernel.cycle(self.now, [Inbound(event, self.now, is_backfill=True) for event in said]))

    def passes(self, span: timedelta) -> list[str]:
        self.now += span
        return self.deliver(self.kernel.cycle(self.now))


@pytest.fixture
def camp(database: Database) -> Iterator[Camp]:
    made = Camp(database)
    yield made
    made.connection.close()


def test_check_ins_of_an_outage_are_credited_and_told_in_one_line(camp: Camp) -> None:
    """Three hours away, fifty members: fifty credits, each once, and one message."""
    camp.hears(says(7, "早"))
    camp.now += 3 * HOUR
    said = [says(member, "打卡", at=NOW + timedelta(minutes=member)) for member in range(10, 60)]
    assert camp.catches_up(*said, *said) == []
    assert camp.catches_up(*said) == []
    assert camp.one("SELECT count(*) FROM ledger WHERE delta = 5") == 50
    (line,) = camp.passes(timedelta(minutes=1))
    assert "成员10、成员11" in line
    assert "另有 30 位" in line


def test_what_is_days_old_is_logged_only(camp: Camp) -> None:
    """A connection that comes back after a week doesn't do the week's work."""
    camp.hears(says(7, "早"))
    camp.now += timedelta(days=7)
    assert camp.catches_up(says(8, "打卡", at=NOW + HOUR)) == []
    assert camp.one("SELECT count(*) FROM message") == 2
    assert camp.one("SELECT count(*) FROM ledger") == 0


def test_a_line_that_was_written_meanwhile_is_in_the_list(camp: Camp) -> None:
    """A chain was open when the connection went; two continued it before it came back."""
    camp.hears(says(7, "#接龙 周末爬山\n1. 小明"))
    camp.passes(timedelta(minutes=5))
    camp.now += 3 * HOUR
    camp.catches_up(
        says(8, "#接龙 周末爬山\n1. 小明\n2. 小红", at=NOW + HOUR),
        says(9, "#接龙 周末爬山\n1. 小明\n2. 小红\n3. 小刚", at=NOW + 2 * HOUR),
    )
    entries = "SELECT count(*) FROM note WHERE what = 'chain_entry'"
    assert camp.one(entries) == 3
