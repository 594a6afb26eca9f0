"""Two accounts of the bot in one group: one speaks, and when it is gone the other goes on where it was, nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bot.core.events import Event, MemberJoined, MemberLeft, MessageReceived
from bot.core.segments import Text
from bot.engine import codec, failpoints
from bot.engine.codec import plain
from bot.engine.holding import AWAY_MS
from bot.engine.kernel import Kernel
from bot.engine.outbox import Bucket, Limits
from bot.engine.render import Renderer
from bot.engine.traffic import Dispatch, Inbound, Settled
from bot.transports.base import Group
from storage.database import Database
from storage.tables import metadata
from tests.engine.test_kernel import GROUP, camp_of

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
OTHER_GROUP = "qq:601"
OLD, NEW = "qq:1", "qq:2"
PATIENCE = timedelta(milliseconds=AWAY_MS)
MINUTE = timedelta(minutes=1)
PLAN = camp_of(checkin={"commands": ["打卡"], "points": 5})
_TEMPLATES = Path(__file__).parents[2] / "templates"


class Network:
    """A kernel and what its accounts hear. Each account has its own ids for one and the same message, as on QQ."""

    def __init__(self, database: Database, now: datetime = NOW, limits: Limits | None = None) -> None:
        self.connection = database.engine.connect()
        more: dict[str, Any] = {"limits": limits} if limits else {}
        self.kernel = Kernel(self.connection, plan_for=PLAN, renderer=Renderer(_TEMPLATES), **more)
        self.now = now
        self.kernel.open(now)
        self.online: set[str] = set()
        self.sent: list[tuple[str, str]] = []
        """(account, text) of what was sent."""

    def comes(self, *accounts: str, groups: tuple[str, ...] = (GROUP,)) -> None:
        for account in accounts:
            self.online.add(account)
            self.kernel.account_online(account, self.now)
            listed = [Group(uid=uid, name="共读营", size=3) for uid in groups]
            self.deliver(self.kernel.learn_groups(account, listed, self.now))

    def goes(self, *accounts: str) -> None:
        for account in accounts:
            self.online.discard(account)
            self.kernel.account_offline(account, self.now)

    def waits(self, span: timedelta) -> None:
        self.now += span
        self.deliver(self.kernel.cycle(self.now))

    def says(self, member: int, words: str) -> None:
        """Every account that is online hears it, the second a moment after the first."""
        for account in sorted(self.online):
            self.hears(
                account,
                MessageReceived(
                    id=f"{account}-{member}-{words}-{self.now.timestamp():.0f}", account=account, chat=GROUP, at=self.now,
                    member=f"qq:{member}", message_id=f"{account}-{words}-{self.now.timestamp():.0f}", text=words,
                    segments=(Text(words),), name=f"成员{member}",
                ),
            )  # fmt: skip
        self.now += timedelta(seconds=1)

    def hears(self, account: str, event: Event) -> None:
        self.deliver(self.kernel.cycle(self.now, [Inbound(event, self.now)]))

    def deliver(self, sends: list[Dispatch]) -> None:
        while sends:
            self.sent += [(send.account, plain(*codec.encode(send.outgoing))) for send in sends]
            done = [Settled(id=send.id, outcome="done", message_id=f"b{send.id}", at=self.now) for send in sends]
            sends = self.kernel.cycle(self.now, settled=done)

    def answers(self, member: int) -> list[str]:
        """Who answered the member."""
        return [account for account, words in self.sent if f"成员{member}" in words]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.connection.begin():
            return [tuple(row) for row in self.connection.execute(text(query)).all()]


@pytest.fixture
def network(database: Database) -> Iterator[Network]:
    made = Network(database)
    yield made
    made.connection.close()


def test_one_account_speaks_while_it_can(network: Network) -> None:
    """The first that was there."""
    network.comes(OLD, NEW)
    network.says(7, "打卡")
    assert network.answers(7) == [OLD]
    assert network.rows("SELECT msgs FROM member_day") == [(1,)]


def test_a_banned_account_is_followed_by_the_other_which_answers_what_was_said_meanwhile(network: Network) -> None:
    """Ten minutes are waited for its return; then who checked in meanwhile is credited, each once, and told."""
    network.comes(OLD, NEW)
    network.says(7, "打卡")
    network.goes(OLD)
    network.says(8, "打卡")
    network.waits(PATIENCE - MINUTE)
    assert network.answers(8) == []
    assert network.rows("SELECT sum(points) FROM balance") == [(5,)]
    network.waits(MINUTE)
    assert network.answers(8) == [NEW]
    network.says(9, "打卡")
    assert network.answers(9) == [NEW]
    assert network.answers(7) == [OLD]
    assert network.rows("SELECT sum(points) FROM balance") == [(15,)]
    assert network.rows("SELECT sum(msgs) FROM member_day") == [(3,)]
    assert network.rows("SELECT action, target FROM audit WHERE action = 'account.take_over'") == [
        ("account.take_over", GROUP)
    ]


def test_the_second_of_the_last_word_is_looked_at_twice(network: Network) -> None:
    """QQ's times are whole seconds: what the old account heard in it is known, what it did not hear is not."""
    network.comes(OLD, NEW)
    network.says(7, "打卡")
    network.now -= timedelta(seconds=1)
    network.goes(OLD)
    network.says(8, "打卡")
    network.waits(PATIENCE)
    assert (network.answers(7), network.answers(8)) == ([OLD], [NEW])
    assert network.rows("SELECT sum(msgs) FROM member_day") == [(2,)]


