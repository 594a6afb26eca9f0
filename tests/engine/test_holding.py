"""Deadlines and reminders of an outage wait for what members did meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.core.events import MessageReceived
from bot.engine.traffic import Inbound
from storage.database import Database
from tests.engine.test_kernel import BOT, GROUP, NOW, Bench, camp_of, says

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LIST = "#接龙 周末爬山 8:30截止\n1. 小明"


PLAN = camp_of(
    checkin={"commands": ["打卡"], "points": 5, "remind": {"at": "09:00", "who": "not_checked_in"}},
    chain={"title": "周末爬山", "members_may_open": True},
    campaign={"posts": [{"at": "2026-03-02 08:20", "text": "早读开始"}]},
)
"""NOW is 8:00 in Shanghai: the chain closes at 8:30, the reminder goes at 9:00, the post at 8:20 or not at all."""


class Camp(Bench):
    """A group on a network with a history; `said` is all that the bot said."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, plan_for=PLAN)
        self.kernel.account_online(BOT, NOW, reads_history=True)

    def passes(self, span: timedelta) -> None:
        """In steps of a minute, as the live bot's clock would wake it."""
        until = self.now + span
        while self.now < until:
            wake = self.kernel.next_wake()
            self.now = min(until, max(self.now + MINUTE, wake) if wake else until)
            self.said += self.deliver(self.kernel.cycle(self.now))
            following = self.kernel.next_wake()
            assert following is None or following > self.now, "it would turn in circles"

    def heard(self, *said: MessageReceived) -> None:
        self.said += self.hears(*said)

    def goes(self) -> None:
        self.kernel.account_offline(BOT, self.now, reads_history=True)

    def comes(self, *history: MessageReceived) -> None:
        """Back, and a few seconds later the history is read."""
        self.kernel.account_online(BOT, self.now, reads_history=True)
        self.said += self.deliver(self.kernel.cycle(self.now))
        self.now += timedelta(seconds=5)
        said = [Inbound(event, self.now, is_backfill=True) for event in history]
        self.said += self.deliver(self.kernel.cycle(self.now, said))
        self.kernel.note_backfill(BOT, GROUP, self.now, NOW, self.now)
        self.said += self.deliver(self.kernel.cycle(self.now))

    def entries(self) -> int:
        return int(self.one("SELECT count(*) FROM note WHERE what = 'chain_entry'"))


@pytest.fixture
def camp(database: Database) -> Iterator[Camp]:
    made = Camp(database)
    yield made
    made.connection.close()


def test_a_chain_that_closed_during_the_outage_has_who_joined_before(camp: Camp) -> None:
    """Lost at 8:10, the deadline at 8:30, back at 11:00: the line of 8:25 is in, the one of 8:40 is not."""
    camp.heard(says(7, LIST))
    camp.passes(10 * MINUTE)
    camp.goes()
    camp.passes(3 * HOUR)
    assert camp.kernel.groups_waiting(camp.now) == 1
    camp.comes(
        says(8, LIST + "\n2. 小红", at=NOW + 25 * MINUTE), says(9, LIST + "\n2. 小红\n3. 小刚", at=NOW + 40 * MINUTE)
    )
    assert camp.kernel.groups_waiting(camp.now) == 0
    camp.passes(5 * MINUTE)
    assert camp.entries() == 2
    assert any("小红" in words and "截止" in words for words in camp.said)
    assert not any("小刚" in words and "2. 小红" in words for words in camp.said)


def test_a_reminder_does_not_name_who_checked_in_meanwhile(camp: Camp) -> None:
    """Lost at 8:55, back at 9:03; the reminder of 9:00 comes then, without who did it at 8:57."""
    camp.heard(says(7, "早"), says(8, "早"), says(9, "打卡"))
    camp.passes(55 * MINUTE)
    camp.goes()
    camp.passes(8 * MINUTE)
    camp.comes(says(8, "打卡", at=NOW + 57 * MINUTE))
    camp.passes(5 * MINUTE)
    (reminder,) = [words for words in camp.said if "今天还差" in words]
    assert "成员7" in reminder
    assert "成员8" not in reminder


def test_a_post_that_waited_some_minutes_is_not_missed(camp: Camp) -> None:
    """8:20, the account flickers at 8:19 and is back at 8:26: the post goes out, once."""
    camp.heard(says(7, "早"))
    camp.passes(19 * MINUTE)
    camp.goes()
    camp.passes(7 * MINUTE)
    camp.comes()
    camp.passes(10 * MINUTE)
    assert camp.said.count("早读开始") == 1
    assert camp.one("SELECT status FROM firing") == "fired"


def test_what_waits_waits_ten_minutes_for_an_account_that_stays_away(camp: Camp) -> None:
    """Then schedules fire as ever, and what they say lies in the outbox."""
    camp.heard(says(7, "早"))
    camp.passes(19 * MINUTE)
    camp.goes()
    camp.passes(9 * MINUTE)
    assert camp.one("SELECT count(*) FROM firing") == 0
    camp.passes(2 * MINUTE)
    assert camp.one("SELECT count(*) FROM firing") == 1
    assert camp.one("SELECT count(*) FROM outbox WHERE status = 'ready'") == 1


def test_a_history_that_never_comes_holds_nothing_up_for_long(camp: Camp) -> None:
    """A minute after the account is back what is due goes on without it."""
    camp.heard(says(7, LIST))
    camp.passes(10 * MINUTE)
    camp.goes()
    camp.passes(30 * MINUTE)
    camp.kernel.account_online(BOT, camp.now, reads_history=True)
    camp.said.clear()
    camp.passes(timedelta(seconds=59))
    assert not any("截止" in words for words in camp.said)
    camp.passes(2 * MINUTE)
    assert any("截止" in words for words in camp.said)


def test_after_a_start_what_is_due_waits_for_the_account(database: Database, camp: Camp) -> None:
    """The process was away over the deadline."""
    camp.heard(says(7, LIST))
    camp.connection.close()
    again = Bench(database, plan_for=PLAN)
    again.now = NOW + HOUR
    again.kernel.outbox.set_online(BOT, False)
    again.kernel.await_accounts({"qq"}, again.now)
    assert again.deliver(again.kernel.cycle(again.now)) == []
    again.kernel.account_online(BOT, again.now, reads_history=True)
    late = says(8, LIST + "\n2. 小红", at=NOW + 25 * MINUTE)
    again.deliver(again.kernel.cycle(again.now, [Inbound(late, again.now, is_backfill=True)]))
    again.kernel.note_backfill(BOT, GROUP, again.now, NOW, again.now)
    said = again.deliver(again.kernel.cycle(again.now))
    assert any("小红" in words and "截止" in words for words in said)
    again.connection.close()


def test_a_network_without_a_history_waits_for_nothing(camp: Camp) -> None:
    """There is nothing to wait for."""
    camp.heard(says(7, LIST))
    camp.passes(10 * MINUTE)
    camp.kernel.account_offline(BOT, camp.now)
    camp.passes(25 * MINUTE)
    assert camp.one("SELECT count(*) FROM timer WHERE due_at <= " + str(round(camp.now.timestamp() * 1000))) == 0
