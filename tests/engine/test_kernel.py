"""One cycle is one transaction: what a member sees happens once, and only after it is durable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.core.events import Event, MemberJoined, MessageReceived
from bot.core.segments import Image, Text
from bot.engine import failpoints
from bot.engine.clock import from_ms, to_ms, to_ms_up
from bot.engine.codec import plain
from bot.engine.kernel import Kernel
from bot.engine.render import Renderer
from bot.engine.traffic import Dispatch, Inbound, Settled
from bot.playbook.model import ActivePlay, GroupPlan, Header, plan_of
from bot.plays import all_plays
from storage.database import Database

NOW = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
GROUP = "qq:600"
BOT = "qq:1"
_TEMPLATES = Path(__file__).parents[2] / "templates"


def plan_for(chat: str) -> GroupPlan | None:
    play = all_plays()["checkin"]
    params = play.Params.model_validate({"commands": ["打卡"], "points": 5, "summary": {"at": "22:00", "top": 3}})
    header = Header(playbook="营", title="共读营")
    return plan_of(chat, [ActivePlay(name="打卡", play=play, params=params, version="v1", header=header)])


def camp_of(**given: dict[str, Any]) -> Callable[[str], GroupPlan | None]:
    """`GROUP` with these plays: kind → params."""
    active = [
        ActivePlay(
            name=kind, play=all_plays()[kind], params=all_plays()[kind].Params.model_validate(params), version="1",
            header=Header(playbook="camp"),
        )
        for kind, params in given.items()
    ]  # fmt: skip
    return lambda chat: plan_of(chat, active) if chat == GROUP else None


class Bench:
    """A kernel over a database, with a network that takes everything."""

    def __init__(self, database: Database, **options: Any) -> None:
        self.connection = database.engine.connect()
        options = {"plan_for": plan_for, **options}
        self.kernel = Kernel(self.connection, renderer=Renderer(_TEMPLATES), **options)
        self.kernel.open(NOW)
        self.kernel.outbox.set_online(BOT, True)
        self.said: list[str] = []
        self.now = NOW

    def hears(self, *events: Event) -> list[str]:
        """The events in one cycle; what was sent for them, settled as done."""
        sends = self.kernel.cycle(self.now, [Inbound(event, self.now) for event in events])
        return self.deliver(sends)

    def deliver(self, sends: list[Dispatch]) -> list[str]:
        said = []
        while sends:
            said += [plain(*_encoded(send)) for send in sends]
            done = [Settled(id=send.id, outcome="done", message_id=f"b{send.id}", at=self.now) for send in sends]
            sends = self.kernel.cycle(self.now, settled=done)
        return said

    def one(self, query: str) -> Any:
        with self.connection.begin():
            return self.connection.execute(text(query)).scalar()


def _encoded(send: Dispatch) -> tuple[str, str]:
    from bot.engine import codec

    return codec.encode(send.outgoing)


def says(member: int, words: str, *, n: int = 1, at: datetime = NOW) -> MessageReceived:
    return MessageReceived(
        id=f"{member}:{n}:{at.timestamp():.0f}", account=BOT, chat=GROUP, member=f"qq:{member}", at=at,
        message_id=f"{member}-{n}", text=words, name=f"成员{member}",
    )  # fmt: skip


@pytest.fixture
def start(database: Database) -> Iterator[Callable[[], Bench]]:
    """Starts a kernel as a new process would; the one before is gone."""
    benches: list[Bench] = []

    def make() -> Bench:
        for bench in benches:
            bench.connection.close()
        benches.append(Bench(database))
        return benches[-1]

    yield make
    for bench in benches:
        bench.connection.close()


@pytest.fixture
def bench(start: Callable[[], Bench]) -> Bench:
    return start()


def test_a_check_in_is_logged_credited_and_answered_in_one_commit(bench: Bench) -> None:
    """The message row, the points and the answer stand together."""
    said = bench.hears(says(7, "打卡"))
    assert len(said) == 1
    assert "成员7" in said[0]
    assert bench.one("select count(*) from message") == 1
    assert bench.one("select points from balance") == 5
    assert bench.one("select count(*) from outbox where status = 'done'") == 1
    assert bench.one("select checkins from member_day") == 1


def test_the_same_event_twice_changes_nothing(bench: Bench) -> None:
    """A network that delivers twice, in one batch or later, is harmless."""
    once = says(7, "打卡")
    assert len(bench.hears(once, once)) == 1
    assert bench.hears(once) == []
    assert bench.kernel.counters.duplicates == 2
    assert bench.one("select sum(delta) from ledger") == 5


def test_a_picture_inside_a_message_is_not_kept_in_the_log(bench: Bench) -> None:
    """The log says that there was one; the megabytes are for the reader of codes alone."""
    shown = replace(says(7, "看"), segments=(Text("看"), Image("base64://aGFsbG8=", "a.png")))
    bench.hears(shown)
    assert bench.one("select segments from message") == '[["Text","看"],["Image",{"name":"a.png"}]]'


def test_order_within_a_conversation_is_kept(bench: Bench) -> None:
    """Of ten answers to one group only one is in flight at a time, in the order of the questions."""
    sends = bench.kernel.cycle(NOW, [Inbound(says(n, "打卡"), NOW) for n in range(10, 20)])
    assert len(sends) == 1
    said = bench.deliver(sends)
    assert [line.split("成员")[1][:2] for line in said] == [str(n) for n in range(10, 20)]


def test_a_failing_transaction_leaves_nothing_and_the_next_one_is_whole(bench: Bench) -> None:
    """A crash before the commit: no row, no point, no answer; the same event again does everything."""
    failpoints.arm("commit.before=raise@1")
    try:
        said = bench.hears(says(7, "打卡"))
    finally:
        failpoints.arm("")
    assert len(said) == 1
    assert bench.one("select count(*) from message") == 1
    assert bench.one("select sum(delta) from ledger") == 5


def test_a_restart_finds_state_and_outbox(start: Callable[[], Bench]) -> None:
    """What was committed and not sent goes out after a restart; what was with the network is a suspect."""
    first = start()
    first.kernel.cycle(NOW, [Inbound(says(n, "打卡"), NOW) for n in (10, 11)])
    again = start()
    assert [pending.chat for pending in again.kernel.suspects.values()] == [GROUP]
    assert len(again.kernel.outbox) == 2
    assert again.kernel.cycle(NOW) == [], "an answer waits until its predecessor's fate is known"
    said = again.deliver(again.kernel.give_up(BOT, NOW) or again.kernel.cycle(NOW))
    assert len(said) == 1
    assert again.one("select count(*) from outbox where status = 'unknown'") == 1
    assert again.hears(says(10, "打卡", n=2)) != []
    assert again.one("select sum(delta) from ledger") == 10


def test_joins_and_leaves_keep_the_roster(bench: Bench) -> None:
    """Who joined is a member with a join time; who left is not in the roster."""
    bench.hears(MemberJoined(id="j1", account=BOT, chat=GROUP, member="qq:8", at=NOW, name="小红"))
    room = bench.kernel.directory.rooms[GROUP]
    assert room.people is not None
    assert room.people["qq:8"].joined_at == NOW
    assert bench.one("select count(*) from membership where left_at is null") == 1


def test_schedules_fire_once_and_missed_ones_follow_their_policy(bench: Bench) -> None:
    """A day without the bot: the schedule's missed firings are recorded, none is sent twice."""
    bench.hears(says(7, "早"))
    due = bench.one("select count(*) from schedule")
    bench.now = NOW + timedelta(days=2)
    bench.deliver(bench.kernel.cycle(bench.now))
    bench.deliver(bench.kernel.cycle(bench.now))
    assert bench.one("select count(*) from firing") >= due


def test_a_timer_never_fires_early() -> None:
    """Rows keep milliseconds: a time between two of them is the later one, or a play would see `not yet` and lose it."""
    at = NOW + timedelta(microseconds=1)
    assert from_ms(to_ms_up(at)) == NOW + timedelta(milliseconds=1)
    assert to_ms_up(NOW) == to_ms(NOW)


def test_a_suspect_is_settled_once_also_after_a_failed_transaction(start: Callable[[], Bench]) -> None:
    """A failed transaction re-reads the outbox; what was settled afterwards is nobody's suspect any more."""
    start().kernel.cycle(NOW, [Inbound(says(10, "打卡"), NOW)])
    again = start()
    (suspect,) = again.kernel.suspects
    failpoints.arm("commit.before=raise@1")
    try:
        again.hears(says(11, "早"))
    finally:
        failpoints.arm("")
    for outcome in ("done", "unknown"):
        again.kernel.cycle(NOW, settled=[Settled(id=suspect, outcome=outcome, message_id="b1")])
    assert again.one(f"select status from outbox where id = {suspect}") == "done"