def test_who_comes_back_stays_second(network: Network) -> None:
    """Otherwise an account that flickers would make the group's voice change each time."""
    network.comes(OLD, NEW)
    network.says(7, "打卡")
    network.goes(OLD)
    network.waits(PATIENCE)
    network.comes(OLD)
    network.says(8, "打卡")
    network.waits(2 * PATIENCE)
    assert network.answers(8) == [NEW]
    assert network.rows("SELECT sum(msgs), sum(checkins) FROM member_day") == [(2, 2)]


def test_a_short_absence_changes_nothing(network: Network) -> None:
    network.comes(OLD, NEW)
    network.says(7, "早")
    network.goes(OLD)
    network.waits(PATIENCE - MINUTE)
    network.comes(OLD)
    network.waits(PATIENCE)
    network.says(8, "打卡")
    assert network.answers(8) == [OLD]


def test_an_account_that_is_thrown_out_is_followed_at_once(network: Network) -> None:
    """It may be online and well in other groups."""
    network.comes(OLD, NEW, groups=(GROUP, OTHER_GROUP))
    network.says(7, "早")
    network.hears(
        OLD, MemberLeft(id="out", account=OLD, chat=GROUP, at=network.now, member=OLD, by="qq:9", was_kicked=True)
    )
    network.waits(timedelta(seconds=1))
    network.says(8, "打卡")
    assert network.answers(8) == [NEW]
    assert network.rows("SELECT a.uid FROM chat c JOIN account a ON a.id = c.primary_account_id ORDER BY c.uid") == [
        (NEW,),
        (OLD,),
    ]


def test_an_account_whose_list_has_the_group_no_longer_is_followed(network: Network) -> None:
    """It was thrown out while it was offline, but the list may also be incomplete while it loads."""
    network.comes(OLD, NEW)
    network.says(7, "早")
    network.goes(OLD)
    network.comes(OLD, groups=(OTHER_GROUP,))
    network.online.discard(OLD)
    network.says(8, "打卡")
    network.waits(PATIENCE - MINUTE)
    assert network.answers(8) == []
    network.waits(MINUTE)
    assert network.answers(8) == [NEW]


def test_an_account_that_a_list_forgot_and_that_still_hears_goes_on(network: Network) -> None:
    """What it hears there proves more than a list."""
    network.comes(OLD, NEW)
    network.goes(OLD)
    network.comes(OLD, groups=(OTHER_GROUP,))
    network.hears(NEW, MemberLeft(id="list", account=NEW, chat=GROUP, at=network.now, member=OLD))
    network.says(7, "打卡")
    network.waits(2 * PATIENCE)
    network.says(8, "打卡")
    assert (network.answers(7), network.answers(8)) == ([OLD], [OLD])


def test_an_account_that_never_comes_back_after_a_restart_is_followed(database: Database, network: Network) -> None:
    """The operator has put another number in the place of a banned one and started the bot again."""
    network.comes(OLD)
    network.says(7, "打卡")
    network.connection.close()
    again = Network(database, network.now + timedelta(hours=1))
    again.comes(NEW)
    again.says(8, "打卡")
    assert again.answers(8) == []
    again.waits(PATIENCE)
    assert again.answers(8) == [NEW]
    again.says(9, "打卡")
    assert again.answers(9) == [NEW]
    again.connection.close()


