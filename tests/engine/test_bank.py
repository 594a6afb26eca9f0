"""Points as money: each entry once, no balance below zero, every point accounted for; on both databases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field
from sqlalchemy import text

from bot.core.effects import Award
from bot.core.events import Event, MessageReceived
from bot.core.play import Context, Needs, NoState, Play, PlayParams, Step
from bot.core.points import Entry, PointRules
from bot.engine.kernel import Kernel
from bot.engine.render import Renderer
from bot.engine.traffic import Inbound
from bot.playbook.model import ActivePlay, GroupPlan, Header, plan_of
from storage.database import Database
from storage.invariants import violations
from storage.tables import metadata

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
BOT = "qq:1"
_TEMPLATES = Path(__file__).parents[2] / "templates"


class Params(PlayParams):
    caps: dict[str, int] = Field(default_factory=dict)
    a_day: int = 0


def _step(state: NoState, event: Event, ctx: Context[Params]) -> Step[NoState]:
    """`<points> <key> [source] [account]`: one award, for the person where the key begins with `p`."""
    assert isinstance(event, MessageReceived)
    _seen.append((event.member, ctx.entries.get(event.member, ()), ctx.claims, ctx.lapsing))
    points, key, source, account = (*event.text.split(), "", "")[:4]
    once = "person" if key.startswith("p") else "group"
    award = Award(
        member=event.member, points=int(points), reason="记一笔", key=key, source=source,
        account=account or ("issue" if int(points) > 0 else "shop"), once=once,  # type: ignore[arg-type]
    )  # fmt: skip
    return Step(state, (award,))


_seen: list[tuple[str, tuple[Entry, ...], Any, Any]] = []
TILL = Play(
    kind="till", version=1, title="收银台", Params=Params, State=NoState, start=lambda ctx: Step(NoState()), step=_step,
    listens=frozenset({MessageReceived}), hears=lambda params, event: True,
    needs=lambda params, event: Needs(entries=(event.member,), claims=("p1",), lapsing=(event.at - timedelta(days=1),)),
    point_rules=lambda params: PointRules(caps=params.caps, a_day=params.a_day, titles={"quiz": "答题"}),
)  # fmt: skip


def plans(params: Params) -> Callable[[str], GroupPlan]:
    header = Header(playbook="营", title="共读营")
    active = ActivePlay(name="收银", play=TILL, params=params, version="v1", header=header)
    return lambda chat: plan_of(chat, [active])


class Till:
    """A database with any number of processes over it."""

    def __init__(self, database: Database, params: Params | None = None, processes: int = 1) -> None:
        self._connections = [database.engine.connect() for _ in range(processes)]
        self.kernels = [
            Kernel(each, plan_for=plans(params or Params()), renderer=Renderer(_TEMPLATES), trace=False)
            for each in self._connections
        ]
        for kernel in self.kernels:
            kernel.open(NOW)
        self.count = 0
        self.now = NOW

    def says(self, *lines: tuple[str, str, str], process: int = 0) -> None:
        """(group, member, words) in one batch."""
        batch = []
        for group, who, words in lines:
            self.count += 1
            event = MessageReceived(
                id=f"m{self.count}", account=BOT, chat=f"qq:{group}", member=f"qq:{who}", at=self.now,
                message_id=f"m{self.count}", text=words, name=who,
            )  # fmt: skip
            batch.append(Inbound(event, self.now))
        self.kernels[process].cycle(self.now, batch)

    def balances(self) -> dict[tuple[str, str], int]:
        query = (
            "SELECT c.uid, m.uid, b.points FROM balance b JOIN chat c ON c.id = b.chat_id"
            " JOIN member m ON m.id = b.member_id WHERE b.points <> 0"
        )
        with self._connections[0].begin():
            rows = self._connections[0].execute(text(query)).all()
        return {(chat[3:], member[3:]): points for chat, member, points in rows}

    def outbox(self) -> list[str]:
        with self._connections[0].begin():
            return list(self._connections[0].execute(text("SELECT body FROM outbox ORDER BY id")).scalars())

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


@pytest.fixture
def till(database: Database) -> Iterator[Callable[..., Till]]:
    opened: list[Till] = []

    def make(**options: Any) -> Till:
        opened.append(Till(database, **options))
        return opened[-1]

    _seen.clear()
    yield make
    for each in opened:
        each.close()


lines = st.tuples(
    st.sampled_from(["甲", "乙"]), st.sampled_from(["小明", "小红"]),
    st.builds(
        "{} {}".format, st.sampled_from([5, 3, -2, -4, -9]),
        st.sampled_from(["a", "b", "c", "d", "e", "f", "p1", "p2"]),
    ),
)  # fmt: skip
moves = st.lists(
    st.tuples(st.lists(lines, min_size=1, max_size=6), st.integers(0, 1), st.booleans()),
    max_size=8,
)  # fmt: skip


def expected(said: list[tuple[str, str, str]]) -> dict[tuple[str, str], int]:
    """The ledger in ten lines: an entry once by its key, refused where the balance would fall below zero."""
    balances: defaultdict[tuple[str, str], int] = defaultdict(int)
    seen: set[tuple[str, ...]] = set()
    for group, who, words in said:
        points, key = words.split()
        name = (who, key) if key.startswith("p") else (group, who, key)
        if name not in seen and balances[(group, who)] + int(points) >= 0:
            seen.add(name)
            balances[(group, who)] += int(points)
    return {place: points for place, points in balances.items() if points}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=moves)
def test_two_processes_keep_one_ledger(database: Database, moves: list[Any]) -> None:
    """Any batches, some delivered again, by two processes in turn that each remember what they saw: the ledger is the one
    of the reference, nothing is below zero, the accounts add up to zero."""
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    with database.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        else:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
    till = Till(database, processes=2)
    try:
        for batch, process, is_repeated in moves:
            before = till.count
            till.says(*batch, process=process)
            if is_repeated:
                till.count = before
                till.says(*batch, process=1 - process)
        assert till.balances() == expected([line for batch, _, _ in moves for line in batch])
    finally:
        till.close()
    with database.reading() as connection:
        assert [each.message for each in violations(connection) if each.code == "I3"] == []


def test_every_entry_says_its_balance_when_memory_was_stale(database: Database) -> None:
    """A batch that gains and then pays, by a process that remembers an old balance: it finds out with the payment, and the
    gain's entry must not keep the balance of before."""
    till = Till(database, processes=2)
    try:
        till.says(("甲", "小明", "-2 a"), process=1)
        till.says(("甲", "小明", "5 b"), process=0)
        till.says(("甲", "小明", "3 c"), ("甲", "小明", "-4 d"), process=1)
        assert till.balances() == {("甲", "小明"): 4}
    finally:
        till.close()
    with database.reading() as connection:
        assert [each.message for each in violations(connection) if each.code == "I3"] == []


def test_a_benefit_is_one_in_all_groups_and_after_every_return(till: Callable[..., Till]) -> None:
    """The same key `p1` in two groups and again later: once, and the play can say where."""
    one = till()
    one.says(("甲", "小明", "5 p1"), ("乙", "小明", "5 p1"))
    one.says(("乙", "小明", "5 p1"), ("乙", "小红", "5 p1"))
    assert one.balances() == {("甲", "小明"): 5, ("乙", "小红"): 5}
    assert [claims for who, _, claims, _ in _seen if who == "qq:小明"][-1] == {"p1": "qq:甲"}


def test_a_cap_cuts_the_award_and_says_so_once(till: Callable[..., Till]) -> None:
    """8 a day from quizzes, 10 in all: 5 + 3 of 5 + 0, then 2 of another source; tomorrow anew."""
    one = till(params=Params(caps={"quiz": 8}, a_day=10))
    one.says(*(("甲", "小明", f"5 {key} quiz") for key in "abc"))
    one.says(("甲", "小明", "5 d checkin"), ("甲", "小明", "5 e checkin shop"))
    assert one.balances() == {("甲", "小明"): 8 + 2 + 5}, "what comes back from the shop is no gain"
    told = [body for body in one.outbox() if "上限" in body]
    assert ["答题" in body for body in told] == [True, False]
    one.now += timedelta(days=1)
    one.says(("甲", "小明", "5 f quiz"))
    assert one.balances() == {("甲", "小明"): 20}


def test_caps_hold_after_a_restart(till: Callable[..., Till]) -> None:
    """What today brought is read from the ledger, not remembered."""
    params = Params(caps={"quiz": 8})
    till(params=params).says(("甲", "小明", "5 a quiz"))
    again = till(params=params)
    again.count = 100
    again.says(("甲", "小明", "5 b quiz"))
    assert again.balances() == {("甲", "小明"): 8}


def test_a_play_sees_entries_and_what_will_lapse(till: Callable[..., Till]) -> None:
    """The newest entry first, also one of the same batch; of yesterday's 5 points 3 are left."""
    one = till()
    one.says(("甲", "小明", "5 a"))
    one.now += timedelta(days=2)
    one.says(("甲", "小明", "4 b"), ("甲", "小明", "-2 c"), ("甲", "小明", "1 d"))
    _, entries, _, _ = _seen[-1]
    assert [(entry.points, entry.balance, entry.account) for entry in entries] == [
        (-2, 7, "shop"), (4, 9, "issue"), (5, 5, "issue"),
    ]  # fmt: skip
    one.says(("甲", "小明", "1 e"))
    assert list(_seen[-1][3].values()) == [{"qq:小明": 3}]