def test_what_waits_to_be_sent_goes_the_new_accounts_way(database: Database) -> None:
    """An answer that the pace held back when its account fell silent."""
    network = Network(database, limits=Limits(chat=Bucket(1 / 120, 1)))
    network.comes(OLD, NEW)
    network.says(7, "打卡")
    network.says(8, "打卡")
    network.goes(OLD)
    assert (network.answers(7), network.answers(8)) == ([OLD], [])
    network.waits(PATIENCE)
    network.waits(3 * MINUTE)
    assert network.answers(8) == [NEW]
    assert network.rows("SELECT count(*) FROM outbox WHERE status <> 'done'") == [(0,)]
    network.connection.close()


def test_a_newcomer_of_the_time_between_is_one(network: Network) -> None:
    """Heard by the second account only: it counts as a join then, and as one."""
    network.comes(OLD, NEW)
    network.says(7, "早")
    network.goes(OLD)
    network.hears(NEW, MemberJoined(id="j", account=NEW, chat=GROUP, at=network.now, member="qq:50", name="新人"))
    assert network.rows("SELECT is_copy FROM event WHERE kind = 'MemberJoined'") == [(1,)]
    network.waits(PATIENCE)
    assert network.rows("SELECT is_copy FROM event WHERE kind = 'MemberJoined'") == [(0,)]


def test_a_crash_in_the_middle_hands_over_anew(database: Database, network: Network) -> None:
    """The transaction is whole or nothing: after it failed the same happens once."""
    network.comes(OLD, NEW)
    network.says(7, "早")
    network.goes(OLD)
    network.says(8, "打卡")
    network.now += PATIENCE
    failpoints.arm("commit.before=raise@1")
    try:
        network.deliver(network.kernel.cycle(network.now))
    finally:
        failpoints.arm("")
    network.waits(timedelta(seconds=1))
    assert network.answers(8) == [NEW]
    assert network.rows("SELECT sum(msgs), sum(checkins) FROM member_day") == [(2, 1)]


def test_a_group_that_was_new_in_a_failed_transaction_is_none(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database refuses; the next look at who is where finds the group gone."""
    network.comes(OLD, NEW)

    def refuse(rows: object) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    both = [
        Inbound(MemberJoined(id="j", account=account, chat=OTHER_GROUP, at=network.now, member="qq:50"), network.now)
        for account in (OLD, NEW)
    ]
    with monkeypatch.context() as patch:
        patch.setattr(network.kernel.writer, "enqueue", refuse)
        with pytest.raises(OperationalError):
            network.kernel.cycle(network.now, both)
    network.goes(OLD)
    network.says(7, "打卡")
    network.waits(PATIENCE)
    assert network.answers(7) == [NEW]


Move = tuple[str, int]
_MOVES = st.lists(
    st.tuples(st.sampled_from(["say", "say", "打卡", "old", "new", "wait"]), st.integers(3, 6)), max_size=25
)


@settings(max_examples=25)
@given(moves=_MOVES)
def test_whoever_comes_and_goes_nothing_counts_twice(moves: list[Move]) -> None:
    """Every word has one row at most that counts, the rollup counts just these, and nobody is answered twice a day."""
    with Database("sqlite://") as database:
        metadata.create_all(database.engine)
        network = Network(database)
        network.comes(OLD, NEW)
        said = 0
        for number, (what, n) in enumerate(moves):
            account = OLD if what == "old" else NEW
            if what in ("old", "new"):
                (network.goes if account in network.online else network.comes)(account)
            elif what == "wait":
                network.waits(n * MINUTE)
            else:
                network.says(n, "打卡" if what == "打卡" else f"话{number}")
                said += bool(network.online)
        network.comes(OLD, NEW)
        network.waits(2 * PATIENCE)
        network.says(3, "最后一句")
        rows = network.rows("SELECT sent_at, count(*) FROM message WHERE flags & 16 = 0 GROUP BY sent_at, text")
        assert all(count == 1 for _, count in rows)
        assert len(rows) <= said + 1
        assert network.rows("SELECT sum(msgs) FROM member_day") == [(len(rows),)]
        credited = network.rows("SELECT count(*) FROM note WHERE what = 'checkin'")[0][0]
        assert network.rows("SELECT coalesce(sum(points), 0) FROM balance") == [(5 * credited,)]
        assert sum("打卡成功" in words for _, words in network.sent) == credited
        network.connection.close()
